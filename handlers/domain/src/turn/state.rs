//! The turn document: everything that must survive a crash between two actions.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Allowance;
use crate::approval_grant::{ApprovalScope, StandingApproval};
use crate::event::{Outcome, ResultRef, WaitingFor};
use crate::ids::{CallId, ConversationKey, MessageId, TurnId};
use crate::policy::{ApprovalBy, DenyReason, Mode};
use crate::preview::{Checked, PreviewState, ReadPlan};
use crate::principal::{Role, UserKey};
use crate::time::Timestamp;
use crate::tool::{EffectClass, ToolRef};

/// Version of [`Turn`] that this build writes.
pub const TURN_VERSION: u32 = 1;

/// One user message up to its final answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// Version of this shape.
    pub v: u32,
    /// Id.
    pub id: TurnId,
    /// Who asked, and with which roles their token came.
    pub asker: Asker,
    /// Chat with a model, or one tool call without.
    pub kind: TurnKind,
    /// The user's message.
    pub message: MessageId,
    /// What that message answers; `None` at the root.
    pub parent: Option<MessageId>,
    /// SHA-256 of what the idempotency key came with.
    pub request_hash: String,
    /// Model that answers.
    pub model_name: String,
    /// `ko` or `en`: the language of texts that we write ourselves.
    pub language: String,
    /// The subscription that a call is for when it names none.
    pub default_subscription: Option<String>,
    /// How much it may do without a person.
    #[serde(default, skip_serializing_if = "Mode::is_default")]
    pub mode: Mode,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// Where it stands.
    pub status: TurnStatus,
    /// The model's state in the last step.
    pub model: ModelState,
    /// All steps, the current one last; at least one.
    pub steps: Vec<Step>,
    /// Number that the next watchdog message must reach (rule 1).
    pub watch: u64,
    /// Sequence number of the newest event as of the last write (rule 14).
    pub event_seq: u64,
    /// Tokens used so far.
    pub usage: Usage,
    /// Answers in a row that could not be used.
    pub repairs: u32,
    /// Running time so far, without the present stretch.
    pub running_ms: i64,
    /// Since when it has been running; `None` while people are awaited.
    pub running_since: Option<Timestamp>,
    /// Refused calls whose audit record nobody has seen yet. Written with the
    /// refusal, so that a record that is lost on the way is found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unrecorded: Vec<Unrecorded>,
    /// Secrets that were taken out of what the turn came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<TurnSecrets>,
    /// What it may use of the quotas of the day; absent where nothing is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowance: Option<Allowance>,
    /// Whether somebody has agreed to calls for the rest of the conversation; its header
    /// says to which.
    #[serde(default, skip_serializing_if = "is_false")]
    pub has_grants: bool,
}

/// Secrets that stand in a turn as placeholders, and lie sealed elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnSecrets {
    /// How many; they are numbered from 1.
    pub count: u32,
    /// Where they lie: a random name, so that two requests with one idempotency key
    /// never meet.
    pub drawer: String,
    /// The key of `request_hash`, sealed: without the data key nobody can try out what
    /// the request said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_key: Option<String>,
}

/// A refusal that the audit may not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unrecorded {
    /// The call.
    pub call: CallId,
    /// When it was refused.
    pub at: Timestamp,
}

/// The person whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asker {
    /// Tenant and object id.
    pub user: UserKey,
    /// Display name.
    pub name: Option<String>,
    /// Roles of the token that the turn came with.
    pub roles: BTreeSet<Role>,
    /// When that token was issued.
    pub token_issued_at: Timestamp,
}

/// What drives the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnKind {
    /// A model.
    Chat,
    /// The request itself is the first answer; there is no second step.
    Console,
}

/// Where a turn stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum TurnStatus {
    /// Work goes on, or waits for approvals inside its calls.
    Running,
    /// The grant for Azure was refused when the turn was made (rule 1a).
    WaitingSignIn {
        /// When the turn gives up.
        deadline: Timestamp,
    },
    /// Ends as soon as nothing is started any more (rule 11).
    Cancelling,
    /// Answered.
    Done,
    /// Ended without an answer.
    Failed {
        /// Stable code.
        code: String,
        /// A sentence that says what to do.
        message: String,
    },
    /// Ended by its asker.
    Cancelled,
}

impl TurnStatus {
    /// Whether nothing follows.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Done | Self::Failed { .. } | Self::Cancelled)
    }
}

/// The model's state in the current step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum ModelState {
    /// Nobody has asked it yet.
    Idle,
    /// Somebody is asking it.
    Claimed {
        /// Which claim of this step, from 1.
        claim_no: u32,
        /// Until when the claim is respected.
        lease_until: Timestamp,
    },
    /// The step's calls are known.
    Answered,
}

/// One model call and the tool calls that it asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Step {
    /// What the model said before it called tools; the text is a message.
    pub message: Option<MessageId>,
    /// The calls, in the model's order.
    pub calls: Vec<ToolCall>,
    /// Our own reads about them: what a call would do, and what came of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previews: Vec<ToolCall>,
    /// What the model is told when its answer could not be used at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair: Option<String>,
}

/// One call of a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Id.
    pub id: CallId,
    /// The id that the model gave it.
    pub model_call_id: String,
    /// The tool.
    pub tool: ToolRef,
    /// Its arguments.
    pub arguments: Value,
    /// What it may do.
    pub effect: EffectClass,
    /// Whether arguments or result hold a secret.
    pub secret: bool,
    /// What it works on.
    pub target: Option<String>,
    /// Pinned hash of the tool when the call was asked for.
    pub tool_hash: String,
    /// Whether the model that asked for it had read what a tool returned.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tainted: bool,
    /// Attempts begun so far.
    pub attempt: u32,
    /// The approval that it needs or needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// Where it stands.
    pub state: CallState,
    /// The stored result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultRef>,
    /// The beginning of the result, ≤ 1 KiB; dropped when the next step begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// One sentence about how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How long the attempt took that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// The read that tells what the call would do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<ReadPlan>,
    /// Reads made about it so far; numbers their ids.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reads: u32,
    /// What a read found after nobody knew how the call had ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Checked>,
    /// Set on a read of ours: what it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// What a yes covers when it is given for the conversation; `None` where it can be
    /// given for this call only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remember: Option<ApprovalScope>,
    /// What stands for the yes that it needs, where nobody was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<StandingApproval>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// What a read of ours is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purpose {
    /// The call that it is about.
    pub of: CallId,
    /// Why it is read.
    pub kind: ReadKind,
}

/// Why something is read about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadKind {
    /// Rule 3a: people are shown what the call would do.
    Preview,
    /// Rule 5: whether it would still do what was approved.
    Repeat,
    /// Nobody knows how the call ended: what can be seen of it.
    Check,
}

impl ReadKind {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Repeat => "repeat",
            Self::Check => "check",
        }
    }
}

/// Somebody's agreement to exactly one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who must agree.
    pub by: ApprovalBy,
    /// What they agree to, see [`super::digest::approval_digest`].
    pub digest: String,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Until when it can be given.
    pub expires_at: Timestamp,
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<ApprovalDecision>,
    /// What people are shown of what the call would do.
    #[serde(default)]
    pub preview: PreviewState,
    /// How often what it would do changed after somebody had agreed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub drifts: u32,
    /// Repeats in a row that were lost with their executor.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost_repeats: u32,
}

/// What a person said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalDecision {
    /// Yes or no.
    pub approved: bool,
    /// Who.
    pub by: UserKey,
    /// Their name, for people's eyes.
    pub by_name: Option<String>,
    /// Why, in their words.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Whether the yes was given for the rest of the conversation.
    #[serde(default, skip_serializing_if = "is_false")]
    pub remembered: bool,
}

/// Where a call stands. The last five are terminal and never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum CallState {
    /// What it would do is being read.
    Previewing {
        /// The read.
        preview_call: CallId,
        /// When people are asked without it.
        deadline: Timestamp,
        /// Who must agree.
        by: ApprovalBy,
    },
    /// A person has to decide.
    AwaitingApproval {
        /// When silence means no.
        deadline: Timestamp,
    },
    /// The asker has to sign in to Azure.
    AwaitingSignIn {
        /// The approval that was given before.
        digest: Option<String>,
        /// When the call is given up.
        deadline: Timestamp,
    },
    /// An executor may claim it.
    Queued {
        /// The approval that was given.
        digest: Option<String>,
    },
    /// An executor has it.
    Started {
        /// Until when that is respected.
        lease_until: Timestamp,
        /// When this attempt began.
        since: Timestamp,
    },
    /// It ran.
    Finished {
        /// Whether it says that it worked.
        ok: bool,
    },
    /// Nobody knows whether it ran, or how it ended.
    Unknown,
    /// Policy or a person said no.
    Denied {
        /// Why.
        reason: DenyReason,
    },
    /// The turn was cancelled before it ran.
    Cancelled,
    /// It never ran.
    NotRun {
        /// Why.
        reason: NotRunReason,
    },
}

/// Why a call never ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotRunReason {
    /// The model asked for something that is no valid call.
    Invalid,
    /// Every attempt was lost before it began.
    Attempts,
    /// Its message could not be processed.
    Poison,
    /// The asker did not sign in to Azure in time.
    SignIn,
}

impl CallState {
    /// Whether the state never changes again.
    pub fn is_terminal(&self) -> bool {
        self.outcome().is_some()
    }

    /// How the call ended, once it has.
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Previewing { .. }
            | Self::AwaitingApproval { .. }
            | Self::AwaitingSignIn { .. }
            | Self::Queued { .. }
            | Self::Started { .. } => None,
            Self::Finished { ok: true } => Some(Outcome::Ok),
            Self::Finished { ok: false } => Some(Outcome::Error),
            Self::Unknown => Some(Outcome::Unknown),
            Self::Denied { .. } => Some(Outcome::Denied),
            Self::Cancelled => Some(Outcome::Cancelled),
            Self::NotRun { .. } => Some(Outcome::NotRun),
        }
    }

    /// The name used in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Previewing { .. } => "previewing",
            Self::AwaitingApproval { .. } => "awaiting_approval",
            Self::AwaitingSignIn { .. } => "awaiting_sign_in",
            Self::Queued { .. } => "queued",
            Self::Started { .. } => "started",
            Self::Finished { .. } => "finished",
            Self::Unknown => "unknown",
            Self::Denied { .. } => "denied",
            Self::Cancelled => "cancelled",
            Self::NotRun { .. } => "not_run",
        }
    }
}

/// Tokens used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens that models read.
    pub input_tokens: u64,
    /// Tokens that models wrote.
    pub output_tokens: u64,
}

impl Usage {
    /// Both together.
    pub fn total(self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    /// The sum of two.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
        }
    }
}

impl Turn {
    /// Partition of the turn.
    pub fn key(&self) -> ConversationKey {
        self.id.key(&self.asker.user.tid)
    }

    /// Number of the current step, from 0.
    pub fn step_no(&self) -> u32 {
        u32::try_from(self.steps.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// The calls of the current step.
    pub fn calls(&self) -> &[ToolCall] {
        self.steps.last().map_or(&[], |s| s.calls.as_slice())
    }

    /// The reads about calls of the current step.
    pub fn previews(&self) -> &[ToolCall] {
        self.steps.last().map_or(&[], |s| s.previews.as_slice())
    }

    /// The calls of the current step, then the reads about them.
    pub fn calls_and_previews(&self) -> impl Iterator<Item = &ToolCall> {
        self.calls().iter().chain(self.previews())
    }

    /// A call of any step, or a read about one.
    pub fn call(&self, id: &CallId) -> Option<&ToolCall> {
        self.steps
            .iter()
            .flat_map(|s| s.calls.iter().chain(&s.previews))
            .find(|c| c.id == *id)
    }

    pub(super) fn call_mut(&mut self, id: &CallId) -> Option<&mut ToolCall> {
        self.steps
            .iter_mut()
            .flat_map(|s| s.calls.iter_mut().chain(&mut s.previews))
            .find(|c| c.id == *id)
    }

    /// Whether every call of the current step has ended, and every read about one.
    pub fn all_calls_terminal(&self) -> bool {
        self.calls_and_previews().all(|c| c.state.is_terminal())
    }

    /// The read that repeats the preview of `call` and has not ended.
    pub fn repeat_of(&self, call: &CallId) -> Option<&ToolCall> {
        self.previews().iter().find(|read| {
            !read.state.is_terminal()
                && read
                    .purpose
                    .as_ref()
                    .is_some_and(|p| p.kind == ReadKind::Repeat && p.of == *call)
        })
    }

    /// For whom the turn waits, when people are all that it waits for.
    pub fn waiting_for(&self) -> Option<(WaitingFor, Timestamp)> {
        match &self.status {
            TurnStatus::WaitingSignIn { deadline } => Some((WaitingFor::AzureSignIn, *deadline)),
            TurnStatus::Running if self.model == ModelState::Answered => self.calls_wait_for(),
            _ => None,
        }
    }

    fn calls_wait_for(&self) -> Option<(WaitingFor, Timestamp)> {
        let mut first: Option<(WaitingFor, Timestamp)> = None;
        for call in self.calls_and_previews() {
            let wait = match &call.state {
                state if state.is_terminal() => continue,
                CallState::AwaitingApproval { deadline } => (WaitingFor::Approval, *deadline),
                CallState::AwaitingSignIn { deadline, .. } => (WaitingFor::AzureSignIn, *deadline),
                _ => return None,
            };
            first = Some(first.map_or(wait, |f| if wait.1 < f.1 { wait } else { f }));
        }
        first
    }

    /// Running time up to `now`, waiting for people not counted.
    pub fn running_ms_at(&self, now: Timestamp) -> i64 {
        self.running_ms
            + self
                .running_since
                .map_or(0, |since| now.since(since).max(0))
    }

    /// The newest message of the turn: the last thing said, else the question.
    pub fn last_message(&self) -> &MessageId {
        self.steps
            .iter()
            .rev()
            .find_map(|s| s.message.as_ref())
            .unwrap_or(&self.message)
    }
}
