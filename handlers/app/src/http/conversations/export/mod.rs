//! `GET /v1/conversations/{id}/export?format=json|markdown`: everything that was
//! said and done, without secrets.

mod collect;
mod markdown;
pub(in crate::http) mod seats;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use azimuth_domain::conversation::Conversation;
use azimuth_domain::ids::ConversationId;
use azimuth_ports::store::ConversationStore;
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::grant_view::GrantView;
use super::{ConversationView, MessageView};
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::moment::Moment;
use crate::http::path::PathId;
use crate::http::query::Query;
use crate::http::states::ConversationState;
use crate::http::turns::TurnView;
use crate::problem::{Answer, Code, Problem};
use azimuth_domain::redact::{redact, redact_json};
use collect::{MAX_BYTES, Material, collect};

/// Which form.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// One JSON document.
    #[default]
    Json,
    /// For people.
    Markdown,
}

/// How to export.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `json` (the default) or `markdown`.
    #[param(inline)]
    pub format: ExportFormat,
}

/// An exported conversation; secrets are replaced by `[redacted]`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationExport {
    /// Version of this shape.
    pub v: u32,
    /// When it was exported.
    pub exported_at: Moment,
    /// Whether there is more than an export holds.
    pub truncated: bool,
    /// The conversation.
    pub conversation: ConversationView,
    /// What its owner agreed to for the rest of it, as far as it still counts.
    pub grants: Vec<GrantView>,
    /// Messages of all branches, oldest first.
    pub messages: Vec<MessageView>,
    /// Turns, oldest first, with their tool calls and what became of them.
    pub turns: Vec<TurnView>,
}

/// Exports a conversation.
#[utoipa::path(
    get,
    path = "/v1/conversations/{id}/export",
    operation_id = "export_conversation",
    tag = "conversations",
    params(("id" = String, Path, description = "Conversation"), ExportQuery),
    responses((status = 200, description = "An attachment, JSON or Markdown", content(
        (ConversationExport = "application/json"),
        (String = "text/markdown")
    )))
)]
pub async fn handle(
    State(state): State<ConversationState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
    PathId(id): PathId<ConversationId>,
    Query(query): Query<ExportQuery>,
) -> Answer<Response> {
    let found = super::load(state.store.as_ref(), &caller, &id).await?;
    let Some(seat) = seats::take(&seats::SEATS).await else {
        return Ok(seats::none_free(&request.0));
    };
    let material = collect(state.store.as_ref(), found.item, MAX_BYTES).await?;
    let exported_at = Moment(state.clock.now());
    let name = id.as_str().to_owned();
    // The seat goes along: the work goes on when nobody waits for it any more.
    tokio::task::spawn_blocking(move || {
        let _seat = seat;
        document(material, exported_at, query.format, &name)
    })
    .await
    .map_err(|error| Problem::new(Code::Internal).context(error))?
}

fn document(
    material: Material,
    exported_at: Moment,
    format: ExportFormat,
    name: &str,
) -> Answer<Response> {
    match format {
        ExportFormat::Json => Ok(attachment(
            json(material, exported_at)?,
            "application/json",
            &format!("{name}.json"),
        )),
        ExportFormat::Markdown => {
            let text = redact(&markdown::render(&material, exported_at)).into_owned();
            Ok(attachment(
                text.into_bytes(),
                "text/markdown; charset=utf-8",
                &format!("{name}.md"),
            ))
        }
    }
}

/// A conversation as an export has it.
pub(in crate::http) async fn exported(
    store: &dyn ConversationStore,
    conversation: Conversation,
    exported_at: Moment,
) -> Answer<Value> {
    let material = collect(store, conversation, MAX_BYTES).await?;
    tokio::task::spawn_blocking(move || redacted(material, exported_at))
        .await
        .map_err(|error| Problem::new(Code::Internal).context(error))?
}

fn json(material: Material, exported_at: Moment) -> Answer<Vec<u8>> {
    let value = redacted(material, exported_at)?;
    serde_json::to_vec_pretty(&value).map_err(unreadable)
}

fn unreadable(error: serde_json::Error) -> Problem {
    Problem::new(Code::Internal).context(error)
}

fn redacted(material: Material, exported_at: Moment) -> Answer<Value> {
    let export = ConversationExport {
        v: 1,
        exported_at,
        truncated: material.truncated,
        grants: GrantView::all_of(&material.conversation, exported_at.0),
        conversation: material.conversation.into(),
        messages: material
            .messages
            .into_iter()
            .map(MessageView::from)
            .collect(),
        turns: material.turns.iter().map(TurnView::of).collect(),
    };
    let value = serde_json::to_value(export).map_err(unreadable)?;
    Ok(redact_json(value))
}

pub(in crate::http) fn attachment(
    body: impl Into<Body>,
    media_type: &'static str,
    name: &str,
) -> Response {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
