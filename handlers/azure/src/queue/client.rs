//! The SDK's client with our transport, our patience and our way of being let in.

use std::sync::Arc;
use std::time::Duration;

use azimuth_ports::clock::Clock;
use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions, Transport};
use azure_identity::{ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId};
use azure_storage_queue::{QueueServiceClient, QueueServiceClientOptions};

use super::connection::{Access, QueueConnection};
use super::shared_key::SharedKeyLite;
use crate::egress::{Egress, EgressError};

/// How long an operation may take. The SDK's own defaults hold a caller for a
/// minute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// One try, connection included.
    pub(super) once: Duration,
    /// All tries and the pauses between them.
    pub(super) whole: Duration,
}

impl Default for Patience {
    /// The lease of a call is 20 s and renewed every 5 s: within 8 s its holder
    /// knows, and can still act.
    fn default() -> Self {
        Self {
            once: Duration::from_secs(3),
            whole: Duration::from_secs(8),
        }
    }
}

/// Pauses double up to the longest, with up to a quarter of a second on top.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const MAX_RETRIES: u32 = 6;

/// Why there is no queue.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Proxy or roots.
    #[error(transparent)]
    Egress(#[from] EgressError),
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
    let options = options(egress, patience)?;
    match &connection.access {
        Access::SharedKey(account) => {
            let mut options = options;
            let policy = SharedKeyLite::new(account, clock);
            options.per_try_policies.push(Arc::new(policy));
            build(connection, None, options)
        }
        Access::ManagedIdentity { client_id } => {
            let credential =
                ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
                    client_options: options.clone(),
                    user_assigned_id: client_id.clone().map(UserAssignedId::ClientId),
                }))?;
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

/// Transport and patience.
pub(super) fn options(egress: &Egress, patience: Patience) -> Result<ClientOptions, OpenError> {
    let client = Egress {
        timeout: patience.once,
        ..egress.clone()
    }
    .client()?;
    let retry = RetryOptions::exponential(ExponentialRetryOptions {
        initial_delay: time(FIRST_PAUSE),
        max_retries: MAX_RETRIES,
        max_total_elapsed: time(patience.whole),
        max_delay: time(LONGEST_PAUSE),
    });
    Ok(ClientOptions {
        retry,
        transport: Some(Transport::new(Arc::new(client))),
        ..ClientOptions::default()
    })
}

fn time(duration: Duration) -> azure_core::time::Duration {
    azure_core::time::Duration::try_from(duration).unwrap_or(azure_core::time::Duration::MAX)
}
