//! Who I am here, and what is kept of me.

pub mod delete_my_data;
pub mod export_my_data;
pub mod get_me;
pub mod sign_in_to_azure;
