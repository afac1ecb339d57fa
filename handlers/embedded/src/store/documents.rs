//! Items as JSON, and their versions.

use azimuth_ports::clock::Random;
use azimuth_ports::shape::{self, Shape};
use azimuth_ports::store::{Etag, StoreError};
use serde::Serialize;

use crate::database::Fault;

#[expect(clippy::needless_pass_by_value, reason = "made for `map_err`")]
pub(super) fn unreadable(detail: impl ToString) -> Fault<StoreError> {
    Fault::Refused(StoreError::Unreadable(detail.to_string()))
}

/// JSON of any item.
pub(super) fn encode<T: Serialize>(item: &T) -> Result<String, Fault<StoreError>> {
    shape::encode(item).map_err(Fault::Refused)
}

/// The item again, unless a newer build wrote it.
pub(super) fn decode<T: Shape>(body: &str) -> Result<T, Fault<StoreError>> {
    shape::decode(body).map_err(Fault::Refused)
}

/// A version: 64 random bits. An item that was purged and made again gets none
/// of its old versions, as it would with a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version(pub(super) i64);

impl Version {
    pub(super) fn random(random: &dyn Random) -> Self {
        let bytes = random.bytes32();
        let mut half = [0; 8];
        half.copy_from_slice(&bytes[..8]);
        Self(i64::from_be_bytes(half))
    }

    /// `None` for what no version of ours looks like; it matches nothing.
    pub(super) fn of(etag: &Etag) -> Option<Self> {
        let mut bytes = [0; 8];
        hex::decode_to_slice(&etag.0, &mut bytes).ok()?;
        Some(Self(i64::from_be_bytes(bytes)))
    }

    pub(super) fn etag(self) -> Etag {
        Etag(hex::encode(self.0.to_be_bytes()))
    }
}
