//! What an approval binds: exactly this call, for exactly this person.

use serde_json::json;

use super::{ToolCall, Turn};
use crate::canonical::{canonical_json, sha256_hex};

/// SHA-256 (hex) over tool, arguments, target, user, turn and call, the pinned
/// tool and the preview's hash. Two calls share a digest only if a person who
/// saw one saw the other.
pub fn approval_digest(turn: &Turn, call: &ToolCall, preview_sha256: Option<&str>) -> String {
    sha256_hex(canonical_json(&json!({
        "v": 1,
        "server": call.tool.server,
        "tool": call.tool.name,
        "arguments": call.arguments,
        "target": call.target,
        "tid": turn.asker.user.tid,
        "oid": turn.asker.user.oid,
        "turn": turn.id,
        "call": call.id,
        "tool_hash": call.tool_hash,
        "preview": preview_sha256,
    })))
}

impl ToolCall {
    /// The digest that a person has approved, if one has.
    pub fn approved_digest(&self) -> Option<&str> {
        let approval = self.approval.as_ref()?;
        approval
            .decided
            .as_ref()
            .filter(|d| d.approved)
            .map(|_| approval.digest.as_str())
    }
}
