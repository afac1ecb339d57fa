pub mod auth;
mod azure_reads;
pub mod digests;
pub mod http;
pub mod log_writer;
pub mod models;
pub mod notices;
pub mod policy;
pub mod problem;
pub mod quota;
pub mod routes;
pub mod secrets;
pub mod standalone;

mod tenant_documents;
pub mod tools;
pub mod triggers;
pub mod turn;
