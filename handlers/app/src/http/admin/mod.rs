//! Administration: for the role `admin`, and only of its own tenant. Each change is on
//! record before it is made. Nothing here shows what people have said or done.

pub mod get_server_health;
pub mod get_user;
pub mod kill_switch;
pub mod list_roles;
pub mod list_tenants;
pub mod list_user_sessions;
pub mod list_users;
pub mod models;
mod on_record;
pub mod patch_user;
mod people;
pub mod policies;
pub mod quotas;
mod reason;
pub mod revoke_user_session;
pub mod servers;
pub mod sign_out_user;
mod stored_setting;
pub mod tools;
mod user_view;

use azimuth_domain::principal::Role;

use super::caller::Caller;
use crate::problem::Answer;

use reason::reason;

pub use on_record::{Change, Recorder};
pub use people::People;
pub use user_view::UserView;

/// The permission that administrators hold.
const PERMISSION: &str = "administration";

/// Refuses everybody but administrators.
pub fn require_admin(caller: &Caller) -> Answer<()> {
    caller.require(Role::Admin, PERMISSION)
}
