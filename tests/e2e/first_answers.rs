//! What a newcomer asks first, in both languages.

use azimuth_tests::sse::text_of;
use azimuth_tests::stack::{Shape, Stack};

#[tokio::test(flavor = "multi_thread")]
async fn alice_sees_her_real_sandbox_resources_in_both_languages() {
    let stack = Stack::start(Shape::default()).await;
    let alice = stack.person("alice").await;
    let conversation = alice.converse().await;

    let events = alice
        .ask_streaming(&conversation, "list my resource groups")
        .await;
    let names: Vec<&str> = events.iter().map(|e| e.name.as_str()).collect();
    assert_eq!(names.first(), Some(&"turn_started"), "{names:?}");
    assert_eq!(names.last(), Some(&"turn_completed"), "{names:?}");
    assert!(names.contains(&"tool_call_finished"), "{names:?}");
    let numbers: Vec<u64> = events.iter().filter_map(|e| e.id).collect();
    let expected: Vec<u64> = (1..=u64::try_from(numbers.len()).unwrap()).collect();
    assert_eq!(numbers, expected, "no gaps");
    let text = text_of(&events);
    for group in ["rg-prod-web", "rg-prod-data", "rg-dev", "rg-dev-test"] {
        assert!(text.contains(group), "{group} is missing in: {text}");
    }
    assert!(!text.contains("rg-fabrikam"), "{text}");

    let (_, korean) = alice
        .ask_and_wait(&conversation, "내 리소스 그룹 보여줘")
        .await;
    assert!(korean.contains("rg-prod-web"), "{korean}");
    assert!(
        korean.chars().any(|c| ('가'..='힣').contains(&c)),
        "answered in Korean: {korean}"
    );

    let (_, accounts) = alice
        .ask_and_wait(&conversation, "show the storage accounts in Contoso-Dev")
        .await;
    assert!(accounts.contains("stcontosodev"), "{accounts}");
    assert!(!accounts.contains("stcontosoprodweb"), "{accounts}");

    let (_, secrets) = alice
        .ask_and_wait(&conversation, "kv-dev 볼트의 비밀 이름 알려줘")
        .await;
    for name in stack_secrets() {
        assert!(secrets.contains(name), "{name} is missing in: {secrets}");
    }

    let order = format!(
        "/keyvault_secret_get vault=kv-dev secret={}",
        stack_secrets()[0]
    );
    let turn = alice.ask(&conversation, &order).await;
    let waits = alice.wait_for(&turn, &["waiting"], super::TURN).await;
    let call = waits["calls"].as_array().expect("calls").last().unwrap();
    assert_eq!(call["approval"]["by"], "another_approver", "{waits}");
}

/// Names of the secrets that the sandbox's kv-dev begins with.
fn stack_secrets() -> [&'static str; 2] {
    ["db-connection", "api-token"]
}
