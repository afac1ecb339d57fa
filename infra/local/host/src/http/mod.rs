//! The HTTP side: listener, routing, the host's own pages, and the proxy.

mod activity;
mod admin;
mod body;
mod forward;
mod front;
mod headers;
mod path;

pub use admin::Admin;
pub use forward::Forwarder;
pub use front::{Front, HttpFunction, serve};
