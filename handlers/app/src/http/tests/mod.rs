//! The router in this process, with nothing behind it that answers.

pub(in crate::http) mod down;
mod reading;
mod routing;
