//! `POST /v1/approvals/{id}/decision`: yes or no to exactly the call that was shown.

use axum::Json;
use axum::extract::State;
use azimuth_domain::ids::ApprovalId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ApprovalView, load};
use crate::http::caller::Caller;
use crate::http::json::JsonBody;
use crate::http::path::{PathId, not_found};
use crate::http::states::TurnState;
use crate::problem::{Answer, Code, Problem};
use crate::turn::ApprovalDecisionRequest;

/// Longest reason, characters.
const MAX_REASON_CHARS: usize = 1_000;

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionBody {
    /// `approve` or `deny`.
    pub decision: Verdict,
    /// Why, at most 1,000 characters.
    #[serde(default)]
    pub reason: Option<String>,
    /// The digest that was shown.
    pub digest: String,
    /// `conversation` agrees also to what the approval's `remember` says, for as long.
    #[serde(default)]
    pub remember: Option<RememberFor>,
}

/// For how long else a yes is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RememberFor {
    /// For the rest of the conversation, eight hours at the longest.
    Conversation,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Yes.
    Approve,
    /// No.
    Deny,
}

/// Decides about an approval.
#[utoipa::path(
    post,
    path = "/v1/approvals/{id}/decision",
    operation_id = "decide_approval",
    tag = "approvals",
    params(("id" = String, Path, description = "Approval")),
    request_body = DecisionBody,
    responses((status = 200, body = ApprovalView))
)]
pub async fn handle(
    State(state): State<TurnState>,
    caller: Caller,
    PathId(id): PathId<ApprovalId>,
    JsonBody(body): JsonBody<DecisionBody>,
) -> Answer<Json<ApprovalView>> {
    let request = ApprovalDecisionRequest {
        approve: body.decision == Verdict::Approve,
        reason: reason(body.reason)?,
        digest: body.digest,
        remember: body.remember.is_some(),
    };
    load(&state, &caller, &id).await?;
    let turn = state.engine.decide(&caller.principal, &id, request).await?;
    let call = turn.call(&id.call()).ok_or_else(not_found)?;
    ApprovalView::of(&turn, call, &caller.principal.user, state.clock.now())
        .map(Json)
        .ok_or_else(not_found)
}

fn reason(text: Option<String>) -> Answer<Option<String>> {
    let Some(text) = text else {
        return Ok(None);
    };
    if text.chars().count() > MAX_REASON_CHARS {
        return Err(Problem::new(Code::FieldInvalid)
            .pointer("/reason")
            .detail("A reason has at most 1000 characters."));
    }
    Ok(Some(text.trim().to_owned()).filter(|t| !t.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_an_end() {
        for (chars, fits) in [(999, true), (1_000, true), (1_001, false)] {
            assert_eq!(reason(Some("가".repeat(chars))).is_ok(), fits, "{chars}");
        }
        assert_eq!(reason(Some(" ".into())).ok(), Some(None));
    }
}
