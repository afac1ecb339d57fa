//! Azure honours the asker's grant no more.

use azimuth_tests::stack::{Shape, Stack};
use reqwest::Method;
use serde_json::json;

use super::{TURN, call_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_without_a_grant_waits_for_the_sign_in_and_goes_on() {
    let stack = Stack::start(Shape::default()).await;
    let alice = stack.person("alice").await;
    let grants = |state: &str| Some(json!({"user": "alice", "state": state}));
    stack.control("/sandbox/grants", grants("revoked")).await;
    let conversation = alice.converse().await;
    let turn = alice.ask(&conversation, "list subscriptions").await;
    let waiting = alice.wait_for(&turn, &["waiting"], TURN).await;
    assert_eq!(waiting["waiting_for"]["for"], "azure_sign_in", "{waiting}");

    stack.control("/sandbox/grants", grants("ok")).await;
    let sign_in = alice.request(Method::POST, "/v1/me/azure-sign-in");
    assert_eq!(alice.send(sign_in).await.status, 200);
    let ended = alice.wait_for(&turn, &["done"], TURN).await;
    assert_eq!(call_of(&ended, "subscription_list")["outcome"], "ok");
    let told: Vec<String> = alice
        .events(&turn, 0)
        .await
        .all()
        .await
        .into_iter()
        .map(|event| event.name)
        .collect();
    assert_eq!(told[..3], ["turn_started", "turn_waiting", "turn_resumed"]);
}
