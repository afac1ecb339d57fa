//! What the tests share: a whole stack of real processes ([`stack`]), and people
//! who talk to an API ([`person`]).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

pub mod app;
pub mod person;
pub mod sse;
pub mod stack;
pub mod tools;
pub mod waiting;
