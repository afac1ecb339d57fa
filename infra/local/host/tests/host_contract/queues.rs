//! Point 12: how a queue is read, and how long a message is hidden.

use std::time::Duration;

use azimuth_ports::queue::WorkQueue;
use serde_json::{Value, json};

use crate::support::{TestApp, eventually};

fn in_progress(app: &TestApp) -> usize {
    app.requests("/work").len()
}

/// An application whose `work` calls wait for the gate `done`.
async fn gated(batch_size: usize, threshold: usize) -> TestApp {
    let app = TestApp::new()
        .host_setting("/extensions/queues/batchSize", batch_size)
        .host_setting("/extensions/queues/newBatchThreshold", threshold)
        .start()
        .await;
    app.rule(
        "/work",
        &json!({"gate": "done", "headers": {"content-type": "application/json"}, "body": "{}"}),
    );
    app
}

async fn assert_concurrency(batch_size: usize, threshold: usize) {
    let app = gated(batch_size, threshold).await;
    app.queue.put_all("items", threshold);
    eventually("as many calls as the threshold", || {
        (in_progress(&app) == threshold).then_some(())
    })
    .await;
    // At the threshold one more batch is taken, and then none.
    let most = batch_size + threshold;
    app.queue.put_all("items", most * 2);
    eventually("one more batch", || {
        (in_progress(&app) == most).then_some(())
    })
    .await;
    let looks = app.queue.looks("items").len();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(app.queue.looks("items").len(), looks);
    assert_eq!(in_progress(&app), most);
    assert!(
        app.queue
            .looks("items")
            .iter()
            .all(|max| *max == batch_size)
    );
    app.open_gate("done");
    eventually("all done", || {
        app.queue.messages("items").is_empty().then_some(())
    })
    .await;
    assert_eq!(in_progress(&app), threshold + most * 2);
}

#[tokio::test]
async fn at_most_batch_size_plus_threshold_messages_are_in_progress() {
    assert_concurrency(1, 3).await;
    assert_concurrency(1, 0).await;
    assert_concurrency(4, 2).await;
}

#[tokio::test]
async fn a_slow_message_does_not_hold_up_the_next() {
    let app = TestApp::new().start().await;
    app.rule("/work", &json!({"forever": true}));
    app.queue.put("items", "slow").await;
    app.request("/work").await;
    app.rule(
        "/work",
        &json!({"headers": {"content-type": "application/json"}, "body": "{}"}),
    );
    for number in 0..5 {
        app.queue.put("items", &number.to_string()).await;
    }
    eventually("all others done", || {
        (app.queue.bodies("items") == ["slow"]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_empty_queue_is_looked_at_less_and_less_often() {
    let app = TestApp::new()
        .host_setting("/extensions/queues/maxPollingInterval", "00:00:30")
        .timing(|timing| timing.polling_min = Duration::from_millis(20))
        .start()
        .await;
    eventually("some looks", || {
        (app.queue.looks("items").len() >= 3).then_some(())
    })
    .await;
    // 20, then 40, 60, 100, 180, 340, 660 ms: fewer than 9 looks in the first second.
    tokio::time::sleep(Duration::from_millis(900)).await;
    let looks = app.queue.looks("items").len();
    assert!(looks <= 9, "{looks}");
}

#[tokio::test]
async fn a_received_message_is_hidden_for_the_visibility_and_deleted_on_success() {
    let app = gated(1, 3).await;
    app.queue.put("items", "hello").await;
    let request = app.request("/work").await;
    let message = app.queue.messages("items").remove(0);
    assert_eq!(message.dequeue_count, 1);
    let hidden_ms = message.next_visible_at_ms - message.inserted_at_ms;
    assert!((595_000..=605_000).contains(&hidden_ms), "{hidden_ms}");

    let body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["Data"], json!({"item": "\"hello\""}));
    assert_eq!(body["Metadata"]["Id"], format!("\"{}\"", message.id));
    assert_eq!(
        body["Metadata"]["PopReceipt"],
        format!("\"{}\"", message.receipt)
    );
    assert_eq!(body["Metadata"]["DequeueCount"], "1");
    assert_eq!(body["Metadata"]["sys"]["MethodName"], "work");

    app.open_gate("done");
    eventually("deletion", || {
        app.queue.messages("items").is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_running_message_is_renewed_and_deleted_with_its_latest_receipt() {
    let app = TestApp::new()
        .timing(|timing| {
            timing.renewal = Duration::from_millis(10);
            timing.visibility = Duration::from_mins(1);
        })
        .start()
        .await;
    app.rule(
        "/work",
        &json!({"gate": "done", "headers": {"content-type": "application/json"}, "body": "{}"}),
    );
    app.queue.put("items", "long").await;
    app.request("/work").await;
    eventually("renewals", || {
        (app.queue.renewals().len() >= 3).then_some(())
    })
    .await;
    app.open_gate("done");
    eventually("deletion", || {
        app.queue.messages("items").is_empty().then_some(())
    })
    .await;
    let renewals = app.queue.renewals();
    for pair in renewals.windows(2) {
        assert_eq!(
            pair[0].1, pair[1].0,
            "each renewal uses the receipt of the one before"
        );
    }
    assert!(
        renewals
            .iter()
            .all(|(_, _, hidden)| *hidden == Duration::from_mins(1))
    );
    assert_eq!(app.requests("/work").len(), 1);
}

#[tokio::test]
async fn a_failing_queue_is_renewed_sooner_not_given_up() {
    let app = TestApp::new()
        .timing(|timing| {
            timing.renewal = Duration::from_millis(40);
            timing.renewal_min = Duration::from_millis(5);
        })
        .start()
        .await;
    app.queue.fail_next_renewals(3);
    app.rule("/work", &json!({"forever": true}));
    app.queue.put("items", "long").await;
    app.logged("told to fail").await;
    eventually("a renewal", || app.queue.renewals().into_iter().next()).await;
}

#[tokio::test]
async fn a_message_that_somebody_else_took_is_not_renewed_or_deleted() {
    let app = TestApp::new()
        .timing(|timing| {
            timing.renewal = Duration::from_millis(100);
            timing.visibility = Duration::from_millis(20);
        })
        .start()
        .await;
    app.rule(
        "/work",
        &json!({"gate": "done", "headers": {"content-type": "application/json"}, "body": "{}"}),
    );
    let id = app.queue.put("items", "slow").await;
    app.request("/work").await;
    // Its visibility has ended before the renewal: the next look takes it again.
    app.nth_request("/work", 2).await;
    app.logged(&format!("Message {id} of items was taken by somebody else"))
        .await;
}

#[tokio::test]
async fn a_failed_message_is_shown_again_after_the_visibility_timeout() {
    let app = TestApp::new()
        .host_setting("/extensions/queues/visibilityTimeout", "00:00:00.300")
        .start()
        .await;
    app.rule("/work", &json!({"status": 500}));
    let started = std::time::Instant::now();
    app.queue.put("items", "hello").await;
    let second = app.nth_request("/work", 2).await;
    let waited = started.elapsed();
    assert!(waited >= Duration::from_millis(300), "{waited:?}");
    let body: Value = serde_json::from_str(second["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["Metadata"]["DequeueCount"], "2");
}

#[tokio::test]
async fn a_dead_handler_releases_its_messages() {
    let app = TestApp::new().start().await;
    app.rule("/work", &json!({"exit": 200}));
    app.queue.put("items", "hello").await;
    app.request("/work").await;
    app.rule(
        "/work",
        &json!({"headers": {"content-type": "application/json"}, "body": "{}"}),
    );
    let again = app.nth_request("/work", 2).await;
    let body: Value = serde_json::from_str(again["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["Metadata"]["DequeueCount"], "2");
    eventually("deletion", || {
        app.queue.messages("items").is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_stopped_host_leaves_its_messages_hidden() {
    let mut app = TestApp::new().start().await;
    app.rule("/work", &json!({"forever": true}));
    app.queue.put("items", "hello").await;
    app.request("/work").await;
    app.stop().await;
    assert_eq!(app.queue.bodies("items"), ["hello"]);
    let hidden = app.queue.receive("items", 1, Duration::ZERO).await.unwrap();
    assert_eq!(hidden, []);
}

#[tokio::test]
async fn base64_messages_are_decoded() {
    let app = TestApp::new()
        .host_setting("/extensions/queues/messageEncoding", "base64")
        .start()
        .await;
    app.queue.put("items", "aGVsbG8=").await;
    let request = app.request("/work").await;
    let body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["Data"]["item"], "\"hello\"");
}
