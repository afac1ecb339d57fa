//! What the audit keeps of a call.

use azimuth_domain::approval_grant::StandingApproval;
use azimuth_domain::audit::{ActingIdentity, AuditEntry, AuditKind};
use azimuth_domain::turn::{ToolCall, Turn};
use serde_json::Value;

use crate::turn::Engine;
use azimuth_domain::redact::{redact, redact_arguments, redact_closely};
use azimuth_domain::secret::hidden;

/// Longest string value of an argument in the audit, characters.
const MAX_VALUE_CHARS: usize = 512;

impl Engine {
    /// The arguments without secrets. Which secret a call shows is told: its name is
    /// none.
    fn arguments_on_record(&self, turn: &Turn, call: &ToolCall) -> Value {
        let shown = hidden(&call.arguments);
        let mut kept = redact_arguments(shown.clone());
        let catalogue = self.catalogues().last(&turn.asker.user.tid);
        if let (Some(spec), Value::Object(members)) = (catalogue.get(&call.tool), &mut kept) {
            for (name, value) in members {
                if let Some(text) = shown[name].as_str().filter(|_| spec.names_secret(name)) {
                    *value = Value::String(redact_closely(text));
                }
            }
        }
        kept
    }

    /// A record about `call`, without an outcome.
    pub(crate) fn audit_entry(
        &self,
        kind: AuditKind,
        turn: &Turn,
        call: &ToolCall,
        writer: String,
    ) -> AuditEntry {
        let is_attempt = matches!(kind, AuditKind::Open | AuditKind::Close);
        AuditEntry {
            kind,
            writer,
            tid: turn.asker.user.tid.clone(),
            oid: turn.asker.user.oid.clone(),
            acting_identity: if call.tool.server.is_empty() {
                ActingIdentity::None
            } else {
                self.acting_identity(&call.tool.server)
            },
            turn_id: Some(turn.id.clone()),
            call_id: Some(call.id.clone()),
            purpose: call.purpose.as_ref().map(|purpose| purpose.kind),
            attempt: is_attempt.then_some(call.attempt),
            tool: Some(call.tool.to_string()),
            tool_hash: Some(call.tool_hash.clone()),
            arguments: Some(shortened(&self.arguments_on_record(turn, call))),
            target: call.target.as_deref().map(|t| redact(t).into_owned()),
            approval_digest: call.approved_digest().map(ToOwned::to_owned),
            decided_by: call
                .approval
                .as_ref()
                .and_then(|a| a.decided.as_ref())
                .map(|d| &d.by)
                .or(call.standing.as_ref().map(StandingApproval::by))
                .map(|by| format!("{}:{}", by.tid, by.oid)),
            approval_grant: call
                .standing
                .as_ref()
                .and_then(StandingApproval::grant)
                .map(|id| id.as_str().to_owned()),
            policy_version: self.policies().known_version(&turn.asker.user.tid),
            correlation_id: Some(correlation_id(call)),
            token_uti: None,
            azure_request_id: None,
            hosts: Vec::new(),
            area: None,
            before: None,
            after: None,
            outcome: None,
            duration_ms: None,
            result_sha256: None,
            detail: call
                .standing
                .as_ref()
                .map(|standing| standing.sentence().to_owned()),
        }
    }
}

/// Ties the records of an attempt to the requests that reach Azure.
pub(super) fn correlation_id(call: &ToolCall) -> String {
    format!("{}_{}", call.id, call.attempt)
}

/// `value` with nothing but the heads of long texts.
pub(crate) fn shortened(value: &Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > MAX_VALUE_CHARS => {
            let head: String = text.chars().take(MAX_VALUE_CHARS).collect();
            Value::String(format!("{head}… ({} bytes)", text.len()))
        }
        Value::Array(items) => items.iter().map(shortened).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), shortened(value)))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn long_values_leave_only_their_head() {
        let exact = "x".repeat(MAX_VALUE_CHARS);
        assert_eq!(shortened(&json!([exact])), json!([exact]));
        let long = "x".repeat(MAX_VALUE_CHARS + 1);
        assert_eq!(
            shortened(&json!(long)),
            json!(format!("{exact}… (513 bytes)"))
        );
    }
}
