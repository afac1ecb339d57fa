//! Rules of [`WorkQueue`].

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;

use super::Rig;
use crate::queue::{Delivery, MAX_MESSAGE_BYTES, QueueError, WorkQueue};

type QueueRig = dyn Rig<dyn WorkQueue>;

const SHORT: Duration = Duration::from_secs(2);
const LONGER_THAN_SHORT: Duration = Duration::from_secs(3);
const LONG: Duration = Duration::from_mins(10);
const NONE: Duration = Duration::ZERO;

async fn enqueue(queue: &dyn WorkQueue, name: &str, body: &str) -> String {
    queue
        .enqueue(name, body, NONE)
        .await
        .unwrap_or_else(|error| panic!("enqueue: {error}"))
}

async fn receive(queue: &dyn WorkQueue, name: &str, visibility: Duration) -> Vec<Delivery> {
    queue
        .receive(name, 32, visibility)
        .await
        .unwrap_or_else(|error| panic!("receive: {error}"))
}

async fn receive_one(queue: &dyn WorkQueue, name: &str, visibility: Duration) -> Delivery {
    let mut received = receive(queue, name, visibility).await;
    assert_eq!(received.len(), 1, "exactly one message is visible");
    received.remove(0)
}

async fn renew(
    queue: &dyn WorkQueue,
    name: &str,
    id: &str,
    receipt: &str,
    visibility: Duration,
) -> Option<String> {
    queue
        .renew(name, id, receipt, visibility)
        .await
        .unwrap_or_else(|error| panic!("renew: {error}"))
}

async fn delete(queue: &dyn WorkQueue, name: &str, id: &str, receipt: &str) -> bool {
    queue
        .delete(name, id, receipt)
        .await
        .unwrap_or_else(|error| panic!("delete: {error}"))
}

/// Text, numbers and times of a first delivery.
pub async fn a_message_comes_out_as_it_went_in(rig: &QueueRig) {
    let queue = rig.open().await;
    let body = "{\"q\": \"서울 <&> \\\"'😀\"}\n  second line";
    let id = enqueue(&*queue, "work", body).await;
    let delivery = receive_one(&*queue, "work", SHORT).await;
    assert_eq!(delivery.id, id);
    assert_eq!(delivery.body, body);
    assert_eq!(delivery.dequeue_count, 1);
    assert!(delivery.inserted_at_ms > 0);
    assert!(delivery.next_visible_at_ms > delivery.inserted_at_ms);
    assert!(delivery.expires_at_ms > delivery.next_visible_at_ms);
}

/// A queue is storage, not memory of a process.
pub async fn another_handle_receives_what_was_enqueued(rig: &QueueRig) {
    let (here, there) = (rig.open().await, rig.open().await);
    let id = enqueue(&*here, "work", "x").await;
    let delivery = receive_one(&*there, "work", LONG).await;
    assert_eq!(delivery.id, id);
    assert!(
        receive(&*here, "work", LONG).await.is_empty(),
        "it is hidden everywhere"
    );
    assert!(delete(&*here, "work", &id, &delivery.receipt).await);
}

/// Unless it is deleted, a message comes back with a raised count.
pub async fn a_received_message_is_hidden_until_its_time_ends(rig: &QueueRig) {
    let queue = rig.open().await;
    let id = enqueue(&*queue, "work", "x").await;
    let first = receive_one(&*queue, "work", SHORT).await;
    assert!(
        receive(&*queue, "work", SHORT).await.is_empty(),
        "it is hidden"
    );
    rig.advance(LONGER_THAN_SHORT).await;
    let second = receive_one(&*queue, "work", SHORT).await;
    assert_eq!(second.id, id);
    assert_eq!(second.dequeue_count, 2);
    assert_ne!(second.receipt, first.receipt);
    assert_eq!(second.inserted_at_ms, first.inserted_at_ms);
}

/// The delay of an enqueue.
pub async fn a_delayed_message_comes_later(rig: &QueueRig) {
    let queue = rig.open().await;
    let id = queue
        .enqueue("work", "x", SHORT)
        .await
        .unwrap_or_else(|error| panic!("enqueue: {error}"));
    assert!(
        receive(&*queue, "work", SHORT).await.is_empty(),
        "it is delayed"
    );
    rig.advance(LONGER_THAN_SHORT).await;
    let delivery = receive_one(&*queue, "work", SHORT).await;
    assert_eq!((delivery.id, delivery.dequeue_count), (id, 1));
}

/// Who lost a message cannot take it from who has it.
pub async fn a_receipt_is_void_once_the_message_was_received_again(rig: &QueueRig) {
    let queue = rig.open().await;
    let id = enqueue(&*queue, "work", "x").await;
    let lost = receive_one(&*queue, "work", SHORT).await;
    rig.advance(LONGER_THAN_SHORT).await;
    let held = receive_one(&*queue, "work", LONG).await;
    assert_eq!(renew(&*queue, "work", &id, &lost.receipt, NONE).await, None);
    assert!(!delete(&*queue, "work", &id, &lost.receipt).await);
    assert!(
        receive(&*queue, "work", LONG).await.is_empty(),
        "it is still held"
    );
    assert!(delete(&*queue, "work", &id, &held.receipt).await);
}

/// A renewal gives the receipt that follows.
pub async fn a_receipt_is_good_for_one_change(rig: &QueueRig) {
    let queue = rig.open().await;
    let id = enqueue(&*queue, "work", "x").await;
    let first = receive_one(&*queue, "work", LONG).await.receipt;
    let second = renew(&*queue, "work", &id, &first, LONG).await;
    let second = second.unwrap_or_else(|| panic!("the receipt is good"));
    assert_ne!(second, first);
    assert_eq!(renew(&*queue, "work", &id, &first, LONG).await, None);
    assert!(!delete(&*queue, "work", &id, &first).await);
    assert!(delete(&*queue, "work", &id, &second).await);
    assert!(!delete(&*queue, "work", &id, &second).await);
    assert_eq!(renew(&*queue, "work", &id, &second, LONG).await, None);
}

/// A renewal counts from now.
pub async fn renewing_hides_for_longer(rig: &QueueRig) {
    let queue = rig.open().await;
    let id = enqueue(&*queue, "work", "x").await;
    let delivery = receive_one(&*queue, "work", SHORT).await;
    let receipt = renew(&*queue, "work", &id, &delivery.receipt, LONG).await;
    assert!(receipt.is_some());
    rig.advance(LONGER_THAN_SHORT).await;
    assert!(
        receive(&*queue, "work", SHORT).await.is_empty(),
        "it is hidden for longer"
    );
}

/// That is how a message is handed back.
pub async fn renewing_with_zero_shows_at_once(rig: &QueueRig) {
    let queue = rig.open().await;
    let id = enqueue(&*queue, "work", "x").await;
    let delivery = receive_one(&*queue, "work", LONG).await;
    assert!(
        renew(&*queue, "work", &id, &delivery.receipt, NONE)
            .await
            .is_some()
    );
    let again = receive_one(&*queue, "work", LONG).await;
    assert_eq!((again.id, again.dequeue_count), (id, 2));
}

/// Deleted is deleted.
pub async fn a_deleted_message_never_comes_back(rig: &QueueRig) {
    let queue = rig.open().await;
    let id = enqueue(&*queue, "work", "x").await;
    let delivery = receive_one(&*queue, "work", SHORT).await;
    assert!(delete(&*queue, "work", &id, &delivery.receipt).await);
    rig.advance(LONGER_THAN_SHORT).await;
    assert!(receive(&*queue, "work", SHORT).await.is_empty());
    assert_eq!(queue.depth("work").await.ok(), Some(0));
}

/// Nobody has to make queues.
pub async fn a_queue_that_nobody_made_is_empty(rig: &QueueRig) {
    let queue = rig.open().await;
    assert!(receive(&*queue, "nothing", SHORT).await.is_empty());
    assert_eq!(queue.depth("nothing").await.ok(), Some(0));
    assert!(!delete(&*queue, "nothing", "no-id", "no-receipt").await);
    assert_eq!(
        renew(&*queue, "nothing", "no-id", "no-receipt", SHORT).await,
        None
    );
}

/// A name is a queue.
pub async fn queues_do_not_mix(rig: &QueueRig) {
    let queue = rig.open().await;
    let id = enqueue(&*queue, "turns", "x").await;
    assert!(receive(&*queue, "turns-poison", LONG).await.is_empty());
    let delivery = receive_one(&*queue, "turns", LONG).await;
    assert!(!delete(&*queue, "turns-poison", &id, &delivery.receipt).await);
    assert!(delete(&*queue, "turns", &id, &delivery.receipt).await);
}

/// `max` is 1 to 32.
pub async fn no_more_is_received_than_was_asked_for(rig: &QueueRig) {
    let queue = rig.open().await;
    for number in 0..34 {
        enqueue(&*queue, "work", &number.to_string()).await;
    }
    let mut bodies = Vec::new();
    for max in [1, 32, 32] {
        let some = queue
            .receive("work", max, LONG)
            .await
            .unwrap_or_else(|error| panic!("receive: {error}"));
        assert!(
            some.len() <= max && !some.is_empty(),
            "{} of {max}",
            some.len()
        );
        bodies.extend(some.into_iter().map(|delivery| delivery.body));
    }
    while let Some(more) = receive(&*queue, "work", LONG).await.pop() {
        bodies.push(more.body);
    }
    bodies.sort_unstable();
    bodies.dedup();
    assert_eq!(bodies.len(), 34);
}

/// The limit counts bytes, not characters.
pub async fn a_message_of_the_limit_is_taken_and_one_more_byte_is_not(rig: &QueueRig) {
    let queue = rig.open().await;
    for length in [MAX_MESSAGE_BYTES - 1, MAX_MESSAGE_BYTES] {
        let body = format!("가{}", "x".repeat(length - 3));
        let id = enqueue(&*queue, "work", &body).await;
        let delivery = receive_one(&*queue, "work", LONG).await;
        assert!(
            delivery.body == body,
            "a body of {length} bytes comes out as it went in"
        );
        assert!(delete(&*queue, "work", &id, &delivery.receipt).await);
    }
    let body = format!("가{}", "x".repeat(MAX_MESSAGE_BYTES - 2));
    let refused = queue.enqueue("work", &body, NONE).await;
    assert!(
        matches!(refused, Err(QueueError::TooLarge(length)) if length == MAX_MESSAGE_BYTES + 1),
        "one byte above the limit is refused"
    );
    assert!(receive(&*queue, "work", LONG).await.is_empty());
}

/// What is at work is still there.
pub async fn the_depth_counts_hidden_messages(rig: &QueueRig) {
    let queue = rig.open().await;
    for _ in 0..3 {
        enqueue(&*queue, "work", "x").await;
    }
    let received = queue.receive("work", 1, LONG).await;
    assert_eq!(received.map(|some| some.len()).ok(), Some(1));
    assert_eq!(queue.depth("work").await.ok(), Some(3));
}

/// The promise on which executors rest: one holder at a time.
pub async fn sixteen_receivers_get_every_message_exactly_once(rig: &QueueRig) {
    const MESSAGES: usize = 200;
    let handles = [rig.open().await, rig.open().await];
    for chunk in 0..10 {
        let some = (0..MESSAGES / 10).map(|n| (chunk, n)).map(|(chunk, n)| {
            let queue = &handles[n % 2];
            async move { enqueue(&**queue, "work", &format!("{chunk}/{n}")).await }
        });
        join_all(some).await;
    }
    let receivers = (0..16).map(|n| {
        let queue = &handles[n % 2];
        async move {
            let mut mine = Vec::new();
            loop {
                let some = queue
                    .receive("work", 1 + n % 4, LONG)
                    .await
                    .unwrap_or_else(|error| panic!("receive: {error}"));
                if some.is_empty() {
                    return mine;
                }
                for delivery in some {
                    assert_eq!(delivery.dequeue_count, 1, "nobody else has had it");
                    assert!(delete(&**queue, "work", &delivery.id, &delivery.receipt).await);
                    mine.push(delivery.body);
                }
            }
        }
    });
    let mut times = BTreeMap::new();
    for body in join_all(receivers).await.into_iter().flatten() {
        *times.entry(body).or_insert(0) += 1;
    }
    assert_eq!(times.len(), MESSAGES, "no message is lost");
    assert!(times.values().all(|&n| n == 1), "no message comes twice");
    assert_eq!(handles[0].depth("work").await.ok(), Some(0));
}
