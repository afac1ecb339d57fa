//! The one handler process of a host: started, watched, killed.

mod command;
mod connection;
mod console;
mod readiness;
mod shared;
mod strikes;
mod supervisor;

pub use command::HandlerCommand;
pub use connection::{Client, HandlerConnector, client};
pub use shared::{Handler, HandlerGone, HandlerState};
pub use supervisor::{Stopped, Supervisor};
