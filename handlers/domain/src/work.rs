//! What lies in a queue: a pointer to work, without content and without authority.

use serde::{Deserialize, Serialize};

use crate::ids::{CallId, ConversationId, ConversationKey, OwnerKey, TurnId};

/// Queue of tool calls; one message is one call.
pub const TOOL_CALLS_QUEUE: &str = "tool-calls";
/// Queue of turns to look after: recovery, ended waits, watchdogs.
pub const TURNS_QUEUE: &str = "turns";

/// Newest version of [`WorkItem`] that this build writes.
pub const WORK_ITEM_VERSION: u32 = 1;

/// A pointer to a turn or to one of its calls. The field names avoid those that
/// the Functions host overwrites (`Id`, `DequeueCount`, `PopReceipt`, …).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkItem {
    /// Version of this shape; a newer one is handed back, never poisoned.
    pub v: u32,
    /// Tenant of the turn's owner.
    pub tenant: String,
    /// Owner's hash.
    pub user: OwnerKey,
    /// Conversation.
    pub conversation: ConversationId,
    /// Turn.
    pub turn: TurnId,
    /// The call to run; absent on the `turns` queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// Number of a watchdog message (rule 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<u64>,
    /// How often this message of a call has stepped back behind those of others.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stepped_back: u32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes what it skips by reference"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl WorkItem {
    /// A message that makes somebody look at the turn.
    pub fn advance(tenant: &str, turn: &TurnId) -> Self {
        Self {
            v: WORK_ITEM_VERSION,
            tenant: tenant.to_owned(),
            user: turn.owner(),
            conversation: turn.conversation(),
            turn: turn.clone(),
            call: None,
            watch: None,
            stepped_back: 0,
        }
    }

    /// A watchdog message with this number.
    pub fn watchdog(tenant: &str, turn: &TurnId, watch: u64) -> Self {
        Self {
            watch: Some(watch),
            ..Self::advance(tenant, turn)
        }
    }

    /// A message that makes somebody run the call.
    pub fn tool_call(tenant: &str, call: &CallId) -> Self {
        Self {
            call: Some(call.clone()),
            ..Self::advance(tenant, &call.turn())
        }
    }

    /// Partition of the turn.
    pub fn key(&self) -> ConversationKey {
        ConversationKey::of(&self.tenant, &self.conversation)
    }

    /// Whether the parts agree with each other; a forged or torn item does not.
    pub fn is_consistent(&self) -> bool {
        self.turn.conversation() == self.conversation
            && self.turn.owner() == self.user
            && self.call.as_ref().is_none_or(|c| c.turn() == self.turn)
    }
}
