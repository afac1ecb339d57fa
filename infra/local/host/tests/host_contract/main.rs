//! The contract of the Azure Functions host, point by point of
//! `reference/functions-host.md` §9; `README.md` maps the points to the tests.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where its expectation does not hold"
)]

mod support;

mod azurite;
mod envelope;
mod environment;
mod files;
mod groups;
mod lifecycle;
mod paths;
mod poison;
mod program;
mod proxy;
mod queues;
mod readiness;
mod replies;
mod routes;
mod streaming;
mod timers;
