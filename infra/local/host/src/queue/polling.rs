use std::time::Duration;

/// Pauses between looks at an empty queue: 100 ms, then
/// `100 ms + U(0.8, 1.2) · 2^(n-1) · 100 ms`, up to the maximum
/// (`RandomizedExponentialBackoffStrategy`).
#[derive(Debug)]
pub struct Polling {
    least: Duration,
    most: Duration,
    empty_looks: u32,
}

impl Polling {
    pub fn new(least: Duration, most: Duration) -> Self {
        Self {
            least,
            most,
            empty_looks: 0,
        }
    }

    /// A message was found: the next pause is the shortest again.
    pub fn found(&mut self) {
        self.empty_looks = 0;
    }

    /// The pause after another empty look; `jitter` is from 0.8 to 1.2.
    pub fn empty(&mut self, jitter: f64) -> Duration {
        let looks = self.empty_looks;
        self.empty_looks = looks.saturating_add(1);
        if looks == 0 {
            return self.least.min(self.most);
        }
        // Beyond 2^20 the pause is above any maximum.
        let factor = f64::from(1_u32 << (looks - 1).min(20)) * jitter;
        (self.least + self.least.mul_f64(factor)).min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(most: Duration, jitter: f64) -> Vec<u128> {
        let mut polling = Polling::new(Duration::from_millis(100), most);
        (0..6).map(|_| polling.empty(jitter).as_millis()).collect()
    }

    #[test]
    fn pauses_double_up_to_the_maximum() {
        assert_eq!(
            pauses(Duration::from_secs(1), 1.0),
            [100, 200, 300, 500, 900, 1000]
        );
        assert_eq!(
            pauses(Duration::from_mins(1), 0.8),
            [100, 180, 260, 420, 740, 1380]
        );
        assert_eq!(
            pauses(Duration::from_mins(1), 1.2),
            [100, 220, 340, 580, 1060, 2020]
        );
    }

    #[test]
    fn the_maximum_of_the_product_is_reached_at_once() {
        assert_eq!(
            pauses(Duration::from_millis(200), 1.2),
            [100, 200, 200, 200, 200, 200]
        );
    }

    #[test]
    fn a_found_message_starts_over() {
        let mut polling = Polling::new(Duration::from_millis(100), Duration::from_mins(1));
        for _ in 0..100 {
            polling.empty(1.0);
        }
        assert_eq!(polling.empty(1.0), Duration::from_mins(1));
        polling.found();
        assert_eq!(polling.empty(1.0), Duration::from_millis(100));
    }
}
