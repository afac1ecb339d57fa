//! The client of one account, with its budgets.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use azimuth_ports::tokens::Secret;
use azure_core::credentials::TokenCredential;
use azure_data_cosmos::options::{
    BinaryEncodingOptions, ConnectionPoolOptions, EndToEndOperationLatencyPolicy,
    OperationOptionsBuilder, ThrottlingRetryOptionsBuilder,
};
use azure_data_cosmos::{
    AccountEndpoint, AccountReference, CosmosClient, CosmosRuntime, RoutingStrategy,
};

use super::charges::Charges;
use super::startup::CosmosStartError;
use crate::egress::Egress;

/// A whole operation, retries and waits included.
const OPERATION_MAX: Duration = Duration::from_secs(10);
/// One request of an operation.
const REQUEST_MAX: Duration = Duration::from_secs(6);
/// A connection.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// Waits because of 429, together, and how often at most.
const THROTTLED_MAX: Duration = Duration::from_secs(5);
const THROTTLED_RETRIES: u32 = 9;
/// Tries elsewhere after a 503 or a broken connection.
const FAILOVER_RETRIES: u32 = 2;

/// The variable that keeps the SDK from asking a metadata address off this machine. The
/// SDK reads it by itself, and only whether it is there.
const NO_METADATA: &str = "COSMOS_DISABLE_IMDS";

/// How we prove who we are.
#[derive(Clone)]
pub enum CosmosAuth {
    /// Tokens of Entra ID; the credential must cache, it is asked at every request.
    Token(Arc<dyn TokenCredential>),
    /// An account key, for an emulator: accounts on Azure have none.
    Key(Secret),
}

impl fmt::Debug for CosmosAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token(…)",
            Self::Key(_) => "Key(…)",
        })
    }
}

/// Which database, and how to get there.
#[derive(Debug, Clone)]
pub struct CosmosSettings {
    /// The account's address, `https://host[:port]`; `http` on loopback only.
    pub endpoint: String,
    /// The database.
    pub database: String,
    /// Who we are.
    pub auth: CosmosAuth,
    /// How the account is asked at start. The client itself goes direct, with the
    /// system's roots.
    pub egress: Egress,
}

/// Connects to the account. Whatever is done through the client adds to `charges`.
pub(super) async fn client(
    settings: &CosmosSettings,
    charges: Arc<Charges>,
) -> Result<CosmosClient, CosmosStartError> {
    if !is_metadata_off() {
        return Err(CosmosStartError::Metadata);
    }
    let endpoint: AccountEndpoint = settings
        .endpoint
        .parse()
        .map_err(|_| CosmosStartError::Address)?;
    let account = match &settings.auth {
        CosmosAuth::Token(credential) => {
            AccountReference::with_credential(endpoint, credential.clone())
        }
        CosmosAuth::Key(key) => {
            AccountReference::with_authentication_key(endpoint, key.expose().to_owned())
        }
    };
    let connections = ConnectionPoolOptions::builder()
        .with_proxy_allowed(false)
        .with_max_connect_timeout(CONNECT_MAX)
        .with_max_dataplane_request_timeout(REQUEST_MAX)
        .with_max_metadata_request_timeout(REQUEST_MAX)
        .build();
    let connections = connections.map_err(CosmosStartError::client)?;
    let runtime = CosmosRuntime::builder()
        .with_connection_pool(connections)
        .build()
        .await
        .map_err(CosmosStartError::client)?;
    let throttling = ThrottlingRetryOptionsBuilder::new()
        .with_max_retry_count(THROTTLED_RETRIES)
        .with_max_retry_wait_time(THROTTLED_MAX)
        .build();
    let operations = OperationOptionsBuilder::new()
        .with_end_to_end_latency_policy(EndToEndOperationLatencyPolicy::new(OPERATION_MAX))
        .with_throttling_retry_options(throttling)
        .with_max_failover_retry_count(FAILOVER_RETRIES)
        .build();
    CosmosClient::builder()
        .with_runtime(runtime)
        .with_default_operation_options(operations)
        // Text, which everybody between us and the account can read.
        .with_binary_encoding_options(BinaryEncodingOptions::new().with_enabled(false))
        .with_diagnostics_handler(charges)
        // The account's own order: there is one region to write to.
        .build(account, RoutingStrategy::PreferredRegions(Vec::new()))
        .await
        .map_err(CosmosStartError::client)
}

#[expect(
    clippy::disallowed_methods,
    reason = "no setting of ours: it counts what the SDK will find in this process"
)]
fn is_metadata_off() -> bool {
    std::env::var_os(NO_METADATA).is_some_and(|value| value == "1")
}
