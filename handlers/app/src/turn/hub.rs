//! A hint inside one process that a turn's log has grown, so that a reader looks
//! sooner, with the newest events that were stored, so that it need not look at
//! all. Any of it may be lost: readers poll the store anyway.
//!
//! **Invariant:** an event is told only once it is stored.

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
    turns: Mutex<HashMap<TurnId, watch::Sender<Told>>>,
}

/// What readers of a turn were told.
#[derive(Debug, Default)]
struct Told {
    /// The log reaches this number.
    last: u64,
    /// Its newest events, without a gap.
    newest: VecDeque<TurnEvent>,
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
        if let Some(sender) = self.lock().get(turn) {
            sender.send_if_modified(|told| told.add(seq, events));
        }
    }

    /// Whether anybody in this process reads `turn` now.
    pub fn has_readers(&self, turn: &TurnId) -> bool {
        self.lock().contains_key(turn)
    }

    /// Subscribes to the hints of one turn.
    pub fn subscribe(self: &Arc<Self>, turn: &TurnId) -> Subscription {
        let receiver = self
            .lock()
            .entry(turn.clone())
            .or_insert_with(|| watch::channel(Told::default()).0)
            .subscribe();
        Subscription {
            hub: Arc::clone(self),
            turn: turn.clone(),
            receiver: Some(receiver),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<TurnId, watch::Sender<Told>>> {
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
        if turns
            .get(&self.turn)
            .is_some_and(|sender| sender.receiver_count() == 0)
        {
            turns.remove(&self.turn);
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
