//! The heart of Azimuth: what a turn, a tool call, a principal, an approval and
//! an audit record are, and which transitions they may take.
//!
//! **Invariant:** nothing here does I/O, reads a clock, draws a random number or
//! fails from outside. The only errors are refusals: a command that the present
//! state does not allow.

pub mod approval_grant;
pub mod audit;
pub mod budget;
pub mod canonical;
pub mod conversation;
pub mod event;
pub mod ids;
pub mod kill_switch;
pub mod limits;
pub mod model_offer;
pub mod policy;
pub mod preview;
pub mod principal;
pub mod quota;
pub mod redact;
pub mod search;
pub mod secret;
pub mod session;
pub mod time;
pub mod tool;
pub mod tool_pins;
pub mod tool_servers;
pub mod turn;
pub mod usage;
pub mod work;
