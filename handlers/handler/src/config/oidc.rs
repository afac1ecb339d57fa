//! An identity provider beside Entra ID, or in its place.

use azimuth_app::auth::algorithm::TokenAlgorithm;
use azimuth_app::auth::jwks::KeysAt;
use azimuth_app::auth::verifier::{ClaimNames, OidcSettings};
use azimuth_domain::principal::Role;

use super::settings::Settings;

/// Says whether there is one at all.
pub const ISSUER: &str = "AZIMUTH_OIDC_ISSUER";
const JWKS_URL: &str = "AZIMUTH_OIDC_JWKS_URL";
const TENANT: &str = "AZIMUTH_OIDC_TENANT";
const CLAIMS: &str = "AZIMUTH_OIDC_CLAIMS";
const ROLES: &str = "AZIMUTH_OIDC_ROLES";

/// The identity provider.
#[derive(Debug, Clone)]
pub struct OidcConfig {
    /// What its tokens must say.
    pub tokens: OidcSettings,
    /// Where its keys are.
    pub keys_at: KeysAt,
}

/// `entra`: tenants of Entra ID, lower-case.
pub(super) fn read(settings: &mut Settings, entra: &[String]) -> Option<OidcConfig> {
    let issuer = settings.optional(ISSUER)?;
    settings.check_url(ISSUER, &issuer);
    let jwks_url = settings.optional(JWKS_URL);
    if let Some(url) = &jwks_url {
        settings.check_url(JWKS_URL, url);
    }
    let tenant = settings.required(
        TENANT,
        "the id (a GUID of your own) of the tenant that its people belong to here",
    );
    let tenant = tenant.map(|tenant| tenant.to_ascii_lowercase());
    if let Some(tenant) = &tenant {
        if !is_guid(tenant) {
            settings.fault(format!("{TENANT} must be a GUID: {tenant}"));
        }
        if entra.contains(tenant) {
            settings.fault(format!(
                "{TENANT} must not be a tenant of AZIMUTH_AUTH_TENANTS: people of two identity providers would share it"
            ));
        }
    }
    let audience = settings.required(
        "AZIMUTH_OIDC_AUDIENCE",
        "what its access tokens for our API are for (aud)",
    );
    let clients = settings.required_list(
        "AZIMUTH_OIDC_CLIENTS",
        "the applications that may call for its people",
    );
    let algorithm = match settings
        .choice("AZIMUTH_OIDC_ALGORITHM", &["RS256", "ES256"])
        .as_str()
    {
        "ES256" => TokenAlgorithm::Es256,
        _ => TokenAlgorithm::Rs256,
    };
    let is_typed = settings.choice("AZIMUTH_OIDC_TYPE", &["any", "at+jwt"]) == "at+jwt";
    let claims = claims(settings);
    let roles = roles(settings);
    Some(OidcConfig {
        tokens: OidcSettings {
            issuer,
            audience: audience?,
            tenant: tenant?,
            clients: clients.into_iter().collect(),
            algorithm,
            is_typed,
            scope: settings.optional("AZIMUTH_OIDC_SCOPE"),
            claims,
            roles,
        },
        keys_at: jwks_url.map_or(KeysAt::Discovery, KeysAt::Url),
    })
}

fn claims(settings: &mut Settings) -> ClaimNames {
    let mut names = ClaimNames::default();
    for entry in settings.list(CLAIMS) {
        let place = match entry.split_once('=').map(|(what, _)| what.trim()) {
            Some("subject") => &mut names.subject,
            Some("name") => &mut names.name,
            Some("roles") => &mut names.roles,
            Some("scope") => &mut names.scope,
            Some("session") => &mut names.session,
            _ => {
                settings.fault(format!(
                    "{CLAIMS} must be subject, name, roles, scope or session, = and the claim, comma separated: {entry}"
                ));
                continue;
            }
        };
        match entry.split_once('=').map(|(_, claim)| claim.trim()) {
            Some(claim) if !claim.is_empty() => claim.clone_into(place),
            _ => settings.fault(format!("{CLAIMS} names no claim: {entry}")),
        }
    }
    names
}

fn roles(settings: &mut Settings) -> Vec<(String, Role)> {
    let mut roles = Vec::new();
    for entry in settings.list(ROLES) {
        let parts = entry.rsplit_once('=').map(|(a, b)| (a.trim(), b.trim()));
        match parts.and_then(|(theirs, ours)| Some((theirs, Role::parse(ours)?))) {
            Some((theirs, ours)) if !theirs.is_empty() => roles.push((theirs.to_owned(), ours)),
            _ => settings.fault(format!(
                "{ROLES} must be THEIRS=OURS, comma separated, ours one of {}: {entry}",
                Role::ALL.map(Role::as_str).join(", ")
            )),
        }
    }
    roles
}

fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && text
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
