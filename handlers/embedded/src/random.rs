//! Ids and secrets from the system's generator.

use std::sync::{Arc, Mutex, PoisonError};

use azimuth_ports::clock::{Clock, Random};
use rand::TryRng;
use rand::rngs::SysRng;
use ulid::Ulid;

/// The system's generator (`getrandom`). ULIDs of one instance increase
/// strictly, also inside a millisecond and when the clock steps back.
pub struct SystemRandom {
    clock: Arc<dyn Clock>,
    last: Mutex<Ulid>,
}

impl SystemRandom {
    /// A generator whose ULIDs carry the time of `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            last: Mutex::new(Ulid::nil()),
        }
    }
}

impl Random for SystemRandom {
    fn ulid(&self) -> String {
        let now_ms = u64::try_from(self.clock.now().0).unwrap_or_default();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let next = if now_ms > last.timestamp_ms() {
            let mut random = [0; 16];
            random[6..].copy_from_slice(&self.bytes32()[..10]);
            Ulid::from_parts(now_ms, u128::from_be_bytes(random))
        } else {
            // The random part is full: one millisecond is borrowed from the future.
            last.increment()
                .unwrap_or_else(|_| Ulid::from_parts(last.timestamp_ms() + 1, 0))
        };
        *last = next;
        next.to_string().to_ascii_lowercase()
    }

    fn bytes32(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        if let Err(error) = SysRng.try_fill_bytes(&mut bytes) {
            // Going on with predictable ids and keys would be worse than ending.
            panic!("the system gives no random bytes: {error}");
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use azimuth_domain::time::Timestamp;

    struct Frozen(i64);

    impl Clock for Frozen {
        fn now(&self) -> Timestamp {
            Timestamp(self.0)
        }
    }

    #[test]
    fn ulids_increase_inside_a_millisecond_and_carry_the_time() {
        let random = SystemRandom::new(Arc::new(Frozen(1_795_525_509_123)));
        let ids: Vec<String> = (0..1000).map(|_| random.ulid()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(
            ids.iter()
                .all(|id| id.len() == 26 && *id == id.to_lowercase())
        );
        let read = Ulid::from_string(&ids[0].to_uppercase()).map(|id| id.timestamp_ms());
        assert_eq!(read, Ok(1_795_525_509_123));
    }

    #[test]
    fn two_generators_do_not_agree() {
        let clock = Arc::new(Frozen(5));
        let (a, b) = (SystemRandom::new(clock.clone()), SystemRandom::new(clock));
        assert_ne!(a.ulid(), b.ulid());
        assert_ne!(a.bytes32(), a.bytes32());
    }
}
