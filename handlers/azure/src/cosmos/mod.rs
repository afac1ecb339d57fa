//! The store on Azure Cosmos DB.
//!
//! One database with the containers of [`layout`]. Everything of a conversation lies
//! in one logical partition, so that an action is one batch; nothing spans partitions.
//! Bodies are JSON as text: a number in Cosmos is a double, and would not always come
//! back as it went in. Beside the body lies what queries ask for, and only that is
//! indexed.

mod account;
mod account_properties;
mod ask;
mod charges;
mod container;
mod data_keys;
mod digests;
mod failure;
mod lanes;
mod layout;
mod order;
mod startup;
mod store;

pub use account::{CosmosAuth, CosmosSettings};
pub use charges::{Charge, Charges, Kind};
pub(crate) use data_keys::WrappedKey;
pub use digests::CosmosDigests;
pub use layout::{CONTAINERS, Layout};
pub use startup::CosmosStartError;
pub use store::CosmosStore;
