//! A stand-in for the Azure Functions host, for development and tests.
//!
//! It starts the same `handler` binary from the same folder (`host.json`,
//! `<function>/function.json`) as the real host and behaves towards it as the
//! real host does, including where that is unfriendly: double-quoted queue
//! payloads, a hang on an empty answer, SIGKILL as the only way to stop.
//! `README.md` lists each behaviour with the test that proves it.
//!
//! - [`settings`] reads the folder; [`handler`] keeps the one process alive;
//! - [`http`] is the listener and proxy; [`queue`] and [`timer`] are the
//!   triggers; [`invocation`] is the protocol that these two speak.

pub mod handler;
mod host;
pub mod http;
mod info_file;
pub mod invocation;
pub mod log;
pub mod queue;
pub mod settings;
pub mod timer;
mod timing;

pub use host::{Group, Host, HostOptions, StartError, UnknownGroup};
pub use log::Log;
pub use timing::Timing;
