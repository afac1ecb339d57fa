//! Whose request it is: the bearer token, checked as Azure's services check theirs.

use crate::directory::{CONTOSO, Principal};
use crate::tokens::{self, ARM_AUDIENCES, TokenError, VAULT_AUDIENCES};
use crate::world::World;

use super::reply::AzureError;

/// Which of the two services is spoken to; each has its own audience and its own challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    ResourceManager,
    KeyVault,
}

impl Service {
    fn audiences(self) -> &'static [&'static str] {
        match self {
            Self::ResourceManager => ARM_AUDIENCES,
            Self::KeyVault => VAULT_AUDIENCES,
        }
    }

    /// `WWW-Authenticate`: Key Vault's clients read from it for whom to get a token.
    fn challenge(self, error: Option<&str>) -> String {
        match self {
            Self::ResourceManager => format!(
                "Bearer authorization_uri=\"https://login.microsoftonline.com/{CONTOSO}\", \
                 error=\"invalid_token\", error_description=\"{}\"",
                error.unwrap_or(
                    "The authentication failed because of missing 'Authorization' header."
                )
            ),
            Self::KeyVault => format!(
                "Bearer authorization=\"https://login.microsoftonline.com/{CONTOSO}\", \
                 resource=\"https://vault.azure.net\""
            ),
        }
    }
}

/// The caller and the id of its token.
pub fn identify(
    world: &World,
    service: Service,
    authorization: Option<&str>,
) -> Result<(&'static Principal, String), AzureError> {
    let token = authorization
        .and_then(|value| {
            value
                .strip_prefix("Bearer ")
                .or(value.strip_prefix("bearer "))
        })
        .ok_or_else(|| {
            let message = "Authentication failed. The 'Authorization' header is missing.";
            let code = match service {
                Service::ResourceManager => "AuthenticationFailed",
                Service::KeyVault => "Unauthorized",
            };
            AzureError::unauthorized(code, message, service.challenge(None))
        })?;
    let verified = tokens::verify(&world.keys, token, service.audiences(), world.clock.now_s());
    verified
        .map(|(claims, principal)| (principal, claims.uti))
        .map_err(|error| {
            let code = match (service, error) {
                (Service::KeyVault, _) => "Unauthorized",
                (_, TokenError::Expired) => "ExpiredAuthenticationToken",
                (_, TokenError::Audience) => "InvalidAuthenticationTokenAudience",
                (_, TokenError::Issuer) => "InvalidAuthenticationTokenTenant",
                (_, TokenError::Signature | TokenError::Subject) => "InvalidAuthenticationToken",
            };
            let text = error.to_string();
            AzureError::unauthorized(code, text.clone(), service.challenge(Some(&text)))
        })
}
