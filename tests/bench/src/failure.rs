//! Why a benchmark has no figure.

use std::fmt::Display;
use std::path::Path;

/// The text names what was measured and what went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What is measured did not start, or answered what a benchmark cannot go on
    /// with.
    #[error(transparent)]
    Stack(#[from] azimuth_stack::failure::Failure),
    /// The database that a benchmark fills.
    #[error("the database: {0}")]
    Database(#[from] rusqlite::Error),
}

impl Failure {
    pub fn answer(what: impl Into<String>, problem: impl Display) -> Self {
        azimuth_stack::failure::Failure::answer(what, problem).into()
    }

    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let failure = azimuth_stack::failure::Failure::io(what);
        |source| failure(source).into()
    }

    pub fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        Self::io(path.display().to_string())
    }
}

pub type Done<T = ()> = Result<T, Failure>;
