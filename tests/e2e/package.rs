//! The package that is deployed, as it lies on Azure: of its programs only the handler
//! may be executed.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use azimuth_tests::stack::{Shape, Stack, given};

#[tokio::test(flavor = "multi_thread")]
async fn the_package_answers_with_the_tool_server_that_lies_in_it() {
    let package = given("AZIMUTH_TEST_PACKAGE");
    let stack = Stack::start(Shape {
        app: Some(package.clone()),
        // As on Azure: in the folder that the handler runs in.
        environment: vec![("AZIMUTH_MCP_SERVERS".into(), "mcp.json".into())],
        ..Shape::default()
    })
    .await;
    let alice = stack.person("alice").await;
    let conversation = alice.converse().await;

    let (turn, text) = alice
        .ask_and_wait(&conversation, "list my resource groups")
        .await;

    assert!(text.contains("rg-dev"), "{text}");
    assert!(!text.contains("rg-fabrikam"), "{text}");
    assert_eq!(turn["calls"][0]["outcome"], "ok", "{turn}");
    // The server ran elsewhere, and nothing was written here.
    let may_run = |file: &Path| file.metadata().unwrap().permissions().mode() & 0o111 != 0;
    assert!(may_run(&package.join("handler")));
    assert!(!may_run(&package.join("azmcp/azmcp")));
    let mut names: Vec<_> = std::fs::read_dir(package.join("azmcp"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert!(!names.contains(&"bundle".into()), "{names:?}");
}
