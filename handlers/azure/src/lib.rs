//! Adapters to Azure: the identity provider's token endpoint, the Resource
//! Manager's list of subscriptions, the work queue on Storage Queues.
//!
//! **Invariant:** no Azure host is written here; every address comes from
//! configuration.

pub mod arm;
pub mod containers;
pub mod egress;
pub mod entra;
pub mod queue;
pub mod subscriptions;

#[cfg(test)]
mod loopback;
