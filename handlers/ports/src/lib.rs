//! The traits through which the product reaches the outside, and the public
//! conformance suite that every adapter passes; and the few forms that adapters share.
#![deny(missing_docs)]

pub mod audit;
pub mod azure;
pub mod clock;
pub mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod cursor;
pub mod data_key;
pub mod digests;
pub mod model;
pub mod queue;
pub mod search;
pub mod secrets;
pub mod sessions;
pub mod shape;
pub mod store;

pub mod tokens;
pub mod tools;
pub mod usage;
pub mod users;
