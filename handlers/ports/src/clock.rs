//! Time and randomness, so that tests can decide about both.

use azimuth_domain::time::Timestamp;

/// What time it is.
pub trait Clock: Send + Sync {
    /// The present moment, UTC.
    fn now(&self) -> Timestamp;
}

/// Where new ids and random secrets come from.
pub trait Random: Send + Sync {
    /// A new ULID in lower case (26 characters), increasing with time.
    fn ulid(&self) -> String;
    /// 32 random bytes from the system's generator.
    fn bytes32(&self) -> [u8; 32];
}
