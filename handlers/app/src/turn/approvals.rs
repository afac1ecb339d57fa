//! Rule 5, from the person's side.

use std::sync::Arc;

use azimuth_domain::approval_grant::GrantRefused;
use azimuth_domain::audit::{AuditEntry, AuditKind, conversation_chain, decision_id};
use azimuth_domain::event::Outcome;
use azimuth_domain::ids::ApprovalId;
use azimuth_domain::policy::DenyReason;
use azimuth_domain::principal::Principal;
use azimuth_domain::turn::{
    Asker, CallState, Command, DecideApproval, Refusal, ToolCall, Turn, TurnStatus,
};
use azimuth_ports::audit::AuditError;

use super::commit::{WATCHDOG_DELAY, WRITE_TIMEOUT};
use super::{ApplyError, Engine};
use crate::policy::approval::{may_see_approval, who_may_decide};
use azimuth_domain::redact::redact;

/// What a person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalDecisionRequest {
    /// Yes or no.
    pub approve: bool,
    /// Why.
    pub reason: Option<String>,
    /// The digest that was shown.
    pub digest: String,
    /// Whether the yes is for the rest of the conversation.
    pub remember: bool,
}

/// Why a decision does not count.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// No such approval, or none that the caller may know of.
    #[error("the approval does not exist")]
    NotFound,
    /// The caller may see it but not decide; the text says who may.
    #[error("{0}")]
    NotPermitted(String),
    /// Too late.
    #[error("the approval has expired")]
    Expired,
    /// Somebody has decided already.
    #[error("the approval is decided already")]
    AlreadyDecided,
    /// What the call would do has changed; people are asked anew.
    #[error("what the call would do has changed")]
    Drifted,
    /// The turn was cancelled or has ended.
    #[error("the turn was cancelled")]
    Cancelled,
    /// The asker has to sign in to Azure first.
    #[error("the asker has to sign in to Azure first")]
    SignInNeeded,
    /// The kill switch stops what would run.
    #[error("the kill switch is on")]
    Stopped,
    /// The digest is not that of the call.
    #[error("the call is not the one that was shown")]
    DigestMismatch,
    /// A yes to this call can be given for this call only.
    #[error("this cannot be agreed to for the rest of the conversation")]
    NotToRemember,
    /// The conversation has no room for another approval.
    #[error(transparent)]
    NoRoom(#[from] GrantRefused),
    /// The refusal cannot be recorded now, so it is not told; try again.
    #[error(transparent)]
    Unrecorded(#[from] AuditError),
    /// Something does not answer; try again.
    #[error("the decision cannot be taken now: {0}")]
    Unavailable(String),
}

impl From<ApplyError> for DecideError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::NotFound => Self::NotFound,
            ApplyError::Refused(Refusal::Ended) => Self::Cancelled,
            ApplyError::Refused(Refusal::ApprovalExpired) => Self::Expired,
            ApplyError::Refused(Refusal::DigestMismatch) => Self::DigestMismatch,
            ApplyError::Refused(Refusal::NotToRemember) => Self::NotToRemember,
            ApplyError::Refused(_) => Self::AlreadyDecided,
            ApplyError::Unavailable(detail) => Self::Unavailable(detail),
        }
    }
}

impl Engine {
    /// Decides about one call as `decider`.
    pub async fn decide(
        self: &Arc<Self>,
        decider: &Principal,
        approval: &ApprovalId,
        request: ApprovalDecisionRequest,
    ) -> Result<Turn, DecideError> {
        let decider = &self.as_of_now(decider).await?;
        let tenant = &decider.user.tid;
        let id = approval.turn();
        let found = self.load(tenant, &id).await?.ok_or(DecideError::NotFound)?;
        let call = found
            .item
            .call(&approval.call())
            .ok_or(DecideError::NotFound)?;
        let wanted = call.approval.as_ref().ok_or(DecideError::NotFound)?;
        let by = wanted.by;
        let is_asker = found.item.asker.user == decider.user;
        if !is_asker && !may_see_approval(by, decider) {
            return Err(DecideError::NotFound);
        }
        if let Err(why) = who_may_decide(by, &found.item.asker.user, decider) {
            let why = why.to_string();
            self.record_refused_decision(&decider.user, &found.item, call, &why)
                .await?;
            return Err(DecideError::NotPermitted(why));
        }
        match &call.state {
            // A decision that cannot count leaves no record that somebody agreed.
            CallState::AwaitingApproval { deadline }
                if found.item.status == TurnStatus::Running =>
            {
                if *deadline <= self.ports.clock.now() {
                    return Err(DecideError::Expired);
                }
                if wanted.digest != request.digest {
                    return Err(if wanted.drifts > 0 {
                        DecideError::Drifted
                    } else {
                        DecideError::DigestMismatch
                    });
                }
            }
            CallState::AwaitingApproval { .. }
                if matches!(found.item.status, TurnStatus::WaitingSignIn { .. }) =>
            {
                return Err(DecideError::SignInNeeded);
            }
            CallState::Previewing { .. }
            | CallState::Denied {
                reason: DenyReason::Drift,
            } => return Err(DecideError::Drifted),
            CallState::Cancelled => return Err(DecideError::Cancelled),
            CallState::Denied {
                reason: DenyReason::ApprovalExpired,
            } => return Err(DecideError::Expired),
            _ if found.item.status == TurnStatus::Running => {
                return Err(DecideError::AlreadyDecided);
            }
            _ if call.approval.as_ref().is_some_and(|a| a.decided.is_some()) => {
                return Err(DecideError::AlreadyDecided);
            }
            _ => return Err(DecideError::Cancelled),
        }
        if request.remember && !(request.approve && call.may_be_remembered()) {
            return Err(DecideError::NotToRemember);
        }
        if request.approve {
            let switch = self.quotas.kill_switch(tenant).await;
            let switch = switch.map_err(|e| DecideError::Unavailable(e.to_string()))?;
            if switch.stops(call.effect) {
                return Err(DecideError::Stopped);
            }
        }
        self.enqueue_watchdog(tenant, &id, found.item.watch + 1, WATCHDOG_DELAY)
            .await?;
        let decision = DecideApproval {
            call: approval.call(),
            digest: request.digest,
            approve: request.approve,
            by: decider.user.clone(),
            by_name: decider.name.clone(),
            reason: request.reason.map(|r| redact(&r).into_owned()),
            remember: request.remember,
        };
        let grant = if request.remember {
            Some(self.new_grant(&found.item, call).await?)
        } else {
            None
        };
        // The wake-up message above is invisible for longer than this may take.
        let write = async {
            self.record_decision(&found.item, call, decider, &decision)
                .await?;
            if let Some(grant) = grant {
                self.record_grant(&found.item, call, &grant).await?;
                let command = Command::DecideApproval(decision);
                return self.decide_and_grant(tenant, &id, command, grant).await;
            }
            let command = Command::DecideApproval(decision);
            Ok::<_, DecideError>(self.apply(tenant, &id, command).await?)
        };
        let applied = tokio::time::timeout(WRITE_TIMEOUT, write)
            .await
            .map_err(|_| DecideError::Unavailable("the store is too slow".to_owned()))??;
        self.perform(&applied.turn.item, &applied.effects).await;
        Ok(applied.turn.item)
    }

    /// The decider with the roles that the user record leaves them.
    async fn as_of_now(&self, decider: &Principal) -> Result<Principal, DecideError> {
        let roles = self
            .effective_roles(&Asker {
                user: decider.user.clone(),
                name: None,
                roles: decider.roles.clone(),
                token_issued_at: decider.token_issued_at,
            })
            .await?;
        Ok(Principal {
            roles,
            ..decider.clone()
        })
    }

    /// The decision is on record before it counts; no record, no decision. The
    /// register is the decider's own, so a race leaves one record for each.
    async fn record_decision(
        &self,
        turn: &Turn,
        call: &ToolCall,
        decider: &Principal,
        decision: &DecideApproval,
    ) -> Result<(), DecideError> {
        let entry = AuditEntry {
            approval_digest: Some(decision.digest.clone()),
            decided_by: Some(format!("{}:{}", decider.user.tid, decider.user.oid)),
            outcome: Some(if decision.approve {
                Outcome::Ok
            } else {
                Outcome::Denied
            }),
            detail: decision.reason.clone(),
            ..self.audit_entry(
                AuditKind::Approval,
                turn,
                call,
                format!("decider:{}", self.ports.random.ulid()),
            )
        };
        let chain = conversation_chain(&turn.id.conversation());
        let round = call.approval.as_ref().map_or(0, |asked| asked.drifts);
        let register = decision_id(&call.id, round, &decider.user, decision.approve);
        self.ports
            .audit
            .append(
                &turn.asker.user.tid,
                &chain,
                &register,
                self.ports.clock.now(),
                entry,
            )
            .await
            .map(|_| ())
            .map_err(|e| DecideError::Unavailable(e.to_string()))
    }
}
