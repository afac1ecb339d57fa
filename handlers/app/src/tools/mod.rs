//! Tools: who may call them, which are offered, and the one way to call them.

mod answer;
mod append;
pub(crate) mod decide;
pub(crate) mod dispatch;
mod preview;
mod record;
pub(crate) mod scope;
mod servers;

pub use servers::SealedServers;
