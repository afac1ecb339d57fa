//! Time that passes only when everybody sleeps.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::{Clock, Random};
use tokio::time::Instant;

/// When every run begins.
const MORNING: Timestamp = Timestamp(1_795_500_000_000);

/// The true time of a run.
pub struct TrueClock {
    start: Instant,
    skipped_ms: AtomicI64,
}

impl TrueClock {
    /// Starts now.
    pub fn start() -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            skipped_ms: AtomicI64::new(0),
        })
    }

    /// Goes on from a later moment; nobody who sleeps wakes.
    pub fn skip(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap();
        self.skipped_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TrueClock {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.start.elapsed().as_millis()).unwrap();
        MORNING.plus_ms(passed + self.skipped_ms.load(Ordering::SeqCst))
    }
}

/// What one process takes for the time.
pub struct ProcessClock {
    truth: Arc<TrueClock>,
    off_by_ms: AtomicI64,
}

impl ProcessClock {
    /// A clock that is right.
    pub fn right(truth: &Arc<TrueClock>) -> Arc<Self> {
        Arc::new(Self {
            truth: truth.clone(),
            off_by_ms: AtomicI64::new(0),
        })
    }

    /// From now on it is wrong by `ms`.
    pub fn jump(&self, ms: i64) {
        self.off_by_ms.store(ms, Ordering::SeqCst);
    }
}

impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        self.truth
            .now()
            .plus_ms(self.off_by_ms.load(Ordering::SeqCst))
    }
}

/// Different at every call and the same in every run.
#[derive(Default)]
pub struct Counter(AtomicU64);

impl Random for Counter {
    fn ulid(&self) -> String {
        format!("{:026}", self.0.fetch_add(1, Ordering::SeqCst))
    }

    fn bytes32(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        bytes
    }
}

/// Where everybody writes what must not be.
#[derive(Default)]
pub struct Findings(Mutex<Vec<String>>);

impl Findings {
    /// Notes a violation.
    pub fn note(&self, text: impl Into<String>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(text.into());
    }

    /// All of them.
    pub fn all(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
