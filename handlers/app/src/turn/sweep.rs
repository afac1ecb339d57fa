//! Rule 12: the backstop for lost work, and retention.

use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::audit::{AuditEntry, AuditKind, AuditRecord, conversation_chain};
use azimuth_domain::event::Outcome;
use azimuth_domain::limits::{CALL_DEADLINE_MS, EVENT_TTL_MS, RESTORE_MS};
use azimuth_domain::turn::Turn;

use super::Engine;
use crate::triggers::TriggerError;

/// How much one sweep takes on; the next goes on from there.
const BATCH: usize = 500;

/// What a sweep found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Turns that somebody was sent to look at.
    pub turns: usize,
    /// Refusals that were recorded late.
    pub refusals: usize,
    /// Audit records that were closed.
    pub closed: usize,
    /// Conversations that were removed for good.
    pub purged: usize,
    /// Events that were removed.
    pub expired_events: u64,
}

impl Engine {
    /// One sweep: every part of it, whatever fails of another.
    pub async fn sweep(self: &Arc<Self>) -> Result<SweepReport, TriggerError> {
        let turns = self.sweep_turns().await;
        let closed = self.sweep_audit().await;
        let purged = self.purge().await;
        let expired = self
            .ports
            .store
            .expire_events(self.ports.clock.now().plus_ms(-EVENT_TTL_MS))
            .await
            .map_err(|e| TriggerError::Retry(e.to_string()));
        let (turns, refusals) = turns?;
        Ok(SweepReport {
            turns,
            refusals,
            closed: closed?,
            purged: purged?,
            expired_events: expired?,
        })
    }

    /// How many turns somebody was sent to, and how many refusals were recorded.
    async fn sweep_turns(&self) -> Result<(usize, usize), TriggerError> {
        let now = self.ports.clock.now();
        let due = self
            .ports
            .store
            .due_turns(now, BATCH)
            .await
            .map_err(|e| TriggerError::Retry(e.to_string()))?;
        let (mut sent, mut recorded) = (0, 0);
        for (tenant, id) in due {
            // A turn that this build cannot read must not hide the others.
            let turn = match self.load(&tenant, &id).await {
                Ok(Some(turn)) => turn.item,
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!(turn = %id, %error, "a due turn cannot be read");
                    continue;
                }
            };
            recorded += self.record_late(&turn).await;
            if turn.has_living_lease(now) || turn.work(now).is_empty() {
                continue;
            }
            self.enqueue_watchdog(&tenant, &id, turn.watch, Duration::ZERO)
                .await?;
            sent += 1;
        }
        Ok((sent, recorded))
    }

    /// Every open gets its close: of a call that has ended the call's outcome, of
    /// a seal or an attempt that is past what can be known.
    async fn sweep_audit(&self) -> Result<usize, TriggerError> {
        let before = self.ports.clock.now().plus_ms(-2 * CALL_DEADLINE_MS);
        let opens = self
            .ports
            .audit
            .open_without_close(before, BATCH)
            .await
            .map_err(|e| TriggerError::Retry(e.to_string()))?;
        let mut closed = 0;
        for open in opens {
            match self.close_orphan(&open).await {
                Ok(true) => closed += 1,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(chain = open.chain, id = open.id, %error, "an open cannot be closed");
                }
            }
        }
        Ok(closed)
    }

    async fn close_orphan(&self, open: &AuditRecord) -> Result<bool, TriggerError> {
        // Opens without a turn (a listing of subscriptions) are only ever closed by
        // the request that made them, and that is long over.
        let outcome = match (&open.entry.turn_id, open.entry.attempt) {
            (Some(turn), Some(attempt)) => {
                let found = self.load(&open.tenant, turn).await?;
                orphan_outcome(found.as_ref().map(|f| &f.item), open, attempt)
            }
            _ => Some(Outcome::Unknown),
        };
        let (Some(outcome), Some(register)) = (outcome, open.id.strip_suffix(":open")) else {
            return Ok(false);
        };
        let entry = AuditEntry {
            kind: AuditKind::Close,
            writer: format!("sweep:{}", self.ports.random.ulid()),
            outcome: Some(outcome),
            detail: Some("Closed by the sweeper.".to_owned()),
            ..open.entry.clone()
        };
        self.ports
            .audit
            .append(
                &open.tenant,
                &open.chain,
                &format!("{register}:close"),
                self.ports.clock.now(),
                entry,
            )
            .await
            .map_err(|e| TriggerError::Retry(e.to_string()))?;
        Ok(true)
    }

    /// Rule 0: what was deleted goes once every open has its close. Without its turn
    /// nobody could tell any more how a call ended.
    async fn purge(&self) -> Result<usize, TriggerError> {
        let before = self.ports.clock.now().plus_ms(-RESTORE_MS);
        let keys = self
            .ports
            .store
            .purgeable(before, BATCH)
            .await
            .map_err(|e| TriggerError::Retry(e.to_string()))?;
        let mut purged = 0;
        for key in keys {
            let chain = conversation_chain(&key.conversation);
            let is_closed = self
                .ports
                .audit
                .is_closed(&key.tenant, &chain)
                .await
                .map_err(|e| TriggerError::Retry(e.to_string()))?;
            if !is_closed {
                continue;
            }
            self.ports
                .store
                .purge(&key)
                .await
                .map_err(|e| TriggerError::Retry(e.to_string()))?;
            purged += 1;
        }
        Ok(purged)
    }
}

/// `None` while the attempt may still be closed by its own executor.
fn orphan_outcome(turn: Option<&Turn>, open: &AuditRecord, attempt: u32) -> Option<Outcome> {
    let Some(turn) = turn else {
        return Some(Outcome::Unknown);
    };
    let call = turn.call(open.entry.call_id.as_ref()?);
    // A read about a call is dropped from the turn when a later one takes its place.
    let past = call.is_none_or(|call| call.attempt > attempt);
    let ended = call.and_then(|call| call.state.outcome());
    if open.entry.writer.starts_with("sealer:") && (past || ended.is_some()) {
        return Some(Outcome::NotRun);
    }
    if past {
        return Some(Outcome::Unknown);
    }
    ended
}
