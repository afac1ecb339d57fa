//! `GET /v1/conversations/{id}/messages`: newest first.

use axum::Json;
use axum::extract::State;
use azimuth_domain::ids::ConversationId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::MessageView;
use crate::http::caller::Caller;
use crate::http::page::{self, PageOf};
use crate::http::path::PathId;
use crate::http::query::Query;
use crate::http::states::ConversationState;
use crate::problem::Answer;

/// Which messages.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct MessageListQuery {
    /// At most this many, 1–100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// The messages of a conversation, all branches, newest first.
#[utoipa::path(
    get,
    path = "/v1/conversations/{id}/messages",
    operation_id = "list_messages",
    tag = "conversations",
    params(("id" = String, Path, description = "Conversation"), MessageListQuery),
    responses((status = 200, body = PageOf<MessageView>))
)]
pub async fn handle(
    State(state): State<ConversationState>,
    caller: Caller,
    PathId(id): PathId<ConversationId>,
    Query(query): Query<MessageListQuery>,
) -> Answer<Json<PageOf<MessageView>>> {
    let limit = page::limit(query.limit, 50)?;
    let cursor = page::cursor(query.cursor)?;
    let found = super::load(state.store.as_ref(), &caller, &id).await?;
    let page = state
        .store
        .messages(&found.item.key(), limit, cursor.as_deref())
        .await?;
    Ok(Json(page.map(MessageView::from).into()))
}
