//! `GET /v1/turns/{id}/calls/{call_id}/result`: the bytes that a tool said, whole
//! or a part.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use azimuth_domain::ids::{CallId, TurnId};
use azimuth_domain::turn::CallState;
use azimuth_ports::store::StoredResult;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::caller::Caller;
use crate::http::path::{PathPair, not_found};
use crate::http::query::Query;
use crate::http::states::TurnState;
use crate::problem::{Answer, Code, Problem};
use crate::secrets::SecretError;

/// Which part.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ResultQuery {
    /// First byte, from 0.
    pub offset: u64,
    /// How many bytes; all that follow by default.
    pub length: Option<u64>,
}

/// The result of a tool call, as an attachment.
#[utoipa::path(
    get,
    path = "/v1/turns/{id}/calls/{call_id}/result",
    operation_id = "get_result",
    tag = "turns",
    params(
        ("id" = String, Path, description = "Turn"),
        ("call_id" = String, Path, description = "Tool call"),
        ResultQuery
    ),
    responses(
        (status = 200, description = "The whole result", content((Value = "application/json"), (String = "text/plain"))),
        (status = 206, description = "A part; Content-Range says which", content((Value = "application/json"), (String = "text/plain")))
    )
)]
pub async fn handle(
    State(state): State<TurnState>,
    caller: Caller,
    PathPair(id, call_id): PathPair<TurnId, CallId>,
    method: Method,
    Query(query): Query<ResultQuery>,
) -> Answer<Response> {
    if call_id.turn() != id {
        return Err(not_found());
    }
    let turn = super::load(state.store.as_ref(), &caller, &id).await?.item;
    let call = turn.call(&call_id).ok_or_else(not_found)?;
    if call.secret {
        let ran = matches!(call.state, CallState::Finished { .. } | CallState::Unknown);
        if !ran {
            return Err(not_found());
        }
        return revealed(&state, &caller, &call_id, &method, &query).await;
    }
    // A result that the turn does not name is that of an attempt that did not count.
    if call.result.is_none() {
        return Err(not_found());
    }
    let stored = state
        .store
        .result(&caller.principal.user.tid, &call_id)
        .await?
        .ok_or_else(not_found)?;
    part(stored, &query)
}

/// A secret is given whole and once: what gives it has removed it. Nobody gets here but
/// the person who asked.
async fn revealed(
    state: &TurnState,
    caller: &Caller,
    call: &CallId,
    method: &Method,
    query: &ResultQuery,
) -> Answer<Response> {
    // An answer without its body would use it up.
    if *method != Method::GET {
        return Err(Problem::new(Code::MethodNotAllowed));
    }
    if query.offset != 0 || query.length.is_some() {
        return Err(Problem::new(Code::RangeInvalid));
    }
    let secrets = state.engine.secrets();
    let taken = secrets.take_revealed(&caller.principal.user, call).await;
    let revealed = match taken {
        Ok(Some(revealed)) => revealed,
        Ok(None) | Err(SecretError::Closed) => return Err(Problem::new(Code::SecretGone)),
        Err(SecretError::Unavailable(context)) => {
            return Err(Problem::new(Code::StoreUnavailable).context(context));
        }
    };
    let bytes = revealed
        .bytes()
        .map_err(|_| Problem::new(Code::SecretGone))?;
    let stored = StoredResult {
        call: call.clone(),
        attempt: 1,
        media_type: revealed.media_type,
        bytes,
        truncated: revealed.truncated,
        is_error: false,
    };
    part(stored, &ResultQuery::default())
}

fn part(stored: StoredResult, query: &ResultQuery) -> Answer<Response> {
    let size = stored.bytes.len();
    let offset = usize::try_from(query.offset).unwrap_or(usize::MAX);
    let wanted = query
        .length
        .map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let is_outside = offset > size || (offset == size && size > 0);
    if is_outside || wanted == 0 {
        let problem = Problem::new(Code::RangeInvalid);
        return Err(match HeaderValue::from_str(&format!("bytes */{size}")) {
            Ok(range) => problem.header(header::CONTENT_RANGE, range),
            Err(_) => problem,
        });
    }
    let end = offset.saturating_add(wanted).min(size);
    let media_type = media_type(&stored.media_type);
    let mut bytes = stored.bytes;
    bytes.truncate(end);
    bytes.drain(..offset);
    let length = bytes.len();
    let mut response = Response::new(Body::from(bytes));
    if length < size {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    let extension = if media_type == "application/json" {
        "json"
    } else {
        "txt"
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let range = if length == 0 {
        "bytes */0".to_owned()
    } else {
        format!("bytes {offset}-{}/{size}", end - 1)
    };
    let disposition = format!("attachment; filename=\"result.{extension}\"");
    for (name, value) in [
        (header::CONTENT_RANGE, range),
        (header::CONTENT_DISPOSITION, disposition),
        (
            HeaderName::from_static("x-azimuth-truncated"),
            stored.truncated.to_string(),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox".to_owned(),
        ),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

/// A tool cannot choose what a browser makes of its bytes.
fn media_type(stored: &str) -> &'static str {
    match stored {
        "application/json" => "application/json",
        text if text.starts_with("text/") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use azimuth_domain::ids::ConversationId;
    use azimuth_domain::principal::UserKey;
    use http_body_util::BodyExt;

    fn stored(bytes: &[u8], media_type: &str) -> StoredResult {
        let conversation = ConversationId::derived(&UserKey::new("t", "o"), "x", "y");
        StoredResult {
            call: CallId::new(&TurnId::derived(&conversation, "k"), 0, 0),
            attempt: 1,
            media_type: media_type.to_owned(),
            bytes: bytes.to_vec(),
            truncated: true,
            is_error: false,
        }
    }

    #[tokio::test]
    async fn parts_are_exact_and_name_themselves() {
        for (offset, length, status, range, body) in [
            (0, None, 200, "bytes 0-9/10", "0123456789"),
            (0, Some(10), 200, "bytes 0-9/10", "0123456789"),
            (0, Some(99), 200, "bytes 0-9/10", "0123456789"),
            (0, Some(9), 206, "bytes 0-8/10", "012345678"),
            (9, None, 206, "bytes 9-9/10", "9"),
            (3, Some(2), 206, "bytes 3-4/10", "34"),
        ] {
            let response = part(
                stored(b"0123456789", "application/json"),
                &ResultQuery { offset, length },
            )
            .unwrap();
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()[header::CONTENT_RANGE], range);
            assert_eq!(response.headers()["x-azimuth-truncated"], "true");
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(bytes, body);
        }
        for (offset, length) in [(10, None), (11, None), (u64::MAX, None), (0, Some(0))] {
            let problem = part(
                stored(b"0123456789", "text/html"),
                &ResultQuery { offset, length },
            )
            .unwrap_err();
            assert_eq!(problem.code(), Code::RangeInvalid, "{offset}");
        }
        let empty = part(stored(b"", "text/html"), &ResultQuery::default()).unwrap();
        assert_eq!(empty.status(), 200);
        assert_eq!(
            empty.headers()[header::CONTENT_TYPE],
            "text/plain; charset=utf-8"
        );
    }

    #[test]
    fn a_tool_cannot_choose_html() {
        assert_eq!(media_type("text/html"), "text/plain; charset=utf-8");
        assert_eq!(media_type("image/svg+xml"), "application/octet-stream");
    }
}
