//! A hint inside one process that a turn's log has grown, so that a reader looks
//! sooner, with the newest events that were stored, so that it need not look at
//! all. Any of it may be lost: readers poll the store anyway.
//!
//! **Invariant:** an event is told only once it is stored. Text that is not stored yet
//! is told as that, to those who asked for it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use azimuth_domain::event::TurnEvent;
use azimuth_domain::ids::TurnId;
use tokio::sync::watch;

/// Newest events that are kept for readers of one turn.
const KEPT: usize = 16;

/// Hints for the turns that somebody in this process reads.
#[derive(Debug, Default)]
pub struct TurnHub {
    turns: Mutex<HashMap<TurnId, Line>>,
}

/// The way to the readers of one turn.
#[derive(Debug)]
struct Line {
    told: watch::Sender<Told>,
    /// How many of them take text ahead of the log.
    ahead: usize,
}

/// Who in this process reads a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Nobody.
    None,
    /// Only those who take text ahead of the log.
    Ahead,
    /// Somebody who knows only the log.
    OfLog,
}

/// Text that stands behind event `after` and is in no event yet: it may become one, or
/// never have been.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ahead {
    /// The last event before it.
    pub after: u64,
    /// The step that says it.
    pub step: u32,
    /// All of it.
    pub text: String,
}

/// What readers of a turn were told.
#[derive(Debug, Default)]
struct Told {
    /// The log reaches this number.
    last: u64,
    /// Its newest events, without a gap.
    newest: VecDeque<TurnEvent>,
    /// What the model has said since.
    ahead: Option<Ahead>,
}

/// What a hub knows of the events behind a number.
#[derive(Debug, PartialEq)]
pub enum News {
    /// Nothing that was not read before.
    None,
    /// The next events, all that were told.
    Events(Vec<TurnEvent>),
    /// There are some, in the store.
    Stored,
}

/// One reader's hint; dropping it ends the subscription.
#[derive(Debug)]
pub struct Subscription {
    hub: Arc<TurnHub>,
    turn: TurnId,
    receiver: Option<watch::Receiver<Told>>,
    takes_ahead: bool,
}

impl TurnHub {
    /// An empty hub.
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Says that the log of `turn` reaches `seq`.
    pub fn announce(&self, turn: &TurnId, seq: u64) {
        self.tell(turn, seq, &[]);
    }

    /// The same, with events of the log that were stored just now, the last of
    /// them number `seq`.
    pub fn tell(&self, turn: &TurnId, seq: u64, events: &[TurnEvent]) {
        if let Some(line) = self.lock().get(turn) {
            line.told.send_if_modified(|told| told.add(seq, events));
        }
    }

    /// Says what the model of `turn` has said behind event `after`: all of it that is
    /// not stored.
    pub fn tell_ahead(&self, turn: &TurnId, after: u64, step: u32, text: &str) {
        if let Some(line) = self.lock().get(turn)
            && line.ahead > 0
        {
            line.told
                .send_if_modified(|told| told.set_ahead(after, step, text));
        }
    }

    /// Whether anybody in this process reads `turn` now.
    pub fn has_readers(&self, turn: &TurnId) -> bool {
        self.lock().contains_key(turn)
    }

    /// Who reads `turn` now.
    pub fn readers(&self, turn: &TurnId) -> Readers {
        match self.lock().get(turn) {
            None => Readers::None,
            Some(line) if line.ahead == line.told.receiver_count() => Readers::Ahead,
            Some(_) => Readers::OfLog,
        }
    }

    /// Subscribes to the hints of one turn.
    pub fn subscribe(self: &Arc<Self>, turn: &TurnId) -> Subscription {
        let receiver = self
            .lock()
            .entry(turn.clone())
            .or_insert_with(|| Line {
                told: watch::channel(Told::default()).0,
                ahead: 0,
            })
            .told
            .subscribe();
        Subscription {
            hub: Arc::clone(self),
            turn: turn.clone(),
            receiver: Some(receiver),
            takes_ahead: false,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<TurnId, Line>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    /// Whether anything is new in it.
    fn add(&mut self, seq: u64, events: &[TurnEvent]) -> bool {
        if seq <= self.last {
            return false;
        }
        // Behind a gap, what came before it is of no use to anybody.
        if events
            .first()
            .is_none_or(|first| first.seq != self.last + 1)
        {
            self.newest.clear();
        }
        self.newest.extend(events.iter().cloned());
        while self.newest.len() > KEPT {
            self.newest.pop_front();
        }
        self.last = seq;
        // It has become an event, or somebody else went on.
        self.ahead = None;
        true
    }

    /// Whether anything is new in it. A driver who does not know the log's end has lost
    /// its claim.
    fn set_ahead(&mut self, after: u64, step: u32, text: &str) -> bool {
        if after < self.last {
            return false;
        }
        let ahead = self.ahead.get_or_insert_default();
        ahead.after = after;
        ahead.step = step;
        text.clone_into(&mut ahead.text);
        true
    }

    fn after(&self, after: u64) -> News {
        if self.last <= after {
            return News::None;
        }
        match self.newest.iter().position(|event| event.seq == after + 1) {
            Some(next) => News::Events(self.newest.range(next..).cloned().collect()),
            None => News::Stored,
        }
    }
}

impl Subscription {
    /// From now on this reader takes text ahead of the log.
    pub fn take_ahead(&mut self) {
        if !self.takes_ahead
            && let Some(line) = self.hub.lock().get_mut(&self.turn)
        {
            line.ahead += 1;
            self.takes_ahead = true;
        }
    }

    /// What is known of the text behind event `after`.
    pub fn ahead(&self, after: u64) -> Option<Ahead> {
        let told = self.receiver.as_ref()?.borrow();
        told.ahead
            .as_ref()
            .filter(|ahead| self.takes_ahead && ahead.after == after)
            .cloned()
    }

    /// What was told of the events behind number `after`; it counts as read.
    pub fn news(&mut self, after: u64) -> News {
        match &mut self.receiver {
            Some(receiver) => receiver.borrow_and_update().after(after),
            None => News::None,
        }
    }

    /// Returns when the log has grown past what was announced before, or never.
    /// Combine it with a timer: hints may be lost.
    pub async fn changed(&mut self) {
        if let Some(receiver) = &mut self.receiver
            && receiver.changed().await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.receiver = None;
        let mut turns = self.hub.lock();
        if let Some(line) = turns.get_mut(&self.turn) {
            line.ahead -= usize::from(self.takes_ahead);
            if line.told.receiver_count() == 0 {
                turns.remove(&self.turn);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use azimuth_domain::event::EventBody;
    use azimuth_domain::ids::ConversationId;
    use azimuth_domain::principal::UserKey;
    use azimuth_domain::time::Timestamp;

    fn turn() -> TurnId {
        let user = UserKey::new("t", "o");
        TurnId::derived(&ConversationId::derived(&user, "x", "y"), "k")
    }

    fn events(numbers: std::ops::RangeInclusive<u64>) -> Vec<TurnEvent> {
        numbers
            .map(|seq| TurnEvent {
                seq,
                at: Timestamp(1),
                turn_id: turn(),
                body: EventBody::TextDelta {
                    text: seq.to_string(),
                    step: 0,
                },
            })
            .collect()
    }

    #[test]
    fn a_reader_gets_what_follows_or_is_sent_to_the_store() {
        let hub = TurnHub::new();
        let turn = turn();
        let mut reader = hub.subscribe(&turn);
        assert_eq!(reader.news(0), News::None);
        hub.tell(&turn, 2, &events(1..=2));
        hub.tell(&turn, 3, &events(3..=3));
        assert_eq!(reader.news(0), News::Events(events(1..=3)));
        assert_eq!(reader.news(2), News::Events(events(3..=3)));
        assert_eq!(reader.news(3), News::None);
        // Somebody else wrote number 4, and its hint is lost.
        hub.tell(&turn, 5, &events(5..=5));
        assert_eq!(reader.news(3), News::Stored);
        assert_eq!(reader.news(4), News::Events(events(5..=5)));
        // Late, and without a content.
        hub.tell(&turn, 4, &events(4..=4));
        assert_eq!(reader.news(3), News::Stored);
        hub.announce(&turn, 6);
        assert_eq!(reader.news(5), News::Stored);
    }

    #[test]
    fn the_newest_events_are_kept_and_no_more() {
        let hub = TurnHub::new();
        let turn = turn();
        let mut reader = hub.subscribe(&turn);
        let all = 1..=KEPT as u64 + 1;
        for event in events(all.clone()) {
            hub.tell(&turn, event.seq, &[event]);
        }
        assert_eq!(reader.news(0), News::Stored);
        assert_eq!(reader.news(1), News::Events(events(2..=*all.end())));
    }

    #[test]
    fn text_is_told_ahead_until_it_is_an_event() {
        let hub = TurnHub::new();
        let turn = turn();
        let plain = hub.subscribe(&turn);
        let mut reader = hub.subscribe(&turn);
        hub.tell(&turn, 1, &events(1..=1));
        assert_eq!(hub.readers(&turn), Readers::OfLog);
        reader.take_ahead();
        hub.tell_ahead(&turn, 1, 0, "so");
        hub.tell_ahead(&turn, 1, 0, "so far");
        let told = Ahead {
            after: 1,
            step: 0,
            text: "so far".to_owned(),
        };
        assert_eq!(reader.ahead(1), Some(told));
        // Who has not read so far, and who has not asked for it.
        assert_eq!(reader.ahead(0), None);
        assert_eq!(plain.ahead(1), None);
        hub.tell(&turn, 2, &events(2..=2));
        assert_eq!(reader.ahead(1), None);
        assert_eq!(reader.ahead(2), None);
        // From a driver that has not heard of number 2.
        hub.tell_ahead(&turn, 1, 0, "so far and on");
        assert_eq!(reader.ahead(1), None);
        assert_eq!(hub.readers(&turn), Readers::OfLog);
        drop(plain);
        assert_eq!(hub.readers(&turn), Readers::Ahead);
        drop(reader);
        assert_eq!(hub.readers(&turn), Readers::None);
    }

    #[tokio::test]
    async fn a_reader_is_woken_and_the_last_one_cleans_up() {
        let hub = TurnHub::new();
        let turn = turn();
        hub.announce(&turn, 1);
        let mut a = hub.subscribe(&turn);
        let b = hub.subscribe(&turn);
        hub.announce(&turn, 2);
        a.changed().await;
        drop(a);
        assert!(hub.has_readers(&turn));
        drop(b);
        assert!(!hub.has_readers(&turn));
    }
}
