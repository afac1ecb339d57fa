//! `handler audit`: offline, read-only.

use std::path::Path;
use std::process::ExitCode;

use azimuth_embedded::audit_verify::{self, Extent, VerifyReport};

/// Exit code when a record does not hold.
const FAULT: u8 = 1;
/// Exit code when the records cannot be read.
const UNREADABLE: u8 = 2;

/// Walks every chain of a data folder or of an export.
pub fn verify(data: Option<&Path>, file: Option<&Path>, partial: bool) -> ExitCode {
    let checked = match (data, file) {
        (Some(folder), _) => audit_verify::verify_database(&folder.join("azimuth.sqlite")),
        (None, Some(file)) => match std::fs::File::open(file) {
            Ok(opened) => {
                audit_verify::verify_export(std::io::BufReader::new(opened), extent(partial))
            }
            Err(error) => {
                eprintln!("{} cannot be read: {error}", file.display());
                return ExitCode::from(UNREADABLE);
            }
        },
        (None, None) => {
            eprintln!("--data or --file is needed");
            return ExitCode::from(UNREADABLE);
        }
    };
    match checked {
        Ok(report) => tell(&report),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(UNREADABLE)
        }
    }
}

fn extent(partial: bool) -> Extent {
    if partial {
        Extent::Partial
    } else {
        Extent::Whole
    }
}

fn tell(report: &VerifyReport) -> ExitCode {
    println!("{report}");
    if report.first_fault().is_none() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAULT)
    }
}

/// Writes every record as NDJSON to standard output, chain by chain.
pub fn export(data: &Path) -> ExitCode {
    let stdout = std::io::stdout().lock();
    match audit_verify::export_database(&data.join("azimuth.sqlite"), stdout) {
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
