//! The store on Cosmos DB under the simulated deployment.
//!
//! The clock of a run moves whenever everybody sleeps, and whoever waits for a socket
//! would let it run. So the adapter lives on a runtime of its own ([`Account`]), and
//! whoever calls it ([`Bridge`]) stands still, the whole run with them, until the answer
//! is there: a call takes no time. A run has one thread, so nothing else goes on
//! meanwhile.

mod account;
mod bridge;
mod charges;
mod days;
mod ports;
mod seeds;
mod sweep;

pub use account::Account;
pub use bridge::{Bridge, Looks};
