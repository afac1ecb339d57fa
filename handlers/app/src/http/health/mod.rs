//! Whether the process is up, and whether it can work.

pub mod live;
pub mod ready;

pub use ready::Readiness;
