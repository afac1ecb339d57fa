//! `GET /v1/admin/policies/versions`: who changed the policies, when and why.

use axum::Json;
use axum::extract::State;
use azimuth_ports::config::ConfigKind;
use serde::Deserialize;
use utoipa::IntoParams;

use super::PolicyVersionView;
use crate::http::admin::require_admin;
use crate::http::caller::Caller;
use crate::http::page::{self, PageOf};
use crate::http::query::Query;
use crate::http::states::PolicyState;
use crate::problem::{Answer, Code, Problem};

/// Which versions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct PolicyVersionsQuery {
    /// At most this many, 1–100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// The versions of the tenant's policies, newest first, without their text.
#[utoipa::path(
    get,
    path = "/v1/admin/policies/versions",
    operation_id = "list_policy_versions",
    tag = "admin",
    params(PolicyVersionsQuery),
    responses((status = 200, body = PageOf<PolicyVersionView>))
)]
pub async fn handle(
    State(state): State<PolicyState>,
    caller: Caller,
    Query(query): Query<PolicyVersionsQuery>,
) -> Answer<Json<PageOf<PolicyVersionView>>> {
    require_admin(&caller)?;
    let limit = page::limit(query.limit, 50)?;
    let before = page::cursor(query.cursor)?
        .map(|text| number(&text))
        .transpose()?;
    let tenant = &caller.principal.user.tid;
    let store = state.policies.store();
    let mut heads = store
        .config_history(tenant, ConfigKind::Policies, before, limit)
        .await?;
    heads.truncate(limit);
    // Numbers have no gap: below 1 there is nothing.
    let last = heads.last().map(|head| head.number);
    let next_cursor = last
        .filter(|number| *number > 1)
        .map(|number| number.to_string());
    Ok(Json(PageOf {
        items: heads.into_iter().map(PolicyVersionView::from).collect(),
        next_cursor,
    }))
}

fn number(cursor: &str) -> Answer<u64> {
    cursor
        .parse()
        .ok()
        .filter(|number: &u64| number.to_string() == cursor)
        .ok_or_else(|| Problem::new(Code::CursorInvalid).parameter("cursor"))
}
