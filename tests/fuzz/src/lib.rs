//! What reads bytes that somebody else wrote, each as a function of bytes that fails by
//! panicking. [`smoke`] feeds them mutated seeds for a few seconds, as tests do;
//! libFuzzer does so for as long as one likes (`libfuzzer/`, `cargo xtask fuzz`).
//!
//! `seeds/` holds what the mutations begin with, a folder for each target; what a fuzzer
//! found stays there, so that every later run begins with it.
#![expect(clippy::unwrap_used, reason = "a finding is a panic")]

mod audit_export;
mod canaries;
mod delivery;
mod egress;
mod mutation;
mod redactor;
pub mod smoke;
mod token;
mod tool_answer;
mod tool_arguments;

use std::path::{Path, PathBuf};

/// A function that is fed.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and that of the folder of its seeds.
    pub name: &'static str,
    /// Takes any bytes, and says whether they were taken for something; panics when
    /// something is not as promised.
    pub run: fn(&[u8]) -> bool,
}

/// All of them.
pub const TARGETS: [Target; 8] = [
    target("token", token::run),
    target("envelope", delivery::envelope),
    target("work_item", delivery::work_item),
    target("tool_answer", tool_answer::run),
    target("tool_arguments", tool_arguments::run),
    target("egress", egress::run),
    target("redactor", redactor::run),
    target("audit_export", audit_export::run),
];

const fn target(name: &'static str, run: fn(&[u8]) -> bool) -> Target {
    Target { name, run }
}

impl Target {
    /// The target of that name.
    pub fn named(name: &str) -> Option<Self> {
        TARGETS.into_iter().find(|target| target.name == name)
    }

    /// The folder of its seeds.
    pub fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("seeds")
            .join(self.name)
    }

    /// Its seeds, in the order of their names.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        let folder = self.folder();
        let entries = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
            .iter()
            .map(|file| std::fs::read(file).unwrap())
            .collect()
    }
}
