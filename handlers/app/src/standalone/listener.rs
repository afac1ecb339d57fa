//! Reads one queue.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::task::TaskTracker;

use super::{Standalone, Until};
use crate::triggers::QueueFunction;

impl Standalone {
    /// Takes messages of `function` until it shall stop, and returns when all that it
    /// took are finished or handed back.
    pub(super) async fn listen(self: Arc<Self>, function: QueueFunction, until: Until) {
        let slots = Arc::new(Semaphore::new(self.pace.at_once));
        let in_progress = TaskTracker::new();
        let mut pause = self.pace.poll_min;
        loop {
            let free = Arc::clone(&slots).acquire_owned();
            let Some(Ok(slot)) = until.stop.run_until_cancelled(free).await else {
                break;
            };
            // A look under way is finished: what it took would be hidden for nothing.
            let found = self
                .queue
                .receive(function.queue(), 1, self.pace.hidden)
                .await
                .unwrap_or_else(|error| {
                    tracing::warn!(queue = function.queue(), %error, "the queue cannot be read");
                    Vec::new()
                });
            if let Some(message) = found.into_iter().next() {
                pause = self.pace.poll_min;
                let (host, until) = (Arc::clone(&self), until.clone());
                in_progress.spawn(async move {
                    host.process(function, message, &until).await;
                    drop(slot);
                });
                continue;
            }
            drop(slot);
            if until.stop.run_until_cancelled(sleep(pause)).await.is_none() {
                break;
            }
            pause = longer(pause, self.pace.poll_max);
        }
        in_progress.close();
        in_progress.wait().await;
    }
}

fn longer(pause: Duration, most: Duration) -> Duration {
    pause.saturating_mul(2).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let ms = Duration::from_millis;
        for (pause, next) in [
            (100, 200),
            (400, 800),
            (500, 1_000),
            (501, 1_000),
            (1_000, 1_000),
        ] {
            assert_eq!(longer(ms(pause), ms(1_000)), ms(next));
        }
    }
}
