//! The store on Cosmos DB against Microsoft's emulator, each test with one of its own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conformance;
mod emulator;
mod limits;
mod processes;
mod rig;
mod start;
