//! Azurite's queue service, on a free port, with nothing on disk.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::failure::{Done, Failure};
use crate::programs::Program;

/// Accounts that every Azurite has. Each is storage of its own.
const ACCOUNTS: usize = 128;

/// The key of them all; it opens nothing else.
pub const KEY: &str = "YSBrZXkgZm9yIHRlc3RzLCB3aGljaCBvcGVucyBub3RoaW5n";

/// What it says when it listens, before its address.
const LISTENS: &str = "successfully listens on ";

/// A running Azurite. Dropping it ends it, and so does the end of this process.
#[derive(Debug)]
pub struct Azurite {
    _program: Program,
    address: String,
    accounts: AtomicUsize,
}

/// The folder of its package, as `cargo xtask test` installs it.
fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../azurite")
}

impl Azurite {
    /// Starts one with further arguments. Its log is in `folder`, which may go once
    /// it has started.
    pub async fn start(folder: &Path, more: &[&str]) -> Done<Self> {
        let package = package();
        if !package.join("node_modules/azurite").is_dir() {
            return Err(Failure::answer(
                package.display().to_string(),
                "Azurite is not installed: run `cargo xtask test conformance` once, or `npm ci` there",
            ));
        }
        let accounts: Vec<String> = (0..ACCOUNTS)
            .map(|number| format!("{}:{KEY}", name(number)))
            .collect();
        let mut command = Command::new("node");
        command
            .arg(package.join("queues.mjs"))
            .args(["--queueHost", "127.0.0.1", "--queuePort", "0"])
            .args(["--inMemoryPersistence", "--silent"])
            // The SDK asks for a version that Azurite has not heard of.
            .args(["--skipApiVersionCheck", "--disableTelemetry"])
            .args(more)
            .env("AZURITE_ACCOUNTS", accounts.join(";"))
            .current_dir(folder);
        let mut program = Program::start("azurite", command, &folder.join("azurite.log"))?;
        let address = program.said(LISTENS).await?;
        Ok(Self {
            _program: program,
            address,
            accounts: AtomicUsize::new(0),
        })
    }

    /// The address of the queues of an account that nobody has had yet.
    pub fn account(&self) -> Account {
        let number = self.accounts.fetch_add(1, Ordering::Relaxed);
        assert!(number < ACCOUNTS, "every account is taken");
        let name = name(number);
        Account {
            endpoint: format!("{}/{name}", self.address),
            name,
        }
    }
}

/// Storage that nothing else uses.
#[derive(Debug, Clone)]
pub struct Account {
    pub name: String,
    /// Of its queue service.
    pub endpoint: String,
}

impl Account {
    /// As in the setting `AzureWebJobsStorage`.
    pub fn connection_string(&self) -> String {
        self.connection_string_with(KEY)
    }

    /// The same with another key.
    pub fn connection_string_with(&self, key: &str) -> String {
        let Self { name, endpoint } = self;
        format!(
            "DefaultEndpointsProtocol=http;AccountName={name};AccountKey={key};QueueEndpoint={endpoint};"
        )
    }
}

fn name(number: usize) -> String {
    format!("account{number}")
}
