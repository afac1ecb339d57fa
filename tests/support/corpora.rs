//! The folder of the public test suites.

use std::io::Write;
use std::path::PathBuf;

/// A file or folder of the suites: below `AZIMUTH_CORPORA`, or beside the
/// repository. `None`, and a line that says so, when it is not there; set but
/// empty is a mistake.
pub fn corpus(name: &str) -> Option<PathBuf> {
    if let Some(set) = std::env::var_os("AZIMUTH_CORPORA") {
        assert!(!set.is_empty(), "AZIMUTH_CORPORA is set but empty");
        let folder = PathBuf::from(set);
        let entries = std::fs::read_dir(&folder)
            .unwrap_or_else(|e| panic!("AZIMUTH_CORPORA={}: {e}", folder.display()));
        assert!(entries.count() > 0, "AZIMUTH_CORPORA names an empty folder");
        let path = folder.join(name);
        assert!(path.exists(), "{} is missing", path.display());
        return Some(path);
    }
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora");
    let path = beside.join(name);
    if path.exists() {
        return Some(path);
    }
    // Past the capture of the test harness: a skip must be seen.
    let _ = writeln!(std::io::stderr(), "skipped: {name} (no corpora folder)");
    None
}
