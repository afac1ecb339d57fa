//! An approval on the wire: tool, arguments, preview and asker; never the
//! conversation.

use azimuth_domain::policy::DenyReason;
use azimuth_domain::principal::UserKey;
use azimuth_domain::secret::hidden;
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::{Approval, CallState, ToolCall, Turn, TurnStatus};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::preview::PreviewView;
use super::remember::RememberView;
use crate::http::moment::Moment;
use crate::http::turns::EffectView;

/// An approval.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ApprovalView {
    /// Id.
    pub id: String,
    /// Where it stands.
    pub state: ApprovalStateView,
    /// What a decision must repeat.
    pub digest: String,
    /// Who must agree.
    pub by: ApprovalByView,
    /// The tool server.
    pub server: String,
    /// The tool.
    pub tool: String,
    /// What the call may do.
    pub effect: EffectView,
    /// Its arguments.
    #[schema(value_type = Object)]
    pub arguments: Value,
    /// What it works on.
    pub target: Option<String>,
    /// What it would change, where that can be told.
    pub preview: Option<PreviewView>,
    /// `shown`, or why there is none: `none` (no read tells), `failed`, `late`.
    pub preview_state: String,
    /// How often what it would do changed after a yes, which counted no longer.
    pub drifts: u32,
    /// Whether a yes can be given for the rest of the conversation.
    pub can_remember: bool,
    /// What such a yes covers.
    pub remember: Option<RememberView>,
    /// Who asked.
    pub asker: PersonView,
    /// When it was asked for.
    pub requested_at: Moment,
    /// Until when it can be given.
    pub expires_at: Moment,
    /// What was said.
    pub decision: Option<DecisionView>,
    /// The turn, for its asker only.
    pub turn_id: Option<String>,
    /// The call, for its asker only.
    pub call_id: Option<String>,
}

/// An approval as part of its call.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ApprovalSummary {
    /// Id.
    pub approval_id: String,
    /// Where it stands.
    pub state: ApprovalStateView,
    /// What a decision must repeat.
    pub digest: String,
    /// Who must agree.
    pub by: ApprovalByView,
    /// Until when it can be given.
    pub expires_at: Moment,
    /// What was said.
    pub decision: Option<DecisionView>,
    /// What the call would change, where that can be told.
    pub preview: Option<PreviewView>,
    /// `shown`, or why there is none: `none` (no read tells), `failed`, `late`.
    pub preview_state: String,
    /// How often what it would do changed after a yes, which counted no longer.
    pub drifts: u32,
    /// Whether a yes can be given for the rest of the conversation.
    pub can_remember: bool,
    /// What such a yes covers.
    pub remember: Option<RememberView>,
}

/// Where an approval stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalStateView {
    /// It can be given.
    Pending,
    /// Somebody agreed.
    Approved,
    /// Somebody refused.
    Denied,
    /// Nobody answered in time.
    Expired,
    /// The turn ended before.
    Cancelled,
    /// What would happen changed; it counts no longer.
    Superseded,
}

/// Who must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalByView {
    /// The person who asked.
    Asker,
    /// Somebody else who holds the approver role.
    AnotherApprover,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PersonView {
    /// Object id in the tenant.
    pub oid: String,
    /// Display name.
    pub name: Option<String>,
}

/// What a person said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DecisionView {
    /// Yes or no.
    pub approved: bool,
    /// Who.
    pub by: PersonView,
    /// Why, in their words.
    pub reason: Option<String>,
    /// When.
    pub at: Moment,
    /// Whether the yes was given for the rest of the conversation.
    pub remembered: bool,
}

impl ApprovalView {
    /// The view of the call's approval for `reader` as of `now`; `None` when it
    /// has none. Past its deadline it reads as expired, because a decision is
    /// refused as expired then, whether or not somebody has written so yet.
    pub fn of(turn: &Turn, call: &ToolCall, reader: &UserKey, now: Timestamp) -> Option<Self> {
        let approval = call.approval.as_ref()?;
        let asker = &turn.asker;
        let remember = RememberView::of(call);
        let is_asker = asker.user == *reader;
        Some(Self {
            id: call.id.approval().to_string(),
            state: match state(turn, call, approval) {
                ApprovalStateView::Pending if is_over(&call.state, now) => {
                    ApprovalStateView::Expired
                }
                state => state,
            },
            digest: approval.digest.clone(),
            by: approval.by.into(),
            server: call.tool.server.clone(),
            tool: call.tool.name.clone(),
            effect: call.effect.into(),
            arguments: hidden(&call.arguments),
            target: call.target.clone(),
            preview: approval.preview.shown().map(PreviewView::from),
            preview_state: approval.preview.name().to_owned(),
            drifts: approval.drifts,
            can_remember: remember.is_some(),
            remember,
            asker: PersonView {
                oid: asker.user.oid.clone(),
                name: asker.name.clone(),
            },
            requested_at: approval.requested_at.into(),
            expires_at: approval.expires_at.into(),
            decision: decision(approval),
            turn_id: is_asker.then(|| turn.id.to_string()),
            call_id: is_asker.then(|| call.id.to_string()),
        })
    }
}

/// The call's approval as part of it; `None` when it has none.
pub fn summary(turn: &Turn, call: &ToolCall) -> Option<ApprovalSummary> {
    let approval = call.approval.as_ref()?;
    let remember = RememberView::of(call);
    Some(ApprovalSummary {
        approval_id: call.id.approval().to_string(),
        state: state(turn, call, approval),
        digest: approval.digest.clone(),
        by: approval.by.into(),
        expires_at: approval.expires_at.into(),
        decision: decision(approval),
        preview: approval.preview.shown().map(PreviewView::from),
        preview_state: approval.preview.name().to_owned(),
        drifts: approval.drifts,
        can_remember: remember.is_some(),
        remember,
    })
}

fn decision(approval: &Approval) -> Option<DecisionView> {
    approval.decided.as_ref().map(|decided| DecisionView {
        approved: decided.approved,
        by: PersonView {
            oid: decided.by.oid.clone(),
            name: decided.by_name.clone(),
        },
        reason: decided.reason.clone(),
        at: decided.at.into(),
        remembered: decided.remembered,
    })
}

/// The moment of the deadline is past it, as it is for a decision.
fn is_over(state: &CallState, now: Timestamp) -> bool {
    matches!(state, CallState::AwaitingApproval { deadline } if *deadline <= now)
}

/// What is written of an approval; its deadline is for [`is_over`].
fn state(turn: &Turn, call: &ToolCall, approval: &Approval) -> ApprovalStateView {
    match (&approval.decided, &call.state) {
        (Some(decided), _) if !decided.approved => ApprovalStateView::Denied,
        (
            _,
            CallState::Previewing { .. }
            | CallState::Denied {
                reason: DenyReason::ApprovalMismatch | DenyReason::Drift,
            },
        ) => ApprovalStateView::Superseded,
        (Some(_), _) => ApprovalStateView::Approved,
        (
            None,
            CallState::Denied {
                reason: DenyReason::ApprovalExpired,
            },
        ) => ApprovalStateView::Expired,
        (None, CallState::AwaitingApproval { .. }) => match turn.status {
            TurnStatus::Running | TurnStatus::WaitingSignIn { .. } => ApprovalStateView::Pending,
            _ => ApprovalStateView::Cancelled,
        },
        (None, CallState::Denied { .. }) => ApprovalStateView::Denied,
        (None, _) => ApprovalStateView::Cancelled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_is_over_from_its_deadline_on() {
        let deadline = Timestamp(1_000);
        let waiting = CallState::AwaitingApproval { deadline };
        for (now, over) in [(999, false), (1_000, true), (1_001, true)] {
            assert_eq!(is_over(&waiting, Timestamp(now)), over, "{now}");
        }
        let ended = CallState::Finished { ok: true };
        assert!(!is_over(&ended, Timestamp(1_001)));
    }
}
