//! Why Cosmos did not do what it was asked.

use azimuth_ports::audit::AuditError;
use azimuth_ports::store::StoreError;
use azure_data_cosmos::CosmosError;

/// An operation failed. No text names an address or an item.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// There is no such item.
    #[error("the item is not there")]
    Missing,
    /// An item of that id, or of that unique key, is there.
    #[error("the item is there already")]
    Exists,
    /// The item has another version.
    #[error("the item has changed")]
    Changed,
    /// No answer, or one that says "later". A write may have happened.
    #[error("{0}")]
    Unanswered(String),
    /// The answer or an item is not what was expected.
    #[error("{0}")]
    Unreadable(String),
}

/// Sub-status of a 404 that means the item and not its container or session.
const ITEM_IS_MISSING: u32 = 0;

impl From<CosmosError> for Fault {
    fn from(error: CosmosError) -> Self {
        let status = error.status();
        let code = u16::from(status.status_code());
        let detail = status.sub_status().map_or(0, |sub| u32::from(sub.value()));
        match code {
            404 if detail == ITEM_IS_MISSING => Self::Missing,
            409 => Self::Exists,
            412 => Self::Changed,
            _ => Self::Unanswered(format!("Cosmos DB answers {code}/{detail}")),
        }
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// What the operation itself did not expect is told as what it is.
impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unreadable(detail) => Self::Unreadable(detail),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<Fault> for AuditError {
    fn from(fault: Fault) -> Self {
        Self::Unavailable(fault.to_string())
    }
}

/// `None` where the item is missing.
pub(super) fn found<T>(outcome: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match outcome {
        Ok(item) => Ok(Some(item)),
        Err(Fault::Missing) => Ok(None),
        Err(other) => Err(other),
    }
}
