//! Reads one turn's log from a number on, whoever writes it.
//!
//! **Invariant:** what it gives is contiguous: every event is the one after the
//! last, so replays from any number agree.

use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::event::TurnEvent;
use azimuth_domain::ids::TurnId;
use azimuth_domain::limits::EVENT_TTL_MS;
use azimuth_domain::principal::Principal;
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::Turn;
use azimuth_ports::clock::Clock;
use azimuth_ports::store::{ConversationStore, StoreError};
use azimuth_ports::users::Standing;

use crate::http::caller::Gate;
use crate::http::parts::StreamTimings;
use crate::http::states::TurnState;
use crate::problem::{Answer, Code, Problem};
use crate::turn::{Ahead, News, Subscription};

/// Events of one read.
const PAGE: usize = 256;

/// Empty reads at the shortest interval before the reader slows down.
const PATIENT_READS: u32 = 10;

/// A place in a turn's log. There may be ten thousand of them, so it keeps no more
/// of turn and caller than it needs.
pub struct Reader {
    store: Arc<dyn ConversationStore>,
    clock: Arc<dyn Clock>,
    gate: Gate,
    /// Who reads, without a name.
    principal: Principal,
    turn: TurnId,
    created_at: Timestamp,
    /// Number of the turn's last event when it was loaded.
    last_known: u64,
    after: u64,
    ended: bool,
    hints: Subscription,
    /// Whether the store may hold what nobody told.
    store_due: bool,
    empty_reads: u32,
    /// Behind which event text was given ahead, and how many bytes of it.
    ahead: (u64, usize),
    /// How a stream behaves.
    pub(super) timings: StreamTimings,
}

impl Reader {
    /// A reader of `turn` for events after number `after`. Subscribes to hints
    /// before anything is read, so that none is missed.
    pub fn new(state: &TurnState, principal: &Principal, turn: &Turn, after: u64) -> Self {
        let hints = state.engine.hub().subscribe(&turn.id);
        Self::with(state, principal, turn, after, hints)
    }

    /// A reader from the first event on of a turn that was made while `hints` were
    /// there: nothing of it can lie in the store that was not told.
    pub fn of_new(
        state: &TurnState,
        principal: &Principal,
        turn: &Turn,
        hints: Subscription,
    ) -> Self {
        let mut reader = Self::with(state, principal, turn, 0, hints);
        reader.store_due = false;
        reader
    }

    fn with(
        state: &TurnState,
        principal: &Principal,
        turn: &Turn,
        after: u64,
        hints: Subscription,
    ) -> Self {
        Self {
            store: Arc::clone(&state.store),
            clock: Arc::clone(&state.clock),
            gate: state.gate.clone(),
            principal: Principal {
                name: None,
                ..principal.clone()
            },
            ended: is_over(turn, after),
            hints,
            turn: turn.id.clone(),
            created_at: turn.created_at,
            last_known: turn.event_seq,
            after,
            store_due: true,
            empty_reads: 0,
            ahead: (0, 0),
            timings: state.timings,
        }
    }

    /// Number of the last event that was given.
    pub fn after(&self) -> u64 {
        self.after
    }

    /// Whether the turn's last event was given.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// 410 when the number asked for existed and is no longer kept.
    pub async fn check_not_expired(&self) -> Answer<()> {
        let age_ms = self.clock.now().since(self.created_at);
        if age_ms <= EVENT_TTL_MS || self.after >= self.last_known {
            return Ok(());
        }
        let next = self
            .store
            .events(self.tenant(), &self.turn, self.after, 1)
            .await?;
        if next
            .first()
            .is_some_and(|event| event.seq == self.after + 1)
        {
            return Ok(());
        }
        Err(Problem::new(Code::EventsExpired))
    }

    /// The events that follow, as far as they are there.
    pub async fn read(&mut self) -> Result<Vec<TurnEvent>, StoreError> {
        if self.ended {
            return Ok(Vec::new());
        }
        let found = match self.hints.news(self.after) {
            News::Events(events) => events,
            News::None if !self.store_due => return Ok(Vec::new()),
            News::None | News::Stored => {
                let found = self
                    .store
                    .events(self.tenant(), &self.turn, self.after, PAGE)
                    .await?;
                self.store_due = found.len() == PAGE;
                found
            }
        };
        let mut events = Vec::with_capacity(found.len());
        for event in found {
            if event.seq != self.after + 1 {
                // Somebody else is about to store what lies between.
                self.store_due = true;
                break;
            }
            self.after = event.seq;
            self.ended |= event.body.is_last();
            events.push(event);
        }
        self.empty_reads = if events.is_empty() {
            self.empty_reads.saturating_add(1)
        } else {
            0
        };
        Ok(events)
    }

    /// From now on it gives text that is in no event yet, where it is written in this
    /// process.
    pub fn take_ahead(&mut self) {
        self.hints.take_ahead();
    }

    /// What was said behind the events that were given, and not given yet. It is taken
    /// back by whatever event comes next.
    pub fn ahead(&mut self) -> Option<Ahead> {
        let mut ahead = self.hints.ahead(self.after)?;
        let given = match self.ahead {
            (after, given) if after == ahead.after => given,
            _ => 0,
        };
        let fresh = ahead.text.get(given..).filter(|text| !text.is_empty())?;
        self.ahead = (ahead.after, ahead.text.len());
        ahead.text = fresh.to_owned();
        Some(ahead)
    }

    /// Waits for a hint or for the time of the next read, at most `limit`.
    pub async fn pause(&mut self, limit: Duration) {
        let interval = interval(&self.timings, self.empty_reads).min(limit);
        tokio::select! {
            () = self.hints.changed() => {}
            () = tokio::time::sleep(interval) => self.store_due = true,
        }
    }

    /// Whether the reader's token has been expired for longer than it may be.
    pub(super) fn token_is_over(&self) -> bool {
        let grace_ms = i64::try_from(self.timings.expiry_grace.as_millis()).unwrap_or(i64::MAX);
        self.clock.now() >= self.principal.token_expires_at.plus_ms(grace_ms)
    }

    /// Looks again whether the reader may read on, or why not; and whether the turn is
    /// over without an event to come (somebody asked for numbers beyond its end).
    pub(super) async fn recheck(&mut self) -> Result<Option<&'static str>, StoreError> {
        match self.gate.standing(&self.principal).await? {
            Standing::Active(_) => {}
            Standing::Pending => return Ok(Some("user_pending")),
            Standing::Disabled => return Ok(Some("user_disabled")),
            Standing::SignedOut => return Ok(Some("session_revoked")),
        }
        match self.store.turn(self.tenant(), &self.turn).await? {
            Some(turn) => self.ended |= is_over(&turn.item, self.after),
            None => self.ended = true,
        }
        Ok(None)
    }

    fn tenant(&self) -> &str {
        &self.principal.user.tid
    }
}

/// A terminal turn's number is that of its last event: it is written with it.
fn is_over(turn: &Turn, after: u64) -> bool {
    turn.status.is_terminal() && after >= turn.event_seq
}

/// The shortest interval while events come, then half as long again after every
/// empty read up to the longest.
fn interval(timings: &StreamTimings, empty_reads: u32) -> Duration {
    let steps = empty_reads.saturating_sub(PATIENT_READS).min(32);
    (0..steps)
        .fold(timings.poll_min, |interval, _| {
            interval.mul_f32(1.5).min(timings.poll_max)
        })
        .min(timings.poll_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_slow_down_to_a_second_when_nothing_comes() {
        let timings = StreamTimings::default();
        assert_eq!(interval(&timings, 0), Duration::from_millis(200));
        assert_eq!(
            interval(&timings, PATIENT_READS),
            Duration::from_millis(200)
        );
        assert!(interval(&timings, PATIENT_READS + 1) > Duration::from_millis(200));
        assert_eq!(
            interval(&timings, PATIENT_READS + 8),
            Duration::from_secs(1)
        );
        assert_eq!(interval(&timings, u32::MAX), Duration::from_secs(1));
    }
}
