//! What the tokens of an issuer must say, as data: one verifier reads it for all.

use std::collections::{BTreeMap, BTreeSet};

use azimuth_domain::principal::Role;

use super::VerifierSettings;
use crate::auth::algorithm::TokenAlgorithm;

/// Types of a header (RFC 7515 §4.1.9, RFC 9068 §2.1).
const JWT: &str = "JWT";
const AT_JWT: &str = "at+jwt";
/// Claims of ID tokens that access tokens have no use for (`OpenID` Connect Core 1.0 §2,
/// §3.3.2.11).
const ID_TOKEN_CLAIMS: [&str; 4] = ["nonce", "at_hash", "c_hash", "s_hash"];

/// Any issuer that is not Entra ID: it has one tenant here.
#[derive(Debug, Clone)]
pub struct OidcSettings {
    /// `iss`, exactly.
    pub issuer: String,
    /// Our API there; in `aud`, exactly.
    pub audience: String,
    /// The tenant that its people belong to here, a lower-case GUID.
    pub tenant: String,
    /// Applications that may call for them (`azp`, or `client_id` of RFC 9068).
    pub clients: BTreeSet<String>,
    /// How it signs.
    pub algorithm: TokenAlgorithm,
    /// Whether its access tokens say by their type that they are some (`at+jwt`).
    pub is_typed: bool,
    /// What the scope must contain; `None` asks for none.
    pub scope: Option<String>,
    /// Which claims tell what.
    pub claims: ClaimNames,
    /// Their roles and ours; where it is empty theirs have our names.
    pub roles: Vec<(String, Role)>,
}

/// Names of claims. One with dots is looked for as it is, then as a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// Whose token it is.
    pub subject: String,
    /// For people's eyes.
    pub name: String,
    /// A list of texts.
    pub roles: String,
    /// What the person lets the application do.
    pub scope: String,
    /// The login.
    pub session: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            subject: "sub".to_owned(),
            name: "name".to_owned(),
            roles: "roles".to_owned(),
            scope: "scope".to_owned(),
            session: "sid".to_owned(),
        }
    }
}

/// The rules of one issuer.
#[derive(Debug, Clone)]
pub struct IssuerRules {
    /// `iss`, with `{tid}` where it has several tenants.
    pub(super) issuer: String,
    /// `aud`.
    pub(super) audience: String,
    /// `aud` of tenants that have an application of their own.
    pub(super) own_audiences: BTreeMap<String, String>,
    /// How far clocks may differ, seconds.
    pub(super) leeway_seconds: u32,
    pub(super) algorithm: TokenAlgorithm,
    /// Types that a header may have.
    pub(super) types: &'static [&'static str],
    pub(super) tenancy: Tenancy,
    /// Applications that may call.
    pub(super) clients: BTreeSet<String>,
    /// Claims that name the application; one at least is there.
    pub(super) client_claims: &'static [&'static str],
    /// What the scope must contain.
    pub(super) scope: Option<String>,
    /// Whether a token without a scope is an application's.
    pub(super) is_unscoped_for_applications: bool,
    pub(super) names: ClaimNames,
    /// Their roles and ours.
    pub(super) roles: Vec<(String, Role)>,
    /// Whether `nbf` must be there.
    pub(super) needs_nbf: bool,
    /// Whether audience and scope may be lists of texts (RFC 7519 §4.1.3).
    pub(super) takes_lists: bool,
    /// Claims that must be there and say this.
    pub(super) must_say: &'static [(&'static str, &'static str)],
    /// Claims that say one of this where they are there; which of them is for a person.
    pub(super) may_say: &'static [(&'static str, &'static [&'static str])],
    /// Claims that make it no access token.
    pub(super) must_lack: &'static [&'static str],
}

/// Whose people an issuer knows.
#[derive(Debug, Clone)]
pub(super) enum Tenancy {
    /// Those of several tenants: `tid` and `oid`, GUIDs, say who.
    Several(BTreeSet<String>),
    /// Those of one.
    One(String),
}

impl From<VerifierSettings> for IssuerRules {
    /// Entra ID (learn.microsoft.com/entra/identity-platform/claims-validation).
    fn from(settings: VerifierSettings) -> Self {
        Self {
            issuer: settings.issuer,
            audience: settings.audience,
            own_audiences: settings.own_audiences,
            leeway_seconds: settings.leeway_seconds,
            algorithm: TokenAlgorithm::Rs256,
            types: &[JWT, AT_JWT],
            tenancy: Tenancy::Several(settings.tenants),
            clients: settings.clients,
            client_claims: &["azp"],
            scope: Some(settings.scope),
            is_unscoped_for_applications: true,
            names: ClaimNames {
                scope: "scp".to_owned(),
                ..ClaimNames::default()
            },
            roles: own_names(),
            needs_nbf: true,
            takes_lists: false,
            must_say: &[("ver", "2.0")],
            may_say: &[("idtyp", &["user", "app"])],
            must_lack: &[],
        }
    }
}

impl From<OidcSettings> for IssuerRules {
    /// RFC 7519 and RFC 9068, and what Keycloak says in `typ` of the payload.
    fn from(settings: OidcSettings) -> Self {
        Self {
            issuer: settings.issuer,
            audience: settings.audience,
            own_audiences: BTreeMap::new(),
            leeway_seconds: VerifierSettings::LEEWAY_SECONDS,
            algorithm: settings.algorithm,
            types: if settings.is_typed {
                &[AT_JWT]
            } else {
                &[JWT, AT_JWT]
            },
            tenancy: Tenancy::One(settings.tenant),
            clients: settings.clients,
            client_claims: &["azp", "client_id"],
            scope: settings.scope,
            is_unscoped_for_applications: false,
            names: settings.claims,
            roles: if settings.roles.is_empty() {
                own_names()
            } else {
                settings.roles
            },
            needs_nbf: false,
            takes_lists: true,
            must_say: &[],
            may_say: &[("idtyp", &["user", "app"]), ("typ", &["Bearer"])],
            must_lack: &ID_TOKEN_CLAIMS,
        }
    }
}

impl IssuerRules {
    /// Whether it vouches for people of this tenant.
    pub(super) fn serves(&self, tenant: &str) -> bool {
        match &self.tenancy {
            Tenancy::Several(served) => served.contains(tenant),
            Tenancy::One(only) => only == tenant,
        }
    }

    /// `iss` of tokens of this tenant's people.
    pub(super) fn issuer_of(&self, tenant: &str) -> String {
        self.issuer.replace("{tid}", tenant)
    }

    /// Whom tokens of this tenant's people are for; nobody else's are.
    pub(super) fn audience_of(&self, tenant: &str) -> &str {
        self.own_audiences.get(tenant).unwrap_or(&self.audience)
    }
}

fn own_names() -> Vec<(String, Role)> {
    Role::ALL
        .map(|role| (role.as_str().to_owned(), role))
        .to_vec()
}
