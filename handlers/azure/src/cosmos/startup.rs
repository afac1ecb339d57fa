//! Whether account and containers are as the code needs them, told all at once.

use std::sync::Arc;

use azimuth_ports::clock::Clock;
use azure_data_cosmos::CosmosError;
use azure_data_cosmos::clients::{ContainerClient, DatabaseClient};
use azure_data_cosmos::models::{ContainerProperties, ResourceResponse, TimeToLive};

use super::account::{self, CosmosSettings};
use super::account_properties::{self, AccountProperties};
use super::charges::Charges;
use super::container::Container;
use super::failure::Fault;
use super::layout::{CONSISTENCY, CONTAINERS, Layout};
use crate::egress::EgressError;

/// Why the store cannot be used. Nothing here names an address or a secret.
#[derive(Debug, thiserror::Error)]
pub enum CosmosStartError {
    /// The SDK would ask an address off this machine.
    #[error(
        "COSMOS_DISABLE_IMDS must be 1: without it the Cosmos DB client asks a metadata address \
         off this machine"
    )]
    Metadata,
    /// The address is none.
    #[error("the Cosmos DB account's address is not an http(s) address")]
    Address,
    /// Proxy or roots.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// There is no token for the account, or the key is none.
    #[error("no token for the Cosmos DB account can be had")]
    NoToken,
    /// The account does not accept who we are.
    #[error("the Cosmos DB account refuses us: is the data-plane role assigned?")]
    Refused,
    /// No usable answer. Trying again is safe.
    #[error("the Cosmos DB account does not answer: {0}")]
    NoAnswer(String),
    /// It answers, and is not as the code needs it.
    #[error("the Cosmos DB account is not set up for Azimuth: {}", .0.join("; "))]
    Layout(Vec<String>),
}

impl CosmosStartError {
    /// Of the SDK, while a client is made.
    pub(super) fn client(error: impl Into<CosmosError>) -> Self {
        Self::NoAnswer(Fault::from(error.into()).to_string())
    }
}

/// Connects, looks at everything, and gives the containers in the order of
/// [`CONTAINERS`].
pub(super) async fn open(
    settings: &CosmosSettings,
    charges: Arc<Charges>,
    clock: &dyn Clock,
) -> Result<[Container; CONTAINERS.len()], CosmosStartError> {
    // First, because its answers are the clearest.
    let properties = account_properties::read(settings, clock).await?;
    let client = account::client(settings, charges).await?;
    let database = client.database_client(settings.database.as_str());
    let mut findings = account_findings(&properties);
    let mut containers = Vec::with_capacity(CONTAINERS.len());
    for layout in CONTAINERS {
        match find(&database, layout).await? {
            None => findings.push(format!("there is no container {}", layout.name)),
            Some((container, properties)) => {
                findings.extend(container_findings(layout, &properties));
                containers.push(Container::new(container, layout));
            }
        }
    }
    match <[Container; CONTAINERS.len()]>::try_from(containers) {
        Ok(containers) if findings.is_empty() => Ok(containers),
        _ => Err(CosmosStartError::Layout(findings)),
    }
}

async fn find(
    database: &DatabaseClient,
    layout: &Layout,
) -> Result<Option<(ContainerClient, ContainerProperties)>, CosmosStartError> {
    let is_missing = |error: &CosmosError| u16::from(error.status().status_code()) == 404;
    let container = match database.container_client(layout.name, None).await {
        Ok(container) => container,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(CosmosStartError::client(error)),
    };
    let read = container.read(None).await;
    let properties = read.and_then(ResourceResponse::into_model);
    Ok(Some((
        container,
        properties.map_err(CosmosStartError::client)?,
    )))
}

fn account_findings(account: &AccountProperties) -> Vec<String> {
    let mut findings = Vec::new();
    if account.consistency() != CONSISTENCY {
        findings.push(format!(
            "its consistency level is {} and must be {CONSISTENCY}",
            account.consistency()
        ));
    }
    if account.is_multi_write() {
        findings.push(format!(
            "it takes writes in several regions ({}) and must in one",
            account.write_regions().join(", ")
        ));
    }
    findings
}

fn container_findings(layout: &Layout, found: &ContainerProperties) -> Vec<String> {
    let name = layout.name;
    let mut findings = Vec::new();
    let paths: Vec<&str> = found
        .partition_key
        .paths()
        .iter()
        .map(AsRef::as_ref)
        .collect();
    if paths != layout.partition_key {
        findings.push(format!(
            "the partition key of {name} is {} and must be {}",
            paths.join(", "),
            layout.partition_key.join(", ")
        ));
    }
    let unique: Vec<String> = found
        .unique_key_policy
        .iter()
        .flat_map(|policy| &policy.unique_keys)
        .map(|key| key.paths.join("+"))
        .collect();
    if unique != Vec::from_iter(layout.unique_key) {
        findings.push(format!(
            "the unique keys of {name} are [{}] and must be [{}]",
            unique.join(", "),
            layout.unique_key.unwrap_or_default()
        ));
    }
    let has_ttl = found.default_ttl == TimeToLive::NoDefault;
    let has_none = found.default_ttl == TimeToLive::Forever;
    if layout.has_ttl && !has_ttl {
        findings.push(format!(
            "{name} must have a time to live without a default (-1)"
        ));
    } else if !layout.has_ttl && !has_none {
        findings.push(format!("{name} must have no time to live"));
    }
    let missing = not_indexed(layout, found);
    if !missing.is_empty() {
        findings.push(format!("{name} must index {}", missing.join(", ")));
    }
    findings
}

/// To order by what is not indexed is an error, to compare it reads everything.
fn not_indexed(layout: &Layout, found: &ContainerProperties) -> Vec<&'static str> {
    let paths: Vec<&str> = found
        .indexing_policy
        .iter()
        .flat_map(|policy| &policy.included_paths)
        .map(|included| included.path.as_ref())
        .collect();
    let is_indexed = |property: &str| {
        let own = format!("/{property}/?");
        paths.iter().any(|path| *path == own || *path == "/*")
    };
    let indexed = layout.indexed.iter().copied();
    indexed.filter(|property| !is_indexed(property)).collect()
}
