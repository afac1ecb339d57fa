//! A lease that is kept alive beside the work it protects.

use std::convert::Infallible;
use std::time::Duration;

use azimuth_domain::ids::CallId;
use azimuth_domain::limits::{HEARTBEAT_MS, LEASE_MS};
use azimuth_domain::turn::{Command, Refusal, RenewLease, Turn, TurnStatus};
use tokio::sync::watch;

use super::model_step::holds_claim;
use super::{ApplyError, Engine};

/// How often a worker looks whether its turn was stopped (api.md: the model call
/// ends within a second, no later tool runs).
const STOP_CHECK: Duration = Duration::from_secs(1);

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

impl Engine {
    /// Runs `work` to its end, with heartbeats beside it. The work decides what a
    /// raised stop sign means for it. What is due at the same moment goes on in one
    /// order, so that a schedule which a test draws from a number is always the same.
    pub(crate) async fn with_heartbeat<T, F: Future<Output = T>>(
        &self,
        turn: &Turn,
        lease: &Lease,
        work: impl FnOnce(StopSign) -> F,
    ) -> T {
        let (raise, sign) = watch::channel(false);
        tokio::select! {
            biased;
            done = work(StopSign(sign)) => done,
            never = self.beat(turn, lease, &raise) => match never {},
        }
    }

    async fn beat(&self, turn: &Turn, lease: &Lease, raise: &watch::Sender<bool>) -> Infallible {
        let mut stopped = self.stops().subscribe(&turn.id);
        let mut tick = tokio::time::interval(STOP_CHECK);
        tick.tick().await;
        let mut ticks = 0_i64;
        let mut owes = false;
        loop {
            let due = tokio::select! {
                biased;
                () = stopped.changed() => false,
                _ = tick.tick() => {
                    ticks += 1;
                    ticks * 1000 % HEARTBEAT_MS == 0
                }
            };
            let holds = if due || owes {
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
        Ok(found.is_some_and(|found| match lease {
            Lease::Model { step, claim_no } => holds_claim(&found.item, (*step, *claim_no)),
            Lease::Call { .. } => found.item.status == TurnStatus::Running,
        }))
    }
}
