//! Rule 3: the model's answer.

use serde_json::Value;

use super::{
    CallState, Draft, Effect, FailureCode, ModelState, NotRunReason, Refusal, Step, ToolCall,
    TurnKind, TurnSecrets, TurnStatus, Usage,
};
use crate::approval_grant::{ApprovalScope, StandingApproval};
use crate::canonical::names_only;
use crate::event::EventBody;
use crate::ids::{CallId, MessageId};
use crate::limits::{MAX_TURN_BYTES, RESERVED_BYTES_PER_CALL, RESERVED_BYTES_PER_PREVIEW};
use crate::policy::Decision;
use crate::preview::ReadPlan;
use crate::secret::hidden;
use crate::tool::{Classification, ToolRef};

/// What the model said in a step. Counts only under the current claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The step that was claimed.
    pub step: u32,
    /// The claim that it was claimed with.
    pub claim_no: u32,
    /// The stored text, if any was said.
    pub message: Option<MessageId>,
    /// The calls, each already looked up and decided; none ends the turn.
    pub calls: Vec<ProposedCall>,
    /// Set when the answer as a whole could not be used: what the model is told.
    pub repair: Option<String>,
    /// Tokens used.
    pub usage: Usage,
    /// The turn's secrets, when the calls brought further ones.
    pub secrets: Option<TurnSecrets>,
}

/// A call as the model asked for it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProposedCall {
    /// The model's id for it.
    pub model_call_id: String,
    /// The tool; for a name that nobody knows, the name without a server.
    pub tool: ToolRef,
    /// The arguments; null when they are no JSON.
    pub arguments: Value,
    /// What it may do; the most dangerous class for what nobody knows.
    pub class: Classification,
    /// What it works on.
    pub target: Option<String>,
    /// Pinned hash of the tool.
    pub tool_hash: String,
    /// Whether the model that asks had read what a tool returned.
    pub tainted: bool,
    /// The read that tells what it would do, when the asker may make it.
    pub plan: Option<ReadPlan>,
    /// What a yes covers when it is given for the conversation.
    pub remember: Option<ApprovalScope>,
    /// What stands for the yes that it needs.
    pub standing: Option<StandingApproval>,
    /// What becomes of it.
    pub proposal: Proposal,
}

/// What becomes of a proposed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proposal {
    /// Policy has decided.
    Decided(Decision),
    /// It is no valid call; the sentence tells the model why.
    Invalid(String),
}

impl Answer {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        match draft.turn.model {
            ModelState::Claimed { claim_no, .. }
                if draft.turn.status == TurnStatus::Running
                    && claim_no == self.claim_no
                    && draft.turn.step_no() == self.step => {}
            _ => return Err(Refusal::StaleClaim),
        }
        draft.turn.model = ModelState::Answered;
        draft.turn.usage = draft.turn.usage.plus(self.usage);
        if self.secrets.is_some() {
            draft.turn.secrets = self.secrets;
        }
        draft.event(EventBody::Usage {
            input_tokens: self.usage.input_tokens,
            output_tokens: self.usage.output_tokens,
        });
        if let Some(message) = self.message {
            draft.event(EventBody::MessageCompleted {
                message_id: message.clone(),
            });
            draft.current_step().message = Some(message);
        }
        let unusable = self.repair.is_some()
            || self
                .calls
                .iter()
                .any(|c| matches!(c.proposal, Proposal::Invalid(_)));
        draft.turn.repairs = if unusable { draft.turn.repairs + 1 } else { 0 };
        if draft.turn.repairs > 1 {
            draft.fail(FailureCode::ModelUnusable);
        } else if let Some(repair) = self.repair {
            draft.current_step().repair = Some(repair);
            draft.advance_when_complete();
        } else if self.calls.is_empty() {
            draft.turn.status = TurnStatus::Done;
            draft.event(EventBody::TurnCompleted {});
        } else {
            propose(draft, self.calls);
        }
        Ok(())
    }
}

/// Adds the calls of the current step, or ends the turn when the document would
/// grow too large for them and for their ends.
pub(super) fn propose(draft: &mut Draft, calls: Vec<ProposedCall>) {
    let step = draft.turn.step_no();
    let before = (draft.events.len(), draft.effects.len());
    for (index, proposed) in calls.into_iter().enumerate() {
        let id = CallId::new(&draft.turn.id, step, index);
        admit(draft, &id, proposed);
    }
    let reserved: usize = draft.turn.calls().iter().map(reserved_bytes).sum();
    let size = serde_json::to_vec(&draft.turn).map_or(usize::MAX, |bytes| bytes.len());
    if size.saturating_add(reserved) > MAX_TURN_BYTES {
        *draft.current_step() = Step {
            message: draft.current_step().message.take(),
            ..Step::default()
        };
        draft.events.truncate(before.0);
        draft.effects.truncate(before.1);
        return draft.fail(FailureCode::TurnTooLarge);
    }
    draft.advance_when_complete();
}

fn reserved_bytes(call: &ToolCall) -> usize {
    let previews = if call.plan.is_some() {
        RESERVED_BYTES_PER_PREVIEW
    } else {
        0
    };
    RESERVED_BYTES_PER_CALL + previews
}

fn admit(draft: &mut Draft, id: &CallId, proposed: ProposedCall) {
    let mut call = ToolCall {
        id: id.clone(),
        model_call_id: proposed.model_call_id,
        tool: proposed.tool,
        arguments: proposed.arguments,
        effect: proposed.class.effect,
        secret: proposed.class.secret,
        target: proposed.target,
        tool_hash: proposed.tool_hash,
        tainted: proposed.tainted,
        attempt: 0,
        approval: None,
        state: CallState::Queued { digest: None },
        result: None,
        preview: None,
        note: None,
        duration_ms: None,
        plan: proposed.plan,
        reads: 0,
        checked: None,
        purpose: None,
        remember: proposed.remember,
        standing: proposed.standing,
    };
    let never_runs = matches!(
        proposed.proposal,
        Proposal::Invalid(_) | Proposal::Decided(Decision::Deny { .. })
    );
    if never_runs {
        call.plan = None;
        if call.secret {
            call.arguments = names_only(&call.arguments);
        }
    }
    draft.event(EventBody::ToolCallRequested {
        call_id: call.id.clone(),
        server: call.tool.server.clone(),
        tool: call.tool.name.clone(),
        effect: call.effect,
        arguments: hidden(&call.arguments),
    });
    let asks = match proposed.proposal {
        Proposal::Decided(Decision::Allow) => {
            draft.effect(Effect::Enqueue(id.clone()));
            None
        }
        Proposal::Decided(Decision::RequireApproval { by }) => Some(by),
        Proposal::Decided(Decision::Deny { reason }) => {
            call.state = CallState::Denied { reason };
            call.note = Some(reason.sentence().to_owned());
            draft.effect(Effect::RecordDenied(id.clone()));
            draft.event(finished(&call));
            None
        }
        Proposal::Invalid(sentence) => {
            call.state = CallState::NotRun {
                reason: NotRunReason::Invalid,
            };
            call.note = Some(sentence);
            draft.event(finished(&call));
            None
        }
    };
    draft.current_step().calls.push(call);
    if let Some(by) = asks {
        // The call was just added, so it is there.
        let _ = draft.ask_person(id, by);
    }
}

fn finished(call: &ToolCall) -> EventBody {
    EventBody::ToolCallFinished {
        call_id: call.id.clone(),
        outcome: call
            .state
            .outcome()
            .unwrap_or(crate::event::Outcome::NotRun),
        duration_ms: None,
        result_ref: None,
        preview: None,
        note: call.note.clone(),
    }
}

impl Draft {
    pub(super) fn current_step(&mut self) -> &mut Step {
        if self.turn.steps.is_empty() {
            self.turn.steps.push(Step::default());
        }
        let last = self.turn.steps.len() - 1;
        &mut self.turn.steps[last]
    }

    /// Whether the turn is one tool call without a model.
    pub(super) fn is_console(&self) -> bool {
        self.turn.kind == TurnKind::Console
    }
}
