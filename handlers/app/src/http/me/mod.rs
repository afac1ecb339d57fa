//! Who I am here.

pub mod get_me;
pub mod sign_in_to_azure;
