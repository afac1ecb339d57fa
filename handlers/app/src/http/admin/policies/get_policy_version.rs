//! `GET /v1/admin/policies/versions/{number}`: an old version with its text.

use axum::Json;
use axum::extract::State;
use azimuth_domain::ids::OwnerKey;
use azimuth_ports::config::ConfigKind;
use serde::Serialize;
use utoipa::ToSchema;

use super::PolicyVersionView;
use crate::http::admin::require_admin;
use crate::http::caller::Caller;
use crate::http::path::{PathId, PathName, not_found};
use crate::http::states::PolicyState;
use crate::problem::Answer;

/// A version with its text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PolicyTextView {
    /// Who stored it, when and why.
    #[serde(flatten)]
    pub version: PolicyVersionView,
    /// The policies, as Cedar text.
    pub text: String,
}

/// Number of a version, as it is written without leading zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionNumber(pub u64);

impl PathName for VersionNumber {
    fn read(text: &str) -> Option<Self> {
        let number: u64 = text.parse().ok()?;
        (number.to_string() == text).then_some(Self(number))
    }

    fn owner(&self) -> Option<OwnerKey> {
        None
    }
}

/// One version of the tenant's policies. To restore it, store its text again.
#[utoipa::path(
    get,
    path = "/v1/admin/policies/versions/{number}",
    operation_id = "get_policy_version",
    tag = "admin",
    params(("number" = u64, Path, description = "Number of the version")),
    responses((status = 200, body = PolicyTextView))
)]
pub async fn handle(
    State(state): State<PolicyState>,
    caller: Caller,
    PathId(VersionNumber(number)): PathId<VersionNumber>,
) -> Answer<Json<PolicyTextView>> {
    require_admin(&caller)?;
    let tenant = &caller.principal.user.tid;
    let store = state.policies.store();
    let version = store
        .config_version(tenant, ConfigKind::Policies, number)
        .await?
        .ok_or_else(not_found)?;
    Ok(Json(PolicyTextView {
        version: version.head.into(),
        text: version.text,
    }))
}
