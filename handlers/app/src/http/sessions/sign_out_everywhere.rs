//! `DELETE /v1/sessions`.

use axum::Extension;
use axum::extract::State;
use http::StatusCode;

use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::states::SessionState;
use crate::problem::Answer;

/// Signs the caller out everywhere, here too. Work that waits in a queue under an older
/// token is denied.
#[utoipa::path(
    delete,
    path = "/v1/sessions",
    operation_id = "sign_out_everywhere",
    tag = "account",
    responses((status = 204, description = "Tokens issued up to now are refused"))
)]
pub async fn handle(
    State(state): State<SessionState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
) -> Answer<StatusCode> {
    let user = &caller.principal.user;
    state.people.sign_out(user, &request, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
