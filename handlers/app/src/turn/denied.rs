//! Refused calls get their record. The refusal itself is written first: a record of one
//! whose write then loses would be false. The turn remembers it in that same write
//! until the record is there, and the sweeper brings what did not arrive.

use azimuth_domain::audit::{AuditEntry, AuditKind, conversation_chain};
use azimuth_domain::event::Outcome;
use azimuth_domain::ids::CallId;
use azimuth_domain::turn::{Command, DenialsRecorded, ToolCall, Turn, Unrecorded};
use azimuth_ports::audit::AuditError;

use super::commit::Beside;
use super::{ApplyError, Engine};

impl Engine {
    /// Records a refusal just after its write; whether it is on record.
    pub(super) async fn record_denied(&self, turn: &Turn, call: &ToolCall) -> bool {
        let entry = AuditEntry {
            outcome: Some(Outcome::Denied),
            detail: call.note.clone(),
            ..self.audit_entry(AuditKind::Denied, turn, call, "policy".to_owned())
        };
        let appended = self.append_denied(turn, call, entry).await;
        if let Err(error) = &appended {
            tracing::error!(call = %call.id, %error, "a refused call could not be recorded; the sweeper tries again");
        }
        appended.is_ok()
    }

    /// Tries once: the sweeper forgets what is not forgotten here.
    pub(super) async fn forget_denials(&self, turn: &Turn, calls: Vec<CallId>) {
        let command = Command::DenialsRecorded(DenialsRecorded { calls });
        let tenant = &turn.asker.user.tid;
        match self
            .apply_once(tenant, &turn.id, &command, &Beside::default())
            .await
        {
            Ok(_) | Err(ApplyError::Refused(_) | ApplyError::NotFound) => {}
            Err(error) => {
                tracing::warn!(turn = %turn.id, %error, "a turn could not be told that its refusals are on record");
            }
        }
    }

    /// Records what a turn remembers as not recorded. Returns how many were.
    pub(super) async fn record_late(&self, turn: &Turn) -> usize {
        let mut recorded = Vec::new();
        for refusal in &turn.unrecorded {
            let Some(call) = turn.call(&refusal.call) else {
                continue;
            };
            let entry = self.late_entry(turn, call, refusal);
            match self.append_denied(turn, call, entry).await {
                Ok(()) => recorded.push(call.id.clone()),
                Err(error) => {
                    tracing::warn!(call = %call.id, %error, "a refused call can still not be recorded");
                    break;
                }
            }
        }
        let count = recorded.len();
        if count > 0 {
            self.forget_denials(turn, recorded).await;
        }
        count
    }

    /// The policy that decided may have been another one than now.
    fn late_entry(&self, turn: &Turn, call: &ToolCall, refusal: &Unrecorded) -> AuditEntry {
        let note = call.note.as_deref().unwrap_or("It was refused.");
        let writer = format!("sweep:{}", self.ports.random.ulid());
        AuditEntry {
            outcome: Some(Outcome::Denied),
            detail: Some(format!(
                "{note} (Refused at {}, recorded later.)",
                refusal.at
            )),
            policy_version: None,
            ..self.audit_entry(AuditKind::Denied, turn, call, writer)
        }
    }

    /// The register is the call's own, so however often it is tried there is one.
    async fn append_denied(
        &self,
        turn: &Turn,
        call: &ToolCall,
        entry: AuditEntry,
    ) -> Result<(), AuditError> {
        let chain = conversation_chain(&turn.id.conversation());
        let id = format!("{}:denied", call.id);
        let now = self.ports.clock.now();
        self.ports
            .audit
            .append(&turn.asker.user.tid, &chain, &id, now, entry)
            .await
            .map(drop)
    }
}
