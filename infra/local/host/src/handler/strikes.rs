use std::time::Duration;

use tokio::time::Instant;

/// So many errors in a row, each within the window after the last, end the host
/// (`HttpFunctionInvocationDispatcher.ErrorEventsThreshold`).
pub const LIMIT: usize = 3;

/// The handler's errors that still count.
#[derive(Debug)]
pub struct Strikes {
    window: Duration,
    count: usize,
    last: Option<Instant>,
}

impl Strikes {
    pub fn new(window: Duration) -> Self {
        Self {
            window,
            count: 0,
            last: None,
        }
    }

    /// Counts an error at `now`; says whether the limit is reached.
    pub fn strike(&mut self, now: Instant) -> bool {
        if self.last.is_some_and(|last| now - last > self.window) {
            self.count = 0;
        }
        self.count += 1;
        self.last = Some(now);
        self.count >= LIMIT
    }

    pub fn count(&self) -> usize {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_mins(30);

    #[test]
    fn three_errors_close_together_are_the_limit() {
        let start = Instant::now();
        let mut strikes = Strikes::new(WINDOW);
        assert!(!strikes.strike(start));
        assert!(!strikes.strike(start + WINDOW));
        assert!(strikes.strike(start + WINDOW * 2));
    }

    #[test]
    fn a_longer_gap_forgets_all_earlier_errors() {
        let start = Instant::now();
        let mut strikes = Strikes::new(WINDOW);
        assert!(!strikes.strike(start));
        assert!(!strikes.strike(start));
        let later = start + WINDOW + Duration::from_millis(1);
        assert!(!strikes.strike(later));
        assert!(!strikes.strike(later));
        assert!(strikes.strike(later));
    }
}
