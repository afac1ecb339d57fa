use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use azimuth_azure::egress::Egress;
use azimuth_azure::queue::{AzureQueue, ConnectionError, OpenError, QueueConnection};
use azimuth_embedded::SystemClock;
use azimuth_ports::queue::WorkQueue;

use crate::settings::Environment;

/// Where the `connection` of a queue trigger leads.
pub enum Queues {
    /// All of them to this queue.
    One(Arc<dyn WorkQueue>),
    /// Each to the storage account, or Azurite, that the setting of its name tells,
    /// as in the real host.
    OfSettings,
}

impl fmt::Debug for Queues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One(_) => "One",
            Self::OfSettings => "OfSettings",
        })
    }
}

/// Why a connection leads to no queue. The text names the setting.
#[derive(Debug, thiserror::Error)]
pub enum QueuesError {
    #[error(transparent)]
    Setting(#[from] ConnectionError),
    #[error("{connection}: {error}")]
    Client {
        connection: String,
        error: OpenError,
    },
}

/// The queue of each connection.
pub(crate) struct Connections(BTreeMap<String, Arc<dyn WorkQueue>>);

impl Connections {
    /// Opens the queue of each name. Nothing is asked yet: the real host, too, starts
    /// while its storage is away.
    pub(crate) fn open<'a>(
        queues: &Queues,
        names: impl Iterator<Item = &'a str>,
        environment: &Environment,
    ) -> Result<Self, QueuesError> {
        let mut opened = BTreeMap::new();
        for name in names {
            if opened.contains_key(name) {
                continue;
            }
            let queue = match queues {
                Queues::One(queue) => Arc::clone(queue),
                Queues::OfSettings => of_setting(name, environment)?,
            };
            opened.insert(name.to_owned(), queue);
        }
        Ok(Self(opened))
    }

    pub(crate) fn queue(&self, name: &str) -> Option<Arc<dyn WorkQueue>> {
        self.0.get(name).cloned()
    }
}

fn of_setting(name: &str, environment: &Environment) -> Result<Arc<dyn WorkQueue>, QueuesError> {
    let connection = QueueConnection::from_settings(name, |setting| {
        environment.get(setting).map(ToOwned::to_owned)
    })?;
    let queue = AzureQueue::open(&connection, &Egress::default(), Arc::new(SystemClock)).map_err(
        |error| QueuesError::Client {
            connection: name.to_owned(),
            error,
        },
    )?;
    Ok(Arc::new(queue))
}
