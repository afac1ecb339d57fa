//! `GET /v1/admin/policies`: what holds now.

use axum::extract::State;
use axum::response::Response;

use super::{PoliciesView, answer};
use crate::http::admin::require_admin;
use crate::http::caller::Caller;
use crate::http::states::PolicyState;
use crate::policy::PolicySet;
use crate::problem::{Answer, Code, Problem};

/// The policies of the caller's tenant as they are stored now.
#[utoipa::path(
    get,
    path = "/v1/admin/policies",
    operation_id = "get_policies",
    tag = "admin",
    responses((status = 200, body = PoliciesView, headers(("ETag" = String, description = "Version, for If-Match"))))
)]
pub async fn handle(State(state): State<PolicyState>, caller: Caller) -> Answer<Response> {
    require_admin(&caller)?;
    let stored = state.policies.stored(&caller.principal.user.tid).await?;
    let version = match &stored {
        None => state.policies.built_in().version().to_owned(),
        Some(stored) => PolicySet::of_tenant(&stored.item.text)
            .map_err(|_| Problem::new(Code::Internal).context("stored policies that do not hold"))?
            .version()
            .to_owned(),
    };
    Ok(answer(stored, version))
}
