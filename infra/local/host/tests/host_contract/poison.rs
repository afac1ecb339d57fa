//! Point 13: what becomes of a message that cannot be worked on.

use serde_json::{Value, json};

use crate::support::{TestApp, eventually, queue_function};

async fn failing(max_dequeue_count: u32) -> TestApp {
    let app = TestApp::new()
        .host_setting("/extensions/queues/maxDequeueCount", max_dequeue_count)
        .start()
        .await;
    app.rule("/work", &json!({"status": 500}));
    app
}

#[tokio::test]
async fn after_the_last_failure_a_message_moves_to_the_poison_queue() {
    let app = failing(5).await;
    let id = app.queue.put("items", "bad").await;
    eventually("the poison message", || {
        (app.queue.bodies("items-poison") == ["bad"]).then_some(())
    })
    .await;
    eventually("the original's end", || {
        app.queue.messages("items").is_empty().then_some(())
    })
    .await;
    let counts: Vec<Value> = app
        .requests("/work")
        .iter()
        .map(|request| {
            let body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
            body["Metadata"]["DequeueCount"].clone()
        })
        .collect();
    assert_eq!(counts, ["1", "2", "3", "4", "5"]);
    // A copy: another message, never received.
    let poison = app.queue.messages("items-poison").remove(0);
    assert_ne!(poison.id, id);
    assert_eq!(poison.dequeue_count, 0);
    app.logged("Message has reached MaxDequeueCount of 5").await;
}

#[tokio::test]
async fn the_last_failure_moves_a_message_at_once_not_at_its_next_delivery() {
    let app = TestApp::new()
        .host_setting("/extensions/queues/maxDequeueCount", 1)
        .host_setting("/extensions/queues/visibilityTimeout", "01:00:00")
        .start()
        .await;
    app.rule("/work", &json!({"status": 500}));
    app.queue.put("items", "bad").await;
    eventually("the poison message", || {
        (app.queue.bodies("items-poison") == ["bad"]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_message_above_the_count_is_not_run() {
    let app = failing(2).await;
    app.queue.put_dequeued("items", "bad", 2).await;
    eventually("the poison message", || {
        (app.queue.bodies("items-poison") == ["bad"]).then_some(())
    })
    .await;
    assert!(app.requests("/work").is_empty());
}

#[tokio::test]
async fn a_message_that_is_not_base64_goes_straight_to_the_poison_queue() {
    let app = TestApp::new()
        .host_setting("/extensions/queues/messageEncoding", "base64")
        .start()
        .await;
    app.queue.put("items", "plain text!").await;
    eventually("the poison message", || {
        (app.queue.bodies("items-poison") == ["plain text!"]).then_some(())
    })
    .await;
    app.logged("is not base64").await;
    assert!(app.requests("/work").is_empty());
}

#[tokio::test]
async fn a_poison_queue_has_no_poison_queue_so_its_failures_stay_hidden() {
    let app = TestApp::new()
        .function("work-poison", &queue_function("items-poison"))
        .start()
        .await;
    app.rule("/work-poison", &json!({"status": 500}));
    app.queue.put("items-poison", "bad").await;
    app.request("/work-poison").await;
    app.logged("Executed 'Functions.work-poison' (Failed").await;
    let looks = app.queue.looks("items-poison").len();
    eventually("further looks", || {
        (app.queue.looks("items-poison").len() > looks + 3).then_some(())
    })
    .await;
    // `visibilityTimeout` is 0 here: released, it would have come again.
    assert_eq!(app.requests("/work-poison").len(), 1);
    assert_eq!(app.queue.bodies("items-poison"), ["bad"]);
    assert_eq!(
        app.queue.bodies("items-poison-poison"),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_poison_function_gets_what_failed() {
    let app = TestApp::new()
        .host_setting("/extensions/queues/maxDequeueCount", 1)
        .function("work-poison", &queue_function("items-poison"))
        .start()
        .await;
    app.rule("/work", &json!({"status": 500}));
    app.queue.put("items", r#"{"call":"c_1"}"#).await;
    let request = app.request("/work-poison").await;
    let body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["Data"]["item"], "\"{\\\"call\\\":\\\"c_1\\\"}\"");
    assert_eq!(body["Metadata"]["DequeueCount"], "1");
    eventually("both queues empty", || {
        let left = app.queue.bodies("items").len() + app.queue.bodies("items-poison").len();
        (left == 0).then_some(())
    })
    .await;
}
