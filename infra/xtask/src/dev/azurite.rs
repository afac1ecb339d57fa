//! Azurite as the storage account of an instance.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use tokio::process::Command;

use super::private;
use super::readiness;
use super::service::Service;
use crate::failure::Failure;
use crate::session::Session;

/// Also the name of its log.
pub const AZURITE: &str = "azurite";

const ACCOUNT: &str = "azimuth";

/// What it prints before its address, once it listens.
const LISTENS: &str = "successfully listens on ";

/// A storage account with queues.
pub struct Account {
    pub service: Service,
    /// Another one at each start.
    key: String,
}

impl Account {
    /// Starts `program` with node; it need not listen yet. Without a folder for its
    /// state that is gone when it ends.
    pub fn start(program: &Path, state: Option<&Path>, logs: &Path) -> Result<Self, Failure> {
        let random = Path::new("/dev/urandom");
        let key = key(random).map_err(Failure::file("read", random))?;
        let mut command = Command::new("node");
        command
            .arg(program)
            .args(["--queueHost", "127.0.0.1", "--queuePort", "0", "--silent"])
            // The SDK asks for a version that Azurite has not heard of.
            .args(["--skipApiVersionCheck", "--disableTelemetry"])
            .env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{key}"));
        match state {
            Some(state) => {
                private::own_folder(state).map_err(Failure::file("create", state))?;
                command.arg("--location").arg(state);
            }
            None => {
                command.arg("--inMemoryPersistence");
            }
        }
        Ok(Self {
            service: Service::start(AZURITE, command, logs)?,
            key,
        })
    }

    /// Waits until it listens; gives the connection string.
    pub async fn connection(&mut self, session: &mut Session) -> Result<String, Failure> {
        let log = self.service.log.clone();
        let address = readiness::wait_for(session, &mut self.service, "Azurite", || {
            listens(&fs::read_to_string(&log).ok()?)
        })
        .await?;
        let key = &self.key;
        Ok(format!(
            "DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={key};QueueEndpoint={address}/{ACCOUNT}"
        ))
    }
}

/// Hexadecimal digits, a multiple of four, are base64 as well.
fn key(random: &Path) -> io::Result<String> {
    let mut bytes = [0; 32];
    File::open(random)?.read_exact(&mut bytes)?;
    Ok(hex::encode(bytes))
}

/// The address that a log tells.
fn listens(log: &str) -> Option<String> {
    let line = log.lines().find_map(|line| line.split_once(LISTENS))?;
    Some(line.1.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_once_it_is_there() {
        let begins = "Azurite Queue service is starting on 127.0.0.1:0\n";
        assert_eq!(listens(begins), None);
        let log = format!(
            "{begins}Azurite Queue service successfully listens on http://127.0.0.1:4711\n"
        );
        assert_eq!(listens(&log).as_deref(), Some("http://127.0.0.1:4711"));
    }
}
