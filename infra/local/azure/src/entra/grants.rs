//! Sign-in by code, and its continuation by refresh token.

use super::error::EntraError;
use super::on_behalf_of;
use super::token::{Answer, Client, Request};
use crate::directory::{self, API_CLIENT, API_SCOPE, PORTAL_CLIENT, Principal};
use crate::random;
use crate::state::{Change, RefreshGrant, Standing};
use crate::tokens::{self, LIFETIME_S};
use crate::world::World;

/// Life of a single-page application's refresh token: 24 hours, as Entra's.
const PORTAL_REFRESH_S: i64 = 24 * 3600;
/// Life of a confidential client's refresh token: 90 days, as Entra's.
const API_REFRESH_S: i64 = 90 * 24 * 3600;

pub fn authorization_code(world: &World, request: &Request) -> Result<Answer, EntraError> {
    let code = request.required("code")?;
    let verifier = request.required("code_verifier")?;
    let redirect_uri = request.required("redirect_uri")?;
    let promise = world
        .codes
        .redeem(code, world.clock.now_ms())
        .ok_or_else(EntraError::bad_code)?;
    let same_place =
        url::Url::parse(redirect_uri).is_ok_and(|url| url.as_str() == promise.redirect_uri);
    if !same_place {
        return Err(EntraError::redirect_mismatch());
    }
    if random::sha256_base64url(verifier) != promise.code_challenge {
        return Err(EntraError::bad_verifier());
    }
    let user = known(promise.user)?;
    sign_in(
        world,
        request,
        user,
        &promise.sid,
        promise.nonce.as_deref(),
        &promise.scope,
    )
}

pub fn refresh_token(world: &World, request: &Request) -> Result<Answer, EntraError> {
    let hash = random::sha256_hex(request.required("refresh_token")?);
    let now_s = world.clock.now_s();
    let client = client_id(request.client);
    let (grant, standing) = world
        .store
        .read(world.clock.now_ms(), |state| {
            let grant = state.refresh.get(&hash)?.clone();
            let standing = state.standing(&grant.user);
            Some((grant, standing))
        })
        .filter(|(grant, _)| grant.client == client && grant.expires_s > now_s)
        .ok_or_else(EntraError::bad_refresh_token)?;
    honour(standing)?;
    let user = known(&grant.user)?;
    match request.client {
        Client::Portal => {
            let asked = request
                .form
                .get("scope")
                .cloned()
                .unwrap_or_else(default_scope);
            sign_in(world, request, user, &grant.sid, None, &asked)
        }
        Client::Api(api) => on_behalf_of::delegate(world, request, api, user, &grant.sid, None),
    }
}

/// Whether this user's grants still count.
pub fn honour(standing: Standing) -> Result<(), EntraError> {
    match standing {
        Standing::Ok => Ok(()),
        Standing::Revoked => Err(EntraError::revoked()),
        Standing::InteractionRequired => Err(EntraError::interaction_required()),
    }
}

/// Makes a refresh token and remembers its hash.
pub fn remember(
    world: &World,
    user: &Principal,
    client: Client,
    sid: &str,
) -> Result<String, EntraError> {
    let secret = random::secret();
    let life_s = match client {
        Client::Portal => PORTAL_REFRESH_S,
        Client::Api(_) => API_REFRESH_S,
    };
    let grant = RefreshGrant {
        sha256: random::sha256_hex(&secret),
        user: user.name.to_owned(),
        client: client_id(client).to_owned(),
        sid: sid.to_owned(),
        expires_s: world.clock.now_s() + life_s,
    };
    world.store.change(world.clock.now_ms(), |_| {
        Ok::<_, EntraError>((vec![Change::Refresh { grant }], ()))
    })?;
    Ok(secret)
}

/// The tokens of a person at the portal: access for our API, identity with `openid`, refresh with
/// `offline_access`.
fn sign_in(
    world: &World,
    request: &Request,
    user: &'static Principal,
    sid: &str,
    nonce: Option<&str>,
    scope: &str,
) -> Result<Answer, EntraError> {
    if !request.authority.admits(user.tenant) {
        return Err(EntraError::wrong_tenant());
    }
    let asked: Vec<&str> = scope.split_whitespace().collect();
    let ours = format!("api://{API_CLIENT}/");
    for scope in &asked {
        let known = matches!(*scope, "openid" | "profile" | "email" | "offline_access");
        let permission = scope
            .strip_prefix(&ours)
            .or(scope.strip_prefix(&format!("{API_CLIENT}/")));
        if !known && !matches!(permission, Some(API_SCOPE | ".default")) {
            return Err(EntraError::bad_scope(scope));
        }
    }
    let now_s = world.clock.now_s();
    let claims = tokens::api_claims(&world.base_url, user, API_CLIENT, sid, now_s, LIFETIME_S);
    let access = tokens::issue(&world.keys.published, claims)?;
    let id_token = if asked.contains(&"openid") {
        let claims = tokens::id_claims(&world.base_url, user, sid, nonce, now_s);
        Some(tokens::issue(&world.keys.published, claims)?.token)
    } else {
        None
    };
    let refresh_token = if asked.contains(&"offline_access") {
        Some(remember(world, user, Client::Portal, sid)?)
    } else {
        None
    };
    Ok(Answer {
        user,
        access,
        audience: API_CLIENT.to_owned(),
        scope: format!("openid profile api://{API_CLIENT}/{API_SCOPE}"),
        refresh_token,
        id_token,
        assertion_token_id: None,
    })
}

fn default_scope() -> String {
    format!("openid profile offline_access api://{API_CLIENT}/{API_SCOPE}")
}

fn client_id(client: Client) -> &'static str {
    match client {
        Client::Portal => PORTAL_CLIENT,
        Client::Api(api) => api.client,
    }
}

fn known(name: &str) -> Result<&'static Principal, EntraError> {
    directory::user(name).ok_or_else(EntraError::bad_refresh_token)
}
