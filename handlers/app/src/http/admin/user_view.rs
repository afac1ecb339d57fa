//! A person as administrators see them.

use std::collections::BTreeSet;

use axum::Json;
use axum::response::{IntoResponse, Response};
use azimuth_domain::principal::Role;
use azimuth_ports::store::Versioned;
use azimuth_ports::users::{UserRecord, UserStatus};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::etag;
use crate::http::moment::Moment;

/// A person of the tenant. Their settings are nobody else's.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UserView {
    /// Object id in the tenant.
    pub oid: String,
    /// Display name, as of the last token.
    pub name: Option<String>,
    /// `active`, `pending`, `disabled`. Whoever holds the role `admin` is admitted by
    /// that, also while this says `pending`.
    pub status: String,
    /// Roles that an administrator allows; null leaves those that the directory grants.
    pub roles: Option<Vec<String>>,
    /// Roles that the directory grants, as of the last token with others.
    pub granted_roles: Vec<String>,
    /// What of these counts.
    pub effective_roles: Vec<String>,
    /// First sign-in.
    pub created_at: Moment,
    /// When they were last signed out everywhere.
    pub signed_out_at: Option<Moment>,
}

impl From<UserRecord> for UserView {
    fn from(record: UserRecord) -> Self {
        let granted = record.granted.as_ref();
        let granted = granted.map(|g| g.roles.clone()).unwrap_or_default();
        let left = record.left_of(&granted);
        let counts = match record.status {
            UserStatus::Active => true,
            UserStatus::Pending => left.contains(&Role::Admin),
            UserStatus::Disabled => false,
        };
        Self {
            oid: record.user.oid,
            name: record.name,
            status: record.status.as_str().to_owned(),
            roles: record.roles.as_deref().map(names),
            granted_roles: names(&granted),
            effective_roles: if counts { names(&left) } else { Vec::new() },
            created_at: record.created_at.into(),
            signed_out_at: record.valid_from.map(Moment),
        }
    }
}

fn names<'a>(roles: impl IntoIterator<Item = &'a Role>) -> Vec<String> {
    let roles: BTreeSet<&Role> = roles.into_iter().collect();
    roles.iter().map(|role| role.as_str().to_owned()).collect()
}

pub(super) fn answer(found: Versioned<UserRecord>) -> Response {
    (
        [(header::ETAG, etag::header_value(&found.etag))],
        Json(UserView::from(found.item)),
    )
        .into_response()
}
