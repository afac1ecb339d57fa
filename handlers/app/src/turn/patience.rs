//! Waiting for a store that does not answer, for as long as an accepted turn must
//! outlive it.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use azimuth_domain::ids::TurnId;
use azimuth_ports::store::StoreError;
use tokio::time::Instant;

use super::commit::OUTAGE_PAUSES;
use super::{ApplyError, Engine};
use crate::secrets::SecretError;

/// How long the holder of a model claim waits: throttling of five minutes fails no
/// turn (promise T9), and a claim that is given up counts against its step. The wait
/// is safe however long it takes: once the claim is somebody else's, the store
/// refuses, and the heartbeat beside it says so.
const PATIENCE: Duration = Duration::from_mins(6);

/// Pauses that grow, until [`PATIENCE`] is over.
pub(super) struct Pauses {
    since: Instant,
    made: usize,
}

impl Pauses {
    pub(super) fn new() -> Self {
        Self {
            since: Instant::now(),
            made: 0,
        }
    }

    /// The next one; `None` once it is enough.
    pub(super) fn next(&mut self) -> Option<Duration> {
        let [.., longest] = OUTAGE_PAUSES;
        let pause = OUTAGE_PAUSES.get(self.made).copied().unwrap_or(longest);
        self.made += 1;
        (self.since.elapsed() < PATIENCE).then_some(pause)
    }
}

/// Whether a failure says nothing but that there was no answer.
pub(super) trait Outage: Display {
    /// Whether asking again may help.
    fn is_outage(&self) -> bool;
}

impl Outage for StoreError {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl Outage for ApplyError {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl Outage for SecretError {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl Engine {
    /// Asks again and again while the store does not answer.
    pub(super) async fn patiently<T, E: Outage, F: Future<Output = Result<T, E>>>(
        &self,
        turn: &TurnId,
        mut ask: impl FnMut() -> F,
    ) -> Result<T, E> {
        let mut pauses = Pauses::new();
        loop {
            match ask().await {
                Err(error) if error.is_outage() => {
                    let Some(pause) = pauses.next() else {
                        return Err(error);
                    };
                    tracing::warn!(%turn, %error, "a model step waits for the store");
                    tokio::time::sleep(self.jittered(pause)).await;
                }
                done => return done,
            }
        }
    }

    /// Something between half of `pause` and all of it, so that those whom one outage
    /// held up do not all come back at once.
    pub(crate) fn jittered(&self, pause: Duration) -> Duration {
        let [drawn, ..] = self.ports.random.bytes32();
        pause / 2 + pause * u32::from(drawn) / 510
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_and_outlast_five_minutes() {
        let mut pauses = Pauses::new();
        let begun = Instant::now();
        let mut longest = Duration::ZERO;
        while let Some(pause) = pauses.next() {
            assert!(pause >= longest);
            longest = pause;
            tokio::time::advance(pause).await;
        }
        let waited = begun.elapsed();
        assert!(waited > Duration::from_mins(5), "{waited:?}");
        assert!(waited < Duration::from_mins(7), "{waited:?}");
        assert!(longest < Duration::from_secs(5), "{longest:?}");
    }
}
