//! A stand-in for Azure Static Web Apps, for development and tests.
//!
//! It serves a built folder as the real service does by the folder's
//! `staticwebapp.config.json`: routes, headers, fallback, overrides, types. What
//! it does not know it refuses at start, by name. `README.md` lists each
//! behaviour with the test that proves it.
//!
//! - [`config`] reads the file; [`Site`] decides what a request gets;
//! - [`files`] keeps what was read and compressed; [`WebServer`] listens.

pub mod config;
pub mod encoding;
pub mod files;
pub mod info_file;
pub mod log;
mod media_type;
mod path;
mod server;
mod site;

pub use log::Log;
pub use server::{StartError, WebServer};
pub use site::{Overlay, Site, SiteOptions};
