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
    /// Inputs of a daily run: some four seconds of a processor.
    pub daily: u64,
}

/// All of them.
pub const TARGETS: [Target; 8] = [
    target("token", token::run, 15_000),
    target("envelope", delivery::envelope, 1_000_000),
    target("work_item", delivery::work_item, 1_000_000),
    target("tool_answer", tool_answer::run, 18_000),
    target("tool_arguments", tool_arguments::run, 100_000),
    target("egress", egress::run, 800_000),
    target("redactor", redactor::run, 15_000),
    target("audit_export", audit_export::run, 14_000),
];

const fn target(name: &'static str, run: fn(&[u8]) -> bool, daily: u64) -> Target {
    Target { name, run, daily }
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
