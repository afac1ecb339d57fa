//! The adapters that need nothing but a folder: store and work queue on `SQLite`,
//! a data key and a signing key in files, the system's clock and randomness.
//!
//! Several processes may use one folder at once. Each file has one writing
//! thread per process, which commits what waits as a group, and a few reading
//! threads; the async runtime is never blocked.
#![deny(missing_docs)]

pub mod audit_verify;
mod clock;
mod database;
mod key_file;
mod public_keys;
mod queue;
mod random;
mod sealer;
mod signer;
mod store;

pub use clock::SystemClock;
pub use database::{OpenError, WriteCounts};
pub use key_file::KeyFileError;
pub use public_keys::{PublicKeyError, read_public_keys};
pub use queue::{MESSAGE_TTL, SqliteQueue};
pub use random::SystemRandom;
pub use sealer::FileSealer;
pub use signer::{FileSigner, SignerError};
pub use store::{SqliteDigests, SqliteStore};
