//! `handler audit`: offline, read-only.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use azimuth_embedded::audit_verify::{self, Extent, Trust, VerifyError, VerifyReport};
use azimuth_embedded::read_public_keys;
use clap::Args;

/// Exit code when a record or a digest does not hold.
const FAULT: u8 = 1;
/// Exit code when they cannot be read.
const UNREADABLE: u8 = 2;

/// Most faults that are told one by one.
const TOLD: usize = 50;

/// What to verify, and what to trust.
#[derive(Args)]
pub struct Verify {
    /// The data folder.
    #[arg(long, conflicts_with = "file", required_unless_present = "file")]
    data: Option<PathBuf>,
    /// An NDJSON export.
    #[arg(long)]
    file: Option<PathBuf>,
    /// The export holds only some records of each chain: gaps are no fault.
    #[arg(long, requires = "file")]
    partial: bool,
    /// The public keys (PEM, the oldest first) that digests must be signed with, kept
    /// somewhere else; without it those beside the data, or in the export.
    #[arg(long)]
    key: Option<PathBuf>,
    /// Digests that were seen before: an older export, or answers of
    /// `GET /v1/audit/digests`. Each must still be there.
    #[arg(long)]
    known: Option<PathBuf>,
}

impl Verify {
    /// Walks every chain of a data folder or of an export, and its digests.
    pub fn run(&self) -> ExitCode {
        match self.check() {
            Ok(report) => tell(&report),
            Err(error) => {
                eprintln!("{error}");
                ExitCode::from(UNREADABLE)
            }
        }
    }

    fn check(&self) -> Result<VerifyReport, VerifyError> {
        let trust = Trust {
            keys: match &self.key {
                Some(file) => read_public_keys(file)?,
                None => Vec::new(),
            },
            known: match &self.known {
                Some(file) => audit_verify::read_known(open(file)?)?,
                None => Vec::new(),
            },
        };
        match (&self.data, &self.file) {
            (_, Some(file)) => {
                let extent = if self.partial {
                    Extent::Partial
                } else {
                    Extent::Whole
                };
                audit_verify::verify_export_with(open(file)?, extent, &trust)
            }
            (data, None) => {
                audit_verify::verify_folder(data.as_deref().unwrap_or(Path::new(".")), &trust)
            }
        }
    }
}

fn open(file: &Path) -> Result<BufReader<File>, VerifyError> {
    File::open(file)
        .map(BufReader::new)
        .map_err(|source| VerifyError::File {
            path: file.to_owned(),
            source,
        })
}

fn tell(report: &VerifyReport) -> ExitCode {
    println!("{report}");
    for sentence in report.sentences().iter().take(TOLD) {
        println!("{sentence}");
    }
    if report.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAULT)
    }
}

/// Writes every record as NDJSON to standard output, with the digests and the public
/// keys.
pub fn export(data: &Path) -> ExitCode {
    let stdout = std::io::stdout().lock();
    match audit_verify::export_folder(data, std::io::BufWriter::new(stdout)) {
        Ok(records) => {
            eprintln!("{records} records");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(UNREADABLE)
        }
    }
}
