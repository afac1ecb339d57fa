//! Offline verification of the audit: in the database, or in an export.
//!
//! It finds every change, insertion, removal and reordering inside a chain. A
//! chain that was cut at its end, or removed as a whole, is consistent in
//! itself; only signed digests tell.

mod database;
mod dump;
mod export;

use std::fmt;
use std::io;
use std::path::PathBuf;

use azimuth_domain::audit::{AUDIT_VERSION, AuditRecord, ChainFault};
use azimuth_domain::canonical::canonical_json;
use serde_json::Value;

pub use database::verify_database;
pub use dump::export_database;
pub use export::{Extent, verify_export};

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// Chains that were walked.
    pub chains: u64,
    /// Records that were read.
    pub records: u64,
    /// The first fault of every chain that has one, by tenant and chain.
    pub faults: Vec<RecordFault>,
}

impl VerifyReport {
    /// The first record that is wrong; `None` when all holds.
    pub fn first_fault(&self) -> Option<&RecordFault> {
        self.faults.first()
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} records in {} chains: ", self.records, self.chains)?;
        match self.first_fault() {
            None => write!(f, "all hold"),
            Some(fault) => write!(f, "{} broken, first {fault}", self.faults.len()),
        }
    }
}

/// A record that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("chain {chain}, record {seq} (tenant {tenant}): {what}")]
pub struct RecordFault {
    /// Tenant of the chain.
    pub tenant: String,
    /// The chain.
    pub chain: String,
    /// The record's number. For a gap, that of the first record that is missing.
    pub seq: u64,
    /// What is wrong with it.
    pub what: FaultKind,
}

/// What can be wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// It was changed, or its place in the chain is wrong.
    #[error("{}", place_in_words(.0))]
    Chain(ChainFault),
    /// A column of the table says something else than the record.
    #[error("the column {0} does not say what the record says")]
    Column(&'static str),
    /// It is no record that this build knows.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

/// The fault without the chain and the number, which [`RecordFault`] tells.
fn place_in_words(fault: &ChainFault) -> String {
    match fault {
        ChainFault::Edited { .. } => "its content does not match its hash".to_owned(),
        ChainFault::Gap {
            expected, found, ..
        } if found > expected => {
            format!("it is missing, record {found} follows")
        }
        ChainFault::Gap { found, .. } => format!("record {found} stands in its place"),
        ChainFault::Unlinked { .. } => "it does not follow the record before it".to_owned(),
    }
}

/// Why a verification could not be done.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The database cannot be read.
    #[error("{path} cannot be verified: {source}")]
    Database {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The export cannot be read.
    #[error("the export cannot be read: {0}")]
    Read(#[from] io::Error),
    /// A line of the export is no record.
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
