//! What a verification found.

use std::fmt;

use azimuth_domain::audit::ChainFault;
use azimuth_domain::time::Timestamp;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// Chains that were walked.
    pub chains: u64,
    /// Records that were read.
    pub records: u64,
    /// Digests that were read.
    pub digests: u64,
    /// Ids of the keys that they were checked with, the oldest first.
    pub keys: Vec<String>,
    /// The first fault of every chain that has one, by tenant and chain.
    pub faults: Vec<RecordFault>,
    /// The first fault of every tenant's digests that have one.
    pub digest_faults: Vec<DigestFault>,
    /// What the export says of its own length, when it is not true.
    pub miscount: Option<Miscount>,
    /// What no digest covers; `None` when there is nothing at all.
    pub unsealed: Option<Unsealed>,
}

impl VerifyReport {
    /// Whether nothing is wrong. What is unsealed is not wrong, only young.
    pub fn holds(&self) -> bool {
        self.faults.is_empty() && self.digest_faults.is_empty() && self.miscount.is_none()
    }

    /// The first record that is wrong; `None` when all hold.
    pub fn first_fault(&self) -> Option<&RecordFault> {
        self.faults.first()
    }

    /// Every fault as a sentence of its own.
    pub fn sentences(&self) -> Vec<String> {
        let records = self.faults.iter().map(ToString::to_string);
        let digests = self.digest_faults.iter().map(ToString::to_string);
        let miscount = self.miscount.iter().map(ToString::to_string);
        records.chain(digests).chain(miscount).collect()
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} records in {} chains", self.records, self.chains)?;
        if self.digests > 0 {
            write!(f, ", {} digests", self.digests)?;
        }
        match self.keys.as_slice() {
            [] => {}
            [key] => write!(f, " (key {key})")?,
            keys => write!(f, " (keys {})", keys.join(", "))?,
        }
        match self.sentences().as_slice() {
            [] => write!(f, ": all hold")?,
            [first, rest @ ..] => write!(f, ": {} broken, first {first}", rest.len() + 1)?,
        }
        if let Some(unsealed) = &self.unsealed {
            write!(f, "; {unsealed}")?;
        }
        Ok(())
    }
}

/// From when on nothing says that no records are missing at the end of a chain: since
/// the oldest record that no digest covers, or, without one, since the last digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unsealed since {since}: {records} records in {chains} chains")]
pub struct Unsealed {
    /// From this moment on.
    pub since: Timestamp,
    /// How many records no digest covers.
    pub records: u64,
    /// In how many chains.
    pub chains: u64,
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
    /// A digest fixed another record in this place, or another one before it.
    #[error("it is not the record that digest {digest} sealed")]
    Rewritten {
        /// Number of the digest.
        digest: u64,
    },
    /// The chain ends too early.
    #[error("it is missing: digest {digest} sealed the chain up to record {sealed}")]
    Cut {
        /// Number of the digest.
        digest: u64,
        /// The last record that was there.
        sealed: u64,
    },
    /// A turn says that a record is here, and it is not.
    #[error("{register} is missing or says something else: turn {turn} knows of it")]
    Untold {
        /// The turn.
        turn: String,
        /// Id of the record.
        register: String,
    },
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

/// A digest that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("digest {number} (tenant {tenant}): {what}")]
pub struct DigestFault {
    /// Whose digest.
    pub tenant: String,
    /// Its number; that of the first one that is missing.
    pub number: u64,
    /// What is wrong with it.
    pub what: DigestFaultKind,
}

/// What can be wrong with a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestFaultKind {
    /// It was changed after it was signed.
    #[error("its content does not match its hash")]
    Edited,
    /// The signature is not that of the key.
    #[error("its signature does not hold")]
    Forged,
    /// None of the keys signed it.
    #[error("it names the key {0}, which is none of those that sign")]
    ForeignKey(String),
    /// An older key signed it than the one before it.
    #[error("it names the key {0}, which had been replaced before")]
    ReplacedKey(String),
    /// It is not there.
    #[error("it is missing")]
    Missing,
    /// It stands where another number belongs.
    #[error("digest {0} is expected in its place")]
    OutOfPlace(u64),
    /// It does not follow the one before.
    #[error("it does not follow the digest before it")]
    Unlinked,
    /// Another digest had the number once.
    #[error("it is not the digest that had this number")]
    Replaced,
    /// A column of the table says something else.
    #[error("the column {0} does not say what the digest says")]
    Column(&'static str),
    /// It is no digest that this build knows.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

/// An export that says something else of its length than is true.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the export says that it holds {told_records} records and {told_digests} digests, and \
     {records} and {digests} are there"
)]
pub struct Miscount {
    /// What it says.
    pub told_records: u64,
    /// What it says.
    pub told_digests: u64,
    /// What is there.
    pub records: u64,
    /// What is there.
    pub digests: u64,
}
