//! What the Functions host does with the work queues, without its pauses.

use std::sync::Arc;
use std::time::Duration;

use azimuth_app::triggers::QueueFunction;
use azimuth_ports::queue::{Delivery, WorkQueue};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// The host's `maxDequeueCount`.
const MAX_DEQUEUE: u32 = 5;

/// Delivers what comes to the queue of `function`, until it is aborted.
pub async fn deliver(queue: Arc<dyn WorkQueue>, function: QueueFunction, url: String) {
    let name = function.queue();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut running = JoinSet::new();
    loop {
        while running.try_join_next().is_some() {}
        let received = if running.len() < 4 {
            queue
                .receive(name, 1, Duration::from_mins(10))
                .await
                .unwrap_or_default()
        } else {
            Vec::new()
        };
        if received.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for delivery in received {
            let (queue, client, url) = (queue.clone(), client.clone(), url.clone());
            running.spawn(async move {
                let answer = client.post(&url).json(&envelope(&delivery)).send().await;
                let done = answer.is_ok_and(|a| a.status().is_success());
                let poison = !done && delivery.dequeue_count >= MAX_DEQUEUE;
                if poison && let Some(poison) = function.poison() {
                    let _ = queue
                        .enqueue(poison.queue(), &delivery.body, Duration::ZERO)
                        .await;
                }
                if done || poison {
                    let _ = queue.delete(name, &delivery.id, &delivery.receipt).await;
                } else {
                    let again = Duration::from_millis(50);
                    let _ = queue
                        .renew(name, &delivery.id, &delivery.receipt, again)
                        .await;
                }
            });
        }
    }
}

/// The envelope of a queue trigger (`reference/functions-host.md` §2).
pub fn envelope(delivery: &Delivery) -> Value {
    let quoted = |text: &str| Value::String(Value::String(text.to_owned()).to_string());
    json!({
        "Data": {"item": quoted(&delivery.body)},
        "Metadata": {
            "DequeueCount": delivery.dequeue_count.to_string(),
            "Id": quoted(&delivery.id),
            "PopReceipt": quoted(&delivery.receipt),
            "sys": {"MethodName": "x", "RandGuid": "x", "UtcNow": "x"},
        }
    })
}
