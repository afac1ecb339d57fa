//! Rules 5, 6, 6a and 10: what an executor does with a message.

use std::sync::Arc;

use azimuth_domain::audit::ActingIdentity;
use azimuth_domain::ids::CallId;
use azimuth_domain::limits::{LEASE_MS, SIGN_IN_DEADLINE_MS};
use azimuth_domain::policy::{ApprovalBy, Decision, DenyReason};
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::{EffectClass, ToolSpec};
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
use crate::quota::NotGranted;
use crate::tools::decide::{Standing, Wanted};
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
                    None => Box::pin(self.run_queued(&turn, call, lane)).await,
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
        let roles = match self.decide_again(&turn.item, call).await? {
            Ok(standing) => standing.roles,
            Err(reason) => {
                drop(lane);
                return self.deny(turn, call, reason).await;
            }
        };
        // One that was begun before has been granted, and our own reads are nobody's.
        if call.attempt == 0
            && call.purpose.is_none()
            && let Some(allowed) = turn.item.allowed()
            && !allowed.has_call(call.effect)
        {
            drop(lane);
            return self.deny(turn, call, DenyReason::QuotaUsedUp).await;
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
        // The last thing before the claim: what is in the budget counts as if it ran.
        if call.effect == EffectClass::Destructive {
            let asker = &turn.item.asker.user;
            let spent = self.quotas.spend(asker, &roles, &call.id).await;
            if is_used_up(spent)? {
                drop(lane);
                return self.deny(turn, call, DenyReason::BudgetUsedUp).await;
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
    async fn decide_again(
        &self,
        turn: &Turn,
        call: &ToolCall,
    ) -> Result<Result<Standing, DenyReason>, TriggerError> {
        let mut standing = self.standing(&turn.asker).await?;
        let catalogue = Arc::clone(&standing.catalogue);
        let spec = catalogue.get(&call.tool);
        let Some(spec) = spec.filter(|spec| spec.hash == call.tool_hash) else {
            return Ok(Err(DenyReason::ToolDisabled));
        };
        let asked = (spec, &call.arguments);
        self.read_tags(&turn.asker.user, &mut standing, turn.id.as_str(), asked)
            .await;
        let wanted = Wanted::in_turn(turn, call.tainted);
        let allowed = match self.decide_call(&standing, wanted, spec, &call.arguments) {
            Decision::Deny { reason } => Err(reason),
            Decision::RequireApproval { by } if !is_approved(turn, call, by) => {
                self.look_at_standing(turn, call, by, &standing, spec)
                    .await?
            }
            Decision::Allow | Decision::RequireApproval { .. } => Ok(()),
        };
        Ok(allowed.map(|()| standing))
    }

    /// A call that needs a yes which nobody gave to exactly this one.
    async fn look_at_standing(
        &self,
        turn: &Turn,
        call: &ToolCall,
        by: ApprovalBy,
        standing: &Standing,
        spec: &ToolSpec,
    ) -> Result<Result<(), DenyReason>, TriggerError> {
        if call.standing.is_none() {
            return Ok(Err(DenyReason::ApprovalMismatch));
        }
        let stands = by == ApprovalBy::Asker
            && self
                .still_stands(turn, call, standing, spec)
                .await
                .map_err(ApplyError::from)?;
        Ok(if stands {
            Ok(())
        } else {
            Err(DenyReason::StandingApprovalGone)
        })
    }

    async fn deny(
        self: &Arc<Self>,
        turn: &Versioned<Turn>,
        call: &ToolCall,
        reason: DenyReason,
    ) -> Result<Next, TriggerError> {
        let call = call.id.clone();
        self.write(turn, Command::DenyCall(DenyCall { call, reason }))
            .await
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
            Some(call) => !matches!(self.decide_again(turn, call).await, Ok(Ok(_))),
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

/// Whether nothing is left. Nobody who cannot find out runs anything.
fn is_used_up(granted: Result<(), NotGranted>) -> Result<bool, TriggerError> {
    match granted {
        Ok(()) => Ok(false),
        Err(NotGranted::UsedUp(_)) => Ok(true),
        Err(NotGranted::Unavailable(error)) => Err(TriggerError::Retry(error.to_string())),
    }
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
