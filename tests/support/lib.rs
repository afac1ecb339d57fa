//! What the tests share: a whole stack of real processes ([`stack`]), the product
//! in the test's own process ([`app`]), and people who talk to either
//! ([`person`]).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

pub mod app;
pub mod audit;
pub mod azure;
pub mod completions;
pub mod container;
pub mod contract;
pub mod corpora;
pub mod gate;
pub mod host;
pub mod identity;
pub mod obeying;
pub mod operations;
#[cfg(feature = "past-the-seal")]
pub mod past_the_seal;
pub mod person;
pub mod reply;
pub mod scene;
pub mod script;
pub mod sse;
pub mod stack;
pub mod store;
pub mod tools;
pub mod waiting;
