//! `PUT /v1/admin/quotas`: replaces the limits.

use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use azimuth_domain::principal::Role;
use azimuth_domain::quota::{Limits, QuotaSettings};
use azimuth_ports::config::ConfigKind;
use serde::Deserialize;
use utoipa::ToSchema;

use super::QuotasView;
use crate::http::admin::stored_setting::{Replacement, Stored};
use crate::http::admin::{reason, require_admin};
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::etag::IfMatch;
use crate::http::json::JsonBody;
use crate::http::states::LimitState;
use crate::problem::{Answer, Code, Problem};

/// The limits to store; what is not named has the default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuotasToStore {
    /// Of each person, by the names of quotas.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, u64>)]
    pub person: Limits,
    /// Of each person with a role, in the place of `person`.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, BTreeMap<String, u64>>)]
    pub roles: BTreeMap<Role, Limits>,
    /// Of everybody together.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, u64>)]
    pub tenant: Limits,
    /// Why, 1–500 characters; for the history and the audit.
    pub reason: String,
}

/// Replaces the limits of the caller's tenant. Every process grants by them within half a
/// minute.
#[utoipa::path(
    put,
    path = "/v1/admin/quotas",
    operation_id = "put_quotas",
    tag = "admin",
    params(("If-Match" = String, Header, description = "The ETag that was read, or *")),
    request_body = QuotasToStore,
    responses((status = 200, body = QuotasView, headers(("ETag" = String, description = "New version"))))
)]
pub async fn handle(
    State(state): State<LimitState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
    expected: IfMatch,
    JsonBody(wanted): JsonBody<QuotasToStore>,
) -> Answer<Response> {
    require_admin(&caller)?;
    let reason = reason(&wanted.reason)?;
    let item = QuotaSettings {
        person: wanted.person,
        roles: wanted.roles,
        tenant: wanted.tenant,
    };
    if let Some(fault) = item.faults().into_iter().next() {
        return Err(Problem::new(Code::FieldInvalid)
            .pointer(fault.pointer)
            .detail(fault.sentence));
    }
    let settings = state.quotas.settings();
    let stored = Stored::read(settings, &caller.principal.user.tid).await?;
    let replacement = Replacement {
        kind: ConfigKind::Quotas,
        area: "quotas",
        caller: &caller,
        request: &request,
        expected,
        item,
        reason,
        now: state.clock.now(),
    };
    let stored = stored
        .replace(settings, &state.recorder, replacement)
        .await?;
    Ok(stored.answer(QuotasView::of(&stored.item, stored.head.as_ref())))
}
