//! Points 12 and 13 where a trigger's connection leads to Azurite.

use std::sync::Arc;
use std::time::{Duration, Instant};

use azimuth_azure::egress::Egress;
use azimuth_azure::queue::{AzureQueue, QueueConnection};
use azimuth_embedded::SystemClock;
use azimuth_ports::queue::WorkQueue;
use azimuth_stack::azurite::Azurite;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::support::{DEADLINE, TestApp, queue_function};

const NAME: &str = "AzureWebJobsStorage";
const NOW: Duration = Duration::ZERO;

/// It ends with the program: nobody drops what is static.
static AZURITE: OnceCell<Azurite> = OnceCell::const_new();

/// An application whose connection leads to an account of its own, and the queues
/// of that account.
async fn on_azurite() -> (TestApp, AzureQueue) {
    let start = || async {
        let folder = tempfile::tempdir().unwrap();
        Azurite::start(folder.path(), &[]).await.unwrap()
    };
    let account = AZURITE.get_or_init(start).await.account();
    let text = account.connection_string();
    let connection =
        QueueConnection::from_settings(NAME, |name| (name == NAME).then(|| text.clone())).unwrap();
    let queue = AzureQueue::open(&connection, &Egress::default(), Arc::new(SystemClock)).unwrap();
    let mut app = TestApp::new();
    app.has_connections = true;
    app.environment.insert(NAME.to_owned(), text);
    (app, queue)
}

async fn has_depth(queue: &AzureQueue, name: &str, depth: u64) {
    let started = Instant::now();
    while queue.depth(name).await.unwrap() != depth {
        assert!(started.elapsed() < DEADLINE, "{name} does not hold {depth}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn envelope(request: &Value) -> Value {
    serde_json::from_str(request["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_message_is_run_and_deleted() {
    let (app, queue) = on_azurite().await;
    // Nobody has made the queue when the host begins to look.
    let app = app.start().await;
    let id = queue.enqueue("items", "{\"a\":\"<서울>\"}", NOW).await;
    let body = envelope(&app.request("/work").await);
    assert_eq!(body["Data"]["item"], "\"{\\\"a\\\":\\\"<서울>\\\"}\"");
    assert_eq!(body["Metadata"]["Id"], format!("\"{}\"", id.unwrap()));
    assert_eq!(body["Metadata"]["DequeueCount"], "1");
    has_depth(&queue, "items", 0).await;
}

#[tokio::test]
async fn after_the_last_failure_a_message_moves_to_the_poison_queue() {
    let (app, queue) = on_azurite().await;
    let app = app
        .host_setting("/extensions/queues/maxDequeueCount", 3)
        .function("work-poison", &queue_function("items-poison"))
        .start()
        .await;
    app.rule("/work", &json!({"status": 500}));
    queue.enqueue("items", "bad", NOW).await.unwrap();
    let poisoned = envelope(&app.request("/work-poison").await);
    assert_eq!(poisoned["Data"]["item"], "\"bad\"");
    assert_eq!(poisoned["Metadata"]["DequeueCount"], "1");
    let counts: Vec<Value> = app
        .requests("/work")
        .iter()
        .map(|request| envelope(request)["Metadata"]["DequeueCount"].clone())
        .collect();
    assert_eq!(counts, ["1", "2", "3"]);
    has_depth(&queue, "items", 0).await;
    has_depth(&queue, "items-poison", 0).await;
}

#[tokio::test]
async fn a_failed_message_is_shown_again_after_the_visibility_timeout() {
    let (app, queue) = on_azurite().await;
    let app = app
        .host_setting("/extensions/queues/visibilityTimeout", "00:00:02")
        .start()
        .await;
    app.rule("/work", &json!({"status": 500}));
    queue.enqueue("items", "again", NOW).await.unwrap();
    app.request("/work").await;
    let failed = Instant::now();
    app.nth_request("/work", 2).await;
    let hidden = failed.elapsed();
    assert!(hidden > Duration::from_millis(1500), "{hidden:?}");
}

#[tokio::test]
async fn a_message_in_progress_is_hidden_anew() {
    let (app, queue) = on_azurite().await;
    let app = app
        .timing(|timing| {
            timing.visibility = Duration::from_secs(2);
            timing.renewal = Duration::from_millis(500);
        })
        .start()
        .await;
    app.rule(
        "/work",
        &json!({"gate": "done", "headers": {"content-type": "application/json"}, "body": "{}"}),
    );
    queue.enqueue("items", "slow", NOW).await.unwrap();
    app.request("/work").await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(app.requests("/work").len(), 1);
    app.open_gate("done");
    has_depth(&queue, "items", 0).await;
    assert_eq!(app.requests("/work").len(), 1);
}

#[tokio::test]
async fn a_connection_that_leads_nowhere_is_told_at_start() {
    let (mut app, _) = on_azurite().await;
    for (value, told) in [
        (None, "AzureWebJobsStorage is missing"),
        (
            Some("x"),
            "AzureWebJobsStorage: it is not made of name=value",
        ),
    ] {
        app.environment.remove(NAME);
        if let Some(value) = value {
            app.environment.insert(NAME.to_owned(), value.to_owned());
        }
        let error = app.try_start().await.unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}
