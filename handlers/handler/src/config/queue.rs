//! Where work is queued, and what would lose it.

use azimuth_azure::queue::{ConnectionError, QueueConnection};

use super::settings::Settings;

/// The Functions host's own setting: it polls the queues of this connection.
pub const QUEUE_CONNECTION: &str = "AzureWebJobsStorage";

/// Where work is queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueConfig {
    /// A file in the data folder, which the host stand-in polls, or the handler itself
    /// where there is no host.
    Embedded,
    /// Storage Queues, where every Functions host polls.
    Azure(QueueConnection),
}

/// Whoever takes a message must find its turn, and a message that the host does not
/// poll for is never worked on: store and queue are both on this machine, or both
/// elsewhere.
pub(super) fn read(settings: &mut Settings, store_is_here: bool) -> Option<QueueConfig> {
    let is_azure = settings.choice("AZIMUTH_QUEUE", &["embedded", "azure"]) == "azure";
    let connection =
        QueueConnection::from_settings(QUEUE_CONNECTION, |name| settings.of_the_host(name));
    let is_here = connection
        .as_ref()
        .is_ok_and(QueueConnection::is_on_this_machine);
    let fault = match connection {
        Err(ConnectionError::Missing(_)) if !is_azure && store_is_here => {
            return Some(QueueConfig::Embedded);
        }
        _ if !is_azure && !store_is_here => {
            "AZIMUTH_QUEUE must be azure where AZIMUTH_COSMOS_URL is: no other machine finds work in a file of this one".to_owned()
        }
        Err(error) => error.to_string(),
        Ok(connection) if is_here == store_is_here => {
            return Some(if is_azure {
                QueueConfig::Azure(connection)
            } else {
                QueueConfig::Embedded
            });
        }
        Ok(_) if is_azure && store_is_here => format!(
            "AZIMUTH_QUEUE=azure beside a store on this machine takes a queue of this machine only ({QUEUE_CONNECTION}=UseDevelopmentStorage=true, or another Azurite): whoever else takes a message does not find its turn"
        ),
        Ok(_) if is_azure => format!(
            "{QUEUE_CONNECTION} leads to this machine, and AZIMUTH_COSMOS_URL does not: no other machine finds the work"
        ),
        Ok(_) => format!(
            "AZIMUTH_QUEUE=embedded puts work into a file, but the Functions host polls the storage account of {QUEUE_CONNECTION} and never finds it: set AZIMUTH_QUEUE=azure, or point {QUEUE_CONNECTION} to this machine"
        ),
    };
    settings.fault(fault);
    None
}
