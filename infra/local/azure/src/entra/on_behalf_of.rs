//! On-behalf-of: our API shows a user's token and receives one for Azure in that user's name.
//!
//! Form: <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow>.

use super::error::EntraError;
use super::grants::{honour, remember};
use super::token::{Answer, Client, Request};
use crate::directory::{API_SCOPE, Api, Principal};
use crate::random;
use crate::tokens::{self, ARM_AUDIENCES, TokenError, VAULT_AUDIENCES};
use crate::world::World;

/// Other services a token may be asked for; the sandbox has none of them, and says so there.
const OTHER_AUDIENCES: &[&str] = &["https://storage.azure.com", "https://storage.azure.com/"];

pub fn on_behalf_of(
    world: &World,
    request: &Request,
    api: &'static Api,
) -> Result<Answer, EntraError> {
    if request.required("requested_token_use")? != "on_behalf_of" {
        return Err(EntraError::unsupported_grant(
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ));
    }
    let assertion = request.required("assertion")?;
    let (claims, user) = tokens::verify(&world.keys, assertion, &[api.client], world.clock.now_s())
        .map_err(refusal)?;
    if !claims
        .scp
        .split_whitespace()
        .any(|scope| scope == API_SCOPE)
    {
        return Err(EntraError::assertion_without_scope());
    }
    honour(
        world
            .store
            .read(world.clock.now_ms(), |state| state.standing(user.name)),
    )?;
    delegate(world, request, api, user, &random::guid(), Some(claims.uti))
}

/// A token for the one service that the scopes name, and a refresh token with `offline_access`.
pub fn delegate(
    world: &World,
    request: &Request,
    api: &'static Api,
    user: &'static Principal,
    sid: &str,
    assertion_token_id: Option<String>,
) -> Result<Answer, EntraError> {
    if !request.authority.admits(user.tenant) || !api.serves(user.tenant) {
        return Err(EntraError::wrong_tenant());
    }
    let scopes = request.scopes();
    let audience = audience(&scopes)?;
    let claims = tokens::delegated_claims(
        &world.base_url,
        user,
        api.client,
        &audience,
        world.clock.now_s(),
    );
    let access = tokens::issue(&world.keys.published, claims)?;
    let refresh_token = if scopes.contains(&"offline_access") {
        Some(remember(world, user, Client::Api(api), sid)?)
    } else {
        None
    };
    let scope = format!("{}/user_impersonation", audience.trim_end_matches('/'));
    Ok(Answer {
        user,
        access,
        audience,
        scope,
        refresh_token,
        id_token: None,
        assertion_token_id,
    })
}

/// `https://management.azure.com//.default` names the audience `https://management.azure.com/`:
/// what stands before `/.default` (or before the permission's name) is taken to the letter.
fn audience(scopes: &[&str]) -> Result<String, EntraError> {
    let mut found = scopes
        .iter()
        .filter(|scope| !matches!(**scope, "openid" | "profile" | "email" | "offline_access"))
        .map(|scope| {
            scope
                .strip_suffix("/.default")
                .or(scope.strip_suffix("/user_impersonation"))
                .unwrap_or(scope)
        });
    let first = found.next().ok_or_else(|| EntraError::missing("scope"))?;
    if found.any(|other| other != first) {
        return Err(EntraError::bad_scope(&scopes.join(" ")));
    }
    let known = [ARM_AUDIENCES, VAULT_AUDIENCES, OTHER_AUDIENCES].concat();
    if !known.contains(&first) {
        return Err(EntraError::unknown_resource(first));
    }
    Ok(first.to_owned())
}

fn refusal(error: TokenError) -> EntraError {
    match error {
        TokenError::Audience => EntraError::assertion_audience(),
        TokenError::Expired => EntraError::assertion_expired(),
        TokenError::Signature | TokenError::Issuer | TokenError::Subject => {
            EntraError::assertion_signature()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audience_is_what_stands_before_default() {
        assert_eq!(
            audience(&["https://management.azure.com//.default", "openid"]).unwrap(),
            "https://management.azure.com/"
        );
        assert_eq!(
            audience(&["https://vault.azure.net/.default"]).unwrap(),
            "https://vault.azure.net"
        );
        assert_eq!(
            audience(&["https://graph.example/.default"])
                .unwrap_err()
                .code,
            500_011
        );
        assert_eq!(
            audience(&[
                "https://vault.azure.net/.default",
                "https://storage.azure.com/.default"
            ])
            .unwrap_err()
            .code,
            70011
        );
    }
}
