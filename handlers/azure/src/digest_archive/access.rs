//! How the archive lets us in.

use std::fmt;
use std::sync::Arc;

use azimuth_ports::clock::Clock;
use azimuth_ports::tokens::Secret;
use azure_core::credentials::TokenCredential;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, Url};

use super::BlobError;
use super::shared_key::AccountKey;
use crate::http_date::http_date;
use crate::identity;

/// What a token is for; the same in every cloud.
const SCOPE: &str = "https://storage.azure.com/.default";

/// How to be let in. Shows nothing of a secret.
#[derive(Clone)]
pub enum ArchiveAccess {
    /// With tokens of our own identity, over https.
    Token(Arc<dyn TokenCredential>),
    /// With the key of an account of Azurite, on this machine.
    SharedKey {
        /// The account.
        account: String,
        /// Its key, base64.
        key: Secret,
    },
}

impl fmt::Debug for ArchiveAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token(…)",
            Self::SharedKey { .. } => "SharedKey(…)",
        })
    }
}

/// The same, ready for use.
pub(super) enum Account {
    Token(Arc<dyn TokenCredential>),
    SharedKey(AccountKey),
}

impl Account {
    pub(super) fn of(access: &ArchiveAccess) -> Result<Self, BlobError> {
        Ok(match access {
            ArchiveAccess::Token(credential) => Self::Token(Arc::clone(credential)),
            ArchiveAccess::SharedKey { account, key } => Self::SharedKey(AccountKey {
                account: account.clone(),
                key: STANDARD.decode(key.expose()).map_err(|_| BlobError::Key)?,
            }),
        })
    }

    pub(super) fn is_for_loopback(&self) -> bool {
        matches!(self, Self::SharedKey(_))
    }

    /// Adds what lets the request in.
    pub(super) async fn sign(
        &self,
        method: &Method,
        url: &Url,
        headers: &mut Vec<(&'static str, String)>,
        clock: &dyn Clock,
    ) -> Result<(), BlobError> {
        let value = match self {
            Self::Token(credential) => {
                let token = credential.get_token(&[SCOPE], None).await;
                let token = token.map_err(|error| BlobError::NoToken(identity::reason(&error)))?;
                format!("Bearer {}", token.token.secret())
            }
            Self::SharedKey(key) => {
                headers.push(("x-ms-date", http_date(clock.now())));
                key.authorization(method.as_str(), url, headers)
            }
        };
        headers.push(("authorization", value));
        Ok(())
    }
}
