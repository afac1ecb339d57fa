//! Refused people. Whoever asks for what is somebody else's, or for what they hold no
//! permission for, is on record before the answer goes out: no record, no answer.
//!
//! An id tells whose it is. So the store is asked about nobody else's things, and what
//! exists is recorded and answered exactly as what does not.

use std::sync::{Arc, OnceLock};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use azimuth_domain::ids::OwnerKey;
use azimuth_domain::principal::UserKey;

use super::edge::RequestId;
use crate::problem::{Code, Problem};
use crate::turn::Engine;

/// Who asks and what they name, as the extractors find it out.
#[derive(Debug, Clone, Default)]
pub struct Asked(Arc<Facts>);

#[derive(Debug, Default)]
struct Facts {
    by: OnceLock<UserKey>,
    named: OnceLock<Vec<NamedId>>,
}

/// An id of the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedId {
    /// Whose it is.
    pub owner: OwnerKey,
    /// The id.
    pub id: String,
}

impl Asked {
    /// The token says who asks.
    pub fn by(&self, user: &UserKey) {
        // A request has one caller; a second extraction finds the same.
        let _ = self.0.by.set(user.clone());
    }

    /// The path names these.
    pub fn names(&self, named: Vec<NamedId>) {
        let _ = self.0.named.set(named);
    }

    /// Who was refused with `problem`, and what it was about; `None` for whatever
    /// refuses nobody, or is on record already.
    fn refused(&self, problem: &Problem) -> Option<(&UserKey, Option<String>)> {
        let user = self.0.by.get()?;
        if problem.is_without_record() {
            return None;
        }
        let named = self.0.named.get().map(Vec::as_slice).unwrap_or_default();
        match problem.code() {
            Code::NotPermitted | Code::ModelNotOffered | Code::UserDisabled | Code::UserPending => {
                Some((user, named.first().map(|named| named.id.clone())))
            }
            Code::NotFound => {
                let own = user.owner();
                let foreign = named.iter().find(|named| named.owner != own)?;
                Some((user, Some(foreign.id.clone())))
            }
            _ => None,
        }
    }
}

/// The layer around every endpoint.
pub async fn record(
    State(engine): State<Arc<Engine>>,
    mut request: Request,
    next: Next,
) -> Response {
    let asked = Asked::default();
    request.extensions_mut().insert(asked.clone());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let request_id = request.extensions().get::<RequestId>().cloned();
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Arc<Problem>>() else {
        return response;
    };
    let Some((user, target)) = asked.refused(problem) else {
        return response;
    };
    let route = route.as_ref().map(MatchedPath::as_str).unwrap_or_default();
    let detail = format!("{method} {route}: {}", problem.code().title());
    let request_id = request_id.map(|id| id.0);
    match engine
        .record_refused_request(user, target, request_id, detail)
        .await
    {
        Ok(()) => response,
        Err(error) => Problem::from(error).into_response(),
    }
}
