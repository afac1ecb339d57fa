//! A work item as delivered: read by version, and only when its parts agree.

use azimuth_domain::work::{WORK_ITEM_VERSION, WorkItem};
use serde_json::Value;

use super::TriggerError;
use super::envelope::Envelope;

/// A work item and how often it has been delivered, this time included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The item.
    pub item: WorkItem,
    /// From 1.
    pub dequeue_count: u32,
}

impl Delivered {
    /// Reads the message, which is not [newer](is_newer). What is no item of ours, or
    /// contradicts itself, is given up.
    pub fn from_envelope(envelope: Envelope) -> Result<Self, TriggerError> {
        if let Some(0) | None = version(&envelope.message) {
            return Err(TriggerError::Fail(
                "a work item without a version".to_owned(),
            ));
        }
        // serde's sentence may repeat a value; only the place is kept.
        let item: WorkItem = serde_json::from_value(envelope.message)
            .map_err(|_| TriggerError::Fail("a work item that cannot be read".to_owned()))?;
        if !item.is_consistent() {
            return Err(TriggerError::Fail(
                "a work item that contradicts itself".to_owned(),
            ));
        }
        Ok(Self {
            item,
            dequeue_count: envelope.dequeue_count,
        })
    }

    /// Gives up an item of the wrong queue.
    pub(super) fn with_call(self) -> Result<Self, TriggerError> {
        if self.item.call.is_some() {
            return Ok(self);
        }
        Err(TriggerError::Fail("a work item without a call".to_owned()))
    }
}

/// Whether a newer build wrote the message, and this one cannot know what it means.
pub fn is_newer(message: &Value) -> bool {
    version(message).is_some_and(|v| v > u64::from(WORK_ITEM_VERSION))
}

fn version(message: &Value) -> Option<u64> {
    message.get("v").and_then(Value::as_u64)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use azimuth_domain::ids::{CallId, ConversationId, TurnId};
    use azimuth_domain::principal::UserKey;
    use serde_json::json;

    fn turn(key: &str) -> TurnId {
        let user = UserKey::new("t", "o");
        TurnId::derived(&ConversationId::derived(&user, "x", "y"), key)
    }

    fn read(message: Value) -> Result<Delivered, TriggerError> {
        Delivered::from_envelope(Envelope {
            message,
            dequeue_count: 2,
        })
    }

    #[test]
    fn an_item_comes_back_as_it_was_written() {
        let item = WorkItem::tool_call("t", &CallId::new(&turn("k"), 0, 1));
        let delivered = read(serde_json::to_value(&item).unwrap()).unwrap();
        assert_eq!(
            delivered,
            Delivered {
                item,
                dequeue_count: 2
            }
        );
        assert!(delivered.with_call().is_ok());
        let watchdog = WorkItem::watchdog("t", &turn("k"), 3);
        let delivered = read(serde_json::to_value(watchdog).unwrap()).unwrap();
        assert!(delivered.with_call().is_err());
    }

    #[test]
    fn a_newer_item_is_told_apart_and_a_broken_one_is_given_up() {
        let good = serde_json::to_value(WorkItem::advance("t", &turn("k"))).unwrap();
        let with = |name: &str, value: Value| {
            let mut item = good.clone();
            item[name] = value;
            read(item)
        };
        let current = u64::from(WORK_ITEM_VERSION);
        for (v, newer) in [
            (json!(current - 1), false),
            (json!(current), false),
            (json!(current + 1), true),
            (json!(u64::MAX), true),
            (json!("2"), false),
            (json!(null), false),
        ] {
            assert_eq!(is_newer(&json!({"v": v})), newer, "{v}");
        }
        for broken in [
            with("v", json!(0)),
            with("v", json!("1")),
            with("v", json!(-1)),
            with("turn", json!("t_x")),
            with("turn", json!(7)),
            with(
                "conversation",
                json!(ConversationId::derived(&UserKey::new("t", "x"), "x", "y")),
            ),
            with("call", json!(CallId::new(&turn("other"), 0, 0))),
            read(json!({})),
        ] {
            assert!(matches!(broken, Err(TriggerError::Fail(_))), "{broken:?}");
        }
    }
}
