//! The token endpoint: which grant it is, and what Entra's answer looks like.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, HeaderMap};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::authorize::parse;
use super::error::EntraError;
use super::{federation, grants, on_behalf_of};
use crate::directory::{Api, Authority, PORTAL_CLIENT, Principal, api};
use crate::faults::When;
use crate::requests::{Facts, Kind};
use crate::tokens::{Issued, LIFETIME_S};
use crate::world::{World, suffer};

/// A token request after its client is known.
pub struct Request {
    pub authority: Authority,
    pub client: Client,
    pub form: HashMap<String, String>,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// The portal, public.
    Portal,
    /// Our API, which has proved itself.
    Api(&'static Api),
}

/// What a grant gives; the log learns of it too.
pub struct Answer {
    pub user: &'static Principal,
    pub access: Issued,
    pub audience: String,
    pub scope: String,
    pub refresh_token: Option<String>,
    pub id_token: Option<String>,
    pub assertion_token_id: Option<String>,
}

impl Request {
    /// A parameter that must be there.
    pub fn required(&self, name: &str) -> Result<&str, EntraError> {
        self.form
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| EntraError::missing(name))
    }

    pub fn scopes(&self) -> Vec<&str> {
        self.form
            .get("scope")
            .map(|scope| scope.split_whitespace().collect())
            .unwrap_or_default()
    }
}

pub async fn token(
    State(world): State<Arc<World>>,
    Path(segment): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let path = format!("/{segment}/oauth2/v2.0/token");
    let fault = world.faults.strike("POST", "127.0.0.1", &path);
    if let Some(status) = suffer(fault.as_ref(), When::Before).await {
        return broken(status);
    }
    let form = parse(&body);
    let grant = grant_name(form.get("grant_type").map(String::as_str));
    let answer = answer(&world, &segment, &headers, form);
    log(&world, grant, &headers, &answer);
    if let Some(status) = suffer(fault.as_ref(), When::After).await {
        return broken(status);
    }
    match answer {
        Ok(answer) => Json(body_of(&answer)).into_response(),
        Err(error) => error.into_response(),
    }
}

fn answer(
    world: &World,
    segment: &str,
    headers: &HeaderMap,
    form: HashMap<String, String>,
) -> Result<Answer, EntraError> {
    let authority = Authority::parse(segment).ok_or_else(|| EntraError::unknown_tenant(segment))?;
    let client = client(world, headers, &form)?;
    let request = Request {
        authority,
        client,
        form,
    };
    match (request.required("grant_type")?, client) {
        ("authorization_code", Client::Portal) => grants::authorization_code(world, &request),
        ("refresh_token", _) => grants::refresh_token(world, &request),
        ("urn:ietf:params:oauth:grant-type:jwt-bearer", Client::Api(api)) => {
            on_behalf_of::on_behalf_of(world, &request, api)
        }
        (other, _) => Err(EntraError::unsupported_grant(other)),
    }
}

/// The portal is taken at its word; our API proves itself by its secret (in the form or as Basic)
/// or by an assertion that the managed identity's token makes (workload identity federation).
fn client(
    world: &World,
    headers: &HeaderMap,
    form: &HashMap<String, String>,
) -> Result<Client, EntraError> {
    let basic = basic(headers);
    let id = form
        .get("client_id")
        .cloned()
        .or_else(|| basic.as_ref().map(|(id, _)| id.clone()))
        .ok_or_else(|| EntraError::missing("client_id"))?;
    if id == PORTAL_CLIENT {
        return Ok(Client::Portal);
    }
    let api = api(&id).ok_or_else(|| EntraError::unknown_client(&id))?;
    if let Some(assertion) = form.get("client_assertion") {
        let form_of_it = form.get("client_assertion_type").map(String::as_str);
        if form_of_it != Some(federation::ASSERTION_TYPE) {
            return Err(EntraError::missing("client_assertion_type"));
        }
        if !api.is_federated {
            return Err(EntraError::bad_client_secret());
        }
        federation::check(world, assertion)?;
        return Ok(Client::Api(api));
    }
    match form
        .get("client_secret")
        .cloned()
        .or_else(|| basic.map(|(_, secret)| secret))
    {
        Some(secret) if secret == api.secret => Ok(Client::Api(api)),
        Some(_) => Err(EntraError::bad_client_secret()),
        None => Err(EntraError::no_client_secret()),
    }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers
        .get(AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

fn body_of(answer: &Answer) -> Value {
    let mut body = json!({
        "token_type": "Bearer",
        "scope": answer.scope,
        "expires_in": LIFETIME_S,
        "ext_expires_in": LIFETIME_S,
        "access_token": answer.access.token,
    });
    if let Some(refresh) = &answer.refresh_token {
        body["refresh_token"] = refresh.as_str().into();
    }
    if let Some(id_token) = &answer.id_token {
        body["id_token"] = id_token.as_str().into();
    }
    body
}

fn grant_name(grant_type: Option<&str>) -> &'static str {
    match grant_type {
        Some("authorization_code") => "authorization_code",
        Some("refresh_token") => "refresh_token",
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer") => "on_behalf_of",
        _ => "unknown",
    }
}

fn log(
    world: &World,
    grant: &'static str,
    headers: &HeaderMap,
    answer: &Result<Answer, EntraError>,
) {
    let client_request_id = headers
        .get("client-request-id")
        .and_then(|value| value.to_str().ok())
        .map(ToOwned::to_owned);
    let mut facts = Facts {
        grant: Some(grant),
        client_request_id,
        ..Facts::default()
    };
    match answer {
        Ok(answer) => {
            facts.user = Some(answer.user.name.to_owned());
            facts.tid = Some(answer.user.tenant.to_owned());
            facts.oid = Some(answer.user.oid.to_owned());
            facts.token_id = Some(answer.access.id.clone());
            facts.client = answer.access.claims["azp"].as_str().map(ToOwned::to_owned);
            facts.audience = Some(answer.audience.clone());
            facts
                .assertion_token_id
                .clone_from(&answer.assertion_token_id);
            facts.status = Some(200);
        }
        Err(error) => {
            facts.error = Some(format!("{} AADSTS{}", error.error, error.code));
            facts.status = Some(error.status.as_u16());
        }
    }
    world.log(Kind::Token, facts);
}

fn broken(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (
        status,
        Json(json!({"error": "server_error", "error_description": "ordered fault"})),
    )
        .into_response()
}
