//! The turn state machine of `design/turn-protocol.md`.
//!
//! [`step`] is pure: a turn, a command and the time give the next turn, the
//! events to append with it and the effects to perform after the write. The
//! driver (`app/turn`) reads, calls it, replaces the document under its etag,
//! and on conflict reads and decides again. One command is one file.

mod due;
mod state;

pub use due::Work;
pub use state::*;
