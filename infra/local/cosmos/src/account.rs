//! The account that answers, and another one like it, empty, in its place:
//! `POST /_azimuth/empty`. Clients need not connect anew: the same definitions give the
//! same resource ids.

use std::sync::{Arc, Mutex, PoisonError};

use azure_core::http::{Method, Request};
use azure_data_cosmos_driver::in_memory_emulator::{
    ConsistencyLevel, InMemoryEmulatorHttpClient, VirtualAccountConfig, VirtualRegion, WriteMode,
};
use url::Url;

use crate::{Options, StartError};

/// Where emptiness is asked for.
pub const EMPTY_PATH: &str = "/_azimuth/empty";

/// The one region.
const REGION: &str = "Korea Central";

/// An account, which may be emptied.
pub struct Account {
    options: Options,
    base: Url,
    emulator: Mutex<Arc<InMemoryEmulatorHttpClient>>,
}

impl Account {
    /// With its database and empty containers.
    pub async fn new(options: Options, base: Url) -> Result<Self, StartError> {
        let emulator = make(&options, &base).await?;
        Ok(Self {
            options,
            base,
            emulator: Mutex::new(emulator),
        })
    }

    /// What answers now.
    pub fn emulator(&self) -> Arc<InMemoryEmulatorHttpClient> {
        let emulator = self.emulator.lock();
        emulator.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Removes every item. Requests under way end where they began.
    pub async fn empty(&self) -> Result<(), StartError> {
        let fresh = make(&self.options, &self.base).await?;
        let mut emulator = self.emulator.lock().unwrap_or_else(PoisonError::into_inner);
        *emulator = fresh;
        Ok(())
    }
}

async fn make(
    options: &Options,
    base: &Url,
) -> Result<Arc<InMemoryEmulatorHttpClient>, StartError> {
    let emulator = account(options, base)?;
    seed(&emulator, base, options).await?;
    Ok(Arc::new(emulator))
}

/// Makes the database and its containers.
async fn seed(
    emulator: &InMemoryEmulatorHttpClient,
    base: &Url,
    options: &Options,
) -> Result<(), StartError> {
    emulator.store().create_database(&options.database);
    let containers = base.join(&format!("dbs/{}/colls", options.database))?;
    for container in &options.containers {
        let mut request = Request::new(containers.clone(), Method::Post);
        request.set_body(container.properties().to_string());
        let answer = emulator.execute_request(&request).await;
        let answer = answer.map_err(StartError::account)?;
        if !answer.status().is_success() {
            return Err(StartError::Container(container.name.clone()));
        }
    }
    Ok(())
}

fn account(options: &Options, base: &Url) -> Result<InMemoryEmulatorHttpClient, StartError> {
    let region = VirtualRegion::new(REGION, base.clone());
    let account = VirtualAccountConfig::new(vec![region]).map_err(StartError::account)?;
    let mode = if options.is_multi_write {
        WriteMode::Multi
    } else {
        WriteMode::Single
    };
    let account = account
        .with_consistency(level(&options.consistency)?)
        .with_write_mode(mode);
    InMemoryEmulatorHttpClient::try_new(account).map_err(StartError::account)
}

fn level(name: &str) -> Result<ConsistencyLevel, StartError> {
    Ok(match name {
        "Strong" => ConsistencyLevel::Strong,
        "BoundedStaleness" => ConsistencyLevel::BoundedStaleness,
        "Session" => ConsistencyLevel::Session,
        "ConsistentPrefix" => ConsistencyLevel::ConsistentPrefix,
        "Eventual" => ConsistencyLevel::Eventual,
        other => return Err(StartError::Consistency(other.to_owned())),
    })
}
