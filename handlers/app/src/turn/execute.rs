//! Rules 5, 6, 6a and 10: what an executor does with a message.

use std::sync::Arc;

use azimuth_domain::audit::ActingIdentity;
use azimuth_domain::ids::CallId;
use azimuth_domain::limits::{LEASE_MS, SIGN_IN_DEADLINE_MS};
use azimuth_domain::policy::{ApprovalBy, Decision, DenyReason};
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::digest::approval_digest;
use azimuth_domain::turn::{
    AwaitSignIn, CallState, ClaimCall, Command, DenyCall, Effect, ReadKind, Refusal, RepeatPreview,
    ToolCall, Turn, TurnStatus,
};
use azimuth_domain::work::WorkItem;
use azimuth_ports::store::Versioned;
use azimuth_ports::tokens::TokenError;
use tokio::sync::OwnedMutexGuard;

use super::{ApplyError, Engine};
use crate::tools::decide::Wanted;
use crate::tools::dispatch::AttemptEnd;
use crate::triggers::TriggerError;

/// How often an executor looks at a call that keeps changing under its hands.
const MAX_LOOKS: usize = 32;

/// What to do next with a message.
enum Next {
    /// The message is done with.
    Leave,
    /// The turn changed: look again.
    Look,
    /// Somebody was faster; what this process remembers is as they left it.
    Outrun,
}

impl Engine {
    /// Processes one message of the `tool-calls` queue.
    pub async fn execute_tool(
        self: &Arc<Self>,
        item: &WorkItem,
        _dequeue_count: u32,
    ) -> Result<(), TriggerError> {
        let Some(call) = &item.call else {
            return Err(TriggerError::Fail("the work item names no call".to_owned()));
        };
        // What is remembered may be old. A claim holds for exactly that version; for
        // anything else the store is asked.
        let mut remembers = true;
        for _ in 0..MAX_LOOKS {
            let lane = self.claiming.enter(&item.turn).await;
            let seen = std::mem::take(&mut remembers)
                .then(|| self.recent.turn(&item.tenant, &item.turn))
                .flatten()
                .filter(|seen| is_claimable(&seen.turn.item, call));
            let turn = match seen {
                Some(seen) => seen.turn.clone(),
                None => match self.load(&item.tenant, &item.turn).await? {
                    Some(turn) => turn,
                    None => return Ok(()),
                },
            };
            match Box::pin(self.look_at(turn, call, lane)).await? {
                Next::Leave => return Ok(()),
                Next::Look => {}
                Next::Outrun => remembers = true,
            }
        }
        Err(TriggerError::Retry("the turn changes too fast".to_owned()))
    }

    async fn look_at(
        self: &Arc<Self>,
        turn: Versioned<Turn>,
        id: &CallId,
        lane: OwnedMutexGuard<()>,
    ) -> Result<Next, TriggerError> {
        let Some(call) = turn.item.call(id) else {
            return Ok(Next::Leave);
        };
        let now = self.ports.clock.now();
        let tenant = turn.item.asker.user.tid.clone();
        match &call.state {
            CallState::Queued { .. } if turn.item.status == TurnStatus::Running => {
                match turn.item.repeat_of(id) {
                    None => self.run_queued(&turn, call, lane).await,
                    Some(repeat) if is_alive(repeat, now) => Ok(Next::Leave),
                    Some(repeat) => {
                        drop(lane);
                        self.reclaim(&turn.item, repeat, false).await?;
                        Ok(Next::Look)
                    }
                }
            }
            CallState::Started { lease_until, .. } if *lease_until <= now => {
                drop(lane);
                self.reclaim(&turn.item, call, false).await?;
                Ok(Next::Look)
            }
            CallState::AwaitingSignIn { .. } => {
                drop(lane);
                self.check_sign_in(&turn.item).await?;
                Ok(Next::Leave)
            }
            _ => {
                drop(lane);
                if turn.item.can_drive(now) {
                    self.try_drive(&tenant, &turn.item.id).await;
                }
                Ok(Next::Leave)
            }
        }
    }

    /// Policy, approval, token, preview, claim: in this order. What is decided holds
    /// for the version of the turn that is written. The lane is left with the claim.
    async fn run_queued(
        self: &Arc<Self>,
        turn: &Versioned<Turn>,
        call: &ToolCall,
        lane: OwnedMutexGuard<()>,
    ) -> Result<Next, TriggerError> {
        if let Some(reason) = self.refusal(&turn.item, call).await? {
            drop(lane);
            return self
                .write(
                    turn,
                    Command::DenyCall(DenyCall {
                        call: call.id.clone(),
                        reason,
                    }),
                )
                .await;
        }
        let acts_as = self.ports.tools.acting_identity(&call.tool.server);
        if acts_as == ActingIdentity::User {
            match self.vault.has_access(&turn.item.asker.user).await {
                Ok(()) => {}
                Err(TokenError::GrantGone(_)) => {
                    drop(lane);
                    return self.park(turn, call).await;
                }
                Err(error) => return Err(TriggerError::Retry(error.to_string())),
            }
        }
        let claim = if call.must_repeat_preview() {
            Command::RepeatPreview(RepeatPreview {
                call: call.id.clone(),
                lease_ms: LEASE_MS,
            })
        } else {
            Command::ClaimCall(ClaimCall {
                call: call.id.clone(),
                lease_ms: LEASE_MS,
            })
        };
        let claimed = self.apply_to(turn, claim).await;
        drop(lane);
        let claimed = match claimed {
            Ok(Some(applied)) => applied,
            Ok(None) => return Ok(Next::Outrun),
            Err(ApplyError::Refused(_)) => return Ok(Next::Look),
            Err(error) => return Err(error.into()),
        };
        self.perform(&claimed.turn.item, &claimed.effects).await;
        let Some(repeat) = claimed.turn.item.repeat_of(&call.id) else {
            return self.run_claimed(&claimed.turn.item, &call.id).await;
        };
        match self.run_attempt(&claimed.turn.item, repeat).await {
            // The write that ended the repeat decided: it carries the claim, or people
            // are asked anew.
            AttemptEnd::Finished(after, None) => {
                let claimed = after.item.call(&call.id).is_some_and(|now| {
                    matches!(now.state, CallState::Started { .. }) && now.attempt > call.attempt
                });
                if claimed {
                    return self.run_claimed(&after.item, &call.id).await;
                }
                Ok(Next::Leave)
            }
            end => self.after_attempt(end).await,
        }
    }

    /// Runs a call that this executor has just claimed.
    async fn run_claimed(self: &Arc<Self>, turn: &Turn, id: &CallId) -> Result<Next, TriggerError> {
        let Some(call) = turn.call(id) else {
            return Ok(Next::Leave);
        };
        if !matches!(call.state, CallState::Started { .. }) {
            return Ok(Next::Look);
        }
        let end = self.run_attempt(turn, call).await;
        self.after_attempt(end).await
    }

    async fn after_attempt(self: &Arc<Self>, end: AttemptEnd) -> Result<Next, TriggerError> {
        match end {
            AttemptEnd::Finished(turn, Some(claim)) => {
                self.drive(*turn, claim).await;
                Ok(Next::Leave)
            }
            AttemptEnd::Finished(_, None) | AttemptEnd::Left => Ok(Next::Leave),
            AttemptEnd::HandBack(detail) => Err(TriggerError::Retry(detail)),
        }
    }

    /// Rule 5: decided again, with the roles of now and the catalogue of now.
    async fn refusal(
        &self,
        turn: &Turn,
        call: &ToolCall,
    ) -> Result<Option<DenyReason>, TriggerError> {
        let catalogue = self.ports.tools.catalogue();
        let Some(spec) = catalogue.get(&call.tool) else {
            return Ok(Some(DenyReason::ToolDisabled));
        };
        if spec.hash != call.tool_hash {
            return Ok(Some(DenyReason::ToolDisabled));
        }
        let standing = self.standing(&turn.asker).await?;
        let wanted = Wanted::in_turn(turn, call.tainted);
        Ok(
            match self.decide_call(&standing, wanted, spec, &call.arguments) {
                Decision::Allow => None,
                Decision::Deny { reason } => Some(reason),
                Decision::RequireApproval { by } => {
                    (!is_approved(turn, call, by)).then_some(DenyReason::ApprovalMismatch)
                }
            },
        )
    }

    /// Whether policy no longer lets the call run whose preview `read` repeats. A claim
    /// goes with the repeat's end, and much may have happened since its beginning.
    pub(crate) async fn is_refused_by_now(&self, turn: &Turn, read: &ToolCall) -> bool {
        let about = match &read.purpose {
            Some(purpose) if purpose.kind == ReadKind::Repeat => turn.call(&purpose.of),
            _ => None,
        };
        match about {
            None => false,
            Some(call) => !matches!(self.refusal(turn, call).await, Ok(None)),
        }
    }

    /// Rule 6a.
    async fn park(
        self: &Arc<Self>,
        turn: &Versioned<Turn>,
        call: &ToolCall,
    ) -> Result<Next, TriggerError> {
        let command = Command::AwaitSignIn(AwaitSignIn {
            call: call.id.clone(),
            deadline_ms: SIGN_IN_DEADLINE_MS,
        });
        // A read of ours does not wait for the person; people are asked without it.
        if call.purpose.is_some() {
            return self.write(turn, command).await;
        }
        let parked = match self.apply_to(turn, command).await {
            Ok(Some(applied)) => applied,
            Ok(None) | Err(ApplyError::Refused(_)) => return Ok(Next::Look),
            Err(error) => return Err(error.into()),
        };
        // The person may have signed in between our look and our write.
        self.check_sign_in(&parked.turn.item).await?;
        Ok(Next::Leave)
    }

    async fn write(
        self: &Arc<Self>,
        turn: &Versioned<Turn>,
        command: Command,
    ) -> Result<Next, TriggerError> {
        match self.apply_to(turn, command).await {
            Ok(Some(applied)) => {
                let drives = applied.effects.contains(&Effect::Advance);
                self.perform(&applied.turn.item, &applied.effects).await;
                if drives {
                    let tenant = &applied.turn.item.asker.user.tid;
                    self.try_drive(tenant, &applied.turn.item.id).await;
                }
                Ok(Next::Leave)
            }
            Ok(None) | Err(ApplyError::Refused(_)) => Ok(Next::Look),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether an executor would claim the call of such a turn, and nothing else. What
/// people have agreed to is held against what is stored, never against what is
/// remembered.
fn is_claimable(turn: &Turn, id: &CallId) -> bool {
    let queued = turn
        .call(id)
        .is_some_and(|call| matches!(call.state, CallState::Queued { digest: None }));
    queued && turn.status == TurnStatus::Running && turn.repeat_of(id).is_none()
}

fn is_alive(call: &ToolCall, now: Timestamp) -> bool {
    matches!(call.state, CallState::Started { lease_until, .. } if lease_until > now)
}

/// Whether the digest in the queue is that of exactly this call, and given by
/// whom policy asks for now.
fn is_approved(turn: &Turn, call: &ToolCall, by: ApprovalBy) -> bool {
    let CallState::Queued {
        digest: Some(digest),
    } = &call.state
    else {
        return false;
    };
    let Some(approval) = &call.approval else {
        return false;
    };
    let decided = approval.decided.as_ref();
    let decider_fits = decided.is_some_and(|d| {
        d.approved
            && match by {
                ApprovalBy::Asker => true,
                ApprovalBy::AnotherApprover => d.by != turn.asker.user,
            }
    });
    decider_fits
        && call.approved_digest() == Some(digest.as_str())
        && approval_digest(turn, call, approval.preview.hash().as_deref()) == *digest
}

impl From<ApplyError> for TriggerError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::NotFound | ApplyError::Refused(Refusal::Ended) => {
                Self::Fail(error.to_string())
            }
            ApplyError::Refused(_) | ApplyError::Unavailable(_) => Self::Retry(error.to_string()),
        }
    }
}
