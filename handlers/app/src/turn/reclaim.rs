//! Rule 10: a started call whose executor is gone.

use std::sync::Arc;

use azimuth_domain::audit::{AuditEntry, AuditKind, close_id, conversation_chain, open_id};
use azimuth_domain::event::{Outcome, ResultRef};
use azimuth_domain::turn::{Command, ReclaimCall, ToolCall, Turn, Verdict};
use azimuth_ports::audit::Appended;

use super::{ApplyError, Engine};
use crate::triggers::TriggerError;

/// Prefix of a writer that takes an open so that nobody can run the attempt.
const SEALER: &str = "sealer:";

impl Engine {
    /// Seal, close, write: in this order.
    pub(super) async fn reclaim(
        self: &Arc<Self>,
        turn: &Turn,
        call: &ToolCall,
        poison: bool,
    ) -> Result<(), TriggerError> {
        let verdict = self.seal_and_close(turn, call).await?;
        let result = self.stored_result(turn, call).await?;
        let command = Command::ReclaimCall(ReclaimCall {
            call: call.id.clone(),
            attempt: call.attempt,
            verdict,
            poison,
            result: matches!(verdict, Verdict::Ok | Verdict::Error)
                .then_some(result)
                .flatten(),
        });
        let tenant = &turn.asker.user.tid;
        match self.apply(tenant, &turn.id, command).await {
            Ok(applied) => {
                self.perform(&applied.turn.item, &applied.effects).await;
                Ok(())
            }
            // Somebody else wrote what the close says.
            Err(ApplyError::Refused(_) | ApplyError::NotFound) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn seal_and_close(&self, turn: &Turn, call: &ToolCall) -> Result<Verdict, TriggerError> {
        let tenant = &turn.asker.user.tid;
        let chain = conversation_chain(&turn.id.conversation());
        let writer = format!("{SEALER}{}", self.ports.random.ulid());
        let open = self.audit_entry(AuditKind::Open, turn, call, writer.clone());
        let sealed = match self
            .ports
            .audit
            .append(
                tenant,
                &chain,
                &open_id(&call.id, call.attempt),
                self.ports.clock.now(),
                open,
            )
            .await
            .map_err(|e| TriggerError::Retry(e.to_string()))?
        {
            Appended::Created(_) => true,
            Appended::Exists(record) => record.entry.writer.starts_with(SEALER),
        };
        let close = AuditEntry {
            outcome: Some(if sealed {
                Outcome::NotRun
            } else {
                Outcome::Unknown
            }),
            detail: Some("The executor was lost.".to_owned()),
            ..self.audit_entry(AuditKind::Close, turn, call, writer)
        };
        let closed = self
            .ports
            .audit
            .append(
                tenant,
                &chain,
                &close_id(&call.id, call.attempt),
                self.ports.clock.now(),
                close,
            )
            .await
            .map_err(|e| TriggerError::Retry(e.to_string()))?;
        let (Appended::Created(record) | Appended::Exists(record)) = closed;
        Ok(match record.entry.outcome {
            Some(Outcome::Ok) => Verdict::Ok,
            Some(Outcome::Error) => Verdict::Error,
            Some(Outcome::NotRun) => Verdict::NeverRan,
            _ => Verdict::MayHaveRun,
        })
    }

    async fn stored_result(
        &self,
        turn: &Turn,
        call: &ToolCall,
    ) -> Result<Option<ResultRef>, TriggerError> {
        let stored = self
            .ports
            .store
            .result(&turn.asker.user.tid, &call.id)
            .await
            .map_err(|e| TriggerError::Retry(e.to_string()))?;
        Ok(stored
            .filter(|r| r.attempt == call.attempt)
            .map(|r| crate::tools::dispatch::result_ref(&r)))
    }
}
