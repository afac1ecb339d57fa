//! Offline verification of the audit: in the data folder, or in an export.
//!
//! Inside a chain every change, insertion, removal and reordering breaks a hash. The
//! signed digests fix how far each chain went, so a chain that was cut, rewritten to
//! its end or taken out as a whole is named as well. What is younger than the last
//! digest is compared with what the turns say, and reported as unsealed.

mod database;
mod digests;
mod dump;
mod export;
mod judge;
mod known;
mod report;
mod seals;
mod turns;

use std::io;
use std::path::PathBuf;

use azimuth_domain::audit::digest::DigestKey;
use azimuth_domain::audit::{AUDIT_VERSION, AuditRecord};
use azimuth_domain::canonical::canonical_json;
use serde_json::Value;

use crate::public_keys::PublicKeyError;

pub use database::{verify_database, verify_folder};
pub use dump::export_folder;
pub use export::{Extent, verify_export, verify_export_with};
pub use judge::Prepared;
pub use known::read_known;
pub use report::{
    DigestFault, DigestFaultKind, FaultKind, Miscount, RecordFault, Unsealed, VerifyReport,
};
pub use seals::Anchor;

/// What the verifier knows from elsewhere, and trusts.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// The keys that digests must be signed with, the oldest first; without any those
    /// that lie beside the data, or in the export.
    pub keys: Vec<DigestKey>,
    /// Digests that were seen before, from an older export or from
    /// `GET /v1/audit/digests`: each must still be there.
    pub known: Vec<Anchor>,
}

/// Why a verification could not be done.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A database cannot be read.
    #[error("{path} cannot be verified: {source}")]
    Database {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// A file cannot be read.
    #[error("{path} cannot be read: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The export cannot be read.
    #[error("the export cannot be read: {0}")]
    Read(#[from] io::Error),
    /// There are digests, and no key to check them with.
    #[error("{0}; name the key with --key")]
    Key(#[from] PublicKeyError),
    /// The export has digests and no key.
    #[error("the export holds digests and no public key; name it with --key")]
    NoKey,
    /// What was named as known digests holds none.
    #[error("no digest is named there")]
    NothingKnown,
    /// A line of the export is none of ours.
    #[error("line {line} of the export is no audit record: {detail}")]
    Line {
        /// Which, from 1.
        line: u64,
        /// Why.
        detail: String,
    },
}

/// A record from its JSON, provided that its hash covers all that is said there.
fn record_of(value: &Value) -> Result<AuditRecord, String> {
    let record: AuditRecord =
        serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    if record.v > AUDIT_VERSION {
        return Err("a newer version of Azimuth wrote it".to_owned());
    }
    let again = serde_json::to_value(&record).map_err(|error| error.to_string())?;
    if again == *value {
        Ok(record)
    } else {
        Err("it says more than its hash covers".to_owned())
    }
}

/// As [`record_of`], and spelt exactly as this product writes it.
fn record_of_text(text: &str) -> Result<AuditRecord, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let record = record_of(&value)?;
    if canonical_json(&value) == text {
        Ok(record)
    } else {
        Err("it is not spelt as it was written".to_owned())
    }
}
