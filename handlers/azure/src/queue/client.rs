//! The SDK's client with our transport, our patience and our way of being let in.

use std::sync::Arc;

use azimuth_ports::clock::Clock;
use azure_core::credentials::TokenCredential;
use azure_core::http::ClientOptions;
use azure_storage_queue::{QueueServiceClient, QueueServiceClientOptions};

use super::connection::{Access, QueueConnection};
use super::shared_key::SharedKeyLite;
use crate::egress::{Egress, EgressError};
use crate::identity::{Identity, IdentityError};
use crate::patience::Patience;

/// Why there is no queue.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Proxy or roots.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// The managed identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The SDK does not take the settings.
    #[error("the queue's client cannot be made: {0}")]
    Client(String),
}

impl From<azure_core::Error> for OpenError {
    /// The SDK's type stops here.
    fn from(error: azure_core::Error) -> Self {
        Self::Client(error.to_string())
    }
}

/// The client of a connection, with what lets it in.
pub(super) fn service(
    connection: &QueueConnection,
    egress: &Egress,
    clock: Arc<dyn Clock>,
    patience: Patience,
) -> Result<QueueServiceClient, OpenError> {
    let options = patience.options(egress)?;
    match &connection.access {
        Access::SharedKey(account) => {
            let mut options = options;
            let policy = SharedKeyLite::new(account, clock);
            options.per_try_policies.push(Arc::new(policy));
            build(connection, None, options)
        }
        Access::ManagedIdentity { client_id } => {
            let identity = Identity::Managed {
                client_id: client_id.clone(),
            };
            let credential = identity.patient(egress, patience)?;
            build(connection, Some(credential), options)
        }
    }
}

/// The client of a connection: with a token, or with what is among the options.
pub(super) fn build(
    connection: &QueueConnection,
    credential: Option<Arc<dyn TokenCredential>>,
    client_options: ClientOptions,
) -> Result<QueueServiceClient, OpenError> {
    let options = QueueServiceClientOptions {
        client_options,
        ..QueueServiceClientOptions::default()
    };
    let client = QueueServiceClient::new(connection.endpoint.clone(), credential, Some(options))?;
    Ok(client)
}
