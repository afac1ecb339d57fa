//! What this process has read or written of turns a moment ago, so that it does not
//! ask the store for what it knows.
//!
//! **Invariant:** nothing is decided by it that the store does not judge. A turn from
//! here is written under the condition that it still is that version; whoever would
//! leave a turn alone for what is said here looks into the store first. What was said
//! and found never changes once it is in a turn.

use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::conversation::Message;
use azimuth_domain::event::ResultRef;
use azimuth_domain::ids::{CallId, MessageId, TurnId};
use azimuth_domain::limits::MAX_RESULT_BYTES_FOR_MODEL;
use azimuth_domain::turn::Turn;
use azimuth_ports::store::{StoredResult, Versioned};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::time::Instant;

use super::history::cut_text;

/// Most turns that are kept.
const TURNS: u64 = 128;
/// Bytes of what was said and found that are kept, with an overhead for each.
const TEXT_BYTES: u64 = 4 * 1024 * 1024;
const TEXT_OVERHEAD: usize = 300;
/// Bytes of the longest character: what is cut off must not be the end of one.
const LONGEST_CHAR: usize = 4;
/// How long anything is kept that nobody asks for.
const UNUSED: Duration = Duration::from_mins(2);

/// A turn as it was seen last.
pub(super) struct Seen {
    pub(super) turn: Versioned<Turn>,
    /// It was so then, or later.
    pub(super) at: Instant,
}

/// What a result came down to.
struct Found {
    sha256: String,
    content: String,
    truncated: bool,
}

/// See the module.
pub(super) struct Recent {
    turns: Cache<TurnId, Arc<Seen>>,
    said: Cache<(String, MessageId), Arc<str>>,
    found: Cache<(String, CallId), Arc<Found>>,
}

impl Recent {
    pub(super) fn new() -> Self {
        Self {
            turns: Cache::builder()
                .max_capacity(TURNS)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_idle(UNUSED)
                .build(),
            said: Cache::builder()
                .max_capacity(TEXT_BYTES)
                .weigher(|_, text: &Arc<str>| weight(text.len()))
                .eviction_policy(EvictionPolicy::lru())
                .time_to_idle(UNUSED)
                .build(),
            found: Cache::builder()
                .max_capacity(TEXT_BYTES)
                .weigher(|_, found: &Arc<Found>| weight(found.content.len()))
                .eviction_policy(EvictionPolicy::lru())
                .time_to_idle(UNUSED)
                .build(),
        }
    }

    /// The turn was this at `at`, when it was asked for or written.
    pub(super) fn saw(&self, turn: &Versioned<Turn>, at: Instant) {
        let seen = Seen {
            turn: turn.clone(),
            at,
        };
        self.turns.insert(turn.item.id.clone(), Arc::new(seen));
    }

    /// The turn as it was seen last, if it is one of `tenant`'s.
    pub(super) fn turn(&self, tenant: &str, id: &TurnId) -> Option<Arc<Seen>> {
        let seen = self.turns.get(id)?;
        (seen.turn.item.asker.user.tid == tenant).then_some(seen)
    }

    /// The turn, if it has ended: then it never changes.
    pub(super) fn ended(&self, tenant: &str, id: &TurnId) -> Option<Arc<Seen>> {
        let seen = self.turn(tenant, id)?;
        seen.turn.item.status.is_terminal().then_some(seen)
    }

    /// These messages are stored.
    pub(super) fn stored_messages(&self, tenant: &str, messages: &[Message]) {
        for message in messages {
            let key = (tenant.to_owned(), message.id.clone());
            self.said.insert(key, Arc::from(message.text.as_str()));
        }
    }

    /// What a message says.
    pub(super) fn text(&self, tenant: &str, id: &MessageId) -> Option<String> {
        let key = (tenant.to_owned(), id.clone());
        self.said.get(&key).map(|text| text.to_string())
    }

    /// This result is stored; a turn will refer to it so.
    pub(super) fn stored_result(&self, tenant: &str, stored: &StoredResult, reference: &ResultRef) {
        let end = stored
            .bytes
            .len()
            .min(MAX_RESULT_BYTES_FOR_MODEL + LONGEST_CHAR);
        let beginning = String::from_utf8_lossy(&stored.bytes[..end]);
        let (content, cut) = cut_text(&beginning, MAX_RESULT_BYTES_FOR_MODEL);
        let found = Found {
            sha256: reference.sha256.clone(),
            content,
            truncated: cut || stored.truncated,
        };
        let key = (tenant.to_owned(), stored.call.clone());
        self.found.insert(key, Arc::new(found));
    }

    /// The beginning of exactly this result, as much as a model may see, and whether
    /// the tool said more.
    pub(super) fn result(
        &self,
        tenant: &str,
        call: &CallId,
        reference: &ResultRef,
    ) -> Option<(String, bool)> {
        let key = (tenant.to_owned(), call.clone());
        let found = self.found.get(&key)?;
        (found.sha256 == reference.sha256).then(|| (found.content.clone(), found.truncated))
    }
}

fn weight(length: usize) -> u32 {
    u32::try_from(length + TEXT_OVERHEAD).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use azimuth_ports::conformance::samples::{self, NOON, alice};
    use azimuth_ports::store::Etag;

    use super::*;
    use crate::tools::dispatch::result_ref;

    fn turn() -> Versioned<Turn> {
        Versioned {
            item: samples::turn(&samples::chat(&alice(), "recent"), "1", NOON),
            etag: Etag("1".to_owned()),
        }
    }

    fn result(bytes: Vec<u8>, truncated: bool) -> StoredResult {
        StoredResult {
            call: CallId::new(&turn().item.id, 0, 0),
            attempt: 1,
            media_type: "text/plain".to_owned(),
            bytes,
            truncated,
            is_error: false,
        }
    }

    #[tokio::test]
    async fn a_turn_is_known_to_its_own_tenant() {
        let recent = Recent::new();
        let turn = turn();
        let (tenant, id) = (&turn.item.asker.user.tid, &turn.item.id);
        assert!(recent.turn(tenant, id).is_none());
        recent.saw(&turn, Instant::now());
        assert_eq!(recent.turn(tenant, id).unwrap().turn, turn);
        assert!(recent.turn("another", id).is_none());
        assert!(recent.ended(tenant, id).is_none());
        let mut over = turn.clone();
        over.item.status = azimuth_domain::turn::TurnStatus::Done;
        recent.saw(&over, Instant::now());
        assert_eq!(recent.ended(tenant, id).unwrap().turn, over);
    }

    #[test]
    fn a_result_is_known_by_its_hash() {
        let recent = Recent::new();
        let stored = result(b"one".to_vec(), true);
        let reference = result_ref(&stored);
        recent.stored_result("t", &stored, &reference);
        let known = recent.result("t", &stored.call, &reference);
        assert_eq!(known, Some(("one".to_owned(), true)));
        let other = result_ref(&result(b"two".to_vec(), true));
        assert_eq!(recent.result("t", &stored.call, &other), None);
        assert_eq!(recent.result("another", &stored.call, &reference), None);
    }

    #[test]
    fn as_much_is_known_as_a_model_may_see() {
        let recent = Recent::new();
        for (length, cut) in [(-1, false), (0, false), (1, true)] {
            let length = MAX_RESULT_BYTES_FOR_MODEL
                .checked_add_signed(length)
                .unwrap();
            let stored = result(vec![b'a'; length], false);
            let reference = result_ref(&stored);
            recent.stored_result("t", &stored, &reference);
            let (text, truncated) = recent.result("t", &stored.call, &reference).unwrap();
            assert_eq!(text.len(), length.min(MAX_RESULT_BYTES_FOR_MODEL));
            assert_eq!(truncated, cut);
        }
    }

    #[test]
    fn what_is_cut_ends_with_a_whole_character() {
        let recent = Recent::new();
        let stored = result("가".repeat(MAX_RESULT_BYTES_FOR_MODEL).into_bytes(), false);
        let reference = result_ref(&stored);
        recent.stored_result("t", &stored, &reference);
        let (text, truncated) = recent.result("t", &stored.call, &reference).unwrap();
        assert!(truncated && text.chars().all(|character| character == '가'));
        assert!(text.len() + LONGEST_CHAR > MAX_RESULT_BYTES_FOR_MODEL);
    }
}
