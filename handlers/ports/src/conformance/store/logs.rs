//! Events and results.

use azimuth_domain::ids::CallId;
use azimuth_domain::limits::MAX_RESULT_BYTES;

use super::{StoreRig, commit, done};
use crate::conformance::samples::{NOON, alice, chat, eve, event, turn};
use crate::store::{Batch, StoreError, StoredResult};

/// Replay from any number gives the same events.
pub async fn events_come_in_order_after_a_number(rig: &StoreRig) {
    let (here, there) = (rig.open().await, rig.open().await);
    let chat = chat(&alice(), "events");
    let (mine, other) = (turn(&chat, "1", NOON).id, turn(&chat, "2", NOON).id);
    let events: Vec<_> = (1..=12).map(|seq| event(&mine, seq, NOON)).collect();
    for event in &events {
        done(here.append_event(&alice().tid, event).await);
    }
    done(
        here.append_event(&alice().tid, &event(&other, 1, NOON))
            .await,
    );
    for after in [0, 1, 9, 10, 11, 12, 13] {
        let read = done(there.events(&alice().tid, &mine, after, 100).await);
        let from = usize::try_from(after).unwrap_or_default().min(12);
        assert_eq!(read, events[from..], "after {after}");
    }
    for limit in [1, 11, 12, 13] {
        let read = done(there.events(&alice().tid, &mine, 0, limit).await);
        assert_eq!(read, events[..limit.min(12)], "at most {limit}");
    }
    assert_eq!(
        done(there.events(&alice().tid, &mine, u64::MAX, 10).await),
        []
    );
    assert_eq!(done(there.last_event_seq(&alice().tid, &mine).await), 12);
    assert_eq!(done(there.last_event_seq(&alice().tid, &other).await), 1);
}

/// A number that is taken is told, and what took it stays.
pub async fn an_event_is_created_once(rig: &StoreRig) {
    let store = rig.open().await;
    let turn = turn(&chat(&alice(), "events"), "1", NOON).id;
    let first = event(&turn, 1, NOON);
    done(store.append_event(&alice().tid, &first).await);
    let again = store
        .append_event(&alice().tid, &event(&turn, 1, NOON.plus_ms(1)))
        .await;
    assert!(matches!(again, Err(StoreError::EventExists)), "{again:?}");
    assert_eq!(
        done(store.events(&alice().tid, &turn, 0, 10).await),
        [first]
    );
}

/// However a store keeps them: every number is read, a writer who is late by a whole
/// write is refused, and they expire together.
pub async fn events_written_together_are_events_as_any(rig: &StoreRig) {
    let (here, there) = (rig.open().await, rig.open().await);
    let chat = chat(&alice(), "together");
    let mine = turn(&chat, "1", NOON).id;
    let events: Vec<_> = (1..=6).map(|seq| event(&mine, seq, NOON)).collect();
    let batch = |events: &[_]| Batch {
        events: events.to_vec(),
        ..Batch::default()
    };
    commit(&*here, &chat, batch(&events[..3])).await;
    done(here.append_event(&alice().tid, &events[3]).await);
    commit(&*here, &chat, batch(&events[4..])).await;
    for after in 0..=6 {
        for limit in 1..=7 {
            let read = done(there.events(&alice().tid, &mine, after, limit).await);
            let from = usize::try_from(after).unwrap_or_default();
            let to = (from + limit).min(6);
            assert_eq!(read, events[from..to], "{limit} after {after}");
        }
    }
    assert_eq!(done(there.last_event_seq(&alice().tid, &mine).await), 6);
    let late = NOON.plus_ms(1);
    for begins in [1, 4, 5] {
        let stale = event(&mine, begins, late);
        let alone = there.append_event(&alice().tid, &stale).await;
        assert!(matches!(alone, Err(StoreError::EventExists)), "{alone:?}");
        let more = [stale, event(&mine, begins + 1, late)];
        let together = there.commit(&chat.key(), batch(&more)).await;
        assert!(
            matches!(together, Err(StoreError::EventExists)),
            "{together:?}"
        );
    }
    assert_eq!(done(here.events(&alice().tid, &mine, 0, 10).await), events);
    assert_eq!(done(here.expire_events(late).await), 6);
    assert_eq!(done(here.events(&alice().tid, &mine, 0, 10).await), []);
}

fn result(call: &CallId, attempt: u32, length: usize) -> StoredResult {
    StoredResult {
        call: call.clone(),
        attempt,
        media_type: "text/plain; charset=utf-8".to_owned(),
        bytes: (0..=u8::MAX)
            .cycle()
            .skip(length % 7)
            .take(length)
            .collect(),
        truncated: length % 2 == 1,
        is_error: attempt == 1,
    }
}

/// Empty, around a mebibyte, and up to the limit.
pub async fn a_result_reads_back_whatever_its_size(rig: &StoreRig) {
    const MEBIBYTE: usize = 1024 * 1024;
    let store = rig.open().await;
    let call = CallId::new(&turn(&chat(&alice(), "results"), "1", NOON).id, 0, 0);
    let lengths = [
        0,
        1,
        MEBIBYTE - 1,
        MEBIBYTE,
        MEBIBYTE + 1,
        MAX_RESULT_BYTES - 1,
        MAX_RESULT_BYTES,
        // What was longer before leaves nothing behind.
        3,
    ];
    for length in lengths {
        let stored = result(&call, 1, length);
        done(store.put_result(&alice().tid, stored.clone()).await);
        let read = done(store.result(&alice().tid, &call).await);
        assert!(read == Some(stored), "{length} bytes read back");
    }
    assert_eq!(done(store.result(&eve().tid, &call).await), None);
}

/// An executor that comes late with an earlier attempt changes nothing.
pub async fn the_newest_attempts_result_counts(rig: &StoreRig) {
    let store = rig.open().await;
    let turn = turn(&chat(&alice(), "results"), "1", NOON).id;
    // The name of the second call begins with that of the first.
    let (call, neighbour) = (CallId::new(&turn, 0, 1), CallId::new(&turn, 0, 10));
    for attempt in [1, 10, 2] {
        let stored = result(&call, attempt, 10);
        done(store.put_result(&alice().tid, stored).await);
    }
    assert_eq!(
        done(store.result(&alice().tid, &call).await),
        Some(result(&call, 10, 10))
    );
    assert_eq!(done(store.result(&alice().tid, &neighbour).await), None);
}
