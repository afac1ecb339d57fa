//! `handler audit`: offline, read-only.

use std::path::Path;
use std::process::ExitCode;

use azimuth_embedded::audit_verify::{self, VerifyReport};

/// Exit code when a record does not hold.
const FAULT: u8 = 1;
/// Exit code when the records cannot be read.
const UNREADABLE: u8 = 2;

/// Walks every chain of a data folder or of an export.
pub fn verify(data: Option<&Path>, file: Option<&Path>, partial: bool) -> ExitCode {
    let checked = match (data, file) {
        (Some(folder), _) => audit_verify::verify_database(&folder.join("azimuth.sqlite")),
        (None, Some(file)) => match std::fs::File::open(file) {
            Ok(opened) => audit_verify::verify_export(std::io::BufReader::new(opened), partial),
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

fn tell(report: &VerifyReport) -> ExitCode {
    match &report.fault {
        None => {
            println!(
                "{} records in {} chains hold",
                report.records, report.chains
            );
            ExitCode::SUCCESS
        }
        Some(fault) => {
            println!("{fault}");
            ExitCode::from(FAULT)
        }
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
