//! Queue triggers: the listener of each, its polling, and what becomes of a
//! message. Source: `Microsoft.Azure.WebJobs.Extensions.Storage.Queues` 5.x.

mod connections;
mod listener;
mod message;
mod polling;

pub(crate) use connections::Connections;
pub use connections::{Queues, QueuesError};
pub use listener::QueueListener;
pub use message::MessageProcessor;
pub use polling::Polling;
