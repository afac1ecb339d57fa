//! A hint inside one process that a turn's log has grown, so that a reader looks
//! sooner. It carries no content and may be lost: readers poll the store anyway.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use azimuth_domain::ids::TurnId;
use tokio::sync::watch;

/// Hints for the turns that somebody in this process reads.
#[derive(Debug, Default)]
pub struct TurnHub {
    turns: Mutex<HashMap<TurnId, watch::Sender<u64>>>,
}

/// One reader's hint; dropping it ends the subscription.
#[derive(Debug)]
pub struct Subscription {
    hub: Arc<TurnHub>,
    turn: TurnId,
    receiver: Option<watch::Receiver<u64>>,
}

impl TurnHub {
    /// An empty hub.
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Says that the log of `turn` reaches `seq`.
    pub fn announce(&self, turn: &TurnId, seq: u64) {
        if let Some(sender) = self.lock().get(turn) {
            sender.send_if_modified(|last| {
                let newer = seq > *last;
                *last = (*last).max(seq);
                newer
            });
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
            .or_insert_with(|| watch::channel(0).0)
            .subscribe();
        Subscription {
            hub: Arc::clone(self),
            turn: turn.clone(),
            receiver: Some(receiver),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<TurnId, watch::Sender<u64>>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
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
    use azimuth_domain::ids::ConversationId;
    use azimuth_domain::principal::UserKey;

    #[tokio::test]
    async fn a_reader_is_woken_and_the_last_one_cleans_up() {
        let hub = TurnHub::new();
        let user = UserKey::new("t", "o");
        let turn = TurnId::derived(&ConversationId::derived(&user, "x", "y"), "k");
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
