//! Rule 1: a turn is made from what was asked.

use super::answer::propose;
use super::{
    Allowance, Asker, Draft, ModelState, ProposedCall, Step, TURN_VERSION, Transition, Turn,
    TurnKind, TurnSecrets, TurnStatus, Usage, claim_model,
};
use crate::event::EventBody;
use crate::ids::{MessageId, TurnId};
use crate::policy::Mode;
use crate::time::Timestamp;

/// What a turn is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTurn {
    /// Id, derived from conversation and idempotency key.
    pub id: TurnId,
    /// Who asks.
    pub asker: Asker,
    /// The user's message.
    pub message: MessageId,
    /// What it answers.
    pub parent: Option<MessageId>,
    /// SHA-256 of the request.
    pub request_hash: String,
    /// Model that answers.
    pub model_name: String,
    /// `ko` or `en`.
    pub language: String,
    /// Subscription for calls that name none.
    pub default_subscription: Option<String>,
    /// How much it may do without a person.
    pub mode: Mode,
    /// Set when the exchange for Azure was refused: how long to wait (rule 1a).
    pub sign_in_deadline_ms: Option<i64>,
    /// Set when the caller drives the first step itself: its lease.
    pub claim_lease_ms: Option<i64>,
    /// For a tool call without a model: the call. `None` makes a chat turn.
    pub console_call: Option<ProposedCall>,
    /// Secrets that were taken out of the request.
    pub secrets: Option<TurnSecrets>,
    /// What it may use of the quotas of the day.
    pub allowance: Option<Allowance>,
}

impl NewTurn {
    /// The turn as it is first written.
    pub fn create(self, now: Timestamp) -> Transition {
        let waits = self
            .sign_in_deadline_ms
            .map(|ms| TurnStatus::WaitingSignIn {
                deadline: now.plus_ms(ms),
            });
        let kind = if self.console_call.is_some() {
            TurnKind::Console
        } else {
            TurnKind::Chat
        };
        let turn = Turn {
            v: TURN_VERSION,
            id: self.id,
            asker: self.asker,
            kind,
            message: self.message,
            parent: self.parent,
            request_hash: self.request_hash,
            model_name: self.model_name,
            language: self.language,
            default_subscription: self.default_subscription,
            mode: self.mode,
            created_at: now,
            updated_at: now,
            status: TurnStatus::Running,
            model: ModelState::Idle,
            steps: vec![Step::default()],
            watch: 0,
            event_seq: 0,
            usage: Usage::default(),
            repairs: 0,
            running_ms: 0,
            running_since: None,
            unrecorded: Vec::new(),
            secrets: self.secrets,
            allowance: self.allowance,
            has_grants: false,
        };
        let mut draft = Draft {
            turn,
            now,
            events: vec![EventBody::TurnStarted {}],
            effects: Vec::new(),
        };
        if let Some(call) = self.console_call {
            draft.turn.model = ModelState::Answered;
            propose(&mut draft, vec![call]);
        }
        if draft.turn.status == TurnStatus::Running {
            let has_work = kind == TurnKind::Chat || !draft.turn.all_calls_terminal();
            if let Some(waiting) = waits.filter(|_| has_work) {
                draft.turn.status = waiting;
                draft.effects.clear();
            } else if let (TurnKind::Chat, Some(lease_ms)) = (kind, self.claim_lease_ms) {
                claim_model::claim(&mut draft, lease_ms);
            }
        }
        draft.settle(None)
    }
}
