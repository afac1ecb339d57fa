//! A second tool server from the npm registry, by configuration alone.

use azimuth_tests::stack::{Shape, Stack, given};
use serde_json::json;

use super::{TURN, approval_of};

#[tokio::test(flavor = "multi_thread")]
async fn another_server_works_under_the_same_policy_queue_approval_and_audit() {
    let entry = given("AZIMUTH_EVERYTHING");
    let stack = Stack::start(Shape {
        servers: json!({
            "everything": {
                "command": "node",
                "args": [entry, "stdio"],
                "tools": {"echo": "read_only", "get-sum": "mutating"},
            }
        }),
        ..Shape::default()
    })
    .await;
    let alice = stack.person("alice").await;
    let conversation = alice.converse().await;

    let (turn, _) = alice
        .ask_and_wait(&conversation, "/echo message=\"hello azimuth\"")
        .await;
    let call = &turn["calls"][0];
    assert_eq!(call["server"], "everything", "{turn}");
    assert_eq!(call["outcome"], "ok", "{turn}");
    assert!(
        call["preview"]
            .as_str()
            .expect("a preview")
            .contains("hello azimuth")
    );

    // Classified as a change, so it waits for a yes.
    let turn = alice.ask(&conversation, "/get-sum a=2 b=3").await;
    let (id, digest) = approval_of(&alice, &turn).await;
    assert_eq!(alice.decide(&id, &digest, "approve").await.status, 200);
    let ended = alice.wait_for(&turn, &["done"], TURN).await;
    assert_eq!(ended["calls"][0]["outcome"], "ok", "{ended}");

    // Not named, so not usable.
    let tools = alice.get("/v1/tools?q=everything&limit=100").await;
    let names: Vec<&str> = tools.body["items"]
        .as_array()
        .expect("tools")
        .iter()
        .filter(|t| t["server"] == "everything")
        .filter_map(|t| t["name"].as_str())
        .collect();
    assert!(
        names.iter().all(|n| ["echo", "get-sum"].contains(n)),
        "{names:?}"
    );
    let refused = alice
        .post(
            "/v1/tools/everything/get-env/calls",
            json!({"arguments": {}}),
        )
        .await;
    assert_eq!(refused.status, 404, "{refused:?}");

    // In the audit like any other.
    let audit = alice.get("/v1/audit?limit=100").await;
    let items = audit.body["items"].as_array().expect("records");
    for (tool, kind) in [
        ("everything/echo", "open"),
        ("everything/echo", "close"),
        ("everything/get-sum", "approval"),
        ("everything/get-sum", "close"),
    ] {
        assert!(
            items.iter().any(|r| r["tool"] == tool && r["kind"] == kind),
            "{kind} of {tool} in {audit:?}"
        );
    }
}
