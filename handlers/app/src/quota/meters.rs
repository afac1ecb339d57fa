//! What is limited by the minute: a bucket for each person and tenant, in the memory of
//! this process. Instances share none, so each grants as much.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use azimuth_domain::quota::Quota;
use azimuth_domain::time::Timestamp;

/// How long it takes until an empty bucket is full.
pub(super) const MINUTE_MS: i64 = 60_000;
const MINUTE_US: i64 = MINUTE_MS * 1000;
/// Buckets above which the full ones are dropped.
const MANY: usize = 10_000;

/// The moments at which buckets are full again, in microseconds.
#[derive(Debug, Default)]
pub(super) struct Meters(Mutex<HashMap<(Quota, String), i64>>);

impl Meters {
    /// Takes one of the `limit` that a full bucket holds. Else the moment at which there
    /// is one again.
    pub(super) fn take(
        &self,
        quota: Quota,
        key: &str,
        limit: u64,
        now: Timestamp,
    ) -> Result<(), Timestamp> {
        let Some(each_us) = each_us(limit) else {
            return Err(now.plus_ms(MINUTE_MS));
        };
        let now_us = now.0.saturating_mul(1000);
        let mut full_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= MANY {
            full_at.retain(|_, at| *at > now_us);
        }
        let at = full_at.entry((quota, key.to_owned())).or_insert(now_us);
        // A clock that was set back empties nothing.
        if *at > now_us + MINUTE_US {
            *at = now_us;
        }
        let next = (*at).max(now_us) + each_us;
        let missing_us = next - now_us - MINUTE_US;
        if missing_us > 0 {
            return Err(now.plus_ms((missing_us + 999) / 1000));
        }
        *at = next;
        Ok(())
    }

    /// How many are taken and not there again.
    pub(super) fn used(&self, quota: Quota, key: &str, limit: u64, now: Timestamp) -> u64 {
        let full_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = full_at.get(&(quota, key.to_owned())).copied();
        let missing_us = at.map_or(0, |at| at - now.0.saturating_mul(1000));
        match (each_us(limit), u64::try_from(missing_us)) {
            (Some(each_us), Ok(missing_us)) => {
                missing_us.div_ceil(each_us.unsigned_abs()).min(limit)
            }
            _ => 0,
        }
    }
}

/// Microseconds until there is one more; `None` where there never is.
fn each_us(limit: u64) -> Option<i64> {
    let limit = i64::try_from(limit).ok()?;
    MINUTE_US.checked_div(limit).filter(|us| *us > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_525_509_123);
    const QUOTA: Quota = Quota::RequestsPerMinute;

    #[test]
    fn a_full_bucket_holds_the_limit_and_fills_again_within_a_minute() {
        let meters = Meters::default();
        for taken in 0..5 {
            assert_eq!(meters.used(QUOTA, "a", 5, NOW), taken);
            assert_eq!(meters.take(QUOTA, "a", 5, NOW), Ok(()));
        }
        let fresh_at = NOW.plus_ms(12_000);
        assert_eq!(meters.take(QUOTA, "a", 5, NOW), Err(fresh_at));
        assert_eq!(meters.used(QUOTA, "a", 5, NOW), 5);
        assert_eq!(meters.take(QUOTA, "b", 5, NOW), Ok(()), "another person");
        let turns = Quota::TurnsPerMinute;
        assert_eq!(meters.take(turns, "a", 5, NOW), Ok(()), "another quota");
        assert!(meters.take(QUOTA, "a", 5, fresh_at.plus_ms(-1)).is_err());
        assert_eq!(meters.take(QUOTA, "a", 5, fresh_at), Ok(()));
        assert!(meters.take(QUOTA, "a", 5, fresh_at).is_err());
        let later = fresh_at.plus_ms(MINUTE_MS);
        assert_eq!(meters.used(QUOTA, "a", 5, later), 0);
        let granted = (0..9).filter(|_| meters.take(QUOTA, "a", 5, later).is_ok());
        assert_eq!(granted.count(), 5, "more than full is full");
    }

    #[test]
    fn a_limit_of_none_grants_none_and_a_clock_that_was_set_back_stops_nobody() {
        let meters = Meters::default();
        assert!(meters.take(QUOTA, "a", 0, NOW).is_err());
        assert_eq!(meters.used(QUOTA, "a", 0, NOW), 0);
        for _ in 0..3 {
            assert_eq!(meters.take(QUOTA, "a", 3, NOW), Ok(()));
        }
        let before = NOW.plus_ms(-10 * MINUTE_MS);
        assert_eq!(meters.take(QUOTA, "a", 3, before), Ok(()));
    }

    #[test]
    fn full_buckets_are_dropped_where_there_are_many() {
        let meters = Meters::default();
        for n in 0..MANY {
            assert_eq!(meters.take(QUOTA, &n.to_string(), 60, NOW), Ok(()));
        }
        let later = NOW.plus_ms(1_001);
        assert_eq!(meters.take(QUOTA, "one more", 60, later), Ok(()));
        let kept = meters.0.lock().map(|full_at| full_at.len());
        assert_eq!(kept.ok(), Some(1));
    }
}
