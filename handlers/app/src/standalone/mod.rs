//! What the Functions host does on Azure, done by the handler's own process, for
//! containers: it reads the queues and keeps the timer. The work is the triggers' own.
//!
//! A process that is asked to stop takes nothing new and finishes what it has. What
//! takes too long is handed back: its message shows again when its lease is over, so
//! that another process takes it up as after a crash.

mod listener;
mod message;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::limits::{EXECUTOR_SLOTS, LEASE_MS};
use azimuth_ports::queue::WorkQueue;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::digests::AuditSigner;
use crate::triggers::{self, QueueFunction, TriggerError};
use crate::turn::Engine;

/// How the queues are read.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Messages of one queue that are in progress at once.
    pub at_once: usize,
    /// How long a message stays hidden after a crash of whoever has it.
    pub hidden: Duration,
    /// How often it is hidden anew.
    pub renewal: Duration,
    /// After this a message that failed shows again.
    pub retry_after: Duration,
    /// After this one that was handed back shows again: no lease of a call or of a
    /// model step lives longer.
    pub handed_back_for: Duration,
    /// Deliveries after which a message is poisoned.
    pub max_dequeue_count: u32,
    /// Pause after the first empty look; it doubles.
    pub poll_min: Duration,
    /// Longest pause.
    pub poll_max: Duration,
    /// How often lost work is looked for.
    pub sweep_every: Duration,
    /// How often the audit is signed and archived.
    pub sign_every: Duration,
    /// Longest time of one delivery.
    pub deadline: Duration,
    /// Time to finish after being asked to stop.
    pub grace: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            at_once: EXECUTOR_SLOTS,
            hidden: Duration::from_secs(30),
            renewal: Duration::from_secs(10),
            retry_after: Duration::from_secs(15),
            handed_back_for: Duration::from_millis(LEASE_MS.unsigned_abs() + 1_000),
            max_dequeue_count: 5,
            poll_min: Duration::from_millis(100),
            poll_max: Duration::from_secs(1),
            sweep_every: Duration::from_mins(5),
            sign_every: Duration::from_hours(1),
            deadline: Duration::from_mins(9),
            grace: Duration::from_secs(20),
        }
    }
}

/// The host's part.
pub struct Standalone {
    engine: Arc<Engine>,
    queue: Arc<dyn WorkQueue>,
    audit_signer: Arc<AuditSigner>,
    pace: Pace,
}

/// When to stop.
#[derive(Debug, Clone, Default)]
struct Until {
    /// Nothing new from here on.
    stop: CancellationToken,
    /// What still runs is handed back.
    give_up: CancellationToken,
}

impl Standalone {
    /// Reads `queue` for `engine`.
    pub fn new(
        engine: Arc<Engine>,
        queue: Arc<dyn WorkQueue>,
        audit_signer: Arc<AuditSigner>,
        pace: Pace,
    ) -> Arc<Self> {
        Arc::new(Self {
            engine,
            queue,
            audit_signer,
            pace,
        })
    }

    /// Works until `stop`, and then until all is finished or handed back.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let until = Until {
            stop,
            give_up: CancellationToken::new(),
        };
        let tasks = TaskTracker::new();
        for function in QueueFunction::ALL {
            tasks.spawn(Arc::clone(&self).listen(function, until.clone()));
        }
        tasks.spawn(Arc::clone(&self).sweep(until.clone()));
        tasks.spawn(Arc::clone(&self).sign(until.clone()));
        tasks.close();
        until.stop.cancelled().await;
        let finished = async {
            tasks.wait().await;
            self.engine.idle().await;
        };
        if tokio::time::timeout(self.pace.grace, finished)
            .await
            .is_err()
        {
            tracing::warn!("what still runs is handed back");
            until.give_up.cancel();
            tasks.wait().await;
        }
    }

    /// Looks for lost work at once, and then at every turn of the clock.
    async fn sweep(self: Arc<Self>, until: Until) {
        let work = || triggers::sweep(&self.engine);
        self.keep_time("sweep", self.pace.sweep_every, &until, work)
            .await;
    }

    /// The same for the audit's digests.
    async fn sign(self: Arc<Self>, until: Until) {
        let work = || triggers::sign_audit(&self.audit_signer);
        self.keep_time("sign-audit", self.pace.sign_every, &until, work)
            .await;
    }

    async fn keep_time<W>(
        &self,
        function: &'static str,
        every: Duration,
        until: &Until,
        work: impl Fn() -> W,
    ) where
        W: Future<Output = Result<(), TriggerError>>,
    {
        loop {
            let done = tokio::time::timeout(self.pace.deadline, work());
            match until.give_up.run_until_cancelled(done).await {
                Some(Ok(Err(error))) => tracing::warn!(function, %error, "a timer's work failed"),
                Some(Err(_)) => tracing::warn!(function, "a timer's work took too long"),
                Some(Ok(Ok(()))) | None => {}
            }
            let pause = tokio::time::sleep(every);
            if until.stop.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    }
}
