//! Writes: all or nothing, each under its condition.

use futures::future::join_all;

use super::{StoreRig, commit, create_chat, create_turn, done};
use crate::conformance::samples::{
    NOON, alice, bob, chat, creation, eve, event, message, new, turn, turn_creation,
};
use crate::store::{Batch, ConversationStore, Etag, Precondition, StoreError, Versioned, Write};

/// Every part is there, under the version that was told.
pub async fn a_batch_is_written_whole(rig: &StoreRig) {
    let store = rig.open().await;
    let mut chat = chat(&alice(), "whole");
    let turn = turn(&chat, "1", NOON);
    chat.active_turn = Some(turn.id.clone());
    let question = message(&turn, None, "내 리소스 그룹을 보여 줘", NOON);
    let events = vec![event(&turn.id, 1, NOON), event(&turn.id, 2, NOON)];
    let batch = Batch {
        conversation: Some(new(chat.clone())),
        turn: Some(new(turn.clone())),
        messages: vec![question.clone()],
        events: events.clone(),
    };
    let committed = commit(&*store, &chat, batch).await;

    let etag = committed
        .conversation
        .unwrap_or_else(|| panic!("the header was written"));
    let read = done(store.conversation(&chat.key()).await);
    assert_eq!(
        read,
        Some(Versioned {
            item: chat.clone(),
            etag
        })
    );
    let etag = committed
        .turn
        .unwrap_or_else(|| panic!("the turn was written"));
    let read = done(store.turn(&alice().tid, &turn.id).await);
    assert_eq!(
        read,
        Some(Versioned {
            item: turn.clone(),
            etag
        })
    );
    let read = done(store.message(&alice().tid, &question.id).await);
    assert_eq!(read, Some(question));
    assert_eq!(
        done(store.events(&alice().tid, &turn.id, 0, 10).await),
        events
    );
}

/// A second create changes nothing.
pub async fn a_header_is_new_only_once(rig: &StoreRig) {
    let store = rig.open().await;
    let chat = chat(&alice(), "once");
    create_chat(&*store, &chat).await;
    let mut other = chat.clone();
    "other".clone_into(&mut other.title);
    let again = store.commit(&chat.key(), creation(&other)).await;
    assert!(
        matches!(again, Err(StoreError::ConversationChanged)),
        "{again:?}"
    );
    assert_eq!(
        done(store.conversation(&chat.key()).await).map(|v| v.item),
        Some(chat)
    );
}

/// Rule 1 rests on it: a conflict means the same turn.
pub async fn a_turn_is_new_only_once(rig: &StoreRig) {
    let store = rig.open().await;
    let turn = turn(&chat(&alice(), "once"), "1", NOON);
    create_turn(&*store, &turn).await;
    let mut other = turn.clone();
    other.watch = 9;
    let again = store.commit(&turn.key(), turn_creation(&other)).await;
    assert!(matches!(again, Err(StoreError::TurnChanged)), "{again:?}");
    assert_eq!(
        done(store.turn(&alice().tid, &turn.id).await).map(|v| v.item),
        Some(turn)
    );
}

/// Every write makes a version that no earlier one equals.
pub async fn a_stale_version_is_refused(rig: &StoreRig) {
    let store = rig.open().await;
    let mut chat = chat(&alice(), "stale");
    let mut turn = turn(&chat, "1", NOON);
    let created = commit(
        &*store,
        &chat,
        Batch {
            conversation: Some(new(chat.clone())),
            turn: Some(new(turn.clone())),
            ..Batch::default()
        },
    )
    .await;
    let (first_header, first_turn) = match (created.conversation, created.turn) {
        (Some(header), Some(turn)) => (header, turn),
        missing => panic!("both were written: {missing:?}"),
    };
    "second".clone_into(&mut chat.title);
    turn.watch = 2;
    let second = commit(&*store, &chat, replacement(&chat, &first_header)).await;
    assert_ne!(second.conversation, Some(first_header.clone()));
    let second = commit(&*store, &chat, turn_replacement(&turn, &first_turn)).await;
    assert_ne!(second.turn, Some(first_turn.clone()));

    let unknown = Etag("not one of ours".to_owned());
    for etag in [&first_header, &unknown] {
        let late = store.commit(&chat.key(), replacement(&chat, etag)).await;
        assert!(
            matches!(late, Err(StoreError::ConversationChanged)),
            "{late:?}"
        );
    }
    for etag in [&first_turn, &unknown] {
        let late = store
            .commit(&chat.key(), turn_replacement(&turn, etag))
            .await;
        assert!(matches!(late, Err(StoreError::TurnChanged)), "{late:?}");
    }
    let missing = crate::conformance::samples::chat(&alice(), "missing");
    let late = store
        .commit(&missing.key(), replacement(&missing, &first_header))
        .await;
    assert!(
        matches!(late, Err(StoreError::ConversationChanged)),
        "{late:?}"
    );
}

fn replacement(chat: &azimuth_domain::conversation::Conversation, etag: &Etag) -> Batch {
    Batch {
        conversation: Some(Write {
            item: chat.clone(),
            when: Precondition::Matches(etag.clone()),
        }),
        ..Batch::default()
    }
}

fn turn_replacement(turn: &azimuth_domain::turn::Turn, etag: &Etag) -> Batch {
    Batch {
        turn: Some(Write {
            item: turn.clone(),
            when: Precondition::Matches(etag.clone()),
        }),
        ..Batch::default()
    }
}

/// Conversation, then turn, then events.
pub async fn the_first_failing_condition_is_told_and_nothing_is_written(rig: &StoreRig) {
    let store = rig.open().await;
    let chat = chat(&alice(), "conditions");
    let turn = turn(&chat, "1", NOON);
    let created = commit(
        &*store,
        &chat,
        Batch {
            conversation: Some(new(chat.clone())),
            turn: Some(new(turn.clone())),
            messages: Vec::new(),
            events: vec![event(&turn.id, 1, NOON)],
        },
    )
    .await;
    let (Some(header), Some(version)) = (created.conversation, created.turn) else {
        panic!("both were written");
    };
    let wrong = Etag("0123456789abcdef".to_owned());
    let (mut changed_chat, mut changed_turn) = (chat.clone(), turn.clone());
    "changed".clone_into(&mut changed_chat.title);
    changed_turn.watch = 7;

    for (header_is_right, turn_is_right) in
        [(false, false), (false, true), (true, false), (true, true)]
    {
        let pick = |right, etag: &Etag| {
            Precondition::Matches(if right { etag.clone() } else { wrong.clone() })
        };
        let batch = Batch {
            conversation: Some(Write {
                item: changed_chat.clone(),
                when: pick(header_is_right, &header),
            }),
            turn: Some(Write {
                item: changed_turn.clone(),
                when: pick(turn_is_right, &version),
            }),
            messages: vec![message(&turn, None, "never", NOON)],
            // The first is free, the second is taken.
            events: vec![event(&turn.id, 2, NOON), event(&turn.id, 1, NOON)],
        };
        let refused = store.commit(&chat.key(), batch).await;
        let as_documented = match (header_is_right, turn_is_right, &refused) {
            (false, _, Err(error)) => matches!(error, StoreError::ConversationChanged),
            (true, false, Err(error)) => matches!(error, StoreError::TurnChanged),
            (true, true, Err(error)) => matches!(error, StoreError::EventExists),
            (_, _, Ok(_)) => false,
        };
        assert!(
            as_documented,
            "{header_is_right} {turn_is_right}: {refused:?}"
        );
        let stored = done(store.conversation(&chat.key()).await);
        assert_eq!(
            stored,
            Some(Versioned {
                item: chat.clone(),
                etag: header.clone()
            })
        );
        let stored = done(store.turn(&alice().tid, &turn.id).await);
        assert_eq!(
            stored,
            Some(Versioned {
                item: turn.clone(),
                etag: version.clone()
            })
        );
        assert_eq!(done(store.last_event_seq(&alice().tid, &turn.id).await), 1);
        assert_eq!(done(store.message(&alice().tid, &turn.message).await), None);
    }
}

/// Nothing spans partitions.
pub async fn a_batch_for_another_partition_is_refused(rig: &StoreRig) {
    let store = rig.open().await;
    let mine = chat(&alice(), "mine");
    for other in [
        chat(&alice(), "other"),
        chat(&bob(), "other"),
        chat(&eve(), "other"),
    ] {
        let turn = turn(&other, "1", NOON);
        let batches = [
            creation(&other),
            turn_creation(&turn),
            Batch {
                messages: vec![message(&turn, None, "x", NOON)],
                ..Batch::default()
            },
            Batch {
                events: vec![event(&turn.id, 1, NOON)],
                ..Batch::default()
            },
        ];
        for batch in batches {
            assert!(store.commit(&mine.key(), batch).await.is_err());
        }
        assert_eq!(done(store.conversation(&other.key()).await), None);
        assert_eq!(done(store.turn(&other.user.tid, &turn.id).await), None);
        for tenant in [&mine.user.tid, &other.user.tid] {
            assert_eq!(done(store.message(tenant, &turn.message).await), None);
            assert_eq!(done(store.last_event_seq(tenant, &turn.id).await), 0);
        }
    }
}

/// Compare and set is what every transition rests on.
pub async fn of_sixteen_writers_with_one_version_one_wins(rig: &StoreRig) {
    let handles = [rig.open().await, rig.open().await];
    let chat = chat(&alice(), "race");
    let turn = turn(&chat, "1", NOON);
    let created = commit(&*handles[0], &chat, turn_creation(&turn)).await.turn;
    let version = created.unwrap_or_else(|| panic!("the turn was written"));
    let writers = (0..16_u64).map(|n| {
        let (store, mut mine) = (&handles[usize::from(n % 2 == 1)], turn.clone());
        mine.watch = n;
        let batch = turn_replacement(&mine, &version);
        async move { (n, store.commit(&mine.key(), batch).await) }
    });
    let mut won = Vec::new();
    for (n, outcome) in join_all(writers).await {
        match outcome {
            Ok(_) => won.push(n),
            Err(StoreError::TurnChanged) => {}
            Err(other) => panic!("writer {n}: {other:?}"),
        }
    }
    assert_eq!(won.len(), 1);
    let stored = done(handles[1].turn(&alice().tid, &turn.id).await);
    assert_eq!(stored.map(|v| v.item.watch), won.first().copied());
}

/// So two stalled drivers cannot mix their text.
pub async fn of_sixteen_writers_of_one_event_one_wins(rig: &StoreRig) {
    let handles = [rig.open().await, rig.open().await];
    let turn = turn(&chat(&alice(), "race"), "1", NOON);
    let writers = (0..16_i64).map(|n| {
        let store = &handles[usize::from(n % 2 == 1)];
        let mine = event(&turn.id, 1, NOON.plus_ms(n));
        async move { store.append_event(&alice().tid, &mine).await }
    });
    let outcomes = join_all(writers).await;
    let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(won, 1);
    for lost in outcomes.into_iter().filter_map(Result::err) {
        assert!(matches!(lost, StoreError::EventExists), "{lost:?}");
    }
}

/// Also in another process.
pub async fn another_handle_sees_what_was_acknowledged(rig: &StoreRig) {
    let (here, there) = (rig.open().await, rig.open().await);
    let chat = chat(&alice(), "handles");
    create_chat(&*here, &chat).await;
    for number in 1..=20_u64 {
        let (writer, reader) = if number % 2 == 0 {
            (&here, &there)
        } else {
            (&there, &here)
        };
        let turn = turn(&chat, &number.to_string(), NOON);
        create_turn(&**writer, &turn).await;
        assert!(done(reader.turn(&alice().tid, &turn.id).await).is_some());
        done(
            writer
                .append_event(&alice().tid, &event(&turn.id, 1, NOON))
                .await,
        );
        assert_eq!(done(reader.last_event_seq(&alice().tid, &turn.id).await), 1);
    }
    assert!(done(there.conversation(&chat.key()).await).is_some());
}

/// A driver that repeats its answer says the same once.
pub async fn a_message_of_the_same_id_is_replaced(rig: &StoreRig) {
    let store = rig.open().await;
    let chat = chat(&alice(), "messages");
    let turn = turn(&chat, "1", NOON);
    for text in ["first", "second"] {
        let batch = Batch {
            messages: vec![message(&turn, Some(0), text, NOON)],
            ..Batch::default()
        };
        commit(&*store, &chat, batch).await;
    }
    let page = done(store.messages(&chat.key(), 10, None).await);
    let texts: Vec<&str> = page.items.iter().map(|m| m.text.as_str()).collect();
    assert_eq!(texts, ["second"]);
}

/// "Not found" is no error; what it means is the caller's business.
pub async fn what_is_missing_is_none(rig: &StoreRig) {
    let store: std::sync::Arc<dyn ConversationStore> = rig.open().await;
    let chat = chat(&alice(), "missing");
    let turn = turn(&chat, "1", NOON);
    let call = azimuth_domain::ids::CallId::new(&turn.id, 0, 0);
    let tenant = alice().tid;
    assert_eq!(done(store.conversation(&chat.key()).await), None);
    assert_eq!(done(store.turn(&tenant, &turn.id).await), None);
    assert_eq!(done(store.turns(&chat.key(), 10).await), []);
    assert_eq!(done(store.message(&tenant, &turn.message).await), None);
    assert_eq!(done(store.messages(&chat.key(), 10, None).await).items, []);
    assert_eq!(done(store.events(&tenant, &turn.id, 0, 10).await), []);
    assert_eq!(done(store.last_event_seq(&tenant, &turn.id).await), 0);
    assert_eq!(done(store.result(&tenant, &call).await), None);
    done(store.purge(&chat.key()).await);
}

/// Health rests on it.
pub async fn a_store_answers_a_ping(rig: &StoreRig) {
    let store = rig.open().await;
    done(store.ping().await);
    done(store.ping().await);
}
