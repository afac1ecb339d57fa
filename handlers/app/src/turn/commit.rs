//! Read, decide, replace; on conflict read and decide again.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::conversation::{Conversation, Message};
use azimuth_domain::event::{EventBody, TurnEvent};
use azimuth_domain::ids::{CallId, TurnId};
use azimuth_domain::turn::{Command, Effect, Refusal, Transition, Turn, step};
use azimuth_domain::work::{TOOL_CALLS_QUEUE, TURNS_QUEUE, WorkItem};
use azimuth_ports::store::{Batch, Precondition, StoreError, Versioned, Write};

use serde_json::Value;
use tokio::time::Instant;

use super::Engine;
use crate::triggers::TriggerError;

/// How often a conflict is answered by reading again. Each conflict means that
/// somebody else made progress.
const MAX_CONFLICTS: usize = 64;

/// How long an outage of the store is waited out, all pauses together well below
/// a lease.
pub(super) const OUTAGE_PAUSES: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1200),
    Duration::from_millis(2500),
];

/// Delay of a watchdog message (rule 1).
pub(super) const WATCHDOG_DELAY: Duration = Duration::from_secs(20);

/// How long a work item of a newer version waits until it is offered again.
pub(super) const NEWER_DELAY: Duration = Duration::from_secs(10);

/// A write that a wake-up message precedes gives up after this long (rule 1): the
/// message must not arrive before it.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(15);

/// What goes into the batch of a transition beside it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Beside {
    /// Before its own events.
    pub events: Vec<EventBody>,
    /// Written by it.
    pub messages: Vec<Message>,
    /// The log reaches this number at least.
    pub log_reaches: u64,
    /// The conversation's header.
    pub conversation: Option<Write<Conversation>>,
}

/// What becomes of a conversation's header.
pub(super) type HeaderChange<'a, E> = dyn Fn(Conversation) -> Result<Conversation, E> + Sync + 'a;

/// A write that happened.
#[derive(Debug)]
pub(crate) struct Applied {
    /// The turn as written.
    pub turn: Versioned<Turn>,
    /// What is left to do.
    pub effects: Vec<Effect>,
}

/// Why a write did not happen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    /// There is no such turn.
    #[error("there is no such turn")]
    NotFound,
    /// The present state refuses the command.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store does not answer; the write may have happened.
    #[error("{0}")]
    Unavailable(String),
}

impl From<StoreError> for ApplyError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl Engine {
    /// The turn as it stands in the store.
    pub(crate) async fn load(
        &self,
        tenant: &str,
        id: &TurnId,
    ) -> Result<Option<Versioned<Turn>>, ApplyError> {
        let asked_at = Instant::now();
        let found = self.ports.store.turn(tenant, id).await?;
        if let Some(turn) = &found {
            self.recent.saw(turn, asked_at);
        }
        Ok(found)
    }

    /// The turn; out of memory, if it has ended.
    pub(super) async fn load_or_ended(
        &self,
        tenant: &str,
        id: &TurnId,
    ) -> Result<Option<Versioned<Turn>>, ApplyError> {
        match self.recent.ended(tenant, id) {
            Some(seen) => Ok(Some(seen.turn.clone())),
            None => self.load(tenant, id).await,
        }
    }

    /// Applies a command to the turn: as this process saw it last, if it still is so,
    /// else as it stands now.
    pub(crate) async fn apply(
        &self,
        tenant: &str,
        id: &TurnId,
        command: Command,
    ) -> Result<Applied, ApplyError> {
        let beside = Beside::default();
        match self.recent.turn(tenant, id) {
            Some(seen) => self.apply_from(&seen.turn, command, &beside).await,
            None => self.apply_with(tenant, id, command, &beside).await,
        }
    }

    /// A short outage of the store is waited out: every try reads the turn again,
    /// so that a write whose reply was lost is not made twice.
    async fn apply_with(
        &self,
        tenant: &str,
        id: &TurnId,
        command: Command,
        beside: &Beside,
    ) -> Result<Applied, ApplyError> {
        for pause in OUTAGE_PAUSES {
            match self.apply_once(tenant, id, &command, beside).await {
                Err(ApplyError::Unavailable(error)) => {
                    tracing::warn!(turn = %id, error, "the store does not answer; trying again");
                    tokio::time::sleep(pause).await;
                }
                done => return done,
            }
        }
        self.apply_once(tenant, id, &command, beside).await
    }

    /// Applies a command to the turn as `known`, if it still is so, else as it
    /// stands now; with more in the same batch. A version that was read before is as
    /// good as one that is read now: the write holds only for exactly that one.
    pub(crate) async fn apply_from(
        &self,
        known: &Versioned<Turn>,
        command: Command,
        beside: &Beside,
    ) -> Result<Applied, ApplyError> {
        let mut current = known.clone();
        current.item.event_seq = current.item.event_seq.max(beside.log_reaches);
        if let Ok(applied) = self.try_apply(&current, command.clone(), beside).await {
            return Ok(applied);
        }
        let tenant = &known.item.asker.user.tid;
        self.apply_with(tenant, &known.item.id, command, beside)
            .await
    }

    /// One try: a failure may be a write that happened.
    pub(super) async fn apply_once(
        &self,
        tenant: &str,
        id: &TurnId,
        command: &Command,
        beside: &Beside,
    ) -> Result<Applied, ApplyError> {
        Box::pin(self.apply_beside(tenant, id, command, beside, None)).await
    }

    /// Applies a command together with a change of the conversation's header, which
    /// `change` makes of what stands there: both are written or neither is. `change` is
    /// asked again whenever one of them was somebody else's to write.
    pub(super) async fn apply_with_header<E: From<ApplyError>>(
        &self,
        tenant: &str,
        id: &TurnId,
        command: &Command,
        change: &HeaderChange<'_, E>,
    ) -> Result<Applied, E> {
        self.apply_beside(tenant, id, command, &Beside::default(), Some(change))
            .await
    }

    async fn apply_beside<E: From<ApplyError>>(
        &self,
        tenant: &str,
        id: &TurnId,
        command: &Command,
        beside: &Beside,
        change: Option<&HeaderChange<'_, E>>,
    ) -> Result<Applied, E> {
        let mut beside = Cow::Borrowed(beside);
        let mut log_reaches = beside.log_reaches;
        for _ in 0..MAX_CONFLICTS {
            let mut current = self.load(tenant, id).await?.ok_or(ApplyError::NotFound)?;
            current.item.event_seq = current.item.event_seq.max(log_reaches);
            if let Some(change) = change {
                let found = self.ports.store.conversation(&current.item.key()).await;
                let found = found.map_err(ApplyError::from)?;
                let found = found.ok_or(ApplyError::NotFound)?;
                beside.to_mut().conversation = Some(Write {
                    item: change(found.item)?,
                    when: Precondition::Matches(found.etag),
                });
            }
            match self.try_apply(&current, command.clone(), &beside).await {
                Ok(applied) => return Ok(applied),
                Err(TryError::TurnChanged) => {}
                Err(TryError::EventExists) => {
                    let reached = self.ports.store.last_event_seq(tenant, id).await;
                    log_reaches = reached.map_err(ApplyError::from)?;
                }
                Err(TryError::Apply(error)) => return Err(error.into()),
            }
        }
        Err(ApplyError::Unavailable("the turn is too busy".to_owned()).into())
    }

    /// Applies a command to exactly this version of the turn. For decisions that
    /// were made by looking at it: a conflict voids them.
    pub(crate) async fn apply_to(
        &self,
        current: &Versioned<Turn>,
        command: Command,
    ) -> Result<Option<Applied>, ApplyError> {
        let mut current = current.clone();
        for _ in 0..MAX_CONFLICTS {
            match self
                .try_apply(&current, command.clone(), &Beside::default())
                .await
            {
                Ok(applied) => return Ok(Some(applied)),
                Err(TryError::Apply(error)) => return Err(error),
                Err(TryError::TurnChanged | TryError::EventExists) => {
                    let tenant = current.item.asker.user.tid.clone();
                    let fresh = self.load(&tenant, &current.item.id).await?;
                    let fresh = fresh.ok_or(ApplyError::NotFound)?;
                    if fresh.etag != current.etag {
                        return Ok(None);
                    }
                    // Only the event numbers were taken: text came in between.
                    let seq = self
                        .ports
                        .store
                        .last_event_seq(&tenant, &fresh.item.id)
                        .await?;
                    current.item.event_seq = current.item.event_seq.max(seq);
                }
            }
        }
        Err(ApplyError::Unavailable("the turn is too busy".to_owned()))
    }

    async fn try_apply(
        &self,
        current: &Versioned<Turn>,
        command: Command,
        beside: &Beside,
    ) -> Result<Applied, TryError> {
        let now = self.ports.clock.now();
        let mut transition = step(&current.item, command, now).map_err(ApplyError::from)?;
        transition
            .events
            .splice(0..0, beside.events.iter().cloned());
        let (turn, events, effects) = number(transition);
        let last = turn.event_seq;
        let told = self.hub.has_readers(&turn.id).then(|| events.clone());
        let batch = Batch {
            conversation: beside.conversation.clone(),
            turn: Some(Write {
                item: turn.clone(),
                when: Precondition::Matches(current.etag.clone()),
            }),
            messages: beside.messages.clone(),
            events,
        };
        let asked_at = Instant::now();
        match self.ports.store.commit(&turn.key(), batch).await {
            Ok(committed) => {
                self.hub.tell(&turn.id, last, &told.unwrap_or_default());
                self.announce(Some(&current.item), &turn);
                let etag = committed.turn.ok_or_else(|| {
                    ApplyError::Unavailable("the store gave no version".to_owned())
                })?;
                let turn = Versioned { item: turn, etag };
                self.recent.saw(&turn, asked_at);
                let tenant = &turn.item.asker.user.tid;
                self.recent.stored_messages(tenant, &beside.messages);
                self.forget_secrets(&turn.item).await;
                self.count_ended(Some(&current.item), &turn.item);
                Ok(Applied { turn, effects })
            }
            Err(StoreError::TurnChanged | StoreError::ConversationChanged) => {
                Err(TryError::TurnChanged)
            }
            Err(StoreError::EventExists) => Err(TryError::EventExists),
            Err(error) => Err(TryError::Apply(error.into())),
        }
    }

    pub(super) fn announce(&self, before: Option<&Turn>, turn: &Turn) {
        if let Some(notices) = self.notices.get() {
            notices.written(before, turn);
        }
    }

    /// Counts what a turn used that has just ended; nobody waits for it. Whoever wrote its
    /// end does, and nobody else: with a write whose reply was lost, or a crash behind it,
    /// the counters miss this turn.
    pub(super) fn count_ended(&self, before: Option<&Turn>, turn: &Turn) {
        let had_ended = before.is_some_and(|before| before.status.is_terminal());
        if turn.status.is_terminal() && !had_ended {
            let (quotas, turn) = (Arc::clone(&self.quotas), turn.clone());
            self.tasks.spawn(async move { quotas.count(&turn).await });
        }
    }

    /// Performs what may be lost. Failures are logged and left to the watchdog.
    /// Returns the model claim, if the transition made one.
    pub(crate) async fn perform(&self, turn: &Turn, effects: &[Effect]) -> Option<(u32, u32)> {
        let tenant = &turn.asker.user.tid;
        let mut claim = None;
        let mut recorded = Vec::new();
        for effect in effects {
            match effect {
                Effect::CallModel { step, claim_no } => claim = Some((*step, *claim_no)),
                Effect::Enqueue(call) => self.enqueue_call(tenant, call).await,
                Effect::Advance => {
                    let item = WorkItem::advance(tenant, &turn.id);
                    self.enqueue(TURNS_QUEUE, &item, Duration::ZERO).await;
                }
                Effect::RecordDenied(call) => {
                    if let Some(call) = turn.call(call)
                        && self.record_denied(turn, call).await
                    {
                        recorded.push(call.id.clone());
                    }
                }
            }
        }
        if !recorded.is_empty() {
            self.forget_denials(turn, recorded).await;
        }
        claim
    }

    pub(super) async fn enqueue_call(&self, tenant: &str, call: &CallId) {
        let item = WorkItem::tool_call(tenant, call);
        self.enqueue(TOOL_CALLS_QUEUE, &item, Duration::ZERO).await;
    }

    async fn enqueue(&self, queue: &str, item: &WorkItem, delay: Duration) {
        if let Err(error) = self.try_enqueue(queue, item, delay).await {
            tracing::warn!(queue, turn = %item.turn, %error, "a message could not be enqueued; the watchdog finds the work");
        }
    }

    pub(super) async fn try_enqueue(
        &self,
        queue: &str,
        item: &WorkItem,
        delay: Duration,
    ) -> Result<(), ApplyError> {
        let body =
            serde_json::to_string(item).map_err(|e| ApplyError::Unavailable(e.to_string()))?;
        self.ports
            .queue
            .enqueue(queue, &body, delay)
            .await
            .map(|_| ())
            .map_err(|e| ApplyError::Unavailable(e.to_string()))
    }

    /// A message that a newer build wrote stays for a newer process: it goes behind the
    /// others, whoever wrote it and however often. The delivery counts as done, so that
    /// no number of tries makes it poison.
    pub(crate) async fn put_back(&self, queue: &str, message: &Value) -> Result<(), TriggerError> {
        tracing::warn!(queue, "a work item of a newer version is put back");
        let queued = self
            .ports
            .queue
            .enqueue(queue, &message.to_string(), NEWER_DELAY)
            .await;
        queued
            .map(|_| ())
            .map_err(|error| TriggerError::Retry(error.to_string()))
    }

    /// A watchdog message with this number (rule 1). Must succeed before the
    /// write that relies on it.
    pub(super) async fn enqueue_watchdog(
        &self,
        tenant: &str,
        turn: &TurnId,
        watch: u64,
        delay: Duration,
    ) -> Result<(), ApplyError> {
        let item = WorkItem::watchdog(tenant, turn, watch);
        self.try_enqueue(TURNS_QUEUE, &item, delay).await
    }
}

/// Gives the events of a transition their numbers.
pub(super) fn number(transition: Transition) -> (Turn, Vec<TurnEvent>, Vec<Effect>) {
    let Transition {
        mut turn,
        events,
        effects,
    } = transition;
    let events: Vec<TurnEvent> = events
        .into_iter()
        .map(|body: EventBody| {
            turn.event_seq += 1;
            TurnEvent {
                seq: turn.event_seq,
                at: turn.updated_at,
                turn_id: turn.id.clone(),
                body,
            }
        })
        .collect();
    (turn, events, effects)
}

enum TryError {
    TurnChanged,
    EventExists,
    Apply(ApplyError),
}

impl From<ApplyError> for TryError {
    fn from(error: ApplyError) -> Self {
        Self::Apply(error)
    }
}
