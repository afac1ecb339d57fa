//! The HTTP API of `design/api.md`: one endpoint, one file.
//!
//! **Invariants:** no handler of a `/v1` route runs without a [`caller::Caller`];
//! what another user owns is answered exactly as what does not exist, and both are on
//! record when the id says that it is another's; every error
//! is a [`Problem`](crate::problem::Problem).

pub mod admin;
pub mod approvals;
pub mod audit;
pub mod caller;
pub mod conversations;
pub mod edge;
pub mod etag;
pub mod events;
mod failure;
pub mod health;
pub mod idempotency;
pub mod json;
mod leftover;
pub mod logins;
pub mod long_read;
pub mod me;
pub mod models;
pub mod moment;
pub mod openapi;
pub mod page;
pub mod parts;
pub mod path;
pub mod permissions;
pub mod query;
pub mod realtime;
pub mod refusals;
pub mod sessions;
pub mod settings;
pub mod states;
pub mod subscriptions;
#[cfg(test)]
mod tests;
pub mod tools;
pub mod turns;
pub mod usage;

pub use parts::{ApiParts, HttpConfig, StreamTimings};
