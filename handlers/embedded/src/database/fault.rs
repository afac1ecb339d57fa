//! Why work on a database ended without a result.

use azimuth_ports::audit::AuditError;
use azimuth_ports::queue::QueueError;
use azimuth_ports::store::StoreError;

/// What a closure that works on a connection may fail with.
#[derive(Debug)]
pub(crate) enum Fault<E> {
    /// The contract's own answer.
    Refused(E),
    /// `SQLite`'s.
    Sqlite(rusqlite::Error),
}

impl<E> From<rusqlite::Error> for Fault<E> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl<E: Unanswered> Fault<E> {
    pub(crate) fn into_error(self) -> E {
        match self {
            Self::Refused(error) => error,
            Self::Sqlite(error) => E::unanswered(error.to_string()),
        }
    }
}

/// An error that can say "the store does not answer".
pub(crate) trait Unanswered {
    fn unanswered(detail: String) -> Self;
}

impl Unanswered for StoreError {
    fn unanswered(detail: String) -> Self {
        Self::Unavailable(detail)
    }
}

impl Unanswered for AuditError {
    fn unanswered(detail: String) -> Self {
        Self::Unavailable(detail)
    }
}

impl Unanswered for QueueError {
    fn unanswered(detail: String) -> Self {
        Self::Unavailable(detail)
    }
}
