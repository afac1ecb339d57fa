//! The system's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::Clock;

/// The system's clock, in milliseconds. It may jump when the system's does.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}
