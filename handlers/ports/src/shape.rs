//! Stored items as JSON text, each with the version of its shape.

use azimuth_domain::budget::{BUDGET_VERSION, Budget};
use azimuth_domain::conversation::{Conversation, Message};
use azimuth_domain::turn::{TURN_VERSION, Turn};
use azimuth_domain::usage::{USAGE_VERSION, UsageDay};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::{CONFIG_VERSION, ConfigHead, ConfigVersion};
use crate::sessions::SessionRecord;
use crate::store::StoreError;
use crate::users::UserRecord;

/// An item that says which version of its shape it has.
pub trait Shape: Serialize + DeserializeOwned {
    /// Newest version that this build reads.
    const NEWEST: u32;

    /// The version of this one.
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

/// Its JSON says the version, and is not read when that is a newer one.
impl Shape for UserRecord {
    const NEWEST: u32 = 2;

    fn shape(&self) -> u32 {
        Self::NEWEST
    }
}

impl Shape for SessionRecord {
    const NEWEST: u32 = 1;

    fn shape(&self) -> u32 {
        self.v
    }
}

impl Shape for UsageDay {
    const NEWEST: u32 = USAGE_VERSION;

    fn shape(&self) -> u32 {
        self.v
    }
}

impl Shape for Budget {
    const NEWEST: u32 = BUDGET_VERSION;

    fn shape(&self) -> u32 {
        self.v
    }
}

impl Shape for ConfigHead {
    const NEWEST: u32 = CONFIG_VERSION;

    fn shape(&self) -> u32 {
        self.v
    }
}

impl Shape for ConfigVersion {
    const NEWEST: u32 = CONFIG_VERSION;

    fn shape(&self) -> u32 {
        self.head.v
    }
}

/// JSON of any item; what cannot be written could not be read either.
pub fn encode<T: Serialize>(item: &T) -> Result<String, StoreError> {
    serde_json::to_string(item).map_err(unreadable)
}

/// The item again; [`StoreError::Unreadable`] when it is damaged or a newer build
/// wrote it.
pub fn decode<T: Shape>(body: &str) -> Result<T, StoreError> {
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

#[expect(clippy::needless_pass_by_value, reason = "made for `map_err`")]
fn unreadable(detail: impl ToString) -> StoreError {
    StoreError::Unreadable(detail.to_string())
}
