//! `GET /v1/admin/roles`.

use axum::Json;
use axum::extract::State;
use azimuth_domain::principal::Role;
use serde::Serialize;
use utoipa::ToSchema;

use super::require_admin;
use crate::http::caller::Caller;
use crate::http::permissions;
use crate::http::states::AdminState;
use crate::problem::Answer;

/// The roles that a person can have.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleList {
    /// All of them.
    pub items: Vec<RoleView>,
}

/// A role.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleView {
    /// Its name, as the directory's application roles and the user records have it.
    pub role: String,
    /// What it permits, sorted, by the names that `/v1/me` and refusals use. Which tools
    /// it may call is the policies' to say.
    pub permissions: Vec<String>,
}

/// The roles with what each permits. They are granted in the directory; a user record can
/// take them away.
#[utoipa::path(
    get,
    path = "/v1/admin/roles",
    operation_id = "list_roles",
    tag = "admin",
    responses((status = 200, body = RoleList))
)]
pub async fn handle(State(_): State<AdminState>, caller: Caller) -> Answer<Json<RoleList>> {
    require_admin(&caller)?;
    let items = Role::ALL.map(|role| RoleView {
        role: role.as_str().to_owned(),
        permissions: permissions::of_roles([role].into_iter()),
    });
    Ok(Json(RoleList {
        items: items.into(),
    }))
}
