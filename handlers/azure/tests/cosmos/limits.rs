//! Throttling, outages, and what operations cost.

use std::time::{Duration, Instant};

use azimuth_azure::cosmos::Kind;
use azimuth_ports::conformance::samples::{NOON, alice, chat, creation, message, turn};
use azimuth_ports::store::{ConversationStore, StoreError};

use crate::rig::Cosmos;

/// Any number of times.
const ALWAYS: u32 = 1_000_000;
/// No operation takes longer, whatever the account answers.
const LONGEST: Duration = Duration::from_secs(12);

#[tokio::test]
async fn a_throttled_write_waits_and_is_done() {
    let cosmos = Cosmos::new().await;
    let store = cosmos.store().await;
    let chat = chat(&alice(), "throttled");
    let wait = Duration::from_millis(40);
    cosmos.emulator.answer(429, 3, wait).await;
    let started = Instant::now();
    store.commit(&chat.key(), creation(&chat)).await.unwrap();
    assert!(started.elapsed() >= 3 * wait, "{:?}", started.elapsed());
    assert!(store.conversation(&chat.key()).await.unwrap().is_some());
}

#[tokio::test]
async fn throttling_without_end_is_told_within_the_budget() {
    let cosmos = Cosmos::new().await;
    let store = cosmos.store().await;
    let wait = Duration::from_millis(1500);
    cosmos.emulator.answer(429, ALWAYS, wait).await;
    let started = Instant::now();
    let answer = store
        .turn(&alice().tid, &turn(&chat(&alice(), "x"), "1", NOON).id)
        .await;
    assert!(
        matches!(answer, Err(StoreError::Unavailable(_))),
        "{answer:?}"
    );
    assert!(started.elapsed() < LONGEST, "{:?}", started.elapsed());
}

#[tokio::test]
async fn an_outage_is_told_within_the_budget_and_ends() {
    let cosmos = Cosmos::new().await;
    let store = cosmos.store().await;
    let chat = chat(&alice(), "outage");
    cosmos.emulator.answer(503, ALWAYS, Duration::ZERO).await;
    let started = Instant::now();
    let answer = store.commit(&chat.key(), creation(&chat)).await;
    assert!(
        matches!(answer, Err(StoreError::Unavailable(_))),
        "{answer:?}"
    );
    assert!(started.elapsed() < LONGEST, "{:?}", started.elapsed());
    cosmos.emulator.answer(503, 0, Duration::ZERO).await;
    store.commit(&chat.key(), creation(&chat)).await.unwrap();
}

#[tokio::test]
async fn a_removal_that_broke_off_is_found_and_done_again() {
    let cosmos = Cosmos::new().await;
    let store = cosmos.store().await;
    let mut chat = chat(&alice(), "broken off");
    chat.deleted_at = Some(NOON);
    let key = chat.key();
    let mut batch = creation(&chat);
    let turn = turn(&chat, "1", NOON);
    batch.messages = [None, Some(0), Some(1)]
        .map(|step| message(&turn, step, "said", NOON))
        .to_vec();
    store.commit(&key, batch).await.unwrap();
    cosmos.emulator.refuse_after(1).await;
    let purged = store.purge(&key).await;
    assert!(purged.is_err());
    cosmos.emulator.relent().await;
    let left = store.messages(&key, 10, None).await.unwrap();
    assert_eq!(left.items.len(), 2);
    let later = NOON.plus_ms(1);
    let again = store.purgeable(later, 10).await.unwrap();
    assert_eq!(again, std::slice::from_ref(&key));
    store.purge(&key).await.unwrap();
    let left = store.messages(&key, 10, None).await.unwrap();
    assert_eq!(left.items, []);
    assert!(store.purgeable(later, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn whoever_is_connected_goes_on_with_an_emptied_account() {
    let cosmos = Cosmos::new().await;
    let store = cosmos.store().await;
    let chat = chat(&alice(), "emptied");
    for _ in 0..2 {
        store.commit(&chat.key(), creation(&chat)).await.unwrap();
        assert!(store.conversation(&chat.key()).await.unwrap().is_some());
        cosmos.emulator.empty().await;
        assert!(store.conversation(&chat.key()).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn every_operation_is_charged_to_its_kind() {
    let cosmos = Cosmos::new().await;
    let store = cosmos.store().await;
    let chat = chat(&alice(), "charges");
    store.commit(&chat.key(), creation(&chat)).await.unwrap();
    store.conversation(&chat.key()).await.unwrap();
    store.conversation(&chat.key()).await.unwrap();
    store.messages(&chat.key(), 10, None).await.unwrap();
    let by_kind = store.charges().by_kind();
    let of = |operation: &str| {
        let kind = Kind {
            container: "conversations".to_owned(),
            operation: operation.to_owned(),
        };
        by_kind.get(&kind).copied().unwrap_or_default()
    };
    for (operation, times) in [("execute_batch", 1), ("read_item", 2), ("query_items", 1)] {
        let charge = of(operation);
        assert_eq!(charge.operations, times, "{operation} in {by_kind:?}");
        assert!(charge.request_units > 0.0, "{operation} in {by_kind:?}");
    }
}
