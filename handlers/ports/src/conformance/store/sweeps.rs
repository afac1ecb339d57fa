//! What can be found of turns, and what goes away.

use azimuth_domain::conversation::Conversation;
use azimuth_domain::ids::{CallId, OwnerKey, TurnId};
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::{CallState, ModelState, Turn, TurnStatus};

use super::{MANY, StoreRig, commit, create_chat, create_turn, done};
use crate::conformance::samples::{NOON, alice, bob, chat, eve, event, message, turn, with_call};
use crate::store::{ApprovalFilter, Batch, ConversationStore, Precondition, StoredResult, Write};

async fn replace(store: &dyn ConversationStore, turn: &Turn) {
    let stored = done(store.turn(&turn.asker.user.tid, &turn.id).await);
    let etag = stored.map_or_else(|| panic!("it is there"), |v| v.etag);
    let batch = Batch {
        turn: Some(Write {
            item: turn.clone(),
            when: Precondition::Matches(etag),
        }),
        ..Batch::default()
    };
    done(store.commit(&turn.key(), batch).await);
}

fn sorted(mut ids: Vec<TurnId>) -> Vec<TurnId> {
    ids.sort_unstable();
    ids
}

fn in_status(chat: &Conversation, name: &str, status: TurnStatus) -> Turn {
    let mut turn = turn(chat, name, NOON);
    turn.status = status;
    turn
}

fn failed() -> TurnStatus {
    TurnStatus::Failed {
        code: "time".to_owned(),
        message: "It took too long.".to_owned(),
    }
}

/// The quota counts them.
pub async fn running_turns_are_those_that_have_not_ended(rig: &StoreRig) {
    let store = rig.open().await;
    let chat = chat(&alice(), "running");
    let deadline = NOON.plus_ms(1);
    let alive = [
        in_status(&chat, "running", TurnStatus::Running),
        in_status(&chat, "waiting", TurnStatus::WaitingSignIn { deadline }),
        in_status(&chat, "cancelling", TurnStatus::Cancelling),
    ];
    for turn in &alive {
        create_turn(&*store, turn).await;
    }
    for status in [TurnStatus::Done, TurnStatus::Cancelled, failed()] {
        let name = format!("{status:?}");
        create_turn(&*store, &in_status(&chat, &name, status)).await;
    }
    create_turn(&*store, &turn(&self::chat(&bob(), "running"), "1", NOON)).await;
    let (tenant, owner) = (alice().tid, alice().owner());
    let running = done(store.running_turns(&tenant, &owner, 10).await);
    assert_eq!(
        sorted(running),
        sorted(alive.iter().map(|t| t.id.clone()).collect())
    );
    for (limit, expected) in [(1, 1), (2, 2), (3, 3), (4, 3)] {
        let running = done(store.running_turns(&tenant, &owner, limit).await);
        assert_eq!(running.len(), expected, "at most {limit}");
    }
    for mut turn in alive {
        turn.status = TurnStatus::Done;
        replace(&*store, &turn).await;
    }
    assert_eq!(done(store.running_turns(&tenant, &owner, 10).await), []);
}

/// As a whole, or in a call; not once it is over.
pub async fn turns_that_wait_for_a_sign_in_are_found(rig: &StoreRig) {
    let store = rig.open().await;
    let chat = chat(&alice(), "sign-in");
    let deadline = NOON.plus_ms(1);
    let whole = in_status(&chat, "whole", TurnStatus::WaitingSignIn { deadline });
    let state = CallState::AwaitingSignIn {
        digest: None,
        deadline,
    };
    let call = with_call(turn(&chat, "call", NOON), state, false);
    let neither = turn(&chat, "neither", NOON);
    for turn in [&whole, &call, &neither] {
        create_turn(&*store, turn).await;
    }
    let (tenant, owner) = (alice().tid, alice().owner());
    let waiting = done(store.turns_awaiting_sign_in(&tenant, &owner).await);
    assert_eq!(
        sorted(waiting),
        sorted(vec![whole.id.clone(), call.id.clone()])
    );
    assert_eq!(
        done(store.turns_awaiting_sign_in(&tenant, &bob().owner()).await),
        []
    );
    assert_eq!(
        done(store.turns_awaiting_sign_in(&eve().tid, &owner).await),
        []
    );
    replace(&*store, &in_status(&chat, "whole", TurnStatus::Running)).await;
    let waiting = done(store.turns_awaiting_sign_in(&tenant, &owner).await);
    assert_eq!(waiting, [call.id]);
}

async fn approvals(
    store: &dyn ConversationStore,
    owner: Option<&OwnerKey>,
    filter: ApprovalFilter,
    limit: usize,
) -> Vec<TurnId> {
    let (mut ids, mut cursor) = (Vec::new(), None);
    loop {
        let page = store
            .turns_with_approvals(&alice().tid, owner, filter, limit, cursor.as_deref())
            .await;
        let page = done(page);
        assert!(page.items.len() <= limit);
        ids.extend(page.items.into_iter().map(|turn| turn.id));
        assert!(ids.len() < MANY, "a cursor leads on");
        cursor = page.next_cursor;
        if cursor.is_none() {
            return ids;
        }
    }
}

/// Of the whole tenant; those that are decided only on demand.
pub async fn approvals_are_listed_newest_first_and_page(rig: &StoreRig) {
    let store = rig.open().await;
    let deadline = NOON.plus_ms(1);
    let mut turns = Vec::new();
    for number in 0..9_i64 {
        let user = if number % 2 == 0 { alice() } else { bob() };
        let at = NOON.plus_ms(number / 3);
        let open = turn(&chat(&user, "approvals"), &format!("turn {number}"), at);
        let turn = with_call(open, CallState::AwaitingApproval { deadline }, true);
        create_turn(&*store, &turn).await;
        turns.push(turn);
    }
    create_turn(&*store, &turn(&chat(&alice(), "approvals"), "none", NOON)).await;
    let theirs = turn(&chat(&eve(), "approvals"), "1", NOON);
    let theirs = with_call(theirs, CallState::AwaitingApproval { deadline }, true);
    create_turn(&*store, &theirs).await;
    // Two are over: one call has run, one turn was cancelled.
    let ran = with_call(turns[0].clone(), CallState::Finished { ok: true }, true);
    replace(&*store, &ran).await;
    turns[1].status = TurnStatus::Cancelled;
    replace(&*store, &turns[1]).await;

    let every = approvals(&*store, None, ApprovalFilter::All, 100).await;
    assert_eq!(
        sorted(every.clone()),
        sorted(turns.iter().map(|t| t.id.clone()).collect())
    );
    let created = |id: &TurnId| turns.iter().find(|t| t.id == *id).map(|t| -t.created_at.0);
    assert!(every.is_sorted_by_key(created), "newest first");
    let pending = approvals(&*store, None, ApprovalFilter::Pending, 100).await;
    let expected: Vec<TurnId> = every
        .iter()
        .filter(|id| **id != turns[0].id && **id != turns[1].id)
        .cloned()
        .collect();
    assert_eq!(pending, expected);
    for limit in [1, 2, 6, 7, 8, 9] {
        assert_eq!(
            approvals(&*store, None, ApprovalFilter::All, limit).await,
            every
        );
        assert_eq!(
            approvals(&*store, None, ApprovalFilter::Pending, limit).await,
            expected
        );
    }
}

/// Neither an item nor a cursor tells one user that another has asked, and a
/// cursor of somebody else's list leads to one's own turns only.
pub async fn approvals_of_an_owner_tell_nothing_of_others(rig: &StoreRig) {
    let store = rig.open().await;
    let deadline = NOON.plus_ms(1);
    let mut of_bob = Vec::new();
    for number in 0..6_i64 {
        let user = if number < 4 { alice() } else { bob() };
        let at = NOON.plus_ms(number % 2);
        let open = turn(&chat(&user, "own"), &format!("turn {number}"), at);
        let turn = with_call(open, CallState::AwaitingApproval { deadline }, true);
        create_turn(&*store, &turn).await;
        if number >= 4 {
            of_bob.insert(0, turn.id);
        }
    }
    let (tenant, bobs, eves) = (alice().tid, bob().owner(), eve().owner());
    for filter in [ApprovalFilter::Pending, ApprovalFilter::All] {
        for limit in [1, 2, 3] {
            let own = approvals(&*store, Some(&bobs), filter, limit).await;
            assert_eq!(own, of_bob, "pages of {limit}");
        }
        let page = |owner, limit, cursor| {
            let (store, tenant) = (&store, &tenant);
            async move {
                let page = store.turns_with_approvals(tenant, owner, filter, limit, cursor);
                done(page.await)
            }
        };
        let none = page(Some(&eves), 1, None).await;
        assert_eq!((none.items, none.next_cursor), (vec![], None));
        let whole = page(Some(&bobs), 2, None).await;
        assert_eq!(whole.next_cursor, None, "none of the others' follow");
        let first = page(None, 1, None).await;
        let cursor = first.next_cursor.as_deref();
        assert!(cursor.is_some(), "there are more");
        let foreign = page(Some(&eves), 1, cursor).await;
        assert_eq!((foreign.items, foreign.next_cursor), (vec![], None));
        let behind = page(Some(&bobs), 10, cursor).await;
        assert!(behind.items.iter().all(|turn| of_bob.contains(&turn.id)));
    }
}

/// At or before now, over all tenants; never one that has ended.
pub async fn due_turns_come_longest_due_first(rig: &StoreRig) {
    let store = rig.open().await;
    let claimed = |user, at_ms| {
        let mut turn = turn(&chat(user, "due"), &format!("due {at_ms}"), NOON);
        turn.model = ModelState::Claimed {
            claim_no: 1,
            lease_until: NOON.plus_ms(at_ms),
        };
        turn
    };
    let turns = [
        claimed(&alice(), 30),
        claimed(&eve(), 10),
        claimed(&bob(), 20),
    ];
    for turn in &turns {
        create_turn(&*store, turn).await;
    }
    create_turn(
        &*store,
        &in_status(&chat(&alice(), "due"), "over", TurnStatus::Done),
    )
    .await;
    let pair = |turn: &Turn| (turn.asker.user.tid.clone(), turn.id.clone());
    let in_order = [pair(&turns[1]), pair(&turns[2]), pair(&turns[0])];
    for (now_ms, expected) in [(9, 0), (10, 1), (11, 1), (29, 2), (30, 3), (31, 3)] {
        let due = done(store.due_turns(NOON.plus_ms(now_ms), 10).await);
        assert_eq!(due, in_order[..expected], "at {now_ms}");
    }
    assert_eq!(
        done(store.due_turns(NOON.plus_ms(30), 2).await),
        in_order[..2]
    );
    let mut over = turns[1].clone();
    over.status = failed();
    replace(&*store, &over).await;
    assert_eq!(
        done(store.due_turns(NOON.plus_ms(30), 10).await),
        in_order[1..]
    );
}

/// Deleted before the moment, and nothing runs any more.
pub async fn a_deleted_conversation_is_purgeable_once_its_turns_have_ended(rig: &StoreRig) {
    let store = rig.open().await;
    let deleted = |user, name| {
        let mut chat = chat(user, name);
        chat.deleted_at = Some(NOON);
        chat
    };
    let (quiet, busy) = (deleted(&alice(), "quiet"), deleted(&eve(), "busy"));
    create_chat(&*store, &chat(&alice(), "alive")).await;
    for chat in [&quiet, &busy] {
        create_chat(&*store, chat).await;
        create_turn(&*store, &in_status(chat, "over", TurnStatus::Done)).await;
    }
    let running = turn(&busy, "running", NOON);
    create_turn(&*store, &running).await;

    assert_eq!(done(store.purgeable(NOON, 10).await), []);
    assert_eq!(
        done(store.purgeable(NOON.plus_ms(1), 10).await),
        [quiet.key()]
    );
    replace(&*store, &in_status(&busy, "running", TurnStatus::Cancelled)).await;
    let mut both = done(store.purgeable(NOON.plus_ms(1), 10).await);
    both.sort_unstable();
    assert_eq!(both, {
        let mut keys = [quiet.key(), busy.key()];
        keys.sort_unstable();
        keys
    });
    assert_eq!(done(store.purgeable(NOON.plus_ms(1), 1).await).len(), 1);
}

/// Header, turns, messages, events, results; and only of that one.
pub async fn a_purge_removes_everything_of_one_conversation(rig: &StoreRig) {
    let store = rig.open().await;
    let tenant = alice().tid;
    let chats = ["gone", "kept"].map(|name| chat(&alice(), name));
    for chat in &chats {
        let turn = turn(chat, "1", NOON);
        let batch = Batch {
            conversation: Some(crate::conformance::samples::new(chat.clone())),
            turn: Some(crate::conformance::samples::new(turn.clone())),
            messages: vec![message(&turn, None, "needle", NOON)],
            events: vec![event(&turn.id, 1, NOON)],
        };
        commit(&*store, chat, batch).await;
        done(store.put_result(&tenant, small_result(&turn.id)).await);
    }
    done(store.purge(&chats[0].key()).await);
    for (chat, kept) in [(&chats[0], false), (&chats[1], true)] {
        let turn = turn(chat, "1", NOON);
        let call = CallId::new(&turn.id, 0, 0);
        assert_eq!(done(store.conversation(&chat.key()).await).is_some(), kept);
        assert_eq!(done(store.turn(&tenant, &turn.id).await).is_some(), kept);
        assert_eq!(
            done(store.turns(&chat.key(), 10).await).len(),
            usize::from(kept)
        );
        assert_eq!(
            done(store.message(&tenant, &turn.message).await).is_some(),
            kept
        );
        let page = done(store.messages(&chat.key(), 10, None).await);
        assert_eq!(page.items.len(), usize::from(kept));
        assert_eq!(
            done(store.last_event_seq(&tenant, &turn.id).await),
            u64::from(kept)
        );
        assert_eq!(done(store.result(&tenant, &call).await).is_some(), kept);
    }
    let due = done(store.due_turns(NOON.plus_ms(1_000_000), 10).await);
    assert_eq!(due.len(), 1, "a purged turn is not due");
    // The id is free again.
    create_chat(&*store, &chats[0]).await;
    create_turn(&*store, &turn(&chats[0], "1", NOON)).await;
}

fn small_result(turn: &TurnId) -> StoredResult {
    StoredResult {
        call: CallId::new(turn, 0, 0),
        attempt: 1,
        media_type: "application/json".to_owned(),
        bytes: b"[]".to_vec(),
        truncated: false,
        is_error: false,
    }
}

/// After their time only the turn tells what happened.
pub async fn events_expire_and_turns_stay(rig: &StoreRig) {
    let store = rig.open().await;
    let turn = turn(&chat(&alice(), "expiry"), "1", NOON);
    create_turn(&*store, &turn).await;
    let at = |seq: u64| -> Timestamp { NOON.plus_ms(i64::try_from(seq).unwrap_or_default()) };
    for seq in 1..=4 {
        done(
            store
                .append_event(&alice().tid, &event(&turn.id, seq, at(seq)))
                .await,
        );
    }
    for (before, removed, first_left) in [(at(1), 0, 1), (at(3), 2, 3), (at(3), 0, 3)] {
        assert_eq!(done(store.expire_events(before).await), removed);
        let left = done(store.events(&alice().tid, &turn.id, 0, 10).await);
        assert_eq!(left.first().map(|event| event.seq), Some(first_left));
    }
    assert_eq!(done(store.last_event_seq(&alice().tid, &turn.id).await), 4);
    assert!(done(store.turn(&alice().tid, &turn.id).await).is_some());
}
