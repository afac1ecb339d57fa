//! End of a session: back to the application, or a page that says so.

use axum::extract::RawQuery;
use axum::http::header::{ACCEPT_LANGUAGE, HeaderMap, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use url::Url;

use super::authorize::parse;
use super::is_loopback;
use super::page::{self, Language};

/// `post_logout_redirect_uri` is followed to loopback only; `state` goes with it.
pub async fn logout(RawQuery(query): RawQuery, headers: HeaderMap, body: String) -> Response {
    let mut parameters = parse(query.as_deref().unwrap_or_default());
    parameters.extend(parse(&body));
    let target = parameters
        .get("post_logout_redirect_uri")
        .and_then(|text| Url::parse(text).ok())
        .filter(is_loopback);
    let Some(mut target) = target else {
        let accepted = headers
            .get(ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        return page::signed_out(Language::of(accepted.unwrap_or_default()));
    };
    if let Some(state) = parameters.get("state") {
        target.query_pairs_mut().append_pair("state", state);
    }
    match HeaderValue::from_str(target.as_str()) {
        Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}
