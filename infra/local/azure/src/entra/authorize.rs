//! The authorization endpoint: shows the account picker, then sends the browser back with a code.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::header::{ACCEPT_LANGUAGE, HeaderMap, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use url::Url;

use super::codes::Promise;
use super::is_loopback;
use super::page::{self, Language};
use crate::directory::{self, Authority, PORTAL_CLIENT, Principal, USERS};
use crate::random;
use crate::state::{Change, Standing};
use crate::world::World;

/// An authorization request that may be answered.
pub struct Asked {
    pub redirect_uri: Url,
    pub state: Option<String>,
    pub fragment: bool,
    pub code_challenge: String,
    pub nonce: Option<String>,
    pub scope: String,
    pub login_hint: Option<String>,
    pub prompt: Option<String>,
}

/// Why a request is not answered with a code.
enum Refusal {
    /// The redirect address cannot be trusted: the person sees a page.
    Page(&'static str),
    /// The application is told at its own address.
    Redirect(Box<Asked>, &'static str, &'static str),
}

pub async fn show(
    State(world): State<Arc<World>>,
    Path(segment): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let parameters = parse(query.as_deref().unwrap_or_default());
    let language = language(&headers, &parameters);
    let Some(authority) = Authority::parse(&segment) else {
        return page::problem(language, "unknown tenant");
    };
    match read(&parameters) {
        Err(refusal) => refuse(language, refusal),
        Ok(asked) if asked.prompt.as_deref() == Some("none") => {
            let text = "AADSTS50058: A silent sign-in request was sent but no user is signed in.";
            refuse(
                language,
                Refusal::Redirect(Box::new(asked), "login_required", text),
            )
        }
        Ok(asked) => {
            let choices: Vec<&Principal> = USERS
                .iter()
                .filter(|user| authority.admits(user.tenant))
                .collect();
            let action = format!("{}/{segment}/oauth2/v2.0/authorize", world.base_url);
            page::picker(
                language,
                &action,
                &choices,
                asked.login_hint.as_deref(),
                &parameters,
            )
        }
    }
}

/// The picker's form comes back with the same parameters and `user`.
pub async fn choose(
    State(world): State<Arc<World>>,
    Path(segment): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let parameters = parse(&body);
    let language = language(&headers, &parameters);
    let asked = match read(&parameters) {
        Ok(asked) => asked,
        Err(refusal) => return refuse(language, refusal),
    };
    let user = parameters
        .get("user")
        .and_then(|name| directory::user(name))
        .filter(|user| Authority::parse(&segment).is_some_and(|found| found.admits(user.tenant)));
    let Some(user) = user else {
        let text = "AADSTS65004: The user declined to sign in.";
        return refuse(
            language,
            Refusal::Redirect(Box::new(asked), "access_denied", text),
        );
    };
    if renew(&world, user).is_err() {
        return page::problem(language, "the store is not writable");
    }
    let promise = Promise {
        user: user.name,
        redirect_uri: asked.redirect_uri.to_string(),
        code_challenge: asked.code_challenge.clone(),
        nonce: asked.nonce.clone(),
        scope: asked.scope.clone(),
        sid: random::guid(),
        expires_ms: 0,
    };
    let code = world.codes.issue(promise, world.clock.now_ms());
    send_back(
        &asked,
        &[("code", &code), ("session_state", &random::guid())],
    )
}

/// Signing in by hand is a fresh grant: what was revoked is honoured again.
fn renew(world: &World, user: &Principal) -> std::io::Result<()> {
    world.store.change(world.clock.now_ms(), |state| {
        let changes = match state.standing(user.name) {
            Standing::Ok => Vec::new(),
            Standing::Revoked | Standing::InteractionRequired => {
                vec![Change::Standing {
                    user: user.name.to_owned(),
                    standing: Standing::Ok,
                }]
            }
        };
        Ok((changes, ()))
    })
}

pub fn parse(text: &str) -> HashMap<String, String> {
    url::form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

fn read(parameters: &HashMap<String, String>) -> Result<Asked, Refusal> {
    let get = |name: &str| {
        parameters
            .get(name)
            .filter(|value| !value.is_empty())
            .cloned()
    };
    if get("client_id").as_deref() != Some(PORTAL_CLIENT) {
        return Err(Refusal::Page(
            "AADSTS700016: client_id is not the portal's.",
        ));
    }
    let redirect_uri = get("redirect_uri")
        .and_then(|text| Url::parse(&text).ok())
        .filter(|url| is_loopback(url) && url.fragment().is_none())
        .ok_or(Refusal::Page(
            "AADSTS50011: redirect_uri is not a loopback address.",
        ))?;
    let asked = Asked {
        redirect_uri,
        state: get("state"),
        fragment: get("response_mode").as_deref() == Some("fragment"),
        code_challenge: get("code_challenge").unwrap_or_default(),
        nonce: get("nonce"),
        scope: get("scope").unwrap_or_default(),
        login_hint: get("login_hint"),
        prompt: get("prompt"),
    };
    let no = |asked: Asked, error, text| Err(Refusal::Redirect(Box::new(asked), error, text));
    if get("response_type").as_deref() != Some("code") {
        return no(
            asked,
            "unsupported_response_type",
            "AADSTS700054: only 'code' is enabled.",
        );
    }
    if asked.code_challenge.len() != 43 || get("code_challenge_method").as_deref() != Some("S256") {
        let text = "AADSTS9002325: Proof Key for Code Exchange (S256) is required.";
        return no(asked, "invalid_request", text);
    }
    if !matches!(
        get("response_mode").as_deref(),
        None | Some("query" | "fragment")
    ) {
        return no(
            asked,
            "invalid_request",
            "AADSTS900144: response_mode is not supported.",
        );
    }
    if asked.scope.is_empty() {
        return no(asked, "invalid_request", "AADSTS900144: scope is missing.");
    }
    Ok(asked)
}

fn refuse(language: Language, refusal: Refusal) -> Response {
    match refusal {
        Refusal::Page(text) => page::problem(language, text),
        Refusal::Redirect(asked, error, text) => {
            send_back(&asked, &[("error", error), ("error_description", text)])
        }
    }
}

fn send_back(asked: &Asked, answer: &[(&str, &str)]) -> Response {
    let mut target = asked.redirect_uri.clone();
    let state = asked.state.as_deref().map(|state| ("state", state));
    let pairs = answer.iter().copied().chain(state);
    if asked.fragment {
        let text = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        target.set_fragment(Some(&text));
    } else {
        target.query_pairs_mut().extend_pairs(pairs);
    }
    match HeaderValue::from_str(target.as_str()) {
        Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

fn language(headers: &HeaderMap, parameters: &HashMap<String, String>) -> Language {
    let wanted = parameters.get("ui_locales").map(String::as_str);
    let accepted = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    Language::of(wanted.or(accepted).unwrap_or_default())
}
