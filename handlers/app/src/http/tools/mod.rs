//! Tools, as this person may see and call them.

pub mod call_tool;
pub mod list_tools;
