//! One at a time, where this process would only race itself.

use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::{Mutex, MutexGuard};

const LANES: usize = 64;

/// So many locks; what must not race takes the one of its key. Others that share it
/// wait for nothing, which costs time and no correctness.
#[derive(Debug)]
pub(super) struct Lanes([Mutex<()>; LANES]);

impl Default for Lanes {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl Lanes {
    /// Waits until nobody else in this process is at work on `key`.
    pub(super) async fn take(&self, key: impl Hash) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or_default();
        self.0[lane].lock().await
    }
}
