//! All tests that go through the outer API, in one binary: one link instead of
//! six. `cargo xtask test GROUP` picks a module.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod api;
mod audit;
mod azure;
mod crash;
mod e2e;
mod isolation;

mod turns;
