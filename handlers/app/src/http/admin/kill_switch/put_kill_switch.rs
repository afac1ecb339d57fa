//! `PUT /v1/admin/kill-switch`: stops tool calls, or lets them go on.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use azimuth_domain::kill_switch::KillSwitch;
use azimuth_ports::config::ConfigKind;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{KillScopeView, KillSwitchView};
use crate::http::admin::stored_setting::{Replacement, Stored};
use crate::http::admin::{reason, require_admin};
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::etag::IfMatch;
use crate::http::json::JsonBody;
use crate::http::states::LimitState;
use crate::problem::Answer;

/// How the switch is turned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KillSwitchToSet {
    /// Whether it is on from now on.
    pub on: bool,
    /// What it stops while it is on.
    pub scope: KillScopeView,
    /// Why, 1–500 characters; people who are stopped read it.
    pub reason: String,
}

/// Turns the kill switch of the caller's tenant. Within 15 seconds no process starts a
/// call that it stops; calls that wait are denied, calls that run are not broken off.
#[utoipa::path(
    put,
    path = "/v1/admin/kill-switch",
    operation_id = "put_kill_switch",
    tag = "admin",
    params(("If-Match" = String, Header, description = "The ETag that was read, or *")),
    request_body = KillSwitchToSet,
    responses((status = 200, body = KillSwitchView, headers(("ETag" = String, description = "New version"))))
)]
pub async fn handle(
    State(state): State<LimitState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
    expected: IfMatch,
    JsonBody(wanted): JsonBody<KillSwitchToSet>,
) -> Answer<Response> {
    require_admin(&caller)?;
    let reason = reason(&wanted.reason)?;
    let switches = state.quotas.switches();
    let stored = Stored::read(switches, &caller.principal.user.tid).await?;
    let replacement = Replacement {
        kind: ConfigKind::KillSwitch,
        area: "killswitch",
        caller: &caller,
        request: &request,
        expected,
        item: KillSwitch {
            on: wanted.on,
            scope: wanted.scope.into(),
        },
        reason,
        now: state.clock.now(),
    };
    let stored = stored
        .replace(switches, &state.recorder, replacement)
        .await?;
    Ok(stored.answer(KillSwitchView::of(stored.item, stored.head.as_ref())))
}
