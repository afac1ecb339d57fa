use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// When the last byte of a proxied exchange moved, in either direction.
#[derive(Debug)]
pub struct Activity {
    timeout: Duration,
    last: Mutex<Instant>,
}

impl Activity {
    pub fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            last: Mutex::new(Instant::now()),
        }
    }

    pub fn touch(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn idle_at(&self) -> Instant {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) + self.timeout
    }

    /// Completes when nothing has moved for the timeout.
    pub async fn idle(&self) {
        loop {
            let at = self.idle_at();
            if at <= Instant::now() {
                return;
            }
            sleep_until(at).await;
        }
    }
}
