//! Events on the wire.

use azimuth_domain::event::{EventBody, TurnEvent};
use azimuth_domain::policy::ApprovalBy;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::approvals::{ApprovalByView, FindingView, PreviewView};
use crate::http::moment::Moment;
use crate::http::turns::{EffectView, OutcomeView, ResultView, WaitingForView};
use crate::turn::Ahead;

/// One event of a turn. Numbers start at 1 and have no gaps.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventView {
    /// Position in the turn's log.
    pub seq: u64,
    /// When it was written.
    pub at: Moment,
    /// The turn.
    pub turn_id: String,
    /// What happened.
    #[serde(flatten)]
    pub data: EventData,
}

/// An event as a stream carries it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "the stream writes its lines itself")]
pub struct StreamedEvent {
    /// Its number, for `Last-Event-ID`; what is ahead of the log has none.
    id: Option<String>,
    /// Its type, such as `text_delta`; `reconnect` where the stream ends for now.
    event: String,
    /// An `EventView` as JSON.
    #[schema(content_media_type = "application/json")]
    data: String,
}

/// Text that is in no event yet (`?ahead=true`). It continues what was told of it since
/// the last event; whatever event comes next takes all of it back, most often to say it
/// itself. Has no number, and is not told again.
#[derive(Debug, Clone, Serialize)]
pub struct AheadView {
    /// `text_ahead`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Number of the last event.
    pub after: u64,
    /// The step that says it.
    pub step: u32,
    /// What was said since.
    pub ahead: String,
}

impl From<Ahead> for AheadView {
    fn from(told: Ahead) -> Self {
        Self {
            kind: "text_ahead",
            after: told.after,
            step: told.step,
            ahead: told.text,
        }
    }
}

/// What happened; `type` is also the SSE event's name.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are those of design/api.md")]
pub enum EventData {
    TurnStarted {},
    ModelStarted {
        model: String,
        step: u32,
    },
    /// Drop the text of that step.
    ModelRestarted {
        step: u32,
        claim_no: u32,
    },
    TextDelta {
        text: String,
        step: u32,
    },
    MessageCompleted {
        message_id: String,
    },
    ToolCallRequested {
        call_id: String,
        server: String,
        tool: String,
        effect: EffectView,
        #[schema(value_type = Object)]
        arguments: Value,
    },
    ApprovalRequired {
        approval_id: String,
        call_id: String,
        digest: String,
        by: ApprovalByView,
        expires_at: Moment,
        preview: Option<PreviewView>,
        /// `shown`, or why there is no preview: `none` (no read tells), `failed`, `late`.
        preview_state: String,
    },
    ApprovalDecided {
        approval_id: String,
        call_id: String,
        /// `approved`, `denied`, `expired`, `cancelled` or `superseded`: what the call
        /// would do has changed, and people are asked anew.
        decision: String,
        reason: Option<String>,
    },
    ToolCallStarted {
        call_id: String,
        attempt: u32,
    },
    ToolCallProgress {
        call_id: String,
        message: String,
    },
    ToolCallFinished {
        call_id: String,
        outcome: OutcomeView,
        duration_ms: Option<i64>,
        result_ref: Option<ResultView>,
        preview: Option<String>,
        note: Option<String>,
    },
    /// Nobody knew how the call had ended, and a read has looked.
    ToolCallChecked {
        call_id: String,
        finding: FindingView,
    },
    Usage {
        input_tokens: u64,
        output_tokens: u64,
    },
    TurnWaiting {
        #[serde(rename = "for")]
        waiting_for: WaitingForView,
        expires_at: Moment,
    },
    /// A wait is over.
    TurnResumed {},
    TurnCompleted {},
    TurnFailed {
        code: String,
        message: String,
    },
    TurnCancelled {},
}

impl From<TurnEvent> for EventView {
    fn from(event: TurnEvent) -> Self {
        Self {
            seq: event.seq,
            at: event.at.into(),
            turn_id: event.turn_id.to_string(),
            data: event.body.into(),
        }
    }
}

impl From<ApprovalBy> for ApprovalByView {
    fn from(by: ApprovalBy) -> Self {
        match by {
            ApprovalBy::Asker => Self::Asker,
            ApprovalBy::AnotherApprover => Self::AnotherApprover,
        }
    }
}

impl From<EventBody> for EventData {
    fn from(body: EventBody) -> Self {
        match body {
            EventBody::TurnStarted {} => Self::TurnStarted {},
            EventBody::ModelStarted { model, step } => Self::ModelStarted { model, step },
            EventBody::ModelRestarted { step, claim_no } => Self::ModelRestarted { step, claim_no },
            EventBody::TextDelta { text, step } => Self::TextDelta { text, step },
            EventBody::MessageCompleted { message_id } => Self::MessageCompleted {
                message_id: message_id.to_string(),
            },
            EventBody::ToolCallRequested {
                call_id,
                server,
                tool,
                effect,
                arguments,
            } => Self::ToolCallRequested {
                call_id: call_id.to_string(),
                server,
                tool,
                effect: effect.into(),
                arguments,
            },
            EventBody::ApprovalRequired {
                approval_id,
                call_id,
                digest,
                by,
                expires_at,
                preview,
                preview_state,
            } => Self::ApprovalRequired {
                approval_id: approval_id.to_string(),
                call_id: call_id.to_string(),
                digest,
                by: by.into(),
                expires_at: expires_at.into(),
                preview: preview.as_ref().map(PreviewView::from),
                preview_state,
            },
            EventBody::ApprovalDecided {
                approval_id,
                call_id,
                decision,
                reason,
            } => Self::ApprovalDecided {
                approval_id: approval_id.to_string(),
                call_id: call_id.to_string(),
                decision,
                reason,
            },
            EventBody::ToolCallStarted { call_id, attempt } => Self::ToolCallStarted {
                call_id: call_id.to_string(),
                attempt,
            },
            EventBody::ToolCallProgress { call_id, message } => Self::ToolCallProgress {
                call_id: call_id.to_string(),
                message,
            },
            EventBody::ToolCallFinished {
                call_id,
                outcome,
                duration_ms,
                result_ref,
                preview,
                note,
            } => Self::ToolCallFinished {
                call_id: call_id.to_string(),
                outcome: outcome.into(),
                duration_ms,
                result_ref: result_ref.map(ResultView::from),
                preview,
                note,
            },
            EventBody::ToolCallChecked { call_id, finding } => Self::ToolCallChecked {
                call_id: call_id.to_string(),
                finding: finding.into(),
            },
            EventBody::Usage {
                input_tokens,
                output_tokens,
            } => Self::Usage {
                input_tokens,
                output_tokens,
            },
            EventBody::TurnWaiting {
                waiting_for,
                expires_at,
            } => Self::TurnWaiting {
                waiting_for: waiting_for.into(),
                expires_at: expires_at.into(),
            },
            EventBody::TurnResumed {} => Self::TurnResumed {},
            EventBody::TurnCompleted {} => Self::TurnCompleted {},
            EventBody::TurnFailed { code, message } => Self::TurnFailed { code, message },
            EventBody::TurnCancelled {} => Self::TurnCancelled {},
        }
    }
}
