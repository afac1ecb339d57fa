//! Those who ask, decide, stop and sign in, and try again until they are answered.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use azimuth_app::turn::{
    AcceptError, Accepted, ApprovalDecisionRequest, CancelError, ChatRequest, ConsoleRequest,
    DecideError, Engine, SignInError,
};
use azimuth_domain::ids::{CallId, ConversationId, TurnId};
use azimuth_domain::policy::ApprovalBy;
use azimuth_domain::principal::{Principal, Role, UserKey};
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::ToolRef;
use azimuth_domain::turn::{CallState, ToolCall, Turn};
use azimuth_ports::tokens::Secret;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::World;

/// The host's and the product's own limit of one request.
const REQUEST_DEADLINE: Duration = Duration::from_mins(1);
/// How long a person waits before they try again.
const AGAIN: Duration = Duration::from_secs(2);
/// How long they wait at most while another turn runs, which may wait for people
/// itself.
const UNTIL_FREE: Duration = Duration::from_mins(5);
/// From what happens to somebody who does something about it.
const REACTION: Duration = Duration::from_millis(100);
/// How often a person tries.
const TRIES: usize = 2_000;

const TENANT: &str = "00000000-0000-4000-8000-0000000000a0";

fn principal(oid: &str, role: Role) -> Principal {
    Principal {
        user: UserKey::new(TENANT, oid),
        name: None,
        roles: BTreeSet::from([role]),
        token_issued_at: Timestamp(0),
        token_expires_at: Timestamp(i64::MAX),
        session: None,
    }
}

/// Who asks.
pub fn alice() -> Principal {
    principal("00000000-0000-4000-8000-0000000000a1", Role::Operator)
}

/// Who decides about what destroys.
pub fn bob() -> Principal {
    principal("00000000-0000-4000-8000-0000000000b1", Role::Approver)
}

/// A call, and how often somebody was asked about it before.
fn round(call: &ToolCall) -> (CallId, u32) {
    let drifts = call.approval.as_ref().map_or(0, |asked| asked.drifts);
    (call.id.clone(), drifts)
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// A message in the conversation of this number.
    Chat(u32),
    /// A call of a tool without a model.
    Console(&'static str),
}

/// What somebody was told.
#[derive(Debug, Default)]
pub struct Told {
    /// 202 for these turns.
    pub accepted: BTreeSet<TurnId>,
    /// That their yes counts.
    pub yes: BTreeSet<CallId>,
    /// That their no counts.
    pub no: BTreeSet<CallId>,
    /// That the turn is being stopped.
    pub stopped: BTreeSet<TurnId>,
}

/// The conversation of a number.
pub fn chat(number: u32) -> ConversationId {
    ConversationId::derived(&alice().user, "chat", &number.to_string())
}

/// The text of a message.
pub fn text(key: &str) -> String {
    format!("Please do it: {key}")
}

/// A question's turn.
pub fn turn_of(question: Question, key: &str) -> TurnId {
    let conversation = match question {
        Question::Chat(number) => chat(number),
        Question::Console(_) => ConversationId::derived(&alice().user, "console", key),
    };
    TurnId::derived(&conversation, key)
}

async fn put(
    engine: Arc<Engine>,
    question: Question,
    key: String,
) -> Result<Accepted, AcceptError> {
    let bearer = Secret::new("alice");
    match question {
        Question::Chat(number) => {
            engine
                .accept_chat(ChatRequest {
                    principal: alice(),
                    bearer,
                    conversation: chat(number),
                    text: text(&key),
                    idempotency_key: key,
                    model: None,
                    parent: None,
                    mode: azimuth_domain::policy::Mode::default(),
                    language: None,
                })
                .await
        }
        Question::Console(tool) => {
            engine
                .accept_console(ConsoleRequest {
                    principal: alice(),
                    bearer,
                    idempotency_key: key,
                    tool: ToolRef::new("fake", tool),
                    arguments: json!({"name": "thing"}),
                    language: None,
                })
                .await
        }
    }
}

impl World {
    /// One request to any process; `None` when there was no answer.
    async fn request<T, F>(&self, make: impl FnOnce(Arc<Engine>) -> F) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let worker = self.fleet.any().await;
        let work = timeout(REQUEST_DEADLINE, make(worker.engine.clone()));
        timeout(REQUEST_DEADLINE, worker.run(self, work))
            .await
            .ok()?
            .ok()?
            .ok()
    }

    /// Asks, with the same key again until it is accepted. What was accepted is
    /// stored at that moment.
    pub async fn ask(&self, question: Question, key: &str) -> Option<Accepted> {
        let expected = turn_of(question, key);
        for _ in 0..TRIES {
            let asked = key.to_owned();
            match self.request(|engine| put(engine, question, asked)).await {
                Some(Ok(accepted)) => {
                    if accepted.turn.id != expected {
                        self.findings.note(format!(
                            "one key, two turns: {} and {expected}",
                            accepted.turn.id
                        ));
                    }
                    self.is_stored(&accepted.turn, key).await;
                    self.told().accepted.insert(expected);
                    return Some(accepted);
                }
                // They see when another turn ends, and look again now and then.
                Some(Err(AcceptError::TurnRunning(running))) => {
                    let _ = timeout(UNTIL_FREE, self.wait_for(&running, |_| false)).await;
                }
                Some(Err(AcceptError::TooManyTurns)) => sleep(UNTIL_FREE).await,
                Some(Err(AcceptError::Unavailable(_) | AcceptError::Unrecorded(_))) | None => {
                    sleep(AGAIN).await;
                }
                Some(Err(error)) => {
                    self.findings
                        .note(format!("{expected} was refused: {error}"));
                    return None;
                }
            }
        }
        self.findings.note(format!("{expected} was never accepted"));
        None
    }

    async fn is_stored(&self, turn: &Turn, key: &str) {
        if self.store.peek(&turn.id).is_none() {
            self.findings
                .note(format!("{} was accepted and is not stored", turn.id));
        }
        let message = self.store.message(TENANT, &turn.message).await;
        let said = message.ok().flatten().map(|message| message.text);
        if turn.model_name != "none" && said != Some(text(key)) {
            self.findings
                .note(format!("the message of {} is not stored", turn.id));
        }
    }

    /// Decides about every call of a turn that waits for it, some time after it
    /// began to.
    pub async fn decide(
        &self,
        turn: &TurnId,
        after: Duration,
        says: impl Fn(&ToolCall) -> Option<bool>,
    ) {
        let mut answered = BTreeSet::new();
        let mut made_up = BTreeSet::new();
        loop {
            let waiting = |turn: &Turn| {
                let mut waiting = turn.calls().iter().filter(|call| {
                    matches!(call.state, CallState::AwaitingApproval { .. })
                        && !answered.contains(&round(call))
                });
                waiting.next().cloned()
            };
            let Some(call) = self.seen_in(turn, waiting).await else {
                return;
            };
            // Whoever has made up their mind tries again at once.
            if made_up.insert(round(&call)) {
                sleep(after).await;
            }
            let Some(approve) = says(&call) else {
                answered.insert(round(&call));
                continue;
            };
            if self.decide_one(&call, approve).await {
                answered.insert(round(&call));
            } else {
                sleep(AGAIN).await;
            }
        }
    }

    /// Whether no further try is needed.
    async fn decide_one(&self, call: &ToolCall, approve: bool) -> bool {
        let Some(approval) = &call.approval else {
            return true;
        };
        let decider = match approval.by {
            ApprovalBy::Asker => alice(),
            ApprovalBy::AnotherApprover => bob(),
        };
        let (id, digest) = (call.id.approval(), approval.digest.clone());
        let answer = self
            .request(|engine| async move {
                let request = ApprovalDecisionRequest {
                    approve,
                    reason: None,
                    digest,
                    remember: false,
                };
                engine.decide(&decider, &id, request).await
            })
            .await;
        match answer {
            Some(Ok(_)) => {
                let mut told = self.told();
                let counts = if approve { &mut told.yes } else { &mut told.no };
                counts.insert(call.id.clone());
                true
            }
            Some(Err(
                DecideError::AlreadyDecided
                | DecideError::Expired
                | DecideError::Cancelled
                | DecideError::Drifted,
            )) => true,
            Some(Err(
                DecideError::Unavailable(_)
                | DecideError::Unrecorded(_)
                | DecideError::SignInNeeded,
            ))
            | None => false,
            Some(Err(error)) => {
                self.findings.note(format!(
                    "the decision about {} is refused: {error}",
                    call.id
                ));
                true
            }
        }
    }

    /// Stops a turn as soon as it is so.
    pub async fn stop(&self, turn: &TurnId, when: impl Fn(&Turn) -> bool) {
        while self.wait_for(turn, &when).await {
            let id = turn.clone();
            match self
                .request(|engine| async move { engine.cancel(TENANT, &id).await })
                .await
            {
                Some(Ok(_)) => {
                    self.told().stopped.insert(turn.clone());
                    return;
                }
                Some(Err(CancelError::Ended)) => return,
                Some(Err(CancelError::NotFound)) => {
                    self.findings.note(format!("{turn} cannot be found"));
                    return;
                }
                Some(Err(CancelError::Unavailable(_))) | None => sleep(AGAIN).await,
            }
        }
    }

    /// Deletes the conversation of a turn as soon as it is so.
    pub async fn delete(&self, turn: &TurnId, when: impl Fn(&Turn) -> bool) {
        while self.wait_for(turn, &when).await {
            let id = turn.conversation();
            match self
                .request(|engine| async move { engine.delete_conversation(&alice(), &id).await })
                .await
            {
                Some(Ok(_)) => return,
                _ => sleep(AGAIN).await,
            }
        }
    }

    /// Signs in to Azure whenever a turn has waited for it a while.
    pub async fn sign_in(&self, turn: &TurnId) {
        while self.wait_for(turn, Turn::awaits_sign_in).await {
            sleep(Duration::from_secs(20)).await;
            self.provider.grant_again();
            let bearer = Secret::new("alice");
            let answer = self
                .request(|engine| async move { engine.azure_sign_in(&alice(), &bearer).await })
                .await;
            if let Some(Err(SignInError::GrantRefused(why))) = answer {
                self.findings.note(format!("a sign-in is refused: {why}"));
                return;
            }
            sleep(AGAIN).await;
        }
    }

    /// Signs out as soon as a turn waits for an approval.
    pub async fn sign_out(&self, turn: &TurnId) {
        if self.wait_for(turn, Turn::awaits_approval).await {
            self.provider.revoke();
            let _ = self.ground.tokens.forget_tokens(&alice().user).await;
        }
    }

    /// Returns a while after it is so; false when the turn ends before.
    async fn wait_for(&self, turn: &TurnId, is_so: impl Fn(&Turn) -> bool) -> bool {
        let found = self.seen_in(turn, |turn| is_so(turn).then_some(()));
        found.await.is_some()
    }

    /// Returns a while after something is to be seen in a turn; `None` when it ends
    /// before.
    async fn seen_in<T>(&self, turn: &TurnId, look: impl Fn(&Turn) -> Option<T>) -> Option<T> {
        loop {
            let changed = self.store.changed();
            let found = self.store.look(turn, |turn| {
                let lasts = !turn.status.is_terminal();
                lasts.then(|| look(turn))
            });
            match found.flatten()? {
                None => changed.await,
                Some(seen) => {
                    sleep(REACTION).await;
                    return Some(seen);
                }
            }
        }
    }
}
