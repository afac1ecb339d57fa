//! Who this process is to Azure: a managed identity, a workload of Kubernetes, or a
//! service principal with a secret.

mod in_time;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use azimuth_ports::tokens::Secret;
use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::TokenCredential;
use azure_core::http::ClientOptions;
use azure_identity::{
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};

use crate::egress::{Egress, EgressError};
use crate::patience::Patience;
use in_time::InTime;

pub(crate) use in_time::reason;

/// Our own identity in Azure. Shows nothing of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The identity of the function app or machine, asked for at the endpoint that the
    /// platform names in `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`, or else at the
    /// machine's metadata address.
    Managed {
        /// Which user-assigned one; without it the system-assigned one.
        client_id: Option<String>,
    },
    /// A pod of Kubernetes, whose token the cluster keeps fresh in a file
    /// (learn.microsoft.com/azure/aks/workload-identity-overview).
    Workload {
        /// Where tokens are to be had, `https://login.example`.
        authority: String,
        /// Tenant of the identity.
        tenant: String,
        /// Application id of the identity.
        client_id: String,
        /// The cluster's token.
        token_file: PathBuf,
    },
    /// An application with a secret.
    ServicePrincipal {
        /// Where tokens are to be had, `https://login.example`.
        authority: String,
        /// Tenant of the application.
        tenant: String,
        /// Application id.
        client_id: String,
        /// Its secret.
        secret: Secret,
    },
}

/// Why there is no credential. The text holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Proxy or roots.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// A setting is not what it must be.
    #[error("{0}")]
    Setting(&'static str),
    /// The SDK does not take the settings.
    #[error("our identity in Azure cannot be used: {0}")]
    Client(String),
}

impl From<azure_core::Error> for IdentityError {
    /// The SDK's type stops here.
    fn from(error: azure_core::Error) -> Self {
        Self::Client(error.to_string())
    }
}

impl Identity {
    /// Gives tokens of this identity, and keeps each until 5 minutes before its end.
    /// Asks nobody yet. `egress` tells proxy and roots; its time-out is not used: a
    /// token is there within 8 s or there is none.
    pub fn credential(&self, egress: &Egress) -> Result<Arc<dyn TokenCredential>, IdentityError> {
        self.patient(egress, Patience::default())
    }

    pub(crate) fn patient(
        &self,
        egress: &Egress,
        patience: Patience,
    ) -> Result<Arc<dyn TokenCredential>, IdentityError> {
        // The last try may begin when this is over.
        let tries = Patience {
            whole: patience.whole.saturating_sub(patience.once),
            ..patience
        };
        let inner: Arc<dyn TokenCredential> = match self {
            Self::Managed { client_id } => managed(client_id.as_deref(), egress, tries)?,
            Self::Workload {
                authority,
                tenant,
                client_id,
                token_file,
            } => WorkloadIdentityCredential::new(Some(WorkloadIdentityCredentialOptions {
                credential_options: ClientAssertionCredentialOptions {
                    client_options: at(authority, egress, tries)?,
                },
                client_id: Some(client_id.clone()),
                tenant_id: Some(tenant.clone()),
                token_file_path: Some(token_file.clone()),
            }))?,
            Self::ServicePrincipal {
                authority,
                tenant,
                client_id,
                secret,
            } => ClientSecretCredential::new(
                tenant,
                client_id.clone(),
                secret.expose().to_owned().into(),
                Some(ClientSecretCredentialOptions {
                    client_options: at(authority, egress, tries)?,
                }),
            )?,
        };
        Ok(Arc::new(InTime {
            inner,
            whole: patience.whole,
        }))
    }
}

/// The endpoint is on this machine, or on the link to what it runs on: no proxy
/// leads there, and none may see its secret header.
fn managed(
    client_id: Option<&str>,
    egress: &Egress,
    patience: Patience,
) -> Result<Arc<dyn TokenCredential>, IdentityError> {
    let direct = Egress {
        proxy: None,
        ..egress.clone()
    };
    let options = ManagedIdentityCredentialOptions {
        client_options: patience.options(&direct)?,
        user_assigned_id: client_id.map(|id| UserAssignedId::ClientId(id.to_owned())),
    };
    Ok(ManagedIdentityCredential::new(Some(options))?)
}

/// Options of a client of `authority`.
fn at(
    authority: &str,
    egress: &Egress,
    patience: Patience,
) -> Result<ClientOptions, IdentityError> {
    if !authority.starts_with("https://") {
        return Err(IdentityError::Setting(
            "the identity provider must be reached over https",
        ));
    }
    let mut cloud = CustomConfiguration::default();
    authority.clone_into(&mut cloud.authority_host);
    Ok(ClientOptions {
        cloud: Some(Arc::new(cloud.into())),
        ..patience.options(egress)?
    })
}
