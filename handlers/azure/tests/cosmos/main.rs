//! The store on Cosmos DB against Microsoft's emulator, each test with one of its own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "the tests of the sandbox use the rest")]
#[path = "../sandbox/rig.rs"]
mod azure;
mod conformance;
mod data_keys;
mod emulator;
mod limits;
mod rig;
mod sessions;
mod start;
