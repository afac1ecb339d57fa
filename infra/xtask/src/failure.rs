use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// Why a command did not do its work. The text is for the person at the
/// terminal and says what to do wherever that is known.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{program} cannot be started: {source}\n  {advice}")]
    Program {
        program: String,
        source: io::Error,
        advice: &'static str,
    },
    #[error("{command} ended with {status}")]
    Ended { command: String, status: ExitStatus },
    /// Something is not as it must be.
    #[error("{problem}\n  {advice}")]
    Refused { problem: String, advice: String },
    /// Ctrl-C or SIGTERM; nothing is wrong.
    #[error("interrupted")]
    Interrupted,
    /// What is wrong has been printed already.
    #[error("{0}")]
    Told(&'static str),
}

impl Failure {
    pub fn refused(problem: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Refused {
            problem: problem.into(),
            advice: advice.into(),
        }
    }

    /// For `map_err`: `action` completes "cannot …".
    pub fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }
}
