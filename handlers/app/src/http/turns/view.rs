//! A turn on the wire.

use azimuth_domain::approval_grant::StandingApproval;
use azimuth_domain::event::{Outcome, ResultRef, WaitingFor};
use azimuth_domain::policy::Mode;
use azimuth_domain::secret::hidden;
use azimuth_domain::tool::EffectClass;
use azimuth_domain::turn::{ToolCall, Turn, TurnKind, TurnStatus};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::events_url;
use crate::http::approvals::{ApprovalSummary, CheckedView, summary};
use crate::http::moment::Moment;

/// A turn.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TurnView {
    /// Id.
    pub id: String,
    /// The conversation; a hidden one for a tool call without a model.
    pub conversation_id: String,
    /// `chat` or `console`.
    pub kind: TurnKindView,
    /// Where it stands.
    pub status: TurnStatusView,
    /// For whom it waits, when people are all that it waits for.
    pub waiting_for: Option<WaitView>,
    /// The user's message.
    pub message_id: String,
    /// What that message answers.
    pub parent_message_id: Option<String>,
    /// The model that answers.
    pub model: String,
    /// How much it may do without a person.
    pub mode: ModeView,
    /// When it was accepted.
    pub created_at: Moment,
    /// When it last changed.
    pub updated_at: Moment,
    /// Number of the current step, from 0.
    pub step: u32,
    /// The calls of all steps, in order.
    pub calls: Vec<CallView>,
    /// Tokens so far.
    pub usage: UsageView,
    /// Why it failed.
    pub error: Option<TurnError>,
    /// Number of its newest event, as of the last change of the turn.
    pub event_seq: u64,
    /// Where its events are.
    pub events_url: String,
}

/// What drives a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TurnKindView {
    /// A model.
    Chat,
    /// One tool call without a model.
    Console,
}

/// How much a turn may do without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModeView {
    /// It only looks.
    ReadOnly,
    /// Changes wait for a person.
    Review,
    /// Changes run by themselves where policies say so.
    Autonomous,
}

impl From<ModeView> for Mode {
    fn from(view: ModeView) -> Self {
        match view {
            ModeView::ReadOnly => Self::ReadOnly,
            ModeView::Review => Self::Review,
            ModeView::Autonomous => Self::Autonomous,
        }
    }
}

impl From<Mode> for ModeView {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::ReadOnly => Self::ReadOnly,
            Mode::Review => Self::Review,
            Mode::Autonomous => Self::Autonomous,
        }
    }
}

/// Where a turn stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TurnStatusView {
    /// Work goes on.
    Running,
    /// People are all that it waits for.
    Waiting,
    /// It ends as soon as nothing runs any more.
    Cancelling,
    /// Answered.
    Done,
    /// Ended without an answer.
    Failed,
    /// Ended by its asker.
    Cancelled,
}

/// A wait for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct WaitView {
    /// For what.
    #[serde(rename = "for")]
    pub waiting_for: WaitingForView,
    /// Until when.
    pub expires_at: Moment,
}

/// What a turn waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitingForView {
    /// A decision.
    Approval,
    /// A sign-in to Azure.
    AzureSignIn,
}

impl From<WaitingFor> for WaitingForView {
    fn from(waiting: WaitingFor) -> Self {
        match waiting {
            WaitingFor::Approval => Self::Approval,
            WaitingFor::AzureSignIn => Self::AzureSignIn,
        }
    }
}

/// Tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct UsageView {
    /// Read by models.
    pub input_tokens: u64,
    /// Written by models.
    pub output_tokens: u64,
}

/// Why a turn failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TurnError {
    /// Stable code.
    pub code: String,
    /// A sentence in the turn's language.
    pub message: String,
}

/// A tool call.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallView {
    /// Id.
    pub call_id: String,
    /// The step that asked for it, from 0.
    pub step: u32,
    /// The tool server.
    pub server: String,
    /// The tool.
    pub tool: String,
    /// What it may do.
    pub effect: EffectView,
    /// Whether arguments or result hold a secret.
    pub secret: bool,
    /// Its arguments.
    #[schema(value_type = Object)]
    pub arguments: Value,
    /// What it works on.
    pub target: Option<String>,
    /// `previewing`, `awaiting_approval`, `awaiting_sign_in`, `queued`, `started`, `finished`, …
    pub state: String,
    /// How it ended, once it has.
    pub outcome: Option<OutcomeView>,
    /// Attempts begun so far.
    pub attempt: u32,
    /// The approval that it needs or needed.
    pub approval: Option<ApprovalSummary>,
    /// What stood for the yes that it needs, where nobody was asked.
    pub standing_approval: Option<StandingApprovalView>,
    /// The stored result.
    pub result: Option<ResultView>,
    /// The beginning of the result; the whole when it is ≤ 1 KiB.
    pub preview: Option<String>,
    /// One sentence about how it ended.
    pub note: Option<String>,
    /// How long the attempt took that ended it.
    pub duration_ms: Option<i64>,
    /// What a read found after nobody knew how the call had ended.
    pub checked: Option<CheckedView>,
}

/// What stood for a yes that a call needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StandingApprovalView {
    /// Kind.
    pub kind: StandingApprovalKindView,
    /// The approval for the conversation, where it is one.
    pub grant_id: Option<String>,
}

/// Kind of what stood for a yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StandingApprovalKindView {
    /// An approval that was given for the conversation.
    Conversation,
    /// The asker's setting always to allow the tool.
    Setting,
}

impl From<&StandingApproval> for StandingApprovalView {
    fn from(standing: &StandingApproval) -> Self {
        Self {
            kind: match standing {
                StandingApproval::Grant { .. } => StandingApprovalKindView::Conversation,
                StandingApproval::Setting { .. } => StandingApprovalKindView::Setting,
            },
            grant_id: standing.grant().map(|id| id.as_str().to_owned()),
        }
    }
}

/// What a call may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffectView {
    /// Changes nothing.
    ReadOnly,
    /// Creates or changes something.
    Mutating,
    /// Removes or breaks something, or may.
    Destructive,
}

impl From<EffectClass> for EffectView {
    fn from(effect: EffectClass) -> Self {
        match effect {
            EffectClass::ReadOnly => Self::ReadOnly,
            EffectClass::Mutating => Self::Mutating,
            EffectClass::Destructive => Self::Destructive,
        }
    }
}

impl From<EffectView> for EffectClass {
    fn from(effect: EffectView) -> Self {
        match effect {
            EffectView::ReadOnly => Self::ReadOnly,
            EffectView::Mutating => Self::Mutating,
            EffectView::Destructive => Self::Destructive,
        }
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeView {
    /// It ran and says it worked.
    Ok,
    /// It ran and says it failed.
    Error,
    /// Nobody knows; it may still happen.
    Unknown,
    /// Policy or a person said no.
    Denied,
    /// The turn was cancelled before it ran.
    Cancelled,
    /// It never ran, for another reason.
    NotRun,
}

impl From<Outcome> for OutcomeView {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Ok => Self::Ok,
            Outcome::Error => Self::Error,
            Outcome::Unknown => Self::Unknown,
            Outcome::Denied => Self::Denied,
            Outcome::Cancelled => Self::Cancelled,
            Outcome::NotRun => Self::NotRun,
        }
    }
}

/// Where the whole result is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ResultView {
    /// Hash of the stored bytes, lower-case hex.
    pub sha256: String,
    /// Stored bytes.
    pub size_bytes: u64,
    /// Whether the tool said more than is stored.
    pub truncated: bool,
}

impl From<ResultRef> for ResultView {
    fn from(result: ResultRef) -> Self {
        Self {
            sha256: result.sha256,
            size_bytes: result.size_bytes,
            truncated: result.truncated,
        }
    }
}

impl TurnView {
    /// The view of `turn` for its asker.
    pub fn of(turn: &Turn) -> Self {
        let waiting = turn.waiting_for();
        let error = match &turn.status {
            TurnStatus::Failed { code, message } => Some(TurnError {
                code: code.clone(),
                message: message.clone(),
            }),
            _ => None,
        };
        let calls = turn
            .steps
            .iter()
            .zip(0..)
            .flat_map(|(step, number)| step.calls.iter().map(move |call| (call, number)))
            .map(|(call, number)| CallView::of(turn, call, number))
            .collect();
        Self {
            id: turn.id.to_string(),
            conversation_id: turn.id.conversation().to_string(),
            kind: match turn.kind {
                TurnKind::Chat => TurnKindView::Chat,
                TurnKind::Console => TurnKindView::Console,
            },
            status: status(&turn.status, waiting.is_some()),
            waiting_for: waiting.map(|(what, until)| WaitView {
                waiting_for: what.into(),
                expires_at: until.into(),
            }),
            message_id: turn.message.to_string(),
            parent_message_id: turn.parent.as_ref().map(ToString::to_string),
            model: turn.model_name.clone(),
            mode: turn.mode.into(),
            created_at: turn.created_at.into(),
            updated_at: turn.updated_at.into(),
            step: turn.step_no(),
            calls,
            usage: UsageView {
                input_tokens: turn.usage.input_tokens,
                output_tokens: turn.usage.output_tokens,
            },
            error,
            event_seq: turn.event_seq,
            events_url: events_url(&turn.id),
        }
    }
}

fn status(status: &TurnStatus, waits: bool) -> TurnStatusView {
    match status {
        TurnStatus::Running if waits => TurnStatusView::Waiting,
        TurnStatus::Running => TurnStatusView::Running,
        TurnStatus::WaitingSignIn { .. } => TurnStatusView::Waiting,
        TurnStatus::Cancelling => TurnStatusView::Cancelling,
        TurnStatus::Done => TurnStatusView::Done,
        TurnStatus::Failed { .. } => TurnStatusView::Failed,
        TurnStatus::Cancelled => TurnStatusView::Cancelled,
    }
}

impl CallView {
    fn of(turn: &Turn, call: &ToolCall, step: u32) -> Self {
        Self {
            call_id: call.id.to_string(),
            step,
            server: call.tool.server.clone(),
            tool: call.tool.name.clone(),
            effect: call.effect.into(),
            secret: call.secret,
            arguments: hidden(&call.arguments),
            target: call.target.clone(),
            state: call.state.name().to_owned(),
            outcome: call.state.outcome().map(OutcomeView::from),
            attempt: call.attempt,
            approval: summary(turn, call),
            standing_approval: call.standing.as_ref().map(StandingApprovalView::from),
            result: call.result.clone().map(ResultView::from),
            preview: call.preview.clone(),
            note: call.note.clone(),
            duration_ms: call.duration_ms,
            checked: call.checked.as_ref().map(CheckedView::from),
        }
    }
}
