//! The handler without a Functions host, as in a container.

use std::time::Duration;

use azimuth_tests::stack::{Shape, Stack};
use serde_json::json;

use super::{TURN, approval_of, call_of, effects_on};

#[tokio::test(flavor = "multi_thread")]
async fn a_container_needs_no_functions_host_and_ends_in_order() {
    let mut stack = Stack::start(Shape {
        groups: Vec::new(),
        ..Shape::default()
    })
    .await;
    stack.start_standalone().await;
    let alice = stack.person("alice").await;

    // Whoever reaches the port reaches no trigger.
    let root = stack.api().replace("/api", "");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for function in ["execute-tool", "advance-turn", "sweep", "sign-audit"] {
        let request = client.post(format!("{root}/{function}")).json(&json!({}));
        assert_eq!(request.send().await.unwrap().status(), 404, "{function}");
    }

    let conversation = alice.converse().await;
    let turn = alice
        .ask(&conversation, "create storage account ststand1 in rg-dev")
        .await;
    let (id, digest) = approval_of(&alice, &turn).await;
    assert_eq!(alice.decide(&id, &digest, "approve").await.status, 200);
    let ended = alice.wait_for(&turn, &["done"], TURN).await;
    assert_eq!(call_of(&ended, "storage_account_create")["outcome"], "ok");
    assert_eq!(effects_on(&stack, "/ststand1").await.len(), 1);

    // A call is at Azure when the container is asked to end: it is finished first.
    let slow = json!({"match": {"method": "GET", "path_contains": "/subscriptions"}, "delay_ms": 3_000, "count": 1});
    stack.control("/sandbox/faults", Some(slow)).await;
    let turn = alice.ask(&conversation, "list subscriptions").await;
    azimuth_tests::waiting::until("the call runs", || async {
        let turn = alice.get(&format!("/v1/turns/{turn}")).await.body;
        (turn["calls"][0]["state"] == "started").then_some(())
    })
    .await;
    let (status, took) = stack.end_standalone();
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_secs(40), "{took:?}");

    // Another one finds it done, or does what was handed back.
    stack.start_standalone().await;
    let alice = stack.person("alice").await;
    let ended = alice.wait_for(&turn, &["done"], TURN).await;
    assert_eq!(call_of(&ended, "subscription_list")["outcome"], "ok");
    let carol = stack.person("carol").await;
    let export = stack.exported_audit(&carol).await;
    assert_eq!(stack.end_standalone().0.code(), Some(0));

    let verified = stack.handler(&["audit", "verify", "--file", export.to_str().unwrap()]);
    let told = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success(), "{told}");
}
