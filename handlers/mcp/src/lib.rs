//! Tool servers: processes that speak MCP, one for each user, each with exactly
//! that user's rights; and servers elsewhere, with a session for each user.
//!
//! [`servers`] reads the configuration, [`catalogue`] holds what we believe about
//! the tools, [`broker`] gives the processes their tokens, [`egress`] is their way out,
//! [`confine`] is the small process that ends a tool server when the handler is killed
//! and puts walls around it, and [`McpServers`] puts them together behind
//! `ports::tools::ToolServers`.
//!
//! **Logging:** `rmcp` logs what servers say: notifications at `info`, requests and
//! lines that do not parse at `debug`, everything at `trace`. The filter of the
//! process must hold it at `warn`.

pub mod broker;
pub mod catalogue;
pub mod confine;
pub mod egress;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod remote;
pub mod servers;

mod added;
mod backoff;
mod bundle;
mod call;
mod child;
mod client;
mod folder;
mod launcher;
mod limits;
mod output;
mod pool;
mod process;
mod programs;
mod secrets;
mod shown;
mod stderr;
mod stream;
mod tool_servers;
mod unique;

pub use added::AddRules;
pub use limits::PoolLimits;
pub use secrets::{SecretLookup, Secrets};
pub use tool_servers::{McpServers, Options, StartError};
