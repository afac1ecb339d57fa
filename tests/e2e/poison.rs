//! A message that nobody can process, among a hundred good ones.

use std::time::Duration;

use azimuth_tests::person::Person;
use azimuth_tests::stack::{Shape, Stack, given};
use futures::StreamExt;
use futures::stream;
use serde_json::{Value, json};

use super::{TURN, call_of};

/// Good calls, and how many of them at once.
const GOOD: usize = 100;
const AT_ONCE: usize = 8;

/// The host shows a failed message again after 15 s, and gives it up the fifth time.
const GIVEN_UP: Duration = Duration::from_mins(3);

/// A call of `echo`; the turn's id.
async fn echo(person: &Person, message: &str) -> String {
    let path = "/v1/tools/everything/echo/calls";
    let body = json!({"arguments": {"message": message}});
    let accepted = person.post(path, body).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    accepted.text("turn_id")
}

fn outcome(turn: &Value) -> &str {
    call_of(turn, "echo")["outcome"]
        .as_str()
        .expect("an outcome")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_message_ends_its_own_turn_and_neither_the_process_nor_a_hundred_others() {
    let entry = given("AZIMUTH_EVERYTHING");
    let stack = Stack::start(Shape {
        servers: json!({
            "everything": {
                "command": "node",
                "args": [entry, "stdio"],
                "tools": {"echo": "read_only"},
            }
        }),
        environment: vec![("AZIMUTH_QUOTAS".to_owned(), "off".to_owned())],
        ..Shape::default()
    })
    .await;
    let alice = stack.person("alice").await;
    // Every attempt at this one fails: its record is refused by the store itself.
    stack.refuse_records_of("poison").await;
    let pid = stack.handler_pid("all");
    let bad = echo(&alice, "poison").await;
    let good = stream::iter(0..GOOD)
        .map(|number| {
            let alice = alice.clone();
            async move {
                let turn = echo(&alice, &format!("good {number}")).await;
                alice.wait_for(&turn, &["done"], TURN).await
            }
        })
        .buffer_unordered(AT_ONCE);
    let good: Vec<Value> = good.collect().await;
    let went_well = good.iter().filter(|turn| outcome(turn) == "ok").count();
    assert_eq!(went_well, GOOD);
    let ended = alice.wait_for(&bad, &["done", "failed"], GIVEN_UP).await;
    assert_eq!(outcome(&ended), "not_run", "{ended}");
    assert!(
        call_of(&ended, "echo")["note"]
            .as_str()
            .is_some_and(|note| !note.is_empty()),
        "{ended}"
    );
    assert_eq!(
        stack.handler_pid("all"),
        pid,
        "the same process all the time"
    );
    // And it works on.
    let turn = echo(&alice, "afterwards").await;
    let ended = alice.wait_for(&turn, &["done"], TURN).await;
    assert_eq!(outcome(&ended), "ok");
}
