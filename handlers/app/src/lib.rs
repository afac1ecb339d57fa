pub mod auth;
pub mod http;
pub mod models;
pub mod policy;
pub mod problem;
pub mod routes;
mod tools;
pub mod triggers;
pub mod turn;
