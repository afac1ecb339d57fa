//! The subscriptions that the caller can reach, as the picker offers them.

pub mod list_subscriptions;
