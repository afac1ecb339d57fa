//! `GET /v1/me/data`: everything that is kept of the caller but the audit, which has an
//! export of its own.
//!
//! One JSON object a line: the profile first, then sessions and conversations, those that
//! wait to be removed and the calls without a model among them. The last line says how
//! many there were, so that a cut export never looks whole.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use azimuth_domain::conversation::{Conversation, Shelf};
use azimuth_ports::store::ConversationQuery;
use azimuth_ports::users::UserRecord;
use bytes::Bytes;
use futures::stream::{Stream, unfold};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::SemaphorePermit;

use crate::http::caller::Caller;
use crate::http::conversations::export::{attachment, exported, seats};
use crate::http::edge::RequestId;
use crate::http::long_read::LongRead;
use crate::http::moment::Moment;
use crate::http::sessions::SessionView;
use crate::http::settings::SettingsView;
use crate::http::states::DataState;
use crate::problem::{Answer, Problem};

/// Sessions or conversations of one read.
const PAGE: usize = 100;

/// Version of the lines' shape.
const VERSION: u32 = 1;

/// In this order.
const SHELVES: [Shelf; 4] = [Shelf::Open, Shelf::Archived, Shelf::Deleted, Shelf::Console];

/// Exports what is kept of the caller; secrets are replaced by `[redacted]`.
#[utoipa::path(
    get,
    path = "/v1/me/data",
    operation_id = "export_my_data",
    tag = "account",
    responses((status = 200, description = "An attachment; the last line is `{\"kind\":\"end\",…}`, without it the export was cut", content(
        (String = "application/x-ndjson")
    )))
)]
pub async fn handle(
    State(state): State<DataState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
) -> Answer<Response> {
    let Some(seat) = seats::take(&seats::SEATS).await else {
        return Ok(seats::none_free(&request.0));
    };
    let now = state.people.clock.now();
    let export = Export {
        reading: LongRead::begin(
            state.gate.clone(),
            Arc::clone(&state.people.clock),
            caller.principal,
        ),
        person: caller.record.item,
        exported_at: Moment(now),
        sessions: 0,
        conversations: 0,
        shelves: SHELVES.into(),
        found: VecDeque::new(),
        next: Next::Profile,
        state,
        _seat: seat,
    };
    let name = format!("azimuth-{}.ndjson", now.day());
    let body = Body::from_stream(export.stream());
    Ok(attachment(body, "application/x-ndjson", &name))
}

/// An export in progress.
struct Export {
    state: DataState,
    reading: LongRead,
    person: UserRecord,
    exported_at: Moment,
    /// Sessions so far.
    sessions: u64,
    /// Conversations so far.
    conversations: u64,
    /// Shelves still to be looked at.
    shelves: VecDeque<Shelf>,
    /// Conversations of the page that was read.
    found: VecDeque<Conversation>,
    next: Next,
    _seat: SemaphorePermit<'static>,
}

/// What comes next.
enum Next {
    Profile,
    /// The sessions behind this cursor.
    Sessions(Option<String>),
    /// What was found, then what lies on the first shelf behind this cursor.
    Conversations(Option<String>),
    Total,
    End,
}

impl Export {
    fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        unfold(self, |mut export| async move {
            let chunk = match std::mem::replace(&mut export.next, Next::End) {
                Next::Profile => export.profile(),
                Next::Sessions(cursor) => export.sessions(cursor).await,
                Next::Conversations(cursor) => export.conversations(cursor).await,
                Next::Total => export.total(),
                Next::End => return None,
            };
            if chunk.is_err() {
                export.next = Next::End;
            }
            Some((chunk, export))
        })
    }

    fn profile(&mut self) -> io::Result<Bytes> {
        self.next = Next::Sessions(None);
        let person = &self.person;
        let principal = &self.reading.reader;
        let engine = &self.state.conversations.engine;
        let catalogue = engine.catalogues().last(&person.user.tid);
        let roles: Vec<&str> = principal.roles.iter().map(|role| role.as_str()).collect();
        let profile = json!({
            "v": VERSION,
            "exported_at": self.exported_at,
            "tid": person.user.tid,
            "oid": person.user.oid,
            "name": person.name,
            "status": person.status.as_str(),
            "roles": roles,
            "created_at": Moment(person.created_at),
            "settings": SettingsView::of(person.settings.clone(), &catalogue),
        });
        let mut out = Vec::new();
        line("profile", profile, &mut out)?;
        Ok(out.into())
    }

    async fn sessions(&mut self, cursor: Option<String>) -> io::Result<Bytes> {
        self.reading.go_on(|_| true).await?;
        let people = &self.state.people;
        let page = people.sessions_of(&self.person, PAGE, cursor.as_deref());
        let page = page.await.map_err(broken)?;
        self.next = match page.next_cursor {
            Some(next) => Next::Sessions(Some(next)),
            None => Next::Conversations(None),
        };
        let current = self.reading.reader.session.as_ref();
        let mut out = Vec::new();
        for session in &page.items {
            let session = serde_json::to_value(SessionView::of(session, current))?;
            line("session", session, &mut out)?;
            self.sessions += 1;
        }
        Ok(out.into())
    }

    /// One conversation at a time, since each may be large.
    async fn conversations(&mut self, cursor: Option<String>) -> io::Result<Bytes> {
        self.reading.go_on(|_| true).await?;
        if let Some(conversation) = self.found.pop_front() {
            self.next = Next::Conversations(cursor);
            return self.conversation(conversation).await;
        }
        let Some(first) = self.shelves.front().copied() else {
            self.next = Next::Total;
            return Ok(Bytes::new());
        };
        let query = ConversationQuery {
            shelf: first,
            limit: PAGE,
            cursor,
            ..ConversationQuery::default()
        };
        let user = &self.person.user;
        let store = &self.state.conversations.store;
        let page = store.conversations(&user.tid, &user.owner(), &query).await;
        let page = page.map_err(broken)?;
        if page.next_cursor.is_none() {
            self.shelves.pop_front();
        }
        self.next = Next::Conversations(page.next_cursor);
        self.found = page.items.into();
        Ok(Bytes::new())
    }

    async fn conversation(&mut self, conversation: Conversation) -> io::Result<Bytes> {
        let without_model = conversation.shelf() == Some(Shelf::Console);
        let exported = exported(
            self.state.conversations.store.as_ref(),
            conversation,
            self.exported_at,
        )
        .await;
        let exported = exported.map_err(broken)?;
        let kind = if without_model {
            "console"
        } else {
            "conversation"
        };
        let mut out = Vec::new();
        line(kind, exported, &mut out)?;
        self.conversations += 1;
        Ok(out.into())
    }

    fn total(&self) -> io::Result<Bytes> {
        let total = json!({"sessions": self.sessions, "conversations": self.conversations});
        let mut out = Vec::new();
        line("end", total, &mut out)?;
        Ok(out.into())
    }
}

/// `members` as a line, with its kind in front.
fn line(kind: &str, members: Value, out: &mut Vec<u8>) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        kind: &'a str,
        #[serde(flatten)]
        members: Value,
    }
    serde_json::to_writer(&mut *out, &Line { kind, members })?;
    out.push(b'\n');
    Ok(())
}

fn broken(error: impl Into<Problem>) -> io::Error {
    let problem: Problem = error.into();
    tracing::error!(?problem, "an export of somebody's data broke off");
    io::Error::other("the store does not answer")
}
