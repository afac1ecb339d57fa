//! `handler policy`: offline, read-only.

use std::path::Path;
use std::process::ExitCode;

use azimuth_app::policy::files::{FolderReport, check_folder};
use azimuth_mcp::catalogue;
use azimuth_ports::tools::Catalogue;

/// Exit code when a policy or a case does not hold.
const FAULT: u8 = 1;
/// Exit code when the folder cannot be read.
const UNREADABLE: u8 = 2;

/// Checks the policies of a folder and runs their tests, with the tools of the built-in
/// catalogue.
pub fn check(folder: &Path) -> ExitCode {
    match report(folder) {
        Ok(report) => tell(&report),
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            ExitCode::from(UNREADABLE)
        }
    }
}

fn report(folder: &Path) -> std::io::Result<FolderReport> {
    let catalogue = Catalogue {
        version: String::new(),
        tools: catalogue::azure_tools()?,
        ..Catalogue::default()
    };
    check_folder(folder, &catalogue)
}

fn tell(report: &FolderReport) -> ExitCode {
    for fault in &report.faults {
        println!("{fault}");
    }
    let (files, cases, faults) = (report.files, report.cases, report.faults.len());
    println!("{files} files, {cases} cases, {faults} faults");
    if faults == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAULT)
    }
}
