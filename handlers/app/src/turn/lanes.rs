//! One after the other, where executors of one process would only make each other's
//! writes fail: each lost compare-and-set is paid for, and all that led to it is read
//! again. Decides nothing: other processes are not held up, and the store judges.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use azimuth_domain::ids::TurnId;
use tokio::sync::OwnedMutexGuard;

type Lane = tokio::sync::Mutex<()>;

/// A lane per turn, or whatever else is written; one that nobody is in is dropped.
#[derive(Debug)]
pub(crate) struct Lanes<K = TurnId>(Mutex<HashMap<K, Weak<Lane>>>);

impl<K> Default for Lanes<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash + Clone> Lanes<K> {
    /// Waits until nobody else of this process is at it, and keeps the others out as long
    /// as the answer lives.
    pub(crate) async fn enter(&self, what: &K) -> OwnedMutexGuard<()> {
        self.of(what).lock_owned().await
    }

    fn of(&self, what: &K) -> Arc<Lane> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(what).and_then(Weak::upgrade) {
            return lane;
        }
        lanes.retain(|_, lane| lane.strong_count() > 0);
        let lane = Arc::new(Lane::default());
        lanes.insert(what.clone(), Arc::downgrade(&lane));
        lane
    }
}

#[cfg(test)]
mod tests {
    use azimuth_domain::ids::ConversationId;
    use azimuth_domain::principal::UserKey;
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn those_of_one_turn_wait_for_each_other_and_leave_nothing() {
        let conversation = ConversationId::derived(&UserKey::new("t", "o"), "x", "y");
        let [one, other] = ["1", "2"].map(|key| TurnId::derived(&conversation, key));
        let lanes = Lanes::default();
        let first = lanes.enter(&one).await;
        assert!(lanes.enter(&one).now_or_never().is_none());
        assert!(lanes.enter(&other).now_or_never().is_some());
        drop(first);
        assert!(lanes.enter(&one).now_or_never().is_some());
        lanes.enter(&other).await;
        assert_eq!(lanes.0.lock().map(|lanes| lanes.len()).ok(), Some(1));
    }
}
