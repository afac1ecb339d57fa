//! Rules 0 and 1: a request becomes a turn, once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::canonical::{canonical_json, names_only, sha256_hex};
use azimuth_domain::conversation::{Author, Conversation, ConversationKind, Message};
use azimuth_domain::ids::{ConversationId, ConversationKey, MessageId, TurnId};
use azimuth_domain::limits::{
    LEASE_MS, MAX_RUNNING_TURNS, MAX_SECRETS_PER_MESSAGE, SIGN_IN_DEADLINE_MS,
};
use azimuth_domain::policy::Mode;
use azimuth_domain::principal::{Principal, Role, UserKey};
use azimuth_domain::secret::{Intake as TakenOut, TakeError};
use azimuth_domain::tool::{Availability, ToolRef, ToolSpec};
use azimuth_domain::turn::{Allowance, Asker, NewTurn, Proposal, ProposedCall, Turn, TurnSecrets};
use azimuth_ports::audit::AuditError;
use azimuth_ports::store::{Batch, Precondition, StoreError, Versioned, Write};
use azimuth_ports::tokens::{Secret, TokenError};
use azimuth_ports::tools::Catalogue;
use azimuth_ports::users::Settings;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::commit::{WATCHDOG_DELAY, WRITE_TIMEOUT, number};
use super::sealing::take_out_of_text;
use super::{ApplyError, Engine};
use crate::models::ModelRefused;
use crate::policy::arguments::ArgumentError;
use crate::quota::{NotGranted, UsedUp};
use crate::secrets::SecretError;
use crate::tools::decide::Wanted;
use crate::tools::scope::{is_by_name, settled};

/// A message to a model.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are those of the API")]
pub struct ChatRequest {
    pub principal: Principal,
    pub bearer: Secret,
    pub conversation: ConversationId,
    pub idempotency_key: String,
    pub text: String,
    pub model: Option<String>,
    pub parent: Option<MessageId>,
    pub mode: Mode,
    pub language: Option<String>,
}

/// A tool call without a model.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are those of the API")]
pub struct ConsoleRequest {
    pub principal: Principal,
    pub bearer: Secret,
    pub idempotency_key: String,
    pub tool: ToolRef,
    pub arguments: Value,
    pub language: Option<String>,
}

/// A turn that is stored.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The turn.
    pub turn: Turn,
    /// False when the same request had been accepted before.
    pub created: bool,
}

/// Why a request does not become a turn. Nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// No such conversation of this person.
    #[error("the conversation does not exist")]
    ConversationNotFound,
    /// `parent_message_id` is no message of the conversation.
    #[error("the parent message does not exist")]
    ParentNotFound,
    /// Another turn of the conversation runs.
    #[error("another turn of this conversation is running")]
    TurnRunning(TurnId),
    /// The idempotency key was used with another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The person has too many running turns.
    #[error("too many turns are running")]
    TooManyTurns,
    /// A quota of the person, or of the tenant, is used up.
    #[error(transparent)]
    UsedUp(#[from] UsedUp),
    /// No such model for this person.
    #[error(transparent)]
    Model(#[from] ModelRefused),
    /// No such tool for this person.
    #[error("there is no such tool")]
    ToolUnknown,
    /// The arguments do not fit the tool's schema.
    #[error("the arguments do not fit: {detail}")]
    ArgumentsInvalid {
        /// JSON pointer into the arguments.
        pointer: String,
        /// What is wrong.
        detail: String,
    },
    /// The arguments are too large.
    #[error("the arguments are too large")]
    ArgumentsTooLarge,
    /// It holds too many secrets, or too large ones.
    #[error(transparent)]
    Secrets(#[from] TakeError),
    /// The refusal cannot be recorded now, so it is not told; try again.
    #[error(transparent)]
    Unrecorded(#[from] AuditError),
    /// A store, queue or identity provider does not answer; try again.
    #[error("the request cannot be taken now: {0}")]
    Unavailable(String),
}

impl From<StoreError> for AcceptError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<NotGranted> for AcceptError {
    fn from(error: NotGranted) -> Self {
        match error {
            NotGranted::UsedUp(used_up) => used_up.into(),
            NotGranted::Unavailable(error) => error.into(),
        }
    }
}

impl From<ApplyError> for AcceptError {
    fn from(error: ApplyError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<SecretError> for AcceptError {
    fn from(error: SecretError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// What both kinds of request come down to.
struct Intake {
    user: UserKey,
    key: ConversationKey,
    turn: TurnId,
    /// The request as it came, with its secrets: for its hash, and for nothing else.
    request: Secret,
    request_hash: String,
    /// The message, without secrets.
    text: String,
    new_conversation: Option<ConversationKind>,
    parent: Option<MessageId>,
}

/// A header that was found free, and what the message answers. A write over it
/// holds only while it is so: a conversation whose newest turn has ended stays free
/// until its header changes.
type Seen = (Conversation, Precondition, Option<MessageId>);

impl Engine {
    /// Accepts a message and drives it on in the background of this process.
    pub async fn accept_chat(
        self: &Arc<Self>,
        request: ChatRequest,
    ) -> Result<Accepted, AcceptError> {
        let user = request.principal.user.clone();
        if request.conversation.owner() != user.owner() {
            return Err(AcceptError::ConversationNotFound);
        }
        let asked = as_asked(&request);
        let catalogue = self.catalogue_of(&user).await?;
        let (text, taken) = take_out_of_text(&catalogue, &request.text)?;
        let mut intake = Intake {
            key: ConversationKey::of(&user.tid, &request.conversation),
            turn: TurnId::derived(&request.conversation, &request.idempotency_key),
            request_hash: sha256_hex(&asked),
            request: Secret::new(asked),
            text,
            new_conversation: None,
            parent: request.parent.clone(),
            user,
        };
        if let Some(accepted) = self.accepted_before(&intake).await? {
            return Ok(accepted);
        }
        let settings = self.settings(&intake.user).await?;
        let offered = self.models.of(&intake.user, &request.principal.roles).await;
        let offered = offered.map_err(|error| AcceptError::Unavailable(error.to_string()))?;
        let model = offered.choose(request.model.as_deref(), settings.model.as_deref())?;
        let secrets = self.seal(&mut intake, &taken).await?;
        let template = NewTurn {
            model_name: model.name().to_owned(),
            mode: request.mode,
            claim_lease_ms: Some(LEASE_MS),
            secrets,
            ..template(&intake, &request.principal, &settings, request.language)
        };
        self.accept(intake, template, &request.bearer).await
    }

    /// Accepts one tool call without a model: a turn of a hidden conversation of
    /// its own.
    pub async fn accept_console(
        self: &Arc<Self>,
        request: ConsoleRequest,
    ) -> Result<Accepted, AcceptError> {
        let user = request.principal.user.clone();
        let conversation = ConversationId::derived(&user, "console", &request.idempotency_key);
        let asked = format!("/{} {}", request.tool, canonical_json(&request.arguments));
        let catalogue = self.catalogue_of(&user).await?;
        let mut taken = TakenOut::after(0, MAX_SECRETS_PER_MESSAGE);
        let arguments = match catalogue.get(&request.tool) {
            Some(spec) => taken.arguments(spec, &request.arguments)?,
            None => names_only(&request.arguments),
        };
        let text = format!("/{} {}", request.tool, canonical_json(&arguments));
        let mut intake = Intake {
            key: ConversationKey::of(&user.tid, &conversation),
            turn: TurnId::derived(&conversation, &request.idempotency_key),
            request_hash: sha256_hex(&asked),
            request: Secret::new(asked),
            text,
            new_conversation: Some(ConversationKind::Console),
            parent: None,
            user,
        };
        if let Some(accepted) = self.accepted_before(&intake).await? {
            return Ok(accepted);
        }
        let settings = self.settings(&intake.user).await?;
        let mut template = template(&intake, &request.principal, &settings, request.language);
        let given = request.arguments;
        let call = self
            .propose_console(&template, &request.tool, &given, arguments)
            .await?;
        template.secrets = self.seal(&mut intake, &taken).await?;
        template.request_hash.clone_from(&intake.request_hash);
        "none".clone_into(&mut template.model_name);
        template.console_call = Some(call);
        self.accept(intake, template, &request.bearer).await
    }

    /// The tools of somebody's tenant.
    async fn catalogue_of(&self, user: &UserKey) -> Result<Arc<Catalogue>, AcceptError> {
        let catalogue = self.ports.catalogues.of(&user.tid).await;
        catalogue.map_err(|error| AcceptError::Unavailable(error.to_string()))
    }

    /// Seals what was taken out of the request, and makes its hash one that tells
    /// nothing of it.
    async fn seal(
        &self,
        intake: &mut Intake,
        taken: &TakenOut,
    ) -> Result<Option<TurnSecrets>, AcceptError> {
        let request = intake.request.expose();
        let sealed = self.seal_request(&intake.user, &intake.turn, taken, request);
        Ok(sealed.await?.map(|(secrets, hash)| {
            intake.request_hash = hash;
            secrets
        }))
    }

    async fn propose_console(
        &self,
        template: &NewTurn,
        tool: &ToolRef,
        given: &Value,
        arguments: Value,
    ) -> Result<ProposedCall, AcceptError> {
        let asker = &template.asker;
        let mut standing = self.standing(asker).await?;
        let catalogue = Arc::clone(&standing.catalogue);
        let spec = catalogue.get(tool);
        let spec = spec.ok_or(AcceptError::ToolUnknown)?;
        // Whoever may see it while it is on is told that it is off.
        let seen = match spec.availability {
            Availability::SwitchedOff => &ToolSpec {
                availability: Availability::Enabled,
                ..spec.clone()
            },
            _ => spec,
        };
        if !standing.policies.may_see(&standing.roles, seen) {
            self.record_refused_tool(&asker.user, tool).await?;
            return Err(AcceptError::ToolUnknown);
        }
        let default = template.default_subscription.as_deref();
        let known = if is_by_name(spec, given, default) {
            self.subscriptions_known(&asker.user, &standing, template.id.as_str())
                .await
        } else {
            Vec::new()
        };
        let given = settled(spec, given.clone(), default, &known);
        let arguments = settled(spec, arguments, default, &known);
        self.schemas
            .check(spec, &given)
            .map_err(|error| match error {
                ArgumentError::TooLarge { .. } => AcceptError::ArgumentsTooLarge,
                other => AcceptError::ArgumentsInvalid {
                    pointer: other.pointer().to_owned(),
                    detail: other.to_string(),
                },
            })?;
        let correlation_id = template.id.as_str();
        self.read_tags(
            &asker.user,
            &mut standing,
            correlation_id,
            (spec, &arguments),
        )
        .await;
        // What a person typed is nobody else's idea.
        let wanted = Wanted {
            asker,
            mode: Mode::default(),
            tainted: false,
        };
        let settled = self.settle(&standing, wanted, spec, &arguments);
        let plan = self.plan_read(&standing, wanted, spec, &arguments);
        let mut call = ProposedCall {
            model_call_id: "console".to_owned(),
            tool: tool.clone(),
            class: spec.classify(&arguments),
            target: spec.target(&arguments),
            tool_hash: spec.hash.clone(),
            tainted: false,
            plan,
            // It is the only call of a conversation of its own.
            remember: None,
            standing: settled.standing,
            arguments,
            proposal: Proposal::Decided(settled.decision),
        };
        self.hold_to_budget(asker, &standing, std::slice::from_mut(&mut call))
            .await?;
        let (user, roles, effect) = (&asker.user, &standing.roles, call.class.effect);
        self.quotas.grant_call(user, roles, effect).await?;
        Ok(call)
    }

    /// Rule 1's answer when the turn is there: the same turn, with a watchdog
    /// message in case the first request died before its own.
    async fn accepted_before(&self, intake: &Intake) -> Result<Option<Accepted>, AcceptError> {
        let Some(found) = self.load(&intake.user.tid, &intake.turn).await? else {
            return Ok(None);
        };
        match self.hash_like(&found.item, intake.request.expose()) {
            Ok(hash) if hash == found.item.request_hash => {}
            Ok(_) | Err(SecretError::Closed) => return Err(AcceptError::KeyReused),
            Err(error) => return Err(error.into()),
        }
        if !found.item.status.is_terminal() {
            self.enqueue_watchdog(
                &intake.user.tid,
                &intake.turn,
                found.item.watch,
                WATCHDOG_DELAY,
            )
            .await?;
        }
        Ok(Some(Accepted {
            turn: found.item,
            created: false,
        }))
    }

    async fn accept(
        self: &Arc<Self>,
        intake: Intake,
        template: NewTurn,
        bearer: &Secret,
    ) -> Result<Accepted, AcceptError> {
        // What cannot become a turn costs neither an exchange nor a message; the
        // create decides.
        let (header, when) = self.header(&intake).await?;
        let seen = if header.active_turn.as_ref() == Some(&intake.turn) {
            None
        } else {
            let parent = self.place(&intake, &header).await?;
            Some((header, when, parent))
        };
        let mut template = template;
        template.allowance = self.check_quota(&intake, &template.asker.roles).await?;
        match self.vault.accept(&intake.user, bearer).await {
            // Without Azure there is nothing to wait for: what needs it is denied.
            Ok(()) | Err(TokenError::NotOffered) => {}
            Err(TokenError::GrantGone(_)) => {
                template.sign_in_deadline_ms = Some(SIGN_IN_DEADLINE_MS);
                template.claim_lease_ms = None;
            }
            Err(error) => return Err(AcceptError::Unavailable(error.to_string())),
        }
        // Whoever asks may go away while the turn is written. It is written all the
        // same, and must not wait for its watchdog to be driven.
        let engine = Arc::clone(self);
        let written = self
            .tasks
            .spawn(async move { engine.write_new(intake, template, seen).await });
        written
            .await
            .map_err(|_| AcceptError::Unavailable("the turn could not be written".to_owned()))?
    }

    /// Rule 1: the watchdog's message, then the turn, then its first step.
    async fn write_new(
        self: &Arc<Self>,
        intake: Intake,
        template: NewTurn,
        seen: Option<Seen>,
    ) -> Result<Accepted, AcceptError> {
        self.enqueue_watchdog(&intake.user.tid, &intake.turn, 0, WATCHDOG_DELAY)
            .await?;
        tokio::time::timeout(WRITE_TIMEOUT, self.create(&intake, template, seen))
            .await
            .map_err(|_| AcceptError::Unavailable("the store is too slow".to_owned()))?
    }

    async fn create(
        self: &Arc<Self>,
        intake: &Intake,
        template: NewTurn,
        mut seen: Option<Seen>,
    ) -> Result<Accepted, AcceptError> {
        loop {
            let now = self.ports.clock.now();
            let (mut conversation, when, parent) = if let Some(seen) = seen.take() {
                seen
            } else {
                let (header, when) = self.header(intake).await?;
                // The same request at the same time was faster.
                if header.active_turn.as_ref() == Some(&intake.turn)
                    && let Some(accepted) = self.accepted_before(intake).await?
                {
                    return Ok(accepted);
                }
                let parent = self.place(intake, &header).await?;
                (header, when, parent)
            };
            let mut turn = template.clone();
            turn.parent.clone_from(&parent);
            let mut transition = turn.create(now);
            transition.turn.has_grants = conversation.grants.iter().any(|one| one.is_alive(now));
            let (turn, events, effects) = number(transition);
            let told = self.hub.has_readers(&turn.id).then(|| events.clone());
            conversation.active_turn = Some(turn.id.clone());
            conversation.updated_at = now;
            if conversation.title.is_empty() {
                conversation.title = Conversation::title_from(&intake.text);
            }
            let batch = Batch {
                conversation: Some(Write {
                    item: conversation,
                    when,
                }),
                turn: Some(Write {
                    item: turn.clone(),
                    when: Precondition::New,
                }),
                messages: vec![Message {
                    v: 1,
                    id: turn.message.clone(),
                    parent,
                    author: Author::User,
                    text: intake.text.clone(),
                    model: None,
                    at: now,
                }],
                events,
            };
            let asked_at = Instant::now();
            let messages = batch.messages.clone();
            match self.ports.store.commit(&intake.key, batch).await {
                Ok(committed) => {
                    let told = told.unwrap_or_default();
                    self.hub.tell(&turn.id, turn.event_seq, &told);
                    self.announce(None, &turn);
                    self.count_ended(None, &turn);
                    self.forget_secrets(&turn).await;
                    self.recent.stored_messages(&intake.user.tid, &messages);
                    let written = committed.turn.map(|etag| Versioned {
                        item: turn.clone(),
                        etag,
                    });
                    if let Some(written) = &written {
                        self.recent.saw(written, asked_at);
                    }
                    let claim = self.perform(&turn, &effects).await;
                    if let (Some(claim), Some(written)) = (claim, written) {
                        self.drive_in_background(written, claim);
                    }
                    return Ok(Accepted {
                        turn,
                        created: true,
                    });
                }
                Err(StoreError::ConversationChanged) => {
                    if let Some(accepted) = self.accepted_before(intake).await? {
                        return Ok(accepted);
                    }
                }
                Err(StoreError::TurnChanged | StoreError::EventExists) => {
                    return self.accepted_before(intake).await?.ok_or_else(|| {
                        AcceptError::Unavailable("the turn vanished while it was made".to_owned())
                    });
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The header to write over, or a new one for a console call.
    async fn header(&self, intake: &Intake) -> Result<(Conversation, Precondition), AcceptError> {
        match self.ports.store.conversation(&intake.key).await? {
            Some(found)
                if found.item.deleted_at.is_none()
                    && found.item.user == intake.user
                    && found.item.kind
                        == intake.new_conversation.unwrap_or(ConversationKind::Chat) =>
            {
                Ok((found.item, Precondition::Matches(found.etag)))
            }
            None if intake.new_conversation.is_some() => Ok((
                Conversation::new(
                    intake.key.conversation.clone(),
                    intake.user.clone(),
                    ConversationKind::Console,
                    self.ports.clock.now(),
                ),
                Precondition::New,
            )),
            _ => Err(AcceptError::ConversationNotFound),
        }
    }

    /// Rule 0: the conversation must be free. Says what the message answers.
    async fn place(
        &self,
        intake: &Intake,
        conversation: &Conversation,
    ) -> Result<Option<MessageId>, AcceptError> {
        let tenant = &intake.user.tid;
        let mut newest = None;
        if let Some(active) = &conversation.active_turn
            && let Some(found) = self.load_or_ended(tenant, active).await?
        {
            if !found.item.status.is_terminal() {
                if !found.item.has_living_lease(self.ports.clock.now()) {
                    self.enqueue_watchdog(tenant, active, found.item.watch, Duration::ZERO)
                        .await?;
                }
                return Err(AcceptError::TurnRunning(active.clone()));
            }
            newest = Some(found.item.last_message().clone());
        }
        let Some(parent) = &intake.parent else {
            return Ok(newest);
        };
        if parent.conversation() != intake.key.conversation {
            return Err(AcceptError::ParentNotFound);
        }
        let message = self.ports.store.message(tenant, parent).await?;
        let message = message.ok_or(AcceptError::ParentNotFound)?;
        Ok(match message.author {
            Author::Assistant => Some(parent.clone()),
            // A person's own message stands for its place: the new one becomes
            // its sibling, which is how a message is edited, the first one too.
            Author::User => message.parent,
        })
    }

    async fn check_quota(
        &self,
        intake: &Intake,
        roles: &BTreeSet<Role>,
    ) -> Result<Option<Allowance>, AcceptError> {
        if !self.quotas.is_on() {
            return Ok(None);
        }
        let user = &intake.user;
        let running = self
            .ports
            .store
            .running_turns(&user.tid, &user.owner(), MAX_RUNNING_TURNS + 1)
            .await?;
        // The same request at the same time does not stand in its own way.
        let others = running.iter().filter(|id| **id != intake.turn).count();
        if others >= MAX_RUNNING_TURNS {
            return Err(AcceptError::TooManyTurns);
        }
        let granted = self.quotas.grant_turn(user, roles, others as u64).await;
        Ok(granted?)
    }

    async fn settings(&self, user: &UserKey) -> Result<Settings, AcceptError> {
        Ok(self
            .ports
            .users
            .user(user)
            .await?
            .map(|found| found.item.settings)
            .unwrap_or_default())
    }
}

/// What the idempotency key stands for. A mode that nobody named is not in it, as in
/// requests of builds that knew none.
fn as_asked(request: &ChatRequest) -> String {
    let mut asked = json!({
        "text": request.text,
        "model": request.model,
        "parent": request.parent,
    });
    if !request.mode.is_default() {
        asked["mode"] = request.mode.as_str().into();
    }
    canonical_json(&asked)
}

fn template(
    intake: &Intake,
    principal: &Principal,
    settings: &Settings,
    language: Option<String>,
) -> NewTurn {
    NewTurn {
        id: intake.turn.clone(),
        asker: Asker {
            user: principal.user.clone(),
            name: principal.name.clone(),
            roles: principal.roles.clone(),
            token_issued_at: principal.token_issued_at,
        },
        message: MessageId::of_user(&intake.turn),
        parent: intake.parent.clone(),
        request_hash: intake.request_hash.clone(),
        model_name: String::new(),
        language: settings
            .language
            .clone()
            .or(language)
            .unwrap_or_else(|| "en".to_owned()),
        default_subscription: settings.default_subscription.clone(),
        mode: Mode::default(),
        sign_in_deadline_ms: None,
        claim_lease_ms: None,
        console_call: None,
        secrets: None,
        allowance: None,
    }
}
