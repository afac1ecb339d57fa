//! The handler is killed while a tool runs.

use std::io::Write;
use std::time::{Duration, Instant};

use azimuth_tests::person::Person;
use azimuth_tests::stack::{Shape, Stack};
use serde_json::{Value, json};

use super::{approval_of, call_of, effects_on, reaches_azure};

/// A turn ends by itself within 30 s after a kill; on a machine that is busy with
/// other things, starting the tool server again alone can take that long, so the
/// test prints what it saw and only fails far above.
const RECOVERY: Duration = Duration::from_secs(75);

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_handler_leaves_no_turn_behind_and_repeats_no_change() {
    let stack = Stack::start(Shape::default()).await;
    let alice = stack.person("alice").await;
    let conversation = alice.converse().await;
    alice
        .ask_and_wait(&conversation, "list subscriptions")
        .await;

    // A read: Azure is slow, the handler dies, the read may run again.
    stack
        .control(
            "/sandbox/faults",
            Some(json!({"match": {"method": "GET", "path_contains": "/subscriptions"}, "delay_ms": 20_000, "count": 1})),
        )
        .await;
    let turn = alice.ask(&conversation, "list subscriptions").await;
    reaches_azure(&stack, "GET", "/subscriptions").await;
    let ended = ends_after_a_kill(&stack, &alice, &turn, "read").await;
    assert_eq!(call_of(&ended, "subscription_list")["outcome"], "ok");

    // A change: it ran once, or ended as unknown.
    let turn = alice
        .ask(&conversation, "create storage account stkill1 in rg-dev")
        .await;
    let (id, digest) = approval_of(&alice, &turn).await;
    stack
        .control(
            "/sandbox/faults",
            Some(json!({"match": {"method": "PUT", "path_contains": "stkill1"}, "delay_ms": 20_000, "count": 1})),
        )
        .await;
    assert_eq!(alice.decide(&id, &digest, "approve").await.status, 200);
    reaches_azure(&stack, "PUT", "stkill1").await;
    let ended = ends_after_a_kill(&stack, &alice, &turn, "change").await;
    let outcome = call_of(&ended, "storage_account_create")["outcome"]
        .as_str()
        .expect("an outcome");
    let effects = effects_on(&stack, "/stkill1").await.len();
    assert!(
        outcome == "unknown" || (outcome == "ok" && effects == 1),
        "{outcome}, {effects} effects: {ended}"
    );
    assert!(effects <= 1, "{effects}");
}

async fn ends_after_a_kill(stack: &Stack, person: &Person, turn: &str, what: &str) -> Value {
    stack.kill_handler("all");
    let killed = Instant::now();
    let ended = person.wait_for(turn, &["done"], RECOVERY).await;
    // Past the test runner's capture: the figure belongs into the log of a run.
    let _ = writeln!(
        std::io::stderr(),
        "recovery of a {what}: ended {:.1} s after the kill (promised: 30 s)",
        killed.elapsed().as_secs_f64()
    );
    ended
}
