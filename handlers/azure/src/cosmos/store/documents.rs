//! How items lie in the container of conversations.

use azimuth_domain::conversation::{Conversation, Message, Shelf};
use azimuth_domain::event::TurnEvent;
use azimuth_domain::ids::{CallId, ConversationKey, TurnId};
use azimuth_domain::limits::EVENT_TTL_MS;
use azimuth_domain::turn::Turn;
use azimuth_ports::shape::encode;
use azimuth_ports::store::StoreError;
use serde::{Deserialize, Serialize};

use super::super::order;

/// An item: where it lies, what queries find it by, and the thing itself as JSON text.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<F> {
    pub(super) id: String,
    tenant_id: String,
    user_id: String,
    conversation_id: String,
    item: &'static str,
    #[serde(flatten)]
    found_by: F,
    body: String,
    /// Seconds from its last write on; absent: for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<i64>,
}

/// The part of an item that is read back.
#[derive(Debug, Deserialize)]
pub(super) struct Stored {
    pub(super) body: String,
    #[serde(rename = "_etag")]
    pub(super) etag: String,
}

/// Nothing asks for it but its id.
#[derive(Debug, Serialize)]
pub(super) struct ById {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OfConversation {
    /// Position on its shelf; absent when it lies on none.
    #[serde(skip_serializing_if = "Option::is_none")]
    listed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OfTurn {
    created: String,
    /// `Turn::next_due_at`; absent once there is nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    awaits_sign_in: Option<bool>,
    /// Position in the list of approvals, of a turn that belongs there.
    #[serde(skip_serializing_if = "Option::is_none")]
    awaits_approval: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_for_approval: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct OfMessage {
    said: String,
}

#[derive(Debug, Serialize)]
pub(super) struct OfEvents {
    turn: String,
    /// Number of the last one.
    seq: u64,
    /// When the last one was written.
    at: i64,
    /// How many; absent: one.
    #[serde(skip_serializing_if = "is_one")]
    events: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_one(count: &usize) -> bool {
    *count == 1
}

impl<F> Document<F> {
    pub(super) fn new(
        key: &ConversationKey,
        id: String,
        item: &'static str,
        found_by: F,
        body: String,
    ) -> Self {
        Self {
            id,
            tenant_id: key.tenant.clone(),
            user_id: key.owner.as_str().to_owned(),
            conversation_id: key.conversation.as_str().to_owned(),
            item,
            found_by,
            body,
            ttl: None,
        }
    }
}

pub(super) fn conversation(
    key: &ConversationKey,
    item: &Conversation,
) -> Result<Document<OfConversation>, StoreError> {
    let found_by = OfConversation {
        listed: listed(item),
        deleted_at: item.deleted_at.map(|at| at.0),
    };
    let id = item.id.to_string();
    Ok(Document::new(
        key,
        id,
        "conversation",
        found_by,
        encode(item)?,
    ))
}

pub(super) fn turn(key: &ConversationKey, item: &Turn) -> Result<Document<OfTurn>, StoreError> {
    let place = approval_place(item);
    let found_by = OfTurn {
        created: format!("{}{}", order::moment(item.created_at), item.id),
        due_at: item.next_due_at().map(|at| at.0),
        awaits_sign_in: item.awaits_sign_in().then_some(true),
        awaits_approval: item.awaits_approval().then(|| place.clone()),
        asked_for_approval: item.asked_for_approval().then_some(place),
    };
    let id = item.id.to_string();
    Ok(Document::new(key, id, "turn", found_by, encode(item)?))
}

pub(super) fn message(
    key: &ConversationKey,
    item: &Message,
) -> Result<Document<OfMessage>, StoreError> {
    let found_by = OfMessage { said: said(item) };
    let id = item.id.to_string();
    Ok(Document::new(key, id, "message", found_by, encode(item)?))
}

/// Events of one write, without a gap; `None` for none. Cosmos removes them a day after
/// their write.
///
/// **Invariant:** every item begins where another ends. Its id has the number of its
/// first event, and whoever writes events takes for that the number behind the last
/// one that it knows, which is the end of an item: what a turn says of its log
/// ([`Turn::event_seq`]), what [`last_seq`](super::CosmosStore::last_seq) found, or what
/// it wrote itself. Log and ends only ever grow, so what a late writer adds either
/// goes behind everything, or meets the item that begins there.
pub(super) fn events(
    key: &ConversationKey,
    items: &[TurnEvent],
) -> Result<Option<Document<OfEvents>>, StoreError> {
    let (Some(first), Some(last)) = (items.first(), items.last()) else {
        return Ok(None);
    };
    let found_by = OfEvents {
        turn: last.turn_id.to_string(),
        seq: last.seq,
        at: last.at.0,
        events: items.len(),
    };
    let id = event_id(&first.turn_id, first.seq);
    let mut document = Document::new(key, id, "event", found_by, encode(&items)?);
    document.ttl = Some(EVENT_TTL_MS / 1000);
    Ok(Some(document))
}

/// Those that can lie in one item.
pub(super) fn runs(events: &[TurnEvent]) -> impl Iterator<Item = &[TurnEvent]> {
    events.chunk_by(|one, next| one.turn_id == next.turn_id && one.seq + 1 == next.seq)
}

pub(super) fn event_id(turn: &TurnId, seq: u64) -> String {
    format!("{turn}:{seq}")
}

/// Part `part` of a result that was stored in this write.
pub(super) fn part_id(call: &CallId, write: &str, part: usize) -> String {
    format!("{call}:{write}:{part}")
}

/// The letter of a shelf, which its cursors begin with.
pub(super) fn shelf(shelf: Shelf) -> char {
    match shelf {
        Shelf::Open => 'l',
        Shelf::Archived => 'a',
        Shelf::Deleted => 'd',
        Shelf::Console => 'c',
    }
}

/// Its shelf, and there pinned before others, then the newest change first: the order
/// is a falling one.
pub(super) fn listed(item: &Conversation) -> Option<String> {
    let shelf = shelf(item.shelf()?);
    let pinned = u8::from(item.pinned);
    let updated = order::moment(item.updated_at);
    Some(format!("{shelf}{pinned}{updated}{}", item.id))
}

/// By its time; inside a moment and a turn the question comes before its answers.
pub(super) fn said(item: &Message) -> String {
    let step = item.id.step().map_or(0, |step| u64::from(step) + 1);
    let (at, step) = (order::moment(item.at), order::number(step));
    format!("{at}{}{step}", item.id.turn())
}

/// By its creation. It becomes part of a cursor, which anybody may read: a hash keeps
/// turns of one moment apart and is no id.
pub(super) fn approval_place(item: &Turn) -> String {
    let mut hash = azimuth_domain::canonical::sha256_hex(item.id.as_str());
    hash.truncate(16);
    format!("{}{hash}", order::moment(item.created_at))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use azimuth_ports::conformance::samples::{self, NOON, alice};
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_says_where_it_lies_and_what_finds_it() {
        let chat = samples::chat(&alice(), "shape");
        let turn = samples::turn(&chat, "1", NOON);
        let events = [7, 8].map(|seq| samples::event(&turn.id, seq, NOON));
        let stored = super::events(&chat.key(), &events).unwrap().unwrap();
        let stored = serde_json::to_value(stored).unwrap();
        let expected = json!({
            "id": format!("{}:7", turn.id),
            "tenantId": alice().tid,
            "userId": alice().owner().as_str(),
            "conversationId": chat.id.as_str(),
            "item": "event",
            "turn": turn.id.as_str(),
            "seq": 8,
            "at": NOON.0,
            "events": 2,
            "body": serde_json::to_string(&events).unwrap(),
            "ttl": 86_400,
        });
        assert_eq!(stored, expected);
    }

    #[test]
    fn what_has_a_gap_lies_apart() {
        let chat = samples::chat(&alice(), "shape");
        let (one, other) = (
            samples::turn(&chat, "1", NOON).id,
            samples::turn(&chat, "2", NOON).id,
        );
        let events = [(&one, 2), (&one, 3), (&one, 5), (&one, 4), (&other, 5)]
            .map(|(turn, seq)| samples::event(turn, seq, NOON));
        let lengths: Vec<usize> = runs(&events).map(<[_]>::len).collect();
        assert_eq!(lengths, [2, 1, 1, 1]);
        assert!(super::events(&chat.key(), &[]).unwrap().is_none());
    }

    #[test]
    fn what_does_not_hold_is_not_indexed() {
        let chat = samples::chat(&alice(), "shape");
        let mut turn = samples::turn(&chat, "1", NOON);
        turn.status = azimuth_domain::turn::TurnStatus::Done;
        let stored = serde_json::to_value(super::turn(&chat.key(), &turn).unwrap()).unwrap();
        for name in [
            "dueAt",
            "awaitsSignIn",
            "awaitsApproval",
            "askedForApproval",
            "ttl",
        ] {
            assert_eq!(stored.get(name), None, "{name}");
        }
    }

    #[test]
    fn a_cursor_of_approvals_tells_no_id() {
        let turn = samples::turn(&samples::chat(&alice(), "shape"), "1", NOON);
        let place = approval_place(&turn);
        assert!(!turn.id.as_str().contains(&place[16..]));
        assert_eq!(place.len(), 32);
    }
}
