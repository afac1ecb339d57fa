//! `GET /v1/conversations`: pinned first, then newest change first; `?q=` searches
//! titles and messages.

use axum::Json;
use axum::extract::State;
use azimuth_domain::conversation::Shelf;
use azimuth_ports::store::ConversationQuery;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ConversationView;
use crate::http::caller::Caller;
use crate::http::page::{self, PageOf};
use crate::http::query::Query;
use crate::http::states::ConversationState;
use crate::problem::{Answer, Code, Problem};

/// Longest search text, characters.
const MAX_SEARCH_CHARS: usize = 200;

/// Which conversations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ConversationListQuery {
    /// Words that all must occur in the title or in a message.
    pub q: Option<String>,
    /// The archived ones instead of the others.
    pub archived: bool,
    /// The deleted ones, which can be restored, instead of the others.
    pub deleted: bool,
    /// At most this many, 1–100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// The caller's conversations.
#[utoipa::path(
    get,
    path = "/v1/conversations",
    operation_id = "list_conversations",
    tag = "conversations",
    params(ConversationListQuery),
    responses((status = 200, body = PageOf<ConversationView>))
)]
pub async fn handle(
    State(state): State<ConversationState>,
    caller: Caller,
    Query(query): Query<ConversationListQuery>,
) -> Answer<Json<PageOf<ConversationView>>> {
    let query = ConversationQuery {
        text: search_text(query.q)?,
        shelf: match (query.deleted, query.archived) {
            (true, _) => Shelf::Deleted,
            (false, true) => Shelf::Archived,
            (false, false) => Shelf::Open,
        },
        limit: page::limit(query.limit, 50)?,
        cursor: page::cursor(query.cursor)?,
    };
    let user = &caller.principal.user;
    let page = state
        .store
        .conversations(&user.tid, &user.owner(), &query)
        .await?;
    Ok(Json(page.map(ConversationView::from).into()))
}

pub(crate) fn search_text(text: Option<String>) -> Answer<Option<String>> {
    match text {
        Some(text) if text.chars().count() > MAX_SEARCH_CHARS => {
            Err(Problem::new(Code::QueryInvalid)
                .detail("q has at most 200 characters.")
                .parameter("q"))
        }
        Some(text) => Ok(Some(text.trim().to_owned()).filter(|t| !t.is_empty())),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_text_has_an_end() {
        for (chars, fits) in [(199, true), (200, true), (201, false)] {
            assert_eq!(
                search_text(Some("가".repeat(chars))).is_ok(),
                fits,
                "{chars}"
            );
        }
        assert_eq!(search_text(Some("  ".to_owned())).ok(), Some(None));
    }
}
