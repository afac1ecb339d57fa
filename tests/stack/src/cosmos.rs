//! Microsoft's Cosmos DB emulator, on a free port, with the product's containers.

use std::env;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::client::{Connection, Request};
use crate::failure::{Done, Failure};
use crate::programs::Program;

/// The program, which is built apart.
const PROGRAM: &str = "azimuth-cosmos";
const BUILD: &str = "cargo build -p azimuth-cosmos --features emulator";

/// Where `cargo xtask test` has put the programs that tests start.
const PROGRAMS: &str = "AZIMUTH_TEST_BIN_DIR";

/// What it says when it listens, before its address.
const LISTENS: &str = "cosmos ready endpoint=";
/// Between its address and its database.
const WITH: &str = " database=";

/// The account's key, base64. It opens nothing else, and here everything.
pub const KEY: &str = "a2V5";

/// Where the emulator tells what operations cost.
const CHARGES: &str = "/_azimuth/charges";

/// Operations of one kind, and request units of all of them. See `src/ledger.rs` and
/// `src/units.rs` of the emulator: nobody was charged any of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Charge {
    pub container: String,
    /// What the product calls the item; empty where the operation does not tell.
    pub item: String,
    pub deed: String,
    /// How many, a whole number.
    pub operations: f64,
    /// Of what was written or read, together.
    pub kilobytes: f64,
    /// By the emulator's answers, in which an operation of a batch costs one.
    pub charged: f64,
    /// By the emulator's model, were no operation in a batch.
    pub alone: f64,
    /// By Microsoft's published figures.
    pub estimate: f64,
}

/// A running emulator, empty at first. Dropping it ends it, and so does the end of
/// this process.
#[derive(Debug)]
pub struct Cosmos {
    program: Program,
    address: SocketAddr,
    endpoint: String,
    database: String,
}

impl Cosmos {
    /// Starts one with further arguments. Its log is in `folder`, which may go once
    /// it has started.
    pub async fn start(folder: &Path, more: &[&str]) -> Done<Self> {
        let file = program()?;
        let mut command = Command::new(file);
        command
            .args(more)
            .arg("--until-stdin-eof")
            // An item that is not there is an error to it, and to trace one takes as
            // long as to answer.
            .env("RUST_BACKTRACE", "0")
            .current_dir(folder);
        let mut program = Program::start("cosmos", command, &folder.join("cosmos.log"))?;
        let said = program.said(LISTENS).await?;
        let wrong = || Failure::answer("cosmos", format!("it says {said:?}"));
        let (endpoint, database) = said.split_once(WITH).ok_or_else(wrong)?;
        let address = endpoint.strip_prefix("http://").unwrap_or_default();
        Ok(Self {
            address: address.parse().map_err(|_| wrong())?,
            endpoint: endpoint.to_owned(),
            database: database.to_owned(),
            program,
        })
    }

    /// The account's address, `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The name of the database.
    pub fn database(&self) -> &str {
        &self.database
    }

    pub fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// The next `times` requests for items get this answer.
    pub async fn answer(&self, status: u16, times: u32, retry_after: Duration) -> Done {
        let retry_after_ms = u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX);
        let fault = json!({"status": status, "times": times, "retryAfterMs": retry_after_ms});
        self.post("/_azimuth/faults", &fault.to_string()).await
    }

    /// So many writes pass; after the last of them no request for items does.
    pub async fn refuse_after(&self, writes: u32) -> Done {
        // Not an answer after which a client tries again.
        let fault = json!({"status": 403, "times": u32::MAX, "afterWrites": writes});
        self.post("/_azimuth/faults", &fault.to_string()).await
    }

    /// From now on everything passes.
    pub async fn relent(&self) -> Done {
        self.answer(403, 0, Duration::ZERO).await
    }

    /// Removes every item. Whoever is connected stays so.
    pub async fn empty(&self) -> Done {
        self.post("/_azimuth/empty", "").await
    }

    /// What was done with items since [`Self::forget_charges`], and what it would cost.
    pub async fn charges(&self) -> Done<Vec<Charge>> {
        let answer = self.call("GET", CHARGES, "").await?;
        serde_json::from_slice(&answer).map_err(|error| Failure::answer(CHARGES, error))
    }

    pub async fn forget_charges(&self) -> Done {
        self.call("DELETE", CHARGES, "").await.map(drop)
    }

    async fn post(&self, path: &str, body: &str) -> Done {
        self.call("POST", path, body).await.map(drop)
    }

    async fn call(&self, method: &'static str, path: &str, body: &str) -> Done<Vec<u8>> {
        let mut connection = Connection::open(self.address).await?;
        let request = Request {
            method,
            path,
            headers: &[],
            body,
        };
        match connection.call(&request).await? {
            (200..300, answer) => Ok(answer),
            (status, _) => Err(Failure::answer(path, status)),
        }
    }
}

/// The program: where the tests' programs are, else beside this one.
fn program() -> Done<PathBuf> {
    let given = env::var_os(PROGRAMS).map(PathBuf::from);
    let own = env::current_exe().map_err(Failure::io("this program"))?;
    // A test program lies one folder deeper than what is built for everybody.
    let beside = own.ancestors().skip(1).take(2).map(Path::to_owned);
    let folders: Vec<PathBuf> = match given {
        Some(folder) => vec![folder],
        None => beside.collect(),
    };
    folders
        .iter()
        .map(|folder| folder.join(PROGRAM))
        .find(|file| file.is_file())
        .ok_or_else(|| Failure::answer(PROGRAM, format!("it is not there; build it: {BUILD}")))
}
