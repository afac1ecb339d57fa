//! Resource Manager's own limits, kept here so that it need not refuse: a bucket for each
//! person, subscription and kind of request, which fills up steadily
//! (learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling).
//!
//! A call counts as one request, though a tool may make more, and each process counts for
//! itself: what is kept is the order of size. Where Azure refuses all the same, the bucket
//! is closed for as long as it says.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::EffectClass;
use moka::sync::Cache;

use super::answer::again_after;

/// How much of one kind a bucket holds, and how fast it fills.
struct Rate {
    holds: i64,
    per_second: i64,
}

const READS: Rate = Rate {
    holds: 250,
    per_second: 25,
};
/// Writes, and deletes apart from them.
const CHANGES: Rate = Rate {
    holds: 200,
    per_second: 10,
};

/// Longest that a call waits for its turn.
const PATIENCE_MS: i64 = 10_000;
/// How long a bucket stays closed where Azure names no time, and at most.
const PAUSE_MS: i64 = 5_000;
const LONGEST_PAUSE_MS: i64 = 5 * 60_000;

/// Buckets that are kept, and for how long when nobody asks: a full one need not be.
const BUCKETS: u64 = 100_000;
const UNUSED: Duration = Duration::from_mins(6);

/// HTTP status "too many requests".
const TOO_MANY: u16 = 429;
/// What a bucket is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Bucket {
    /// Whose requests.
    pub user: UserKey,
    /// Where, by its id; `None` for what is asked of a tenant, or of nobody knows where.
    pub subscription: Option<String>,
    /// Reads, writes or deletes.
    pub kind: EffectClass,
}

/// When the next request may begin.
#[derive(Debug, Clone, Copy)]
struct Level {
    /// When the bucket is full again.
    full_at: Timestamp,
    /// Azure takes nothing before.
    closed_until: Timestamp,
}

/// How full the buckets are.
pub(crate) struct AzurePace(Cache<Bucket, Arc<Mutex<Level>>>);

impl AzurePace {
    /// All full.
    pub fn new() -> Self {
        let buckets = Cache::builder().max_capacity(BUCKETS).time_to_idle(UNUSED);
        Self(buckets.build())
    }

    /// Takes one request out of a bucket; returns for how many milliseconds it has to wait.
    /// The error, where that is too long, is when to try again, and nothing is taken.
    pub fn take(&self, bucket: &Bucket, now: Timestamp) -> Result<i64, i64> {
        let rate = match bucket.kind {
            EffectClass::ReadOnly => READS,
            EffectClass::Mutating | EffectClass::Destructive => CHANGES,
        };
        let one = 1000 / rate.per_second;
        self.at(bucket, now, |level| {
            let full_at = level.full_at.max(now);
            let free_at = full_at
                .plus_ms(-(rate.holds - 1) * one)
                .max(level.closed_until);
            let wait = free_at.since(now).max(0);
            if wait > PATIENCE_MS {
                return Err(wait);
            }
            level.full_at = full_at.plus_ms(one);
            Ok(wait)
        })
    }

    /// Takes up that Azure refused a request with this status and answer.
    pub fn refused(&self, bucket: &Bucket, now: Timestamp, status: Option<u16>, answer: &[u8]) {
        if status != Some(TOO_MANY) {
            return;
        }
        let pause = again_after(answer).unwrap_or(PAUSE_MS);
        self.at(bucket, now, |level| {
            let until = now.plus_ms(pause.min(LONGEST_PAUSE_MS));
            level.closed_until = level.closed_until.max(until);
        });
    }

    fn at<T>(&self, bucket: &Bucket, now: Timestamp, change: impl FnOnce(&mut Level) -> T) -> T {
        let full = || {
            Arc::new(Mutex::new(Level {
                full_at: now,
                closed_until: now,
            }))
        };
        let level = self.0.get_with_by_ref(bucket, full);
        let mut level = level.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_694_400_000);

    fn bucket(oid: &str, subscription: Option<&str>, kind: EffectClass) -> Bucket {
        Bucket {
            user: UserKey::new("t", oid),
            subscription: subscription.map(str::to_owned),
            kind,
        }
    }

    #[test]
    fn what_a_bucket_holds_goes_at_once_and_the_next_waits() {
        for (kind, holds, one) in [
            (EffectClass::ReadOnly, 250, 40),
            (EffectClass::Mutating, 200, 100),
            (EffectClass::Destructive, 200, 100),
        ] {
            let pace = AzurePace::new();
            let bucket = bucket("alice", Some("s"), kind);
            for n in 1..=holds + 2 {
                let wait = (n - holds).max(0) * one;
                assert_eq!(pace.take(&bucket, NOW), Ok(wait), "{kind:?} {n}");
            }
            // Three have come back since, two of them for those that waited.
            let later = NOW.plus_ms(3 * one);
            assert_eq!(pace.take(&bucket, later), Ok(0));
            assert_eq!(pace.take(&bucket, later), Ok(one));
            // A full one holds no more than it holds.
            let later = NOW.plus_ms(24 * 3_600_000);
            for n in 1..=holds + 1 {
                let wait = (n - holds).max(0) * one;
                assert_eq!(pace.take(&bucket, later), Ok(wait), "{kind:?} {n}");
            }
        }
    }

    #[test]
    fn nobody_waits_longer_than_ten_seconds_and_nothing_is_taken_for_it() {
        let pace = AzurePace::new();
        let bucket = bucket("alice", None, EffectClass::Mutating);
        let waits: Vec<i64> = std::iter::from_fn(|| pace.take(&bucket, NOW).ok()).collect();
        assert_eq!((waits.len(), waits.last()), (300, Some(&10_000)));
        assert_eq!(pace.take(&bucket, NOW), Err(10_100));
        assert_eq!(pace.take(&bucket, NOW), Err(10_100));
        assert_eq!(pace.take(&bucket, NOW.plus_ms(100)), Ok(10_000));
    }

    #[test]
    fn everybody_has_buckets_of_their_own_for_each_place_and_kind() {
        let pace = AzurePace::new();
        let closed = bucket("alice", Some("s"), EffectClass::ReadOnly);
        pace.refused(&closed, NOW, Some(429), b"Retry-After: 60");
        assert_eq!(pace.take(&closed, NOW), Err(60_000));
        for open in [
            bucket("bob", Some("s"), EffectClass::ReadOnly),
            bucket("alice", Some("other"), EffectClass::ReadOnly),
            bucket("alice", None, EffectClass::ReadOnly),
            bucket("alice", Some("s"), EffectClass::Mutating),
        ] {
            assert_eq!(pace.take(&open, NOW), Ok(0), "{open:?}");
        }
    }

    #[test]
    fn a_bucket_is_closed_as_long_as_azure_says() {
        for (status, answer, ms) in [
            (Some(429), "Retry-After: 17", 17_000),
            (Some(429), r#"{"retryAfter":"3"}"#, 3_000),
            (Some(429), "Please try again after '5' seconds.", 5_000),
            (Some(429), "Please try again after '2' minutes.", 120_000),
            (Some(429), "Please retry in 4 s.", 4_000),
            (Some(429), "Please try again after '90' minutes.", 300_000),
            (Some(429), "Retry-After: 300", 300_000),
            (Some(429), "Retry-After: 301", 300_000),
            (Some(429), "too many", 5_000),
            (Some(429), "", 5_000),
            (Some(503), "Retry-After: 17", 0),
            (Some(200), "Retry-After: 17", 0),
            (None, "Retry-After: 17", 0),
        ] {
            let pace = AzurePace::new();
            let bucket = bucket("alice", None, EffectClass::ReadOnly);
            pace.refused(&bucket, NOW, status, answer.as_bytes());
            let wait = match pace.take(&bucket, NOW) {
                Ok(wait) | Err(wait) => wait,
            };
            assert_eq!(wait, ms, "{status:?} {answer}");
        }
        // A shorter time that comes later opens nothing.
        let pace = AzurePace::new();
        let bucket = bucket("alice", None, EffectClass::ReadOnly);
        for answer in ["Retry-After: 9", "Retry-After: 1"] {
            pace.refused(&bucket, NOW, Some(429), answer.as_bytes());
        }
        assert_eq!(pace.take(&bucket, NOW), Ok(9_000));
    }
}
