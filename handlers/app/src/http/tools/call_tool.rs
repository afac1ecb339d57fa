//! `POST /v1/tools/{server}/{tool}/calls`: runs one tool without a model; the same
//! policy, queue, approval and audit.

use axum::extract::State;
use axum::response::Response;
use azimuth_domain::tool::ToolRef;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::caller::Caller;
use crate::http::idempotency::IdempotencyKey;
use crate::http::json::JsonBody;
use crate::http::path::{PathPair, ToolName};
use crate::http::states::ToolState;
use crate::http::turns::AcceptedTurn;
use crate::http::turns::create_turn::accepted_response;
use crate::problem::{Answer, Code, Problem};
use crate::turn::ConsoleRequest;

/// A call.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolCallBody {
    /// The tool's arguments, an object.
    #[schema(value_type = Object)]
    pub arguments: Value,
}

/// Calls a tool.
#[utoipa::path(
    post,
    path = "/v1/tools/{server}/{tool}/calls",
    operation_id = "call_tool",
    tag = "tools",
    params(
        ("server" = String, Path, description = "Tool server"),
        ("tool" = String, Path, description = "Tool"),
        ("Idempotency-Key" = String, Header, description = "The same key gives the same turn")
    ),
    request_body = ToolCallBody,
    responses((status = 202, description = "Stored", body = AcceptedTurn))
)]
pub async fn handle(
    State(state): State<ToolState>,
    caller: Caller,
    PathPair(ToolName(server), ToolName(name)): PathPair<ToolName, ToolName>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    headers: HeaderMap,
    JsonBody(body): JsonBody<ToolCallBody>,
) -> Answer<Response> {
    caller.require_any_role()?;
    if !body.arguments.is_object() {
        return Err(Problem::new(Code::FieldInvalid)
            .pointer("/arguments")
            .detail("The arguments must be a JSON object."));
    }
    let request = ConsoleRequest {
        principal: caller.principal.clone(),
        bearer: caller.bearer.clone(),
        idempotency_key,
        tool: ToolRef::new(server, name),
        arguments: body.arguments,
        language: caller.language(&headers),
    };
    let accepted = state.engine.accept_console(request).await?;
    Ok(accepted_response(&AcceptedTurn::of(&accepted.turn.id)))
}
