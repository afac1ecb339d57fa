//! The tool servers from outside, over a server that misbehaves on request.
#![expect(
    clippy::disallowed_methods,
    reason = "callers live as long as their test"
)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod added;
mod begun;
mod calls;
mod confine;
mod consent;
mod elsewhere;
mod pinning;
mod processes;
mod spawning;
mod support;
mod walls;
mod web;
