//! Timer triggers.

mod envelope;
mod runner;
mod schedule;

pub use envelope::{TimerStatus, timer_envelope};
pub use runner::TimerRunner;
pub use schedule::{Schedule, ScheduleProblem};
