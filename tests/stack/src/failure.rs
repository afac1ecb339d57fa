//! What goes wrong with programs that are started and asked.

use std::fmt::Display;
use std::path::Path;

/// The text names what was wanted and what went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A program did not start, or ended.
    #[error("{program}: {problem}\n{log}")]
    Program {
        program: String,
        problem: String,
        log: String,
    },
    /// An answer that nobody can go on with.
    #[error("{what}: {problem}")]
    Answer { what: String, problem: String },
    /// A file or a socket.
    #[error("{what}: {source}")]
    Io {
        what: String,
        source: std::io::Error,
    },
}

impl Failure {
    pub fn answer(what: impl Into<String>, problem: impl Display) -> Self {
        Self::Answer {
            what: what.into(),
            problem: problem.to_string(),
        }
    }

    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        |source| Self::Io { what, source }
    }

    pub fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        Self::io(path.display().to_string())
    }
}

pub type Done<T = ()> = Result<T, Failure>;
