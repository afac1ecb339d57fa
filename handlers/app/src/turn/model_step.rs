//! The model's part of a step: ask, stream the text into the log, turn the
//! answer into decided calls, and go on while there is nothing to wait for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::canonical::names_only;
use azimuth_domain::conversation::{Author, Message};
use azimuth_domain::event::EventBody;
use azimuth_domain::ids::{MessageId, TurnId};
use azimuth_domain::limits::{LEASE_MS, MAX_CALLS_PER_STEP};
use azimuth_domain::redact::{redact, redact_json};
use azimuth_domain::secret::{FillError, Intake, named};
use azimuth_domain::tool::{Classification, EffectClass, ToolRef};
use azimuth_domain::turn::{
    Answer, ClaimModel, Command, FailModel, FailureCode, ModelState, Proposal, ProposedCall, Turn,
    TurnStatus, Usage,
};
use azimuth_ports::azure::Subscription;
use azimuth_ports::model::{ChatModel, ModelCall, ModelError, ModelEvent, ModelRequest};
use azimuth_ports::store::{StoreError, Versioned};
use futures::StreamExt;
use serde_json::Value;

use super::commit::{Applied, Beside};
use super::heartbeat::{Lease, Pulse};
use super::history::History;
use super::spoken::Words;
use super::text_log::{LogClosed, TextLog};
use super::{ApplyError, Engine};
use crate::policy::arguments::ArgumentError;
use crate::tools::decide::{Standing, Wanted};
use crate::tools::scope::settled;

/// Longest time that one model step may take, tries included.
const STEP_LIMIT: Duration = Duration::from_mins(10);

/// Longest pause before a model is asked again.
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// How often a model that does not answer is asked, before anything was said.
const MODEL_TRIES: u32 = 3;

/// Tools that a model is offered at most.
const OFFERED_TOOLS: usize = 16;

/// What came out of one model call.
struct Spoken {
    text: String,
    calls: Vec<ModelCall>,
    usage: Usage,
    /// Whether the model had read what a tool returned.
    tainted: bool,
    /// The end of the text, which is not in the log yet.
    unlogged: String,
    /// Number of the last event that was logged.
    last_seq: u64,
}

/// Why a model call has no answer.
enum Silence {
    /// The claim is somebody else's now, or the turn is ending: leave.
    Superseded,
    /// The turn fails.
    Failed(FailureCode),
    /// The store does not answer: leave it to the lease.
    Unavailable(String),
}

impl From<ApplyError> for Silence {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::NotFound | ApplyError::Refused(_) => Self::Superseded,
            ApplyError::Unavailable(detail) => Self::Unavailable(detail),
        }
    }
}

impl Engine {
    /// Drives a claimed turn in a task of this process.
    pub(super) fn drive_in_background(self: &Arc<Self>, turn: Versioned<Turn>, claim: (u32, u32)) {
        let engine = Arc::clone(self);
        self.tasks.spawn(async move {
            engine.drive(turn, claim).await;
        });
    }

    /// Drives the turn if rule 2 allows it now.
    pub(super) async fn try_drive(self: &Arc<Self>, tenant: &str, id: &TurnId) {
        let command = Command::ClaimModel(ClaimModel { lease_ms: LEASE_MS });
        match self.apply(tenant, id, command).await {
            Ok(applied) => {
                let claim = self.perform(&applied.turn.item, &applied.effects).await;
                if let Some(claim) = claim {
                    self.drive(applied.turn, claim).await;
                }
            }
            Err(ApplyError::Refused(_) | ApplyError::NotFound) => {}
            Err(ApplyError::Unavailable(error)) => {
                tracing::warn!(turn = %id, error, "a turn could not be claimed; the watchdog tries again");
            }
        }
    }

    /// Asks the model under `claim`, step after step, until the turn waits for
    /// calls or people, or has ended.
    pub(super) async fn drive(self: &Arc<Self>, mut turn: Versioned<Turn>, claim: (u32, u32)) {
        let mut claim = claim;
        loop {
            let tenant = turn.item.asker.user.tid.clone();
            let id = turn.item.id.clone();
            let applied = match Box::pin(self.ask_and_answer(&turn, claim)).await {
                Ok(applied) => applied,
                Err(Silence::Superseded) => return,
                Err(Silence::Unavailable(error)) => {
                    tracing::warn!(turn = %id, error, "a model step was left to its lease");
                    return;
                }
                Err(Silence::Failed(code)) => {
                    let command = Command::FailModel(FailModel {
                        step: claim.0,
                        claim_no: claim.1,
                        code,
                    });
                    let write = || self.apply(&tenant, &id, command.clone());
                    if let Err(error) = self.patiently(&id, write).await {
                        tracing::warn!(turn = %id, %error, "a failed model step could not be recorded");
                    }
                    return;
                }
            };
            if !applied.turn.item.can_drive(self.ports.clock.now()) {
                self.perform(&applied.turn.item, &applied.effects).await;
                return;
            }
            let next = Command::ClaimModel(ClaimModel { lease_ms: LEASE_MS });
            let denied: Vec<_> = without_advance(&applied.effects);
            self.perform(&applied.turn.item, &denied).await;
            match self.apply(&tenant, &id, next).await {
                Ok(claimed) => {
                    match self.perform(&claimed.turn.item, &claimed.effects).await {
                        Some(next_claim) => claim = next_claim,
                        None => return,
                    }
                    turn = claimed.turn;
                }
                Err(error) => {
                    tracing::debug!(turn = %id, %error, "somebody else drives the turn on");
                    return;
                }
            }
        }
    }

    /// The whole step under one heartbeat: reading the history, waiting for the
    /// model's first word and for a store that does not answer can take longer than a
    /// lease.
    async fn ask_and_answer(
        &self,
        claimed: &Versioned<Turn>,
        claim: (u32, u32),
    ) -> Result<Applied, Silence> {
        let lease = Lease::Model {
            step: claim.0,
            claim_no: claim.1,
        };
        let turn = &claimed.item;
        let pulse = &Pulse::default();
        self.with_heartbeat(turn, &lease, pulse, |mut stop| async move {
            let spoken = tokio::select! {
                biased;
                spoken = tokio::time::timeout(STEP_LIMIT, self.converse(turn, claim, pulse)) => {
                    spoken.unwrap_or(Err(Silence::Failed(FailureCode::ModelUnavailable)))
                }
                () = stop.raised() => Err(Silence::Superseded),
            }?;
            let seen = self.recent.turn(&turn.asker.user.tid, &turn.id);
            let known = seen.as_ref().map_or(claimed, |seen| &seen.turn);
            self.answer(known, claim, spoken).await
        })
        .await
    }

    async fn converse(
        &self,
        turn: &Turn,
        claim: (u32, u32),
        pulse: &Pulse,
    ) -> Result<Spoken, Silence> {
        let Some(model) = self.models.models().get(&turn.model_name).cloned() else {
            return Err(Silence::Failed(FailureCode::ModelUnavailable));
        };
        if turn.allowed().is_some_and(|allowed| allowed.tokens == 0) {
            return Err(Silence::Failed(FailureCode::TokenQuota));
        }
        let History { messages, tainted } = self
            .patiently(&turn.id, || self.history(turn))
            .await
            .map_err(|e| Silence::Unavailable(e.to_string()))?;
        let standing = self
            .patiently(&turn.id, || self.standing(&turn.asker))
            .await?;
        let request = ModelRequest {
            tools: self.offer(&messages, &standing, OFFERED_TOOLS),
            messages,
            language: turn.language.clone(),
            default_subscription: turn.default_subscription.clone(),
        };
        let mut tries = 0;
        loop {
            tries += 1;
            match self
                .listen(turn, claim, pulse, &model, request.clone())
                .await
            {
                Err(Heard::Nothing(ModelError::Unavailable {
                    detail,
                    retry_after,
                })) if tries < MODEL_TRIES => {
                    tracing::warn!(turn = %turn.id, detail, "the model does not answer; asking again");
                    let pause = retry_after
                        .unwrap_or(Duration::from_millis(500) * tries)
                        .min(MAX_PAUSE);
                    tokio::time::sleep(pause).await;
                }
                Err(Heard::Nothing(error) | Heard::Part(error)) => {
                    tracing::warn!(turn = %turn.id, model = model.name(), %error, "the model step failed");
                    return Err(Silence::Failed(match error {
                        ModelError::Unavailable { .. } => FailureCode::ModelUnavailable,
                        ModelError::Rejected(_) => FailureCode::ModelRejected,
                        ModelError::Unauthorized => FailureCode::ModelUnauthorized,
                    }));
                }
                Err(Heard::Stopped(silence)) => return Err(silence),
                Ok(spoken) => return Ok(Spoken { tainted, ..spoken }),
            }
        }
    }

    /// One request: text goes into the log as it comes.
    async fn listen(
        &self,
        turn: &Turn,
        claim: (u32, u32),
        pulse: &Pulse,
        model: &Arc<dyn ChatModel>,
        request: ModelRequest,
    ) -> Result<Spoken, Heard> {
        let mut stream = model.stream(request).await.map_err(Heard::Nothing)?;
        let mut log = TextLog::new(self, turn, claim, pulse);
        let mut words = Words::default();
        let mut spoken = Spoken {
            text: String::new(),
            calls: Vec::new(),
            usage: Usage::default(),
            tainted: true,
            unlogged: String::new(),
            last_seq: turn.event_seq,
        };
        loop {
            tokio::select! {
                biased;
                // First, so that a model that never pauses cannot hold text back.
                () = log.due() => log.flush().await?,
                event = stream.next() => match event {
                    Some(Ok(ModelEvent::Text(text))) => {
                        log.push(&words.take(&text)).await?;
                    }
                    Some(Ok(ModelEvent::Call(call))) => spoken.calls.push(call),
                    Some(Ok(ModelEvent::Usage(usage))) => spoken.usage = spoken.usage.plus(usage),
                    Some(Ok(ModelEvent::End)) => {
                        log.push(&words.rest()).await?;
                        spoken.text = words.whole();
                        (spoken.unlogged, spoken.last_seq) = log.into_rest();
                        return Ok(spoken);
                    }
                    Some(Err(error)) if words.is_empty() => return Err(Heard::Nothing(error)),
                    Some(Err(error)) => return Err(Heard::Part(error)),
                    None => return Err(Heard::Part(ModelError::Unavailable {
                        detail: "the stream broke off".to_owned(),
                        retry_after: None,
                    })),
                },
            }
        }
    }

    /// Rule 3: the answer with its calls looked up, checked and decided. The end of
    /// its text goes into the same batch.
    async fn answer(
        &self,
        known: &Versioned<Turn>,
        claim: (u32, u32),
        spoken: Spoken,
    ) -> Result<Applied, Silence> {
        let turn = &known.item;
        let repair = unusable(&spoken.calls);
        let mut calls = Vec::new();
        let mut taken = Self::intake_of(turn);
        if repair.is_none() && !spoken.calls.is_empty() {
            let mut standing = self
                .patiently(&turn.id, || self.standing(&turn.asker))
                .await?;
            let known = self.subscriptions_meant(turn, &standing, &spoken.calls);
            let known = known.await;
            self.read_tags_of_calls(turn, &mut standing, &spoken.calls, &known)
                .await;
            for call in &spoken.calls {
                let call = Called {
                    call,
                    known: &known,
                };
                calls.push(self.propose(turn, &standing, &mut taken, call, spoken.tainted));
            }
            self.patiently(&turn.id, || async {
                let mut allowed = calls.clone();
                self.stand_in(turn, &mut allowed).await?;
                Ok::<_, StoreError>(allowed)
            })
            .await
            .map(|allowed| calls = allowed)
            .map_err(|e| Silence::Unavailable(e.to_string()))?;
            // Each try begins with the calls as they were decided.
            let decided = calls;
            calls = self
                .patiently(&turn.id, || async {
                    let mut calls = decided.clone();
                    self.hold_to_budget(&turn.asker, &standing, &mut calls)
                        .await?;
                    Ok::<_, StoreError>(calls)
                })
                .await
                .map_err(|e| Silence::Unavailable(e.to_string()))?;
        }
        let secrets = self
            .patiently(&turn.id, || self.seal_further(turn, &taken))
            .await
            .map_err(|e| Silence::Unavailable(e.to_string()))?;
        let id = MessageId::of_step(&turn.id, claim.0);
        let said = !spoken.text.is_empty();
        let messages = if said {
            vec![Message {
                v: 1,
                id: id.clone(),
                parent: Some(turn.last_message().clone()),
                author: Author::Assistant,
                text: spoken.text,
                model: Some(turn.model_name.clone()),
                at: self.ports.clock.now(),
            }]
        } else {
            Vec::new()
        };
        let command = Command::Answer(Box::new(Answer {
            step: claim.0,
            claim_no: claim.1,
            message: said.then_some(id),
            calls,
            repair,
            usage: spoken.usage,
            secrets,
        }));
        let rest = (!spoken.unlogged.is_empty()).then_some(EventBody::TextDelta {
            text: spoken.unlogged,
            step: claim.0,
        });
        let beside = Beside {
            events: rest.into_iter().collect(),
            messages,
            log_reaches: spoken.last_seq,
            conversation: None,
        };
        let write = || self.apply_from(known, command.clone(), &beside);
        Ok(self.patiently(&turn.id, write).await?)
    }

    /// What becomes of a call that the model asked for; secrets in its arguments go into
    /// `taken`.
    fn propose(
        &self,
        turn: &Turn,
        standing: &Standing,
        taken: &mut Intake,
        Called { call, known }: Called<'_>,
        tainted: bool,
    ) -> ProposedCall {
        let invalid = |tool: ToolRef, arguments: Value, sentence: String| ProposedCall {
            model_call_id: call.id.clone(),
            tool,
            arguments,
            class: Classification {
                effect: EffectClass::Destructive,
                secret: false,
            },
            target: None,
            tool_hash: String::new(),
            tainted,
            plan: None,
            remember: None,
            standing: None,
            proposal: Proposal::Invalid(sentence),
        };
        let Some(spec) = standing
            .catalogue
            .tools
            .iter()
            .find(|spec| wire_name(&spec.tool) == call.name)
        else {
            let name: String = call.name.chars().take(96).collect();
            let sentence = format!("There is no tool named {name}.");
            return invalid(ToolRef::new("", name), Value::Null, sentence);
        };
        let text = if call.arguments.trim().is_empty() {
            "{}"
        } else {
            &call.arguments
        };
        let arguments: Value = match serde_json::from_str(text) {
            Ok(Value::Object(map)) => Value::Object(map),
            Ok(_) => {
                let sentence = "The arguments must be a JSON object.".to_owned();
                return invalid(spec.tool.clone(), Value::Null, sentence);
            }
            Err(error) => {
                let sentence = format!("The arguments are no valid JSON: {error}.");
                return invalid(spec.tool.clone(), Value::Null, sentence);
            }
        };
        let default = turn.default_subscription.as_deref();
        let arguments = settled(spec, arguments, default, known);
        if let Err(error) = self.schemas.check(spec, &arguments) {
            let sentence = format!("The arguments do not fit the tool: {error}");
            let kept = match error {
                ArgumentError::TooLarge { .. } | ArgumentError::TooDeep => Value::Null,
                _ => redact_json(arguments),
            };
            let secret = spec.classify(&kept).secret;
            let mut refused = invalid(spec.tool.clone(), kept, redact(&sentence).into_owned());
            refused.class.secret = secret;
            return refused;
        }
        let known = turn.secrets.as_ref().map_or(0, |secrets| secrets.count);
        if let Some(unknown) = named(&arguments)
            .into_iter()
            .find(|n| !(1..=known).contains(n))
        {
            let sentence = format!("{}.", FillError::Unknown(unknown));
            return invalid(spec.tool.clone(), redact_json(arguments), sentence);
        }
        let arguments = match taken.arguments(spec, &arguments) {
            Ok(arguments) => arguments,
            Err(error) => {
                let kept = names_only(&arguments);
                return invalid(
                    spec.tool.clone(),
                    kept,
                    format!("In the arguments {error}."),
                );
            }
        };
        let wanted = Wanted::in_turn(turn, tainted);
        let settled = self.settle(standing, wanted, spec, &arguments);
        let plan = self.plan_read(standing, wanted, spec, &arguments);
        ProposedCall {
            model_call_id: call.id.clone(),
            tool: spec.tool.clone(),
            class: spec.classify(&arguments),
            target: spec.target(&arguments),
            tool_hash: spec.hash.clone(),
            tainted,
            plan,
            remember: settled.remember,
            standing: settled.standing,
            arguments,
            proposal: Proposal::Decided(settled.decision),
        }
    }
}

/// A call that the model asked for, and the subscriptions that may be meant in it.
#[derive(Clone, Copy)]
struct Called<'a> {
    call: &'a ModelCall,
    known: &'a [Subscription],
}

/// Why [`Engine::listen`] has no answer.
enum Heard {
    /// Nothing was said; asking again is possible.
    Nothing(ModelError),
    /// Something was said, then it broke off.
    Part(ModelError),
    /// Not the model's fault.
    Stopped(Silence),
}

impl From<LogClosed> for Heard {
    fn from(closed: LogClosed) -> Self {
        Self::Stopped(match closed {
            LogClosed::Superseded => Silence::Superseded,
            LogClosed::Unavailable(detail) => Silence::Unavailable(detail),
        })
    }
}

/// Why an answer with these calls cannot be used as a whole, for the model to read.
fn unusable(calls: &[ModelCall]) -> Option<String> {
    if calls.len() > MAX_CALLS_PER_STEP {
        return Some(format!(
            "You asked for {} tool calls in one step. At most {MAX_CALLS_PER_STEP} are possible; ask again with fewer.",
            calls.len()
        ));
    }
    let mut ids = BTreeSet::new();
    // Nobody could tell which result belongs to which call.
    let has_twins = calls.iter().any(|call| !ids.insert(&call.id));
    has_twins.then(|| {
        "Two of your tool calls have the same id, so none was run; ask again with an id for each."
            .to_owned()
    })
}

/// Whether the model claim of the turn is still this one.
pub(super) fn holds_claim(turn: &Turn, claim: (u32, u32)) -> bool {
    turn.status == TurnStatus::Running
        && turn.step_no() == claim.0
        && matches!(turn.model, ModelState::Claimed { claim_no, .. } if claim_no == claim.1)
}

/// The name of a tool on a model's wire: `server__tool`, at most 64 characters.
pub(crate) fn wire_name(tool: &ToolRef) -> String {
    let name = if tool.server.is_empty() {
        tool.name.clone()
    } else {
        format!("{}__{}", tool.server, tool.name)
    };
    if name.len() <= 64 {
        return name;
    }
    let hash = azimuth_domain::canonical::sha256_hex(&name);
    let head: String = name.chars().take(55).collect();
    format!("{head}_{}", &hash[..8])
}

fn without_advance(effects: &[azimuth_domain::turn::Effect]) -> Vec<azimuth_domain::turn::Effect> {
    effects
        .iter()
        .filter(|e| !matches!(e, azimuth_domain::turn::Effect::Advance))
        .cloned()
        .collect()
}
