//! What the stand-in does, behaviour by behaviour; `README.md` maps them to
//! these tests.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its expectation does not hold"
)]

mod support;

mod caching;
mod changes;
mod compression;
mod fallback;
mod files;
mod headers;
mod overrides;
mod program;
mod refusals;
mod routes;
