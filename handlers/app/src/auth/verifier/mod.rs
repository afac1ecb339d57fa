//! Bearer tokens: every rule that a token must pass before its claims mean
//! anything (`reference/security-and-reliability.md` §2.3 and Entra's
//! claims-validation page).
//!
//! **Invariant:** a [`Principal`] is made here and nowhere else in the product.

mod claims;
mod header;
mod seen;

pub(crate) use header::is_kid;

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use azimuth_domain::principal::{Principal, Role, UserKey};
use azimuth_domain::session::SessionId;
use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::Clock;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;

use super::jwks::JwksCache;
use super::refusal::{TokenCode, TokenRefused};
use claims::Claims;
use header::Header;
use seen::{Genuine, SeenTokens};

/// Longest token that is looked at, bytes.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Longest display name that is kept, characters.
const MAX_NAME_CHARS: usize = 128;

/// What a token must say to be accepted.
#[derive(Debug, Clone)]
pub struct VerifierSettings {
    /// Issuer with `{tid}` where the tenant goes.
    pub issuer: String,
    /// The API's client id; `aud` equals it exactly.
    pub audience: String,
    /// Tenants that are served, lower-case GUIDs.
    pub tenants: BTreeSet<String>,
    /// Clients (`azp`) that may call.
    pub clients: BTreeSet<String>,
    /// The delegated permission that `scp` must contain: `access_as_user`.
    pub scope: String,
    /// How far clocks may differ, seconds.
    pub leeway_seconds: u32,
}

impl VerifierSettings {
    /// Leeway of the product, seconds.
    pub const LEEWAY_SECONDS: u32 = 60;
    /// Permission that the product's API publishes.
    pub const SCOPE: &'static str = "access_as_user";
}

/// Verifies bearer tokens of our API.
pub struct TokenVerifier {
    settings: VerifierSettings,
    keys: Arc<JwksCache>,
    clock: Arc<dyn Clock>,
    seen: SeenTokens,
}

impl TokenVerifier {
    /// A verifier; `keys` must be configured with the same issuer template.
    pub fn new(settings: VerifierSettings, keys: Arc<JwksCache>, clock: Arc<dyn Clock>) -> Self {
        Self {
            settings,
            keys,
            clock,
            seen: SeenTokens::new(),
        }
    }

    /// The caller that the token of these request headers describes.
    pub async fn authenticate(&self, headers: &http::HeaderMap) -> Result<Principal, TokenRefused> {
        self.verify(bearer(headers)?).await
    }

    /// The caller that `token` describes, after all rules have passed.
    ///
    /// Before the signature is checked only the tenant and the key id are used,
    /// to find the key; both must be known here. The signature of a token that was
    /// seen before is not computed again while the issuer publishes its key; every
    /// other rule is applied each time.
    pub async fn verify(&self, token: &str) -> Result<Principal, TokenRefused> {
        let genuine = match self.seen.get(token) {
            Some(genuine) if self.still_published(&genuine).await? => genuine,
            _ => self.check_signature(token).await?,
        };
        self.check_claims(&genuine.claims, &genuine.tenant)?;
        Ok(principal(&genuine.claims, &genuine.tenant))
    }

    async fn still_published(&self, seen: &Genuine) -> Result<bool, TokenRefused> {
        let key = self.keys.key(&seen.tenant, &seen.kid).await?;
        Ok(Arc::ptr_eq(&key, &seen.key))
    }

    async fn check_signature(&self, token: &str) -> Result<Arc<Genuine>, TokenRefused> {
        let parts = Parts::of(token)?;
        let header = Header::read(&parts.header)?;
        let claims = Claims::read(&parts.payload)?;
        let tenant = self.served_tenant(&claims)?;
        let key = self.keys.key(&tenant, &header.kid).await?;
        let genuine =
            jsonwebtoken::crypto::verify(parts.signature, parts.signed, &key, Algorithm::RS256)
                .map_err(|error| refuse(TokenCode::Malformed, format!("signature: {error}")))?;
        if !genuine {
            return Err(refuse(
                TokenCode::BadSignature,
                format!("kid {} of tenant {tenant}", header.kid),
            ));
        }
        let genuine = Arc::new(Genuine {
            claims,
            tenant,
            kid: header.kid,
            key,
        });
        self.seen.add(token, &genuine);
        Ok(genuine)
    }

    fn served_tenant(&self, claims: &Claims) -> Result<String, TokenRefused> {
        if !is_guid(&claims.tid) {
            return Err(refuse(TokenCode::Malformed, "tid is not a GUID"));
        }
        let tenant = claims.tid.to_ascii_lowercase();
        if self.settings.tenants.contains(&tenant) {
            Ok(tenant)
        } else {
            Err(refuse(TokenCode::WrongTenant, format!("tenant {tenant}")))
        }
    }

    fn check_claims(&self, claims: &Claims, tenant: &str) -> Result<(), TokenRefused> {
        self.check_times(claims)?;
        let issuer = self.settings.issuer.replace("{tid}", tenant);
        if claims.iss != issuer {
            return Err(refuse(TokenCode::WrongIssuer, format!("tenant {tenant}")));
        }
        if claims.ver != "2.0" {
            return Err(refuse(TokenCode::Malformed, "ver is not 2.0"));
        }
        if claims.aud != self.settings.audience {
            return Err(refuse(TokenCode::WrongAudience, format!("tenant {tenant}")));
        }
        if !is_guid(&claims.oid) {
            return Err(refuse(TokenCode::Malformed, "oid is not a GUID"));
        }
        self.check_delegation(claims)?;
        match &claims.azp {
            Some(azp) if self.settings.clients.contains(azp) => Ok(()),
            _ => Err(refuse(
                TokenCode::WrongClient,
                "azp is not an allowed client",
            )),
        }
    }

    fn check_times(&self, claims: &Claims) -> Result<(), TokenRefused> {
        let now = self.clock.now().0.div_euclid(1000);
        let leeway = i64::from(self.settings.leeway_seconds);
        if seconds(claims.exp) < now.saturating_sub(leeway) {
            return Err(refuse(TokenCode::Expired, "exp"));
        }
        let latest = now.saturating_add(leeway);
        if seconds(claims.nbf) > latest {
            return Err(refuse(TokenCode::NotYetValid, "nbf"));
        }
        if seconds(claims.iat) > latest {
            return Err(refuse(TokenCode::NotYetValid, "iat"));
        }
        Ok(())
    }

    /// Entra marks application tokens with `idtyp` when asked to; without it a
    /// token that has no `scp` is no delegated one either (application or id token).
    fn check_delegation(&self, claims: &Claims) -> Result<(), TokenRefused> {
        match (claims.idtyp.as_deref(), claims.scp.as_deref()) {
            (Some("app"), _) => Err(refuse(TokenCode::AppOnly, "idtyp is app")),
            (Some(kind), _) if kind != "user" => Err(refuse(
                TokenCode::Malformed,
                "idtyp is neither app nor user",
            )),
            (None, None) => Err(refuse(TokenCode::AppOnly, "no scp")),
            (_, scp) => {
                let granted = scp.unwrap_or_default();
                if granted.split(' ').any(|s| s == self.settings.scope) {
                    Ok(())
                } else {
                    Err(refuse(TokenCode::ScopeMissing, "scp lacks the API's scope"))
                }
            }
        }
    }
}

/// The bearer token of a request: exactly one `Authorization` header with
/// exactly one token.
pub fn bearer(headers: &http::HeaderMap) -> Result<&str, TokenRefused> {
    let mut values = headers.get_all(http::header::AUTHORIZATION).iter();
    let value = values
        .next()
        .ok_or_else(|| refuse(TokenCode::Missing, "no Authorization header"))?;
    if values.next().is_some() {
        return Err(refuse(
            TokenCode::Malformed,
            "several Authorization headers",
        ));
    }
    let text = value
        .to_str()
        .map_err(|_| refuse(TokenCode::Malformed, "Authorization is not ASCII"))?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() => {
            Ok(token)
        }
        _ => Err(refuse(TokenCode::Missing, "Authorization is not Bearer")),
    }
}

/// The three parts of a compact token, decoded strictly: no padding, no stray
/// bits, nothing before, between or after them.
struct Parts<'a> {
    header: Vec<u8>,
    payload: Vec<u8>,
    signature: &'a str,
    signed: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(token: &'a str) -> Result<Self, TokenRefused> {
        if token.is_empty() {
            return Err(refuse(TokenCode::Missing, "empty token"));
        }
        if token.len() > MAX_TOKEN_BYTES {
            return Err(refuse(
                TokenCode::TooLarge,
                format!("{} bytes", token.len()),
            ));
        }
        let mut segments = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) = (
            segments.next(),
            segments.next(),
            segments.next(),
            segments.next(),
        ) else {
            return Err(refuse(TokenCode::Malformed, "not three segments"));
        };
        let decode = |part: &str, name: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|_| refuse(TokenCode::Malformed, format!("{name} is not base64url")))
        };
        decode(signature, "signature")?;
        Ok(Self {
            header: decode(header, "header")?,
            payload: decode(payload, "payload")?,
            signature,
            signed: &token.as_bytes()[..header.len() + 1 + payload.len()],
        })
    }
}

fn principal(claims: &Claims, tenant: &str) -> Principal {
    let user = UserKey::new(tenant, &claims.oid);
    let sid = claims.sid.as_deref().filter(|sid| !sid.is_empty());
    Principal {
        session: sid.map(|sid| SessionId::of(&user, sid)),
        user,
        name: claims.name.as_ref().map(|name| {
            name.chars()
                .filter(|c| !c.is_control())
                .take(MAX_NAME_CHARS)
                .collect()
        }),
        roles: claims.roles.iter().filter_map(|r| Role::parse(r)).collect(),
        token_issued_at: moment(claims.iat),
        token_expires_at: moment(claims.exp),
    }
}

fn seconds(claim: u64) -> i64 {
    i64::try_from(claim).unwrap_or(i64::MAX)
}

fn moment(claim: u64) -> Timestamp {
    Timestamp(seconds(claim).saturating_mul(1000))
}

/// Whether `text` is a GUID in the 8-4-4-4-12 form.
pub(crate) fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|g| g.len()).eq([8, 4, 4, 4, 12])
        && groups
            .iter()
            .all(|g| g.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn refuse(code: TokenCode, context: impl Into<String>) -> TokenRefused {
    TokenRefused::new(code, context)
}
