//! Adapters in memory that keep to the contracts of the ports: nothing in them
//! waits, so that a whole run fits on a clock that only moves when everybody
//! sleeps.

mod audit;
mod config;
#[cfg(test)]
mod conformance;
mod items;
mod lists;
mod queue;
mod store;
mod tokens;
mod usage;
mod users;

pub use audit::MemoryAudit;
pub use config::MemoryConfig;
pub use queue::MemoryQueue;
pub use store::MemoryStore;
pub use tokens::MemoryTokens;
pub use usage::MemoryUsage;
pub use users::MemoryUsers;
