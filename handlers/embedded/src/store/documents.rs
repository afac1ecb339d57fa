//! Items as JSON, and their versions.

use azimuth_domain::conversation::{Conversation, Message};
use azimuth_domain::turn::{TURN_VERSION, Turn};
use azimuth_ports::clock::Random;
use azimuth_ports::store::{Etag, StoreError};
use azimuth_ports::users::UserRecord;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::database::Fault;

/// An item that says which version of its shape it has.
pub(super) trait Shape: Serialize + DeserializeOwned {
    /// Newest version that this build reads.
    const NEWEST: u32;
    fn shape(&self) -> u32;
}

impl Shape for Conversation {
    const NEWEST: u32 = 1;
    fn shape(&self) -> u32 {
        self.v
    }
}

impl Shape for Message {
    const NEWEST: u32 = 1;
    fn shape(&self) -> u32 {
        self.v
    }
}

impl Shape for Turn {
    const NEWEST: u32 = TURN_VERSION;
    fn shape(&self) -> u32 {
        self.v
    }
}

impl Shape for UserRecord {
    const NEWEST: u32 = 1;
    fn shape(&self) -> u32 {
        self.v
    }
}

#[expect(clippy::needless_pass_by_value, reason = "made for `map_err`")]
pub(super) fn unreadable(detail: impl ToString) -> Fault<StoreError> {
    Fault::Refused(StoreError::Unreadable(detail.to_string()))
}

/// JSON of any item; what cannot be written could not be read either.
pub(super) fn encode<T: Serialize>(item: &T) -> Result<String, Fault<StoreError>> {
    serde_json::to_string(item).map_err(unreadable)
}

/// The item again, unless a newer build wrote it.
pub(super) fn decode<T: Shape>(body: &str) -> Result<T, Fault<StoreError>> {
    let item: T = serde_json::from_str(body).map_err(unreadable)?;
    if item.shape() > T::NEWEST {
        return Err(unreadable(format!(
            "it has version {}, this build knows up to {}",
            item.shape(),
            T::NEWEST
        )));
    }
    Ok(item)
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
