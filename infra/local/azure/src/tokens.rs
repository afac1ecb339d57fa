//! What the sandbox's tokens say, and how it reads its own ones back.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::directory::{self, API_SCOPE, PORTAL_CLIENT, Principal};
use crate::keys::{KeyError, SigningKey, SigningKeys};
use crate::random;

/// Life of a token in seconds: Entra's is 60 to 90 minutes, this one always 75.
pub const LIFETIME_S: i64 = 75 * 60;

/// Audiences of Azure Resource Manager, as Entra accepts them.
pub const ARM_AUDIENCES: &[&str] = &[
    "https://management.azure.com",
    "https://management.azure.com/",
    "https://management.core.windows.net",
    "https://management.core.windows.net/",
];
/// Audiences of Key Vault's data plane.
pub const VAULT_AUDIENCES: &[&str] = &["https://vault.azure.net", "https://vault.azure.net/"];
/// Audience of a client assertion made by a managed identity (workload identity federation).
pub const EXCHANGE_AUDIENCE: &str = "api://AzureADTokenExchange";

/// A signed token together with what it says.
#[derive(Debug)]
pub struct Issued {
    pub token: String,
    pub header: Value,
    pub claims: Value,
    /// The token's own id, the `uti` claim.
    pub id: String,
}

/// The claims that matter when a token comes back.
#[derive(Clone, Debug, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    pub tid: String,
    pub oid: String,
    pub exp: i64,
    #[serde(default)]
    pub nbf: i64,
    #[serde(default)]
    pub scp: String,
    #[serde(default)]
    pub sub: String,
    #[serde(default)]
    pub uti: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the token is malformed or its signature is not ours")]
    Signature,
    #[error("the token is for another audience")]
    Audience,
    #[error("the token has expired or is not valid yet")]
    Expired,
    #[error("the token's issuer is not the tenant's")]
    Issuer,
    #[error("the token's subject is nobody of this directory")]
    Subject,
}

/// Issuer of a tenant's tokens: `http://127.0.0.1:P/{tid}/v2.0`.
pub fn issuer(base_url: &str, tenant: &str) -> String {
    format!("{base_url}/{tenant}/v2.0")
}

/// Pairwise subject: stable for one principal at one application, unlike between applications.
fn subject(principal: &Principal, client: &str) -> String {
    random::sha256_base64url(&format!("{}/{}/{client}", principal.tenant, principal.oid))
}

fn common(
    base_url: &str,
    who: &Principal,
    aud: &str,
    now_s: i64,
    life_s: i64,
) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("aud".into(), aud.into());
    claims.insert("iss".into(), issuer(base_url, who.tenant).into());
    claims.insert("iat".into(), now_s.into());
    claims.insert("nbf".into(), now_s.into());
    claims.insert("exp".into(), (now_s + life_s).into());
    claims.insert("oid".into(), who.oid.into());
    claims.insert("sub".into(), subject(who, aud).into());
    claims.insert("tid".into(), who.tenant.into());
    claims.insert("uti".into(), random::short().into());
    claims.insert("ver".into(), "2.0".into());
    claims
}

/// Claims of an access token for our own API, as Entra's v2.0 endpoint writes them.
pub fn api_claims(
    base_url: &str,
    user: &Principal,
    api: &str,
    sid: &str,
    now_s: i64,
    life_s: i64,
) -> Value {
    let mut claims = common(base_url, user, api, now_s, life_s);
    claims.insert("azp".into(), PORTAL_CLIENT.into());
    claims.insert("azpacr".into(), "0".into());
    claims.insert("name".into(), user.display_name.into());
    claims.insert("preferred_username".into(), user.upn.into());
    claims.insert("roles".into(), json!(user.roles));
    claims.insert("scp".into(), API_SCOPE.into());
    claims.insert("sid".into(), sid.into());
    Value::Object(claims)
}

/// Claims of an identity token for the portal.
pub fn id_claims(
    base_url: &str,
    user: &Principal,
    sid: &str,
    nonce: Option<&str>,
    now_s: i64,
) -> Value {
    let mut claims = common(base_url, user, PORTAL_CLIENT, now_s, LIFETIME_S);
    claims.insert("name".into(), user.display_name.into());
    claims.insert("preferred_username".into(), user.upn.into());
    claims.insert("roles".into(), json!(user.roles));
    claims.insert("sid".into(), sid.into());
    if let Some(nonce) = nonce {
        claims.insert("nonce".into(), nonce.into());
    }
    Value::Object(claims)
}

/// Claims of a token with which our API (`api`, its client id) acts at an Azure service for
/// `user`.
pub fn delegated_claims(
    base_url: &str,
    user: &Principal,
    api: &str,
    aud: &str,
    now_s: i64,
) -> Value {
    let mut claims = common(base_url, user, aud, now_s, LIFETIME_S);
    claims.insert("azp".into(), api.into());
    claims.insert("azpacr".into(), "1".into());
    claims.insert("idtyp".into(), "user".into());
    claims.insert("name".into(), user.display_name.into());
    claims.insert("scp".into(), "user_impersonation".into());
    Value::Object(claims)
}

/// Claims of a managed identity's own token.
pub fn application_claims(base_url: &str, identity: &Principal, aud: &str, now_s: i64) -> Value {
    let mut claims = common(base_url, identity, aud, now_s, LIFETIME_S);
    claims.insert("idtyp".into(), "app".into());
    claims.insert("sub".into(), identity.oid.into());
    Value::Object(claims)
}

/// Signs claims as the published key does: `{"typ":"JWT","alg":"RS256","kid":…}`.
pub fn issue(key: &SigningKey, claims: Value) -> Result<Issued, KeyError> {
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": key.kid});
    let token = key.sign(
        "RS256",
        header.to_string().as_bytes(),
        claims.to_string().as_bytes(),
    )?;
    let id = claims["uti"].as_str().unwrap_or_default().to_owned();
    Ok(Issued {
        token,
        header,
        claims,
        id,
    })
}

/// Reads a token of ours: signature by the published key, one of `audiences`, in its time, issued
/// for its own tenant, about somebody the directory knows. The issuer's port is not compared, so
/// that tokens outlive a restart on another port.
pub fn verify(
    keys: &SigningKeys,
    token: &str,
    audiences: &[&str],
    now_s: i64,
) -> Result<(Claims, &'static Principal), TokenError> {
    let mut rules = Validation::new(Algorithm::RS256);
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.required_spec_claims.clear();
    let key =
        DecodingKey::from_rsa_raw_components(&keys.published.modulus, &keys.published.exponent);
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &rules)
        .map_err(|_| TokenError::Signature)?
        .claims;
    let path = format!("/{}/v2.0", claims.tid);
    if !(claims.iss.starts_with("http://127.0.0.1:") && claims.iss.ends_with(&path)) {
        return Err(TokenError::Issuer);
    }
    if !audiences.contains(&claims.aud.as_str()) {
        return Err(TokenError::Audience);
    }
    if now_s >= claims.exp || now_s < claims.nbf {
        return Err(TokenError::Expired);
    }
    let principal = directory::principal(&claims.tid, &claims.oid).ok_or(TokenError::Subject)?;
    Ok((claims, principal))
}
