//! Our identity and its key vault against the sandbox Azure, each test with one of its
//! own, over TLS through its proxy.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod identity;
#[expect(dead_code, reason = "the tests of the data keys use the rest")]
mod rig;
mod secrets;
mod signer;
