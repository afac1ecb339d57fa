//! The emulator as a program, which ends with the test.

use std::time::Duration;

use azimuth_azure::cosmos::{CosmosAuth, CosmosSettings};
use azimuth_azure::egress::Egress;
use azimuth_ports::tokens::Secret;
use azimuth_stack::cosmos::{Cosmos, KEY};

pub struct Emulator(Cosmos);

/// As somebody who has the key, at a place that [`Emulator::place`] names.
pub fn settings(place: &str) -> CosmosSettings {
    let (endpoint, database) = place.split_once(' ').unwrap();
    CosmosSettings {
        endpoint: endpoint.to_owned(),
        database: database.to_owned(),
        auth: CosmosAuth::Key(Secret::new(KEY)),
        egress: Egress::default(),
    }
}

impl Emulator {
    pub async fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let started = Cosmos::start(folder.path(), arguments).await;
        Self(started.unwrap_or_else(|failure| panic!("{failure}")))
    }

    pub fn endpoint(&self) -> &str {
        self.0.endpoint()
    }

    /// As somebody who has the key.
    pub fn settings(&self) -> CosmosSettings {
        settings(&self.place())
    }

    /// Its endpoint and its database, for another process.
    pub fn place(&self) -> String {
        format!("{} {}", self.endpoint(), self.0.database())
    }

    /// The next `times` requests for items get this answer.
    pub async fn answer(&self, status: u16, times: u32, retry_after: Duration) {
        self.0.answer(status, times, retry_after).await.unwrap();
    }

    /// So many writes pass; after the last of them no request for items does.
    pub async fn refuse_after(&self, writes: u32) {
        self.0.refuse_after(writes).await.unwrap();
    }

    /// From now on everything passes.
    pub async fn relent(&self) {
        self.0.relent().await.unwrap();
    }

    /// Removes every item.
    pub async fn empty(&self) {
        self.0.empty().await.unwrap();
    }
}
