//! A lease that is kept alive beside the work it protects.

use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use azimuth_domain::ids::CallId;
use azimuth_domain::limits::{HEARTBEAT_MS, LEASE_MS};
use azimuth_domain::turn::{Command, Refusal, RenewLease, Turn, TurnStatus};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::model_step::holds_claim;
use super::{ApplyError, Engine};

/// How often a worker looks whether its turn was stopped (api.md: the model call
/// ends within a second, no later tool runs).
const STOP_CHECK: Duration = Duration::from_secs(1);

/// How often a lease is renewed.
const RENEWAL: Duration = Duration::from_millis(HEARTBEAT_MS.unsigned_abs());

/// What is held.
#[derive(Debug, Clone)]
pub(crate) enum Lease {
    /// The model claim of a step.
    Model {
        /// The step.
        step: u32,
        /// The claim.
        claim_no: u32,
    },
    /// An attempt of a call.
    Call {
        /// The call.
        call: CallId,
        /// The attempt.
        attempt: u32,
    },
}

/// Raised when the turn is being stopped, or when what was held is somebody
/// else's now. Stays raised.
pub(crate) struct StopSign(watch::Receiver<bool>);

impl StopSign {
    /// Returns once the sign is raised.
    pub(crate) async fn raised(&mut self) {
        if self.0.wait_for(|raised| *raised).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether it is raised.
    pub(crate) fn is_raised(&self) -> bool {
        *self.0.borrow()
    }
}

/// What a piece of work tells the heartbeat beside it, so that that need not ask the
/// store.
#[derive(Debug, Default)]
pub(crate) struct Pulse(Mutex<Option<Instant>>);

impl Pulse {
    /// An event was written behind the log's last one, not before `at`. Whatever ends
    /// a model claim leaves an event (rule 14), so nothing had: as good as a look.
    pub(super) fn wrote_event(&self, at: Instant) {
        *self.unstopped() = Some(at);
    }

    fn unstopped_at(&self) -> Option<Instant> {
        *self.unstopped()
    }

    fn unstopped(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Runs `work` to its end, with heartbeats beside it. The work decides what a
    /// raised stop sign means for it. What is due at the same moment goes on in one
    /// order, so that a schedule which a test draws from a number is always the same.
    pub(crate) async fn with_heartbeat<T, F: Future<Output = T>>(
        &self,
        turn: &Turn,
        lease: &Lease,
        pulse: &Pulse,
        work: impl FnOnce(StopSign) -> F,
    ) -> T {
        let (raise, sign) = watch::channel(false);
        tokio::select! {
            biased;
            done = work(StopSign(sign)) => done,
            never = self.beat(turn, lease, pulse, &raise) => match never {},
        }
    }

    async fn beat(
        &self,
        turn: &Turn,
        lease: &Lease,
        pulse: &Pulse,
        raise: &watch::Sender<bool>,
    ) -> Infallible {
        let mut stopped = self.stops().subscribe(&turn.id);
        let mut looked_at = Instant::now();
        let mut renew_at = looked_at + RENEWAL;
        let mut owes = false;
        loop {
            let told = tokio::select! {
                biased;
                () = stopped.changed() => true,
                () = sleep_until(renew_at.min(looked_at + STOP_CHECK)) => false,
            };
            let now = Instant::now();
            let renews = owes || (now >= renew_at && !told);
            let unstopped_at = pulse.unstopped_at().max(self.saw_held(turn, lease));
            if let Some(at) = unstopped_at
                && at + STOP_CHECK > now
                && !told
                && !renews
            {
                looked_at = at;
                continue;
            }
            looked_at = now;
            let holds = if renews {
                renew_at = now + RENEWAL;
                let renewed = self.renew(turn, lease).await;
                owes = renewed.is_err();
                renewed
            } else {
                self.still_holds(turn, lease).await
            };
            // A store that does not answer is no reason to stop: the lease lives on
            // for a while, the next look renews it, and whoever takes over after it
            // fences us out.
            if holds == Ok(false) {
                raise.send_replace(true);
            }
        }
    }

    async fn renew(&self, turn: &Turn, lease: &Lease) -> Result<bool, ()> {
        let renewal = match lease.clone() {
            Lease::Model { step, claim_no } => RenewLease::Model {
                step,
                claim_no,
                lease_ms: LEASE_MS,
            },
            Lease::Call { call, attempt } => RenewLease::Call {
                call,
                attempt,
                lease_ms: LEASE_MS,
            },
        };
        let command = Command::RenewLease(renewal);
        match self.apply(&turn.asker.user.tid, &turn.id, command).await {
            Ok(applied) => Ok(applied.turn.item.status == TurnStatus::Running),
            Err(
                ApplyError::NotFound
                | ApplyError::Refused(Refusal::StaleClaim | Refusal::StaleAttempt | Refusal::Ended),
            ) => Ok(false),
            Err(error) => {
                tracing::warn!(turn = %turn.id, %error, "a lease could not be renewed");
                Err(())
            }
        }
    }

    async fn still_holds(&self, turn: &Turn, lease: &Lease) -> Result<bool, ()> {
        let found = self
            .load(&turn.asker.user.tid, &turn.id)
            .await
            .map_err(|_| ())?;
        Ok(found.is_some_and(|found| is_held(&found.item, lease)))
    }

    /// When this process last saw that the lease is held: it may have written the turn
    /// for another reason, or looked for another lease.
    fn saw_held(&self, turn: &Turn, lease: &Lease) -> Option<Instant> {
        let seen = self.recent.turn(&turn.asker.user.tid, &turn.id)?;
        is_held(&seen.turn.item, lease).then_some(seen.at)
    }
}

fn is_held(turn: &Turn, lease: &Lease) -> bool {
    match lease {
        Lease::Model { step, claim_no } => holds_claim(turn, (*step, *claim_no)),
        Lease::Call { .. } => turn.status == TurnStatus::Running,
    }
}
