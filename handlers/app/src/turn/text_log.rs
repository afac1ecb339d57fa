//! Text on its way into a turn's log: flushed often while somebody in this
//! process reads the log, seldom otherwise, and never under a lost claim (rule 14).
//! Readers of this process who take it are told of it before it is stored.

use std::time::Duration;

use azimuth_domain::event::{EventBody, TurnEvent};
use azimuth_domain::turn::Turn;
use azimuth_ports::store::StoreError;
use tokio::time::Instant;

use super::Engine;
use super::heartbeat::Pulse;
use super::hub::Readers;
use super::model_step::holds_claim;
use super::patience::Pauses;

/// Text is flushed at this size at the latest.
const FLUSH_BYTES: usize = 4096;
/// … after this long while somebody in this process reads the log and nothing else,
const FLUSH_READ: Duration = Duration::from_millis(200);
/// … while all who read here have the text already; every second with the pauses of a
/// model, which makes each flush a look as well ([`Pulse::wrote_event`]),
const FLUSH_AHEAD: Duration = Duration::from_millis(900);
/// … and otherwise: somebody may read elsewhere.
const FLUSH_UNREAD: Duration = Duration::from_millis(500);

/// Why text can no longer be written.
pub(super) enum LogClosed {
    /// The claim is gone.
    Superseded,
    /// The store does not answer.
    Unavailable(String),
}

impl From<StoreError> for LogClosed {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// The text of one model call.
pub(super) struct TextLog<'a> {
    engine: &'a Engine,
    turn: &'a Turn,
    claim: (u32, u32),
    pulse: &'a Pulse,
    next_seq: u64,
    pending: String,
    due_at: Option<Instant>,
    first: bool,
}

impl<'a> TextLog<'a> {
    pub(super) fn new(
        engine: &'a Engine,
        turn: &'a Turn,
        claim: (u32, u32),
        pulse: &'a Pulse,
    ) -> Self {
        Self {
            engine,
            turn,
            claim,
            pulse,
            next_seq: turn.event_seq + 1,
            pending: String::new(),
            due_at: None,
            first: true,
        }
    }

    /// Takes text; the first piece and large ones are written at once, unless all who
    /// read have the first piece already.
    pub(super) async fn push(&mut self, text: &str) -> Result<(), LogClosed> {
        if text.is_empty() {
            return Ok(());
        }
        self.pending.push_str(text);
        let (hub, turn) = (&self.engine.hub, &self.turn.id);
        let readers = hub.readers(turn);
        let is_first = std::mem::take(&mut self.first) && readers != Readers::Ahead;
        if is_first || self.pending.len() >= FLUSH_BYTES {
            return self.flush().await;
        }
        hub.tell_ahead(turn, self.next_seq - 1, self.claim.0, &self.pending);
        if self.due_at.is_none() {
            let wait = match readers {
                Readers::OfLog => FLUSH_READ,
                Readers::Ahead => FLUSH_AHEAD,
                Readers::None => FLUSH_UNREAD,
            };
            self.due_at = Some(Instant::now() + wait);
        }
        Ok(())
    }

    /// Returns when a flush is due; never while nothing is pending.
    pub(super) async fn due(&self) {
        match self.due_at {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// What is pending, to be written with the answer, and the number of the last
    /// event that was written.
    pub(super) fn into_rest(self) -> (String, u64) {
        (self.pending, self.next_seq - 1)
    }

    /// Writes what is pending, however long the store is away.
    pub(super) async fn flush(&mut self) -> Result<(), LogClosed> {
        self.due_at = None;
        if self.pending.is_empty() {
            return Ok(());
        }
        let body = EventBody::TextDelta {
            text: std::mem::take(&mut self.pending),
            step: self.claim.0,
        };
        let mut pauses = Pauses::new();
        let mut maybe_written = false;
        loop {
            match self.write(&body, &mut maybe_written).await {
                Err(LogClosed::Unavailable(detail)) => {
                    let Some(pause) = pauses.next() else {
                        return Err(LogClosed::Unavailable(detail));
                    };
                    tokio::time::sleep(self.engine.jittered(pause)).await;
                }
                done => return done,
            }
        }
    }

    /// One try. `maybe_written` is whether an earlier one may have written the event
    /// of the present number.
    async fn write(&mut self, body: &EventBody, maybe_written: &mut bool) -> Result<(), LogClosed> {
        let tenant = &self.turn.asker.user.tid;
        loop {
            let event = TurnEvent {
                seq: self.next_seq,
                at: self.engine.ports.clock.now(),
                turn_id: self.turn.id.clone(),
                body: body.clone(),
            };
            let asked_at = Instant::now();
            match self.engine.ports.store.append_event(tenant, &event).await {
                Ok(()) => {
                    self.pulse.wrote_event(asked_at);
                    let told = std::slice::from_ref(&event);
                    self.engine.hub.tell(&self.turn.id, self.next_seq, told);
                    self.next_seq += 1;
                    return Ok(());
                }
                Err(StoreError::EventExists) => {
                    if *maybe_written && self.is_ours(&event).await? {
                        self.next_seq += 1;
                        return Ok(());
                    }
                    // The number first: what ends the claim after this is seen next.
                    let last = self
                        .engine
                        .ports
                        .store
                        .last_event_seq(tenant, &self.turn.id)
                        .await?;
                    let found = self.engine.ports.store.turn(tenant, &self.turn.id).await?;
                    if !found.is_some_and(|f| holds_claim(&f.item, self.claim)) {
                        return Err(LogClosed::Superseded);
                    }
                    *maybe_written = false;
                    self.next_seq = last + 1;
                }
                Err(error) => {
                    *maybe_written |= matches!(error, StoreError::Unavailable(_));
                    return Err(error.into());
                }
            }
        }
    }

    /// Whether the event of that number is this one: its reply was lost.
    async fn is_ours(&self, event: &TurnEvent) -> Result<bool, StoreError> {
        let tenant = &self.turn.asker.user.tid;
        let found = self
            .engine
            .ports
            .store
            .events(tenant, &self.turn.id, event.seq - 1, 1)
            .await?;
        Ok(found
            .first()
            .is_some_and(|stored| stored.body == event.body))
    }
}
