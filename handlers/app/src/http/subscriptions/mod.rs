//! The subscriptions that the caller can reach, as the picker offers them.

mod cache;
pub mod list_subscriptions;

pub use cache::SubscriptionCache;
