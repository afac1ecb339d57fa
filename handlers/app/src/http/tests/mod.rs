//! The router in this process, with nothing behind it that answers.

mod down;
mod reading;
mod routing;
