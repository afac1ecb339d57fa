//! A person's own logins.

pub mod list_sessions;
pub mod revoke_session;
pub mod sign_out_everywhere;

use azimuth_domain::session::SessionId;
use azimuth_ports::sessions::SessionRecord;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::moment::Moment;

/// A login.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SessionView {
    /// Which.
    pub id: String,
    /// When it was first seen.
    pub began_at: Moment,
    /// When it was last seen, to within ten minutes.
    pub last_seen_at: Moment,
    /// Whether this request belongs to it.
    pub current: bool,
}

impl SessionView {
    /// The session as the caller sees it whose own one is `current`.
    pub fn of(record: &SessionRecord, current: Option<&SessionId>) -> Self {
        Self {
            current: current == Some(&record.id),
            id: record.id.to_string(),
            began_at: record.began_at.into(),
            last_seen_at: record.last_seen_at.into(),
        }
    }
}

/// Which of the sessions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct SessionListQuery {
    /// At most this many, 1–100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// Where to go on. A page may be short, even empty, while there is a next one.
    pub cursor: Option<String>,
}
