//! What happened in a turn, as readers of its event stream learn it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{ApprovalId, CallId, MessageId, TurnId};
use crate::policy::ApprovalBy;
use crate::preview::{Finding, Preview};
use crate::time::Timestamp;
use crate::tool::EffectClass;

/// One event. Sequence numbers start at 1 and have no gaps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TurnEvent {
    /// Position in the turn's log.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// The turn.
    pub turn_id: TurnId,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

/// Whom a turn waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingFor {
    /// Somebody has to approve or refuse.
    Approval,
    /// The asker has to sign in to Azure.
    AzureSignIn,
}

/// How a tool call ended, in the words of the API and the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It ran and says it worked.
    Ok,
    /// It ran and says it failed.
    Error,
    /// Nobody knows whether it ran, or how it ended; it may still happen.
    Unknown,
    /// Policy or a person said no.
    Denied,
    /// The turn was cancelled before it ran.
    Cancelled,
    /// It never ran, for another reason.
    NotRun,
}

impl Outcome {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Unknown => "unknown",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::NotRun => "not_run",
        }
    }
}

/// Where the whole result of a call is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultRef {
    /// Hash of the stored bytes, lower-case hex.
    pub sha256: String,
    /// Stored bytes.
    pub size_bytes: u64,
    /// Whether the tool said more than is stored.
    pub truncated: bool,
}

/// The kinds of event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are those of design/api.md")]
pub enum EventBody {
    TurnStarted {},
    ModelStarted {
        model: String,
        step: u32,
    },
    /// Readers drop the text of that step.
    ModelRestarted {
        step: u32,
        claim_no: u32,
    },
    TextDelta {
        text: String,
        step: u32,
    },
    MessageCompleted {
        message_id: MessageId,
    },
    ToolCallRequested {
        call_id: CallId,
        server: String,
        tool: String,
        effect: EffectClass,
        arguments: Value,
    },
    ApprovalRequired {
        approval_id: ApprovalId,
        call_id: CallId,
        digest: String,
        by: ApprovalBy,
        expires_at: Timestamp,
        /// What the call would do.
        preview: Option<Preview>,
        /// `shown`, or why there is none: `none`, `failed`, `late`.
        #[serde(default = "no_preview")]
        preview_state: String,
    },
    ApprovalDecided {
        approval_id: ApprovalId,
        call_id: CallId,
        /// `approved`, `denied`, `expired`, `cancelled` or `superseded`.
        decision: String,
        reason: Option<String>,
    },
    ToolCallStarted {
        call_id: CallId,
        attempt: u32,
    },
    ToolCallProgress {
        call_id: CallId,
        message: String,
    },
    ToolCallFinished {
        call_id: CallId,
        outcome: Outcome,
        duration_ms: Option<i64>,
        result_ref: Option<ResultRef>,
        preview: Option<String>,
        note: Option<String>,
    },
    /// Nobody knew how the call had ended, and a read has looked.
    ToolCallChecked {
        call_id: CallId,
        finding: Finding,
    },
    Usage {
        input_tokens: u64,
        output_tokens: u64,
    },
    TurnWaiting {
        #[serde(rename = "for")]
        waiting_for: WaitingFor,
        expires_at: Timestamp,
    },
    /// A wait is over and the turn goes on.
    TurnResumed {},
    TurnCompleted {},
    TurnFailed {
        code: String,
        message: String,
    },
    TurnCancelled {},
}

fn no_preview() -> String {
    "none".to_owned()
}

impl EventBody {
    /// The event's name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TurnStarted {} => "turn_started",
            Self::ModelStarted { .. } => "model_started",
            Self::ModelRestarted { .. } => "model_restarted",
            Self::TextDelta { .. } => "text_delta",
            Self::MessageCompleted { .. } => "message_completed",
            Self::ToolCallRequested { .. } => "tool_call_requested",
            Self::ApprovalRequired { .. } => "approval_required",
            Self::ApprovalDecided { .. } => "approval_decided",
            Self::ToolCallStarted { .. } => "tool_call_started",
            Self::ToolCallProgress { .. } => "tool_call_progress",
            Self::ToolCallFinished { .. } => "tool_call_finished",
            Self::ToolCallChecked { .. } => "tool_call_checked",
            Self::Usage { .. } => "usage",
            Self::TurnWaiting { .. } => "turn_waiting",
            Self::TurnResumed {} => "turn_resumed",
            Self::TurnCompleted {} => "turn_completed",
            Self::TurnFailed { .. } => "turn_failed",
            Self::TurnCancelled {} => "turn_cancelled",
        }
    }

    /// Whether nothing follows.
    pub fn is_last(&self) -> bool {
        matches!(
            self,
            Self::TurnCompleted {} | Self::TurnFailed { .. } | Self::TurnCancelled {}
        )
    }
}
