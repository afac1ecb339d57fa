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

/// The store is on this machine, so no other may take a message; and a
/// message that the host does not poll for is never worked on.
pub(super) fn read(settings: &mut Settings) -> Option<QueueConfig> {
    let is_azure = settings.choice("AZIMUTH_QUEUE", &["embedded", "azure"]) == "azure";
    let connection =
        QueueConnection::from_settings(QUEUE_CONNECTION, |name| settings.of_the_host(name));
    let fault = match connection {
        Err(ConnectionError::Missing(_)) if !is_azure => return Some(QueueConfig::Embedded),
        Err(error) => error.to_string(),
        Ok(connection) if connection.is_on_this_machine() => {
            return Some(if is_azure {
                QueueConfig::Azure(connection)
            } else {
                QueueConfig::Embedded
            });
        }
        Ok(_) if is_azure => format!(
            "AZIMUTH_QUEUE=azure beside a store on this machine takes a queue of this machine only ({QUEUE_CONNECTION}=UseDevelopmentStorage=true, or another Azurite): whoever else takes a message does not find its turn"
        ),
        Ok(_) => format!(
            "AZIMUTH_QUEUE=embedded puts work into a file, but the Functions host polls the storage account of {QUEUE_CONNECTION} and never finds it: set AZIMUTH_QUEUE=azure, or point {QUEUE_CONNECTION} to this machine"
        ),
    };
    settings.fault(fault);
    None
}
