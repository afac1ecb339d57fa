//! Adapters to Azure: the store on Cosmos DB, the work queue on Storage Queues, the
//! identity provider's token endpoint and the Resource Manager's list of subscriptions;
//! and who we are to all of them.
//!
//! **Invariant:** no Azure host is written here; every address comes from
//! configuration.

pub mod arm;
pub mod cosmos;
pub mod digest_archive;
pub mod egress;
pub mod entra;
pub mod identity;
pub mod keyvault;
mod patience;
pub mod queue;
pub mod subscriptions;

#[cfg(test)]
mod loopback;
