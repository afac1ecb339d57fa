//! Administration: for the role `admin`, and only of its own tenant. Each change is on
//! record before it is made.

mod on_record;
pub mod policies;

use azimuth_domain::principal::Role;

use super::caller::Caller;
use crate::problem::Answer;

pub use on_record::{Change, Recorder};

/// The permission that administrators hold.
const PERMISSION: &str = "administration";

/// Refuses everybody but administrators.
pub fn require_admin(caller: &Caller) -> Answer<()> {
    caller.require(Role::Admin, PERMISSION)
}
