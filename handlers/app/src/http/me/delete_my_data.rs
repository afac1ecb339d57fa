//! `DELETE /v1/me/data`: what is kept of the caller goes, but for the audit.

use axum::extract::State;
use axum::{Extension, Json};
use azimuth_domain::conversation::Shelf;
use azimuth_ports::store::ConversationQuery;
use azimuth_ports::users::{Settings, UserRecord};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::http::admin::Change;
use crate::http::caller::Caller;
use crate::http::conversations;
use crate::http::edge::RequestId;
use crate::http::states::{ConversationState, DataState};
use crate::problem::{Answer, Code, Problem};

/// Conversations of each shelf, and logins, that one request deletes.
const MOST: usize = 100;

/// What can be deleted.
const SHELVES: [Shelf; 3] = [Shelf::Open, Shelf::Archived, Shelf::Console];

/// What was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyDataDeleted {
    /// Conversations that were deleted now, calls without a model included. They can be
    /// restored for seven days, then they are removed for good; calls without a model
    /// cannot be restored.
    pub conversations: usize,
    /// Whether all is deleted; if not, repeat the request.
    pub complete: bool,
}

/// Deletes the caller's conversations and settings, and forgets the grant for Azure and
/// the logins' list. A running turn is cancelled first. The audit stays. The caller stays
/// signed in.
#[utoipa::path(
    delete,
    path = "/v1/me/data",
    operation_id = "delete_my_data",
    tag = "account",
    responses((status = 200, body = MyDataDeleted))
)]
pub async fn handle(
    State(state): State<DataState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
) -> Answer<Json<MyDataDeleted>> {
    let before = &caller.record.item;
    let change = Change {
        area: "users",
        target: before.user.oid.clone(),
        before: json!({"settings": before.settings}),
        after: json!({"settings": Settings::default(), "data": "deleted"}),
        reason: None,
    };
    let deletion = delete(&state, &caller);
    let recorder = &state.people.recorder;
    let deleted = recorder.change(&before.user, &request, change, deletion);
    let deleted = deleted.await?;
    deleted
        .map(Json)
        .ok_or_else(|| Problem::new(Code::Internal))
}

async fn delete(state: &DataState, caller: &Caller) -> Answer<Option<MyDataDeleted>> {
    let user = &caller.principal.user;
    let (conversations, complete) = delete_conversations(&state.conversations, caller).await?;
    state.conversations.engine.forget_grant(user).await?;
    let logins = state.people.sessions.sessions(user, MOST, None).await?;
    for login in logins.items {
        let sessions = &state.people.sessions;
        sessions.forget_session(user, &login.id).await?;
    }
    let reset = |record: &mut UserRecord| record.settings = Settings::default();
    state.people.mark(user, reset).await?;
    Ok(Some(MyDataDeleted {
        conversations,
        complete: complete && logins.next_cursor.is_none(),
    }))
}

/// How many, and whether that was all.
async fn delete_conversations(state: &ConversationState, caller: &Caller) -> Answer<(usize, bool)> {
    let user = &caller.principal.user;
    let (mut deleted, mut complete) = (0, true);
    for shelf in SHELVES {
        let query = ConversationQuery {
            shelf,
            limit: MOST,
            ..ConversationQuery::default()
        };
        let owner = user.owner();
        let page = state.store.conversations(&user.tid, &owner, &query).await?;
        complete &= page.next_cursor.is_none();
        for conversation in page.items {
            conversations::record(state, caller, &conversation.id, "deleted").await?;
            let deletion = state
                .engine
                .delete_conversation(&caller.principal, &conversation.id);
            deleted += usize::from(deletion.await?);
        }
    }
    Ok((deleted, complete))
}
