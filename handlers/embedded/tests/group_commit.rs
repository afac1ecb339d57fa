//! Writes that wait are committed together, each on its own terms.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod rig;

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use azimuth_domain::ids::ConversationKey;
use azimuth_ports::conformance::samples::{alice, chat, creation};
use azimuth_ports::queue::WorkQueue;
use azimuth_ports::store::{Batch, ConversationStore, StoreError};
use futures::future::join_all;
use rig::Embedded;
use rusqlite::Connection;

/// Runs `writes` so that all of them wait before the first can begin, as they do
/// while the disk is busy with the group before.
async fn together<F: Future>(rig: &Embedded, file: &str, writes: Vec<F>) -> Vec<F::Output> {
    let other_process = Connection::open(rig.path().join(file)).unwrap();
    other_process.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut all = pin!(join_all(writes));
    tokio::select! {
        biased;
        _ = &mut all => panic!("another process holds the write lock"),
        () = std::future::ready(()) => {}
    }
    other_process.execute_batch("ROLLBACK").unwrap();
    all.await
}

#[tokio::test]
async fn a_hundred_writes_share_a_few_commits() {
    let rig = Embedded::new();
    let queue = rig.queue();
    let before = queue.write_counts();
    let writes = (0..100)
        .map(|_| queue.enqueue("work", "x", Duration::ZERO))
        .collect();
    let ids = together(&rig, "queue.sqlite", writes).await;
    assert!(ids.iter().all(Result::is_ok));
    let after = queue.write_counts();
    let (writes, commits) = (after.writes - before.writes, after.commits - before.commits);
    assert_eq!(writes, 100);
    assert!(commits <= 10, "{commits} commits for {writes} writes");
    assert_eq!(queue.depth("work").await.unwrap(), 100);
}

#[tokio::test]
async fn a_write_that_fails_does_not_undo_its_neighbours() {
    let rig = Embedded::new();
    let store = rig.store();
    let chats = ["a", "b", "c"].map(|name| chat(&alice(), name));
    let create = |n: usize| -> (ConversationKey, Batch) { (chats[n].key(), creation(&chats[n])) };
    // The third repeats the first, and the fourth belongs elsewhere.
    let batches = [
        create(0),
        create(1),
        create(0),
        (chats[0].key(), creation(&chats[2])),
        create(2),
    ];
    let writes = batches
        .iter()
        .map(|(key, batch)| store.commit(key, batch.clone()))
        .collect();
    let outcomes = together(&rig, "azimuth.sqlite", writes).await;
    assert!(
        outcomes[0].is_ok() && outcomes[1].is_ok() && outcomes[4].is_ok(),
        "{outcomes:?}"
    );
    assert!(matches!(outcomes[2], Err(StoreError::ConversationChanged)));
    assert!(outcomes[3].is_err());
    for chat in &chats {
        assert!(store.conversation(&chat.key()).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_message_is_dropped_after_seven_days() {
    let rig = Embedded::new();
    let queue = rig.queue();
    let ttl = azimuth_embedded::MESSAGE_TTL;
    assert_eq!(ttl, Duration::from_hours(168));
    for (age, is_left) in [
        (ttl.checked_sub(Duration::from_millis(1)).unwrap(), true),
        (ttl, false),
        (ttl + Duration::from_millis(1), false),
    ] {
        queue.enqueue("work", "x", Duration::ZERO).await.unwrap();
        rig.clock.advance(age);
        let received = queue.receive("work", 32, Duration::ZERO).await.unwrap();
        assert_eq!(received.len(), usize::from(is_left), "after {age:?}");
        assert_eq!(queue.depth("work").await.unwrap(), u64::from(is_left));
        for delivery in received {
            assert!(
                queue
                    .delete("work", &delivery.id, &delivery.receipt)
                    .await
                    .unwrap()
            );
        }
    }
}
