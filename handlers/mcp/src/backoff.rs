//! When a server that keeps failing may be started again.

use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row, and the wait that follows from them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Backoff {
    failures: u32,
    not_before: Option<Instant>,
}

impl Backoff {
    /// Counts a failure at `now`. The first restart is free, the second waits
    /// `delay`, each further one twice as long, at most `max`.
    pub(crate) fn failed(&mut self, now: Instant, delay: Duration, max: Duration) {
        let wait = match self.failures {
            0 => Duration::ZERO,
            n => delay.saturating_mul(1 << (n - 1).min(20)).min(max),
        };
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(now + wait);
    }

    /// Forgets all failures.
    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// How long to wait yet; zero when it may start.
    pub(crate) fn remaining(&self, now: Instant) -> Duration {
        self.not_before
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
    }

    /// Whether anything is remembered at `now` that a start would have to heed.
    /// Failures are forgotten `max` after the wait is over.
    pub(crate) fn is_clear(&self, now: Instant, max: Duration) -> bool {
        self.not_before.is_none_or(|at| now > at + max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_success_forgets_them() {
        let (delay, max) = (Duration::from_secs(1), Duration::from_mins(1));
        let now = Instant::now();
        let mut backoff = Backoff::default();
        assert_eq!(backoff.remaining(now), Duration::ZERO);
        let mut waits = Vec::new();
        for _ in 0..9 {
            backoff.failed(now, delay, max);
            waits.push(backoff.remaining(now).as_secs());
        }
        assert_eq!(waits, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(
            backoff.remaining(now + Duration::from_secs(59)),
            Duration::from_secs(1)
        );
        assert_eq!(backoff.remaining(now + max), Duration::ZERO);
        assert!(!backoff.is_clear(now + max, max));
        assert!(backoff.is_clear(now + max + max + delay, max));
        backoff.succeeded();
        assert_eq!(backoff.remaining(now), Duration::ZERO);
        assert!(backoff.is_clear(now, max));
    }
}
