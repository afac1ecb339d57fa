//! Adapters to Azure: the store on Cosmos DB, the work queue on Storage Queues, the
//! identity provider's token endpoint, what the Resource Manager lists, Key
//! Vault and the archive of digests; and who we are to all of them.
//!
//! **Invariant:** no Azure host is written here; every address comes from
//! configuration.

pub mod arm;
pub mod cosmos;
pub mod digest_archive;
pub mod egress;
pub mod entra;
mod http_date;
pub mod identity;
pub mod keyvault;
mod patience;
pub mod queue;
pub mod user_directory;

#[cfg(test)]
mod loopback;
