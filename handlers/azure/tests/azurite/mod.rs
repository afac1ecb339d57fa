//! Queues of an account of their own, on one Azurite for the whole program.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azimuth_azure::egress::Egress;
use azimuth_azure::queue::{AzureQueue, QueueConnection};
use azimuth_domain::time::Timestamp;
use azimuth_embedded::SystemClock;
use azimuth_ports::clock::Clock;
use azimuth_ports::conformance::{Rig, Shared};
use azimuth_ports::queue::WorkQueue;
use azimuth_stack::azurite::{Account, Azurite};
use tokio::sync::OnceCell;

/// It ends with the program: nobody drops what is static.
static AZURITE: OnceCell<Azurite> = OnceCell::const_new();

pub struct OnAzurite(pub Account);

impl OnAzurite {
    pub async fn new() -> Self {
        let start = || async {
            let folder = tempfile::tempdir().unwrap();
            Azurite::start(folder.path(), &[]).await.unwrap()
        };
        Self(AZURITE.get_or_init(start).await.account())
    }

    pub fn queue(&self) -> AzureQueue {
        queue(&self.0.connection_string())
    }
}

/// The queue of a connection string.
pub fn queue(connection: &str) -> AzureQueue {
    let connection =
        QueueConnection::from_settings("C", |name| (name == "C").then(|| connection.to_owned()))
            .unwrap();
    AzureQueue::open(&connection, &Egress::default(), Arc::new(SystemClock)).unwrap()
}

#[async_trait]
impl Rig<dyn WorkQueue> for OnAzurite {
    async fn open(&self) -> Arc<dyn WorkQueue> {
        Arc::new(self.queue())
    }

    /// Azurite's clock is the machine's.
    async fn advance(&self, by: Duration) {
        tokio::time::sleep(by).await;
    }

    fn now(&self) -> Timestamp {
        SystemClock.now()
    }
}

#[async_trait]
impl Shared<dyn WorkQueue> for OnAzurite {
    fn place(&self) -> String {
        self.0.connection_string()
    }

    async fn open_at(place: &str) -> Arc<dyn WorkQueue> {
        Arc::new(queue(place))
    }
}
