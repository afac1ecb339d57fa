//! Lists and searches: order, pages, and whose they are.

use azimuth_domain::conversation::{Conversation, ConversationKind, Shelf};
use azimuth_domain::ids::{ConversationId, TurnId};
use azimuth_domain::principal::UserKey;

use super::{MANY, StoreRig, commit, create_chat, create_turn, done};
use crate::conformance::samples::{NOON, alice, bob, chat, eve, event, message, turn};
use crate::store::{
    ApprovalFilter, Batch, ConversationQuery, ConversationStore, Precondition, StoreError, Write,
};

fn all() -> ConversationQuery {
    ConversationQuery {
        limit: 100,
        ..ConversationQuery::default()
    }
}

fn search(text: &str) -> ConversationQuery {
    ConversationQuery {
        text: Some(text.to_owned()),
        ..all()
    }
}

async fn list(
    store: &dyn ConversationStore,
    user: &UserKey,
    query: &ConversationQuery,
) -> Vec<Conversation> {
    let mut query = query.clone();
    let mut items = Vec::new();
    loop {
        let page = done(store.conversations(&user.tid, &user.owner(), &query).await);
        assert!(page.items.len() <= query.limit);
        items.extend(page.items);
        assert!(items.len() < MANY, "a cursor leads on");
        if page.next_cursor.is_none() {
            return items;
        }
        query.cursor = page.next_cursor;
    }
}

fn titles(items: &[Conversation]) -> Vec<&str> {
    items.iter().map(|chat| chat.title.as_str()).collect()
}

async fn replace(store: &dyn ConversationStore, chat: &Conversation) {
    let stored = done(store.conversation(&chat.key()).await);
    let etag = stored.map_or_else(|| panic!("it is there"), |v| v.etag);
    let batch = Batch {
        conversation: Some(Write {
            item: chat.clone(),
            when: Precondition::Matches(etag),
        }),
        ..Batch::default()
    };
    commit(store, chat, batch).await;
}

async fn say(store: &dyn ConversationStore, chat: &Conversation, name: &str, text: &str) {
    let turn = turn(chat, name, NOON);
    let batch = Batch {
        messages: vec![message(&turn, None, text, NOON)],
        ..Batch::default()
    };
    commit(store, chat, batch).await;
}

/// A change moves a conversation to its new place.
pub async fn the_list_shows_pinned_first_then_newest(rig: &StoreRig) {
    let store = rig.open().await;
    for (name, pinned, at_ms) in [
        ("b", false, 2),
        ("pinned old", true, 1),
        ("a", false, 1),
        ("c", false, 3),
    ] {
        let mut chat = chat(&alice(), name);
        chat.pinned = pinned;
        chat.updated_at = NOON.plus_ms(at_ms);
        create_chat(&*store, &chat).await;
    }
    let listed = list(&*store, &alice(), &all()).await;
    assert_eq!(titles(&listed), ["pinned old", "c", "b", "a"]);
    let mut a = chat(&alice(), "a");
    a.updated_at = NOON.plus_ms(4);
    replace(&*store, &a).await;
    let listed = list(&*store, &alice(), &all()).await;
    assert_eq!(titles(&listed), ["pinned old", "a", "c", "b"]);
    assert_eq!(listed[1], a);
}

/// Many conversations of one moment, some pinned.
pub async fn the_list_pages_without_loss_under_ties(rig: &StoreRig) {
    let store = rig.open().await;
    for number in 0..25 {
        let mut chat = chat(&alice(), &format!("chat {number}"));
        chat.pinned = number % 8 == 0;
        chat.updated_at = NOON.plus_ms(number / 20);
        create_chat(&*store, &chat).await;
    }
    let whole = list(&*store, &alice(), &all()).await;
    assert_eq!(whole.len(), 25);
    assert!(whole.is_sorted_by_key(|chat| (!chat.pinned, -chat.updated_at.0)));
    for limit in [1, 7, 24, 25] {
        let paged = list(&*store, &alice(), &ConversationQuery { limit, ..all() }).await;
        assert_eq!(paged, whole, "pages of {limit}");
    }
}

/// The limit's own limit.
pub async fn the_list_gives_at_most_a_hundred(rig: &StoreRig) {
    let store = rig.open().await;
    for number in 0..101 {
        create_chat(&*store, &chat(&alice(), &format!("chat {number}"))).await;
    }
    for (limit, expected) in [(1, 1), (99, 99), (100, 100)] {
        let query = ConversationQuery { limit, ..all() };
        let page = done(
            store
                .conversations(&alice().tid, &alice().owner(), &query)
                .await,
        );
        assert_eq!(
            (page.items.len(), page.next_cursor.is_some()),
            (expected, true)
        );
    }
}

/// Each shelf has its own; a deleted call without a model lies on none.
pub async fn the_list_keeps_shelves_apart(rig: &StoreRig) {
    let store = rig.open().await;
    let open = chat(&alice(), "open");
    let mut archived = chat(&alice(), "archived");
    archived.archived = true;
    let mut deleted = chat(&alice(), "deleted");
    deleted.deleted_at = Some(NOON);
    let mut both = chat(&alice(), "archived, then deleted");
    both.archived = true;
    both.deleted_at = Some(NOON);
    let id = ConversationId::derived(&alice(), "console", "k");
    let console = Conversation::new(id, alice(), ConversationKind::Console, NOON);
    let id = ConversationId::derived(&alice(), "console", "gone");
    let mut gone = Conversation::new(id, alice(), ConversationKind::Console, NOON);
    gone.deleted_at = Some(NOON);
    for chat in [&open, &archived, &deleted, &both, &console, &gone] {
        create_chat(&*store, chat).await;
    }
    let on_shelf = |shelf| ConversationQuery { shelf, ..all() };
    let listed = list(&*store, &alice(), &on_shelf(Shelf::Open)).await;
    assert_eq!(titles(&listed), ["open"]);
    let listed = list(&*store, &alice(), &on_shelf(Shelf::Archived)).await;
    assert_eq!(titles(&listed), ["archived"]);
    let listed = list(&*store, &alice(), &on_shelf(Shelf::Deleted)).await;
    let mut names = titles(&listed);
    names.sort_unstable();
    assert_eq!(names, ["archived, then deleted", "deleted"]);
    let listed = list(&*store, &alice(), &on_shelf(Shelf::Console)).await;
    assert_eq!(listed, std::slice::from_ref(&console));
    // What no list shows can still be read.
    for chat in [deleted, console, gone] {
        assert_eq!(
            done(store.conversation(&chat.key()).await).map(|v| v.item),
            Some(chat)
        );
    }
}

/// Neither other people of the tenant nor other tenants share a list.
pub async fn the_list_is_one_persons_own(rig: &StoreRig) {
    let store = rig.open().await;
    for user in [alice(), bob(), eve()] {
        let chat = chat(&user, &format!("chat of {}", user.oid));
        create_chat(&*store, &chat).await;
        say(&*store, &chat, "1", "the same words").await;
    }
    for user in [alice(), bob(), eve()] {
        for query in [all(), search("same words")] {
            let listed = list(&*store, &user, &query).await;
            assert_eq!(titles(&listed), [format!("chat of {}", user.oid)]);
        }
    }
    let swapped = done(
        store
            .conversations(&eve().tid, &alice().owner(), &all())
            .await,
    );
    assert_eq!(swapped.items, []);
}

/// Case does not matter, in any script; a word may be part of a longer one.
pub async fn search_needs_every_word_in_title_or_messages(rig: &StoreRig) {
    let store = rig.open().await;
    let first = chat(&alice(), "Virtual Machines 점검");
    let second = chat(&alice(), "storage");
    create_chat(&*store, &first).await;
    create_chat(&*store, &second).await;
    say(&*store, &first, "1", "한국 중부의 가상 머신을 보여 줘").await;
    say(&*store, &first, "2", "And the ÉTAT of RG-100%_prod").await;
    say(&*store, &second, "1", "가상 네트워크").await;
    let both = ["storage", "Virtual Machines 점검"];
    for (text, expected) in [
        ("virtual", &both[1..]),
        ("MACHINES vir", &both[1..]),
        ("머신", &both[1..]),
        ("중부의 machine", &both[1..]),
        ("état", &both[1..]),
        ("100%_prod", &both[1..]),
        ("가상", &both[..]),
        ("  가상\t네트  ", &both[..1]),
        ("가상 머신 네트워크", &[]),
        ("1000", &[]),
        ("100__prod", &[]),
        ("'; DROP TABLE conversations; --", &[]),
    ] {
        let listed = list(&*store, &alice(), &search(text)).await;
        let mut found = titles(&listed);
        found.sort_unstable_by_key(|title| title.to_lowercase());
        assert_eq!(found, expected, "{text}");
    }
    for blank in ["", " \t\n"] {
        assert_eq!(
            list(&*store, &alice(), &search(blank)).await.len(),
            2,
            "{blank:?}"
        );
    }
}

/// What was renamed or archived is found where it is now.
pub async fn search_follows_changes_and_pages(rig: &StoreRig) {
    let store = rig.open().await;
    for number in 0..9 {
        let mut chat = chat(&alice(), &format!("chat {number}"));
        chat.updated_at = NOON.plus_ms(number / 4);
        create_chat(&*store, &chat).await;
        if number % 2 == 0 {
            say(&*store, &chat, "1", "needle").await;
        }
    }
    let whole = list(&*store, &alice(), &search("needle")).await;
    assert_eq!(whole.len(), 5);
    for limit in [1, 2, 4, 5] {
        let query = ConversationQuery {
            limit,
            ..search("needle")
        };
        assert_eq!(
            list(&*store, &alice(), &query).await,
            whole,
            "pages of {limit}"
        );
    }
    let mut renamed = whole[0].clone();
    "haystack".clone_into(&mut renamed.title);
    renamed.archived = true;
    replace(&*store, &renamed).await;
    assert_eq!(list(&*store, &alice(), &search("needle")).await.len(), 4);
    let archived = ConversationQuery {
        shelf: Shelf::Archived,
        ..search("needle HAYSTACK")
    };
    assert_eq!(list(&*store, &alice(), &archived).await, [renamed]);
}

/// By their time.
pub async fn messages_come_newest_first(rig: &StoreRig) {
    let store = rig.open().await;
    let chat = chat(&alice(), "messages");
    for (name, at_ms) in [("2", 20), ("1", 10), ("3", 30)] {
        let turn = turn(&chat, name, NOON);
        let batch = Batch {
            messages: vec![message(&turn, None, name, NOON.plus_ms(at_ms))],
            ..Batch::default()
        };
        commit(&*store, &chat, batch).await;
    }
    say(&*store, &self::chat(&alice(), "other"), "1", "other").await;
    let page = done(store.messages(&chat.key(), 10, None).await);
    let texts: Vec<&str> = page.items.iter().map(|m| m.text.as_str()).collect();
    assert_eq!(texts, ["3", "2", "1"]);
    assert_eq!(page.next_cursor, None);
}

/// Question and answer may carry the same moment.
pub async fn messages_page_without_loss_under_ties(rig: &StoreRig) {
    let store = rig.open().await;
    let chat = chat(&alice(), "messages");
    for number in 0..17 {
        let turn = turn(&chat, &number.to_string(), NOON);
        let at = NOON.plus_ms(number / 9);
        let batch = Batch {
            messages: vec![
                message(&turn, None, "?", at),
                message(&turn, Some(0), "!", at),
            ],
            ..Batch::default()
        };
        commit(&*store, &chat, batch).await;
    }
    let whole = done(store.messages(&chat.key(), 100, None).await).items;
    assert_eq!(whole.len(), 34);
    assert!(whole.is_sorted_by_key(|message| -message.at.0));
    for limit in [1, 5, 33, 34] {
        let (mut paged, mut cursor) = (Vec::new(), None);
        loop {
            let page = done(store.messages(&chat.key(), limit, cursor.as_deref()).await);
            assert!(page.items.len() <= limit);
            paged.extend(page.items);
            assert!(paged.len() < MANY, "a cursor leads on");
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(paged, whole, "pages of {limit}");
    }
}

/// By creation, whatever order they were written in.
pub async fn turns_come_oldest_first(rig: &StoreRig) {
    let store = rig.open().await;
    let chat = chat(&alice(), "turns");
    let turns = [3, 1, 2].map(|n| turn(&chat, &format!("turn {n}"), NOON.plus_ms(n)));
    for turn in &turns {
        create_turn(&*store, turn).await;
    }
    create_turn(&*store, &turn(&self::chat(&alice(), "other"), "1", NOON)).await;
    let ids = |turns: Vec<azimuth_domain::turn::Turn>| -> Vec<TurnId> {
        turns.into_iter().map(|turn| turn.id).collect()
    };
    let in_order = [&turns[1], &turns[2], &turns[0]].map(|turn| turn.id.clone());
    assert_eq!(ids(done(store.turns(&chat.key(), 10).await)), in_order);
    assert_eq!(ids(done(store.turns(&chat.key(), 2).await)), in_order[..2]);
}

/// What is not ours is not guessed at.
pub async fn a_foreign_cursor_is_refused(rig: &StoreRig) {
    let store = rig.open().await;
    let chat = chat(&alice(), "cursors");
    create_chat(&*store, &chat).await;
    say(&*store, &chat, "1", "x").await;
    for cursor in ["", "x", "AAAA", "' OR 1=1 --", "커서"] {
        let query = ConversationQuery {
            cursor: Some(cursor.to_owned()),
            ..all()
        };
        let answer = store
            .conversations(&alice().tid, &alice().owner(), &query)
            .await;
        assert!(
            matches!(answer, Err(StoreError::BadCursor)),
            "{cursor}: {answer:?}"
        );
        let answer = store.messages(&chat.key(), 10, Some(cursor)).await;
        assert!(
            matches!(answer, Err(StoreError::BadCursor)),
            "{cursor}: {answer:?}"
        );
        for filter in [ApprovalFilter::Pending, ApprovalFilter::All] {
            let answer = store
                .turns_with_approvals(&alice().tid, None, filter, 10, Some(cursor))
                .await;
            assert!(
                matches!(answer, Err(StoreError::BadCursor)),
                "{cursor}: {answer:?}"
            );
        }
    }
}

/// An id names nothing in another tenant, even one that exists.
pub async fn tenants_do_not_see_each_other(rig: &StoreRig) {
    let store = rig.open().await;
    let chat = chat(&alice(), "secret");
    let turn = turn(&chat, "1", NOON);
    create_chat(&*store, &chat).await;
    create_turn(&*store, &turn).await;
    say(&*store, &chat, "1", "secret").await;
    done(
        store
            .append_event(&alice().tid, &event(&turn.id, 1, NOON))
            .await,
    );
    let elsewhere = azimuth_domain::ids::ConversationKey::of(&eve().tid, &chat.id);
    assert_eq!(done(store.conversation(&elsewhere).await), None);
    assert_eq!(done(store.turns(&elsewhere, 10).await), []);
    assert_eq!(done(store.messages(&elsewhere, 10, None).await).items, []);
    assert_eq!(done(store.turn(&eve().tid, &turn.id).await), None);
    assert_eq!(done(store.message(&eve().tid, &turn.message).await), None);
    assert_eq!(done(store.events(&eve().tid, &turn.id, 0, 10).await), []);
    assert_eq!(
        done(store.running_turns(&eve().tid, &alice().owner(), 10).await),
        []
    );
    done(store.purge(&elsewhere).await);
    assert!(
        done(store.conversation(&chat.key()).await).is_some(),
        "nobody else can purge it"
    );
    assert!(done(store.turn(&alice().tid, &turn.id).await).is_some());
}
