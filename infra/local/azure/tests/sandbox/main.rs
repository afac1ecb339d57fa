//! The sandbox through its own ports: every test has one of its own, in-process, with a clock that
//! only the test moves.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end")]

mod azure;
mod changes;
mod client;
mod control;
mod entra;
mod on_behalf_of;
mod process;
mod vault_keys;
