//! The control port's own endpoints, under `/sandbox`: what tests count, order and forge.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::{HOST, ORIGIN};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::directory::{self, API_CLIENT};
use crate::faults::Fault;
use crate::random;
use crate::requests::{Facts, Kind};
use crate::state::{Change, Standing};
use crate::tokens::{self, ARM_AUDIENCES, LIFETIME_S, VAULT_AUDIENCES};
use crate::world::World;

pub fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/sandbox/health", get(health))
        .route("/sandbox/effects", get(effects))
        .route("/sandbox/requests", get(requests))
        .route("/sandbox/token", post(token))
        .route("/sandbox/reset", post(reset))
        .route("/sandbox/grants", get(show_grants).post(set_grant))
        .route(
            "/sandbox/faults",
            get(show_faults).post(add_fault).delete(clear_faults),
        )
        .layer(middleware::from_fn(refuse_browsers))
}

/// Scripts only: a page that a browser opened must not forge tokens, and a name that was made to
/// point at this machine must not reach the port.
async fn refuse_browsers(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if request.headers().contains_key(ORIGIN) || !matches!(name, "127.0.0.1" | "localhost") {
        return refuse(
            StatusCode::FORBIDDEN,
            "the control port serves local scripts only",
        );
    }
    next.run(request).await
}

fn refuse(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({"error": text}))).into_response()
}

async fn health(State(world): State<Arc<World>>) -> Json<Value> {
    let (resources, effects) = world.store.read(world.clock.now_ms(), |state| {
        (state.resources.len(), state.effects.len())
    });
    Json(json!({"status": "ok", "at": world.now(), "resources": resources, "effects": effects}))
}

async fn effects(State(world): State<Arc<World>>) -> Json<Value> {
    let items = world
        .store
        .read(world.clock.now_ms(), |state| state.effects.clone());
    Json(json!({"items": items}))
}

/// `?after=SEQ` leaves out what was read before.
async fn requests(
    State(world): State<Arc<World>>,
    Query(parameters): Query<HashMap<String, String>>,
) -> Json<Value> {
    let after = parameters
        .get("after")
        .and_then(|after| after.parse().ok())
        .unwrap_or(0);
    Json(json!({"items": world.requests.after(after)}))
}

/// Either a user's token, or whatever is to be signed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenOrder {
    user: Option<String>,
    /// With `user`: our API's client id (the default), or an audience of Azure.
    audience: Option<String>,
    /// With `user`: life in seconds; negative for one that has ended.
    expires_in: Option<i64>,
    header: Option<Value>,
    /// An object; or a text that becomes the payload to the letter (repeated members and the like).
    claims: Option<Value>,
    /// `other`: a key that is in no key set.
    key: Option<String>,
}

async fn token(State(world): State<Arc<World>>, Json(order): Json<TokenOrder>) -> Response {
    let key = match order.key.as_deref() {
        None | Some("published") => &world.keys.published,
        Some("other") => match world.keys.other() {
            Ok(key) => key,
            Err(error) => return refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        },
        Some(_) => return refuse(StatusCode::BAD_REQUEST, "key is 'other' or absent"),
    };
    if let (Some(header), Some(claims)) = (&order.header, &order.claims) {
        let alg = header["alg"].as_str().unwrap_or("RS256");
        let payload = claims
            .as_str()
            .map_or_else(|| claims.to_string(), ToOwned::to_owned);
        return match key.sign(alg, header.to_string().as_bytes(), payload.as_bytes()) {
            Ok(token) => Json(json!({"access_token": token})).into_response(),
            Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        };
    }
    let Some(user) = order.user.as_deref().and_then(directory::user) else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "give {\"user\"} of the sandbox, or {\"header\", \"claims\"}",
        );
    };
    let audience = order.audience.as_deref().unwrap_or(API_CLIENT);
    let life_s = order.expires_in.unwrap_or(LIFETIME_S);
    let now_s = world.clock.now_s();
    let api = directory::api(audience).filter(|api| api.serves(user.tenant));
    let mut claims = if let Some(api) = api {
        let sid = random::guid();
        tokens::api_claims(&world.base_url, user, api.client, &sid, now_s, life_s)
    } else if [ARM_AUDIENCES, VAULT_AUDIENCES]
        .concat()
        .contains(&audience)
    {
        tokens::delegated_claims(&world.base_url, user, API_CLIENT, audience, now_s)
    } else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "the audience is not known to the sandbox",
        );
    };
    claims["exp"] = (now_s + life_s).into();
    if life_s < 0 {
        claims["iat"] = (now_s + life_s - LIFETIME_S).into();
        claims["nbf"] = claims["iat"].clone();
    }
    let issued = match tokens::issue(key, claims) {
        Ok(issued) => issued,
        Err(error) => return refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    world.log(
        Kind::Token,
        Facts {
            grant: Some("control"),
            user: Some(user.name.to_owned()),
            tid: Some(user.tenant.to_owned()),
            oid: Some(user.oid.to_owned()),
            token_id: Some(issued.id.clone()),
            audience: Some(audience.to_owned()),
            status: Some(200),
            ..Facts::default()
        },
    );
    Json(json!({
        "access_token": issued.token,
        "token_type": "Bearer",
        "expires_in": life_s,
        "header": issued.header,
        "claims": issued.claims,
    }))
    .into_response()
}

/// Azure as at the first start; no effect, request, fault or revocation is left. Sign-ins stay.
async fn reset(State(world): State<Arc<World>>) -> Response {
    if let Err(error) = world.store.reset() {
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string());
    }
    world.requests.clear();
    world.faults.clear();
    Json(json!({"status": "ok"})).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantOrder {
    user: String,
    state: Standing,
}

async fn set_grant(State(world): State<Arc<World>>, Json(order): Json<GrantOrder>) -> Response {
    let Some(user) = directory::user(&order.user) else {
        return refuse(StatusCode::NOT_FOUND, "no such user in the sandbox");
    };
    let change = Change::Standing {
        user: user.name.to_owned(),
        standing: order.state,
    };
    let stored: std::io::Result<()> = world
        .store
        .change(world.clock.now_ms(), |_| Ok((vec![change], ())));
    match stored {
        Ok(()) => Json(json!({"user": user.name, "state": order.state})).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

async fn show_grants(State(world): State<Arc<World>>) -> Json<Value> {
    let items: Vec<Value> = world.store.read(world.clock.now_ms(), |state| {
        directory::USERS
            .iter()
            .map(|user| json!({"user": user.name, "state": state.standing(user.name)}))
            .collect()
    });
    Json(json!({"items": items}))
}

async fn add_fault(State(world): State<Arc<World>>, Json(fault): Json<Fault>) -> Response {
    if fault
        .status
        .is_some_and(|status| !(100..=599).contains(&status))
    {
        return refuse(
            StatusCode::BAD_REQUEST,
            "status is an HTTP status, 100 to 599",
        );
    }
    (StatusCode::CREATED, Json(world.faults.add(fault))).into_response()
}

async fn show_faults(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!({"items": world.faults.list()}))
}

async fn clear_faults(State(world): State<Arc<World>>) -> StatusCode {
    world.faults.clear();
    StatusCode::NO_CONTENT
}
