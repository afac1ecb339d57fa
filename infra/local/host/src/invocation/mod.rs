//! The protocol between the host and a handler's non-HTTP functions.

mod deadline;
mod envelope;
mod identifiers;
mod invoker;
mod reply;

pub use deadline::Deadline;
pub use envelope::{Sys, manual_envelope, offset_time, queue_envelope};
pub use identifiers::{guid, traceparent};
pub use invoker::{InvocationFailed, Invoker, causes};
pub use reply::{Reply, Verdict, judge};

/// The host version that requests carry: the one whose source the contract was
/// read from. A handler must not depend on it.
pub const HOST_VERSION: &str = "4.1037.0.0";

pub const INVOCATION_ID_HEADER: &str = "x-azure-functions-invocationid";
pub const HOST_VERSION_HEADER: &str = "x-azure-functions-hostversion";
