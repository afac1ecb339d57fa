//! What stands for a storage account and for Cosmos DB, as `--storage` asks.

use std::fs;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::azurite::{AZURITE, Account};
use super::readiness;
use super::service::Service;
use crate::emulator;
use crate::failure::Failure;
use crate::session::Session;

/// Also the name of its log.
pub const COSMOS: &str = emulator::PACKAGE;

/// What the emulator prints before its address, once it listens.
const LISTENS: &str = "cosmos ready endpoint=";

/// Programs, and those of them that run.
#[derive(Debug, Default)]
pub struct Emulators {
    /// What runs the queues; `None` keeps them in a file.
    pub azurite: Option<PathBuf>,
    /// What runs the store, which is gone when it ends; `None` keeps it in files.
    pub cosmos: Option<PathBuf>,
    running: Vec<Service>,
}

/// Where they are reached.
#[derive(Debug, Default)]
pub struct Connections {
    /// Connection string of the storage account.
    pub queues: Option<String>,
    /// Address of the Cosmos DB account.
    pub cosmos: Option<String>,
}

impl Emulators {
    /// Starts them and waits until they listen. Azurite keeps its queues in `data`,
    /// unless the turns that they speak of are kept nowhere.
    pub async fn start(
        &mut self,
        session: &mut Session,
        data: &Path,
        logs: &Path,
    ) -> Result<Connections, Failure> {
        let mut connections = Connections::default();
        if let Some(program) = &self.azurite {
            session.say("start", "Azurite");
            let state = self.cosmos.is_none().then(|| data.join(AZURITE));
            let mut account = Account::start(program, state.as_deref(), logs)?;
            let connection = account.connection(session).await;
            self.running.push(account.service);
            connections.queues = Some(connection?);
        }
        if let Some(program) = &self.cosmos {
            session.say(
                "start",
                "Cosmos DB emulator (what it holds is gone when it ends)",
            );
            let mut service = Service::start(COSMOS, Command::new(program), logs)?;
            let address = address(session, &mut service).await;
            self.running.push(service);
            connections.cosmos = Some(address?);
        }
        Ok(connections)
    }

    /// Pids of those that run.
    pub fn pids(&self) -> impl Iterator<Item = u32> {
        self.running.iter().map(Service::pid)
    }

    /// Waits until one of them ends, which nobody asked for.
    pub async fn ended(&mut self) -> Failure {
        const ADVICE: &str = "Start `cargo xtask dev` again.";
        match self.running.as_mut_slice() {
            [] => std::future::pending().await,
            [one] => {
                let how = one.ended().await;
                one.failure(&how, ADVICE)
            }
            [one, other, ..] => tokio::select! {
                how = one.ended() => one.failure(&how, ADVICE),
                how = other.ended() => other.failure(&how, ADVICE),
            },
        }
    }

    /// Ends them, the last first.
    pub async fn stop(&mut self) {
        while let Some(mut service) = self.running.pop() {
            service.stop().await;
        }
    }
}

async fn address(session: &mut Session, service: &mut Service) -> Result<String, Failure> {
    let log = service.log.clone();
    readiness::wait_for(session, service, "the Cosmos DB emulator", || {
        listens(&fs::read_to_string(&log).ok()?)
    })
    .await
}

/// The address that a log tells.
fn listens(log: &str) -> Option<String> {
    let rest = log.lines().find_map(|line| line.strip_prefix(LISTENS))?;
    rest.split_whitespace().next().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_once_it_is_there() {
        assert_eq!(listens("warming up\n"), None);
        let log = "warming up\ncosmos ready endpoint=http://127.0.0.1:4711 database=azimuth\n";
        assert_eq!(listens(log).as_deref(), Some("http://127.0.0.1:4711"));
    }
}
