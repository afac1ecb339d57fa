//! Tools: who may call them, which are offered, and the one way to call them.

mod answer;
mod append;
mod catalogues;
pub(crate) mod decide;
pub(crate) mod dispatch;
pub(crate) mod pace;
mod preview;
mod record;
pub(crate) mod scope;
mod servers;
mod standing_approvals;
mod tags;

pub use catalogues::Catalogues;
pub(crate) use catalogues::settled as settled_catalogue;
pub(crate) use record::shortened;
pub use servers::SealedServers;
pub(crate) use standing_approvals::{is_always_allowed, is_plain_change};
