//! Bearer tokens: every rule that a token must pass before its claims mean
//! anything (`reference/security-and-reliability.md` §2.3 and Entra's
//! claims-validation page).
//!
//! **Invariant:** a [`Principal`] is made here and nowhere else in the product.

mod claims;
mod header;
mod members;
mod rules;
mod seen;

pub(crate) use header::is_kid;
pub use rules::{ClaimNames, IssuerRules, OidcSettings};

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use azimuth_domain::canonical::sha256_hex;
use azimuth_domain::principal::{Principal, UserKey};
use azimuth_domain::session::SessionId;
use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::Clock;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::jwks::JwksCache;
use super::refusal::{TokenCode, TokenRefused};
use claims::{Claims, check_kind};
use header::Header;
use members::Members;
use rules::Tenancy;
use seen::{Genuine, SeenTokens};

/// Longest token that is looked at, bytes.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Longest display name that is kept, characters.
const MAX_NAME_CHARS: usize = 128;

/// What a token of Entra ID must say to be accepted.
#[derive(Debug, Clone)]
pub struct VerifierSettings {
    /// Issuer with `{tid}` where the tenant goes.
    pub issuer: String,
    /// The API's client id; `aud` equals it exactly.
    pub audience: String,
    /// The same of tenants that have an application of their own, in its place.
    pub own_audiences: BTreeMap<String, String>,
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
    /// One at least; who names none of them is held against the first.
    issuers: Vec<Issuer>,
    clock: Arc<dyn Clock>,
    seen: SeenTokens,
}

/// Who vouches for the people of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantTrust {
    /// `iss` of their tokens.
    pub issuer: String,
    /// `aud`: the application that they are for.
    pub audience: String,
    /// Whether it is an application of this tenant alone.
    pub has_own_application: bool,
}

/// An issuer that is trusted.
struct Issuer {
    rules: IssuerRules,
    keys: Arc<JwksCache>,
}

impl TokenVerifier {
    /// A verifier for Entra ID; `keys` must be configured with the same issuer template.
    pub fn new(settings: VerifierSettings, keys: Arc<JwksCache>, clock: Arc<dyn Clock>) -> Self {
        Self::of((settings.into(), keys), Vec::new(), clock)
    }

    /// A verifier for one issuer and `others`, each with its own keys. Those with
    /// several tenants come first, and no two share a tenant.
    pub fn of(
        first: (IssuerRules, Arc<JwksCache>),
        others: Vec<(IssuerRules, Arc<JwksCache>)>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let issuers = std::iter::once(first).chain(others);
        Self {
            issuers: issuers
                .map(|(rules, keys)| Issuer { rules, keys })
                .collect(),
            clock,
            seen: SeenTokens::new(),
        }
    }

    /// Who vouches for the people of this tenant; `None` where it is not served.
    pub fn trust_of(&self, tenant: &str) -> Option<TenantTrust> {
        let mut rules = self.issuers.iter().map(|issuer| &issuer.rules);
        let rules = rules.find(|rules| rules.serves(tenant))?;
        Some(TenantTrust {
            issuer: rules.issuer_of(tenant),
            audience: rules.audience_of(tenant).to_owned(),
            has_own_application: rules.own_audiences.contains_key(tenant),
        })
    }

    /// The caller that the token of these request headers describes.
    pub async fn authenticate(&self, headers: &http::HeaderMap) -> Result<Principal, TokenRefused> {
        self.verify(bearer(headers)?).await
    }

    /// The caller that `token` describes, after all rules have passed.
    ///
    /// Before the signature is checked only issuer, tenant and key id are used, to find
    /// the key; all must be known here. The signature of a token that was seen before is
    /// not computed again while the issuer publishes its key; every other rule is applied
    /// each time.
    pub async fn verify(&self, token: &str) -> Result<Principal, TokenRefused> {
        let genuine = match self.seen.get(token) {
            Some(genuine) if self.still_published(&genuine).await? => genuine,
            _ => self.check_signature(token).await?,
        };
        let rules = &self.issuers[genuine.issuer].rules;
        self.check_claims(rules, &genuine)?;
        Ok(principal(rules, &genuine))
    }

    async fn still_published(&self, seen: &Genuine) -> Result<bool, TokenRefused> {
        let keys = &self.issuers[seen.issuer].keys;
        let key = keys.key(&seen.tenant, &seen.kid).await?;
        Ok(Arc::ptr_eq(&key, &seen.key))
    }

    async fn check_signature(&self, token: &str) -> Result<Arc<Genuine>, TokenRefused> {
        let parts = Parts::of(token)?;
        let members = Members::read(&parts.payload)?;
        let issuer = self.issuer_of(&members)?;
        let Issuer { rules, keys } = &self.issuers[issuer];
        let header = Header::read(&parts.header, rules)?;
        let claims = Claims::read(&members, rules)?;
        let tenant = served_tenant(rules, &claims)?;
        let key = keys.key(&tenant, &header.kid).await?;
        let algorithm = rules.algorithm.of_library();
        let is_genuine =
            jsonwebtoken::crypto::verify(parts.signature, parts.signed, &key, algorithm)
                .map_err(|error| refuse(TokenCode::Malformed, format!("signature: {error}")))?;
        if !is_genuine {
            return Err(refuse(
                TokenCode::BadSignature,
                format!("kid {} of tenant {tenant}", header.kid),
            ));
        }
        check_kind(&members, rules)?;
        let genuine = Arc::new(Genuine {
            issuer,
            claims,
            tenant,
            kid: header.kid,
            key,
        });
        self.seen.add(token, &genuine);
        Ok(genuine)
    }

    /// Against whose rules a token is held. Which one it names decides nothing else: the
    /// keys of that issuer must have signed it.
    fn issuer_of(&self, members: &Members) -> Result<usize, TokenRefused> {
        let named = members.required_text("iss")?;
        let found = self
            .issuers
            .iter()
            .position(|issuer| match issuer.rules.tenancy {
                Tenancy::One(_) => issuer.rules.issuer == named,
                Tenancy::Several(_) => false,
            });
        Ok(found.unwrap_or(0))
    }

    fn check_claims(&self, rules: &IssuerRules, genuine: &Genuine) -> Result<(), TokenRefused> {
        let Genuine { claims, tenant, .. } = genuine;
        self.check_times(rules, claims)?;
        if claims.iss != rules.issuer_of(tenant) {
            return Err(refuse(TokenCode::WrongIssuer, format!("tenant {tenant}")));
        }
        if !claims
            .aud
            .iter()
            .any(|aud| aud == rules.audience_of(tenant))
        {
            return Err(refuse(TokenCode::WrongAudience, format!("tenant {tenant}")));
        }
        if claims.place.as_ref().is_some_and(|(_, oid)| !is_guid(oid)) {
            return Err(refuse(TokenCode::Malformed, "oid is not a GUID"));
        }
        check_delegation(rules, claims)?;
        if claims.clients.is_empty() || !claims.clients.iter().all(|c| rules.clients.contains(c)) {
            return Err(refuse(
                TokenCode::WrongClient,
                "the application is not an allowed client",
            ));
        }
        Ok(())
    }

    fn check_times(&self, rules: &IssuerRules, claims: &Claims) -> Result<(), TokenRefused> {
        let now = self.clock.now().0.div_euclid(1000);
        let leeway = i64::from(rules.leeway_seconds);
        if seconds(claims.exp) < now.saturating_sub(leeway) {
            return Err(refuse(TokenCode::Expired, "exp"));
        }
        let latest = now.saturating_add(leeway);
        if claims.nbf.is_some_and(|nbf| seconds(nbf) > latest) {
            return Err(refuse(TokenCode::NotYetValid, "nbf"));
        }
        if seconds(claims.iat) > latest {
            return Err(refuse(TokenCode::NotYetValid, "iat"));
        }
        Ok(())
    }
}

fn served_tenant(rules: &IssuerRules, claims: &Claims) -> Result<String, TokenRefused> {
    let served = match &rules.tenancy {
        Tenancy::One(tenant) => return Ok(tenant.clone()),
        Tenancy::Several(served) => served,
    };
    let tid = claims.place.as_ref().map_or("", |(tid, _)| tid);
    if !is_guid(tid) {
        return Err(refuse(TokenCode::Malformed, "tid is not a GUID"));
    }
    let tenant = tid.to_ascii_lowercase();
    if served.contains(&tenant) {
        Ok(tenant)
    } else {
        Err(refuse(TokenCode::WrongTenant, format!("tenant {tenant}")))
    }
}

/// Entra marks application tokens with `idtyp` when asked to; without it a token of its
/// that has no `scp` is no delegated one either (application or id token). Elsewhere an
/// application that asks for itself is its own subject (RFC 9068 §2.2).
fn check_delegation(rules: &IssuerRules, claims: &Claims) -> Result<(), TokenRefused> {
    let says_app = claims.idtyp.as_deref() == Some("app");
    if says_app || claims.clients.contains(&claims.subject) {
        return Err(refuse(TokenCode::AppOnly, "an application is its subject"));
    }
    let Some(wanted) = &rules.scope else {
        return Ok(());
    };
    match &claims.scope {
        None if rules.is_unscoped_for_applications && claims.idtyp.is_none() => {
            Err(refuse(TokenCode::AppOnly, "no scope"))
        }
        Some(granted) if granted.contains(wanted) => Ok(()),
        _ => Err(refuse(TokenCode::ScopeMissing, "the scope lacks the API's")),
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

fn principal(rules: &IssuerRules, genuine: &Genuine) -> Principal {
    let claims = &genuine.claims;
    let user = match &claims.place {
        Some((_, oid)) => UserKey::new(&genuine.tenant, oid),
        None => UserKey::new(&genuine.tenant, &object_id(&rules.issuer, &claims.subject)),
    };
    let sid = claims.sid.as_deref().filter(|sid| !sid.is_empty());
    let theirs = |name: &str| claims.roles.iter().any(|role| role == name);
    Principal {
        session: sid.map(|sid| SessionId::of(&user, sid)),
        user,
        name: claims.name.as_ref().map(|name| {
            name.chars()
                .filter(|c| !c.is_control())
                .take(MAX_NAME_CHARS)
                .collect()
        }),
        roles: rules
            .roles
            .iter()
            .filter(|(name, _)| theirs(name))
            .map(|(_, role)| *role)
            .collect(),
        token_issued_at: moment(claims.iat),
        token_expires_at: moment(claims.exp),
    }
}

/// What stands for a subject of an issuer that has no object ids, in their form: 128 bits
/// of a hash. Letter case counts, and the same subject of another issuer is another
/// person. It is stored everywhere and must never change.
fn object_id(issuer: &str, subject: &str) -> String {
    let hash = sha256_hex(format!("azimuth subject\n{issuer}\n{subject}"));
    let part = |from: usize, to: usize| hash.get(from..to).unwrap_or_default();
    [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ]
    .join("-")
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
