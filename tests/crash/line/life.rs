//! Whether a process lives, stands still, or is gone.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// One process's life.
pub struct Life {
    ended: watch::Sender<bool>,
    still_until: Mutex<Option<Instant>>,
}

impl Life {
    /// Alive.
    pub fn new() -> Self {
        Self {
            ended: watch::channel(false).0,
            still_until: Mutex::default(),
        }
    }

    /// The process is gone: nothing of it goes on.
    pub fn end(&self) {
        self.ended.send_replace(true);
    }

    /// The process stands still for a while, and then goes on as if nothing were.
    pub fn stall(&self, length: Duration) {
        *self.still() = Some(Instant::now() + length);
    }

    fn still(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.still_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn stands_still(&self) -> Option<Instant> {
        self.still().filter(|until| *until > Instant::now())
    }

    /// Whether work can be given to it.
    pub fn is_well(&self) -> bool {
        !*self.ended.borrow() && self.stands_still().is_none()
    }

    /// Returns when it is gone.
    pub async fn ended(&self) {
        // The sender lives in `self`.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }

    /// Lets a living process through, a still one later, a dead one never.
    pub async fn gate(&self) {
        loop {
            if *self.ended.borrow() {
                std::future::pending::<()>().await;
            }
            match self.stands_still() {
                Some(until) => tokio::time::sleep_until(until).await,
                None => return,
            }
        }
    }
}
