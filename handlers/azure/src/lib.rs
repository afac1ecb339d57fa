//! Adapters to Azure: the identity provider's token endpoint and the Resource
//! Manager's list of subscriptions.
//!
//! **Invariant:** no Azure host is written here; every address comes from
//! configuration.

pub mod arm;
pub mod containers;
pub mod egress;
pub mod entra;
pub mod subscriptions;

#[cfg(test)]
mod loopback;
