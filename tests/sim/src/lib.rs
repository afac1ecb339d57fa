//! Model checking of the turn protocol with production's `step`.
//!
//! What is modelled, what is one action and what is left out: `README.md`. Where to
//! begin: [`world`] is one state, `driver/` says what each action makes of it,
//! [`model`] lists what can happen, [`search`] explores the whole graph,
//! [`bounds`] and [`mutations`] are what is explored.

pub mod bound;
pub mod bounds;
mod driver;
mod fingerprint;
pub mod model;
pub mod mutations;
pub mod order;
mod properties;
pub mod search;
pub mod turn;
pub mod world;
