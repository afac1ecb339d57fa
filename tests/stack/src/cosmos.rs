//! Microsoft's Cosmos DB emulator, on a free port, with the product's containers.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

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

/// A running emulator, empty at first. Dropping it ends it, and so does the end of
/// this process.
#[derive(Debug)]
pub struct Cosmos {
    program: Program,
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
            .current_dir(folder);
        let mut program = Program::start("cosmos", command, &folder.join("cosmos.log"))?;
        let said = program.said(LISTENS).await?;
        let Some((endpoint, database)) = said.split_once(WITH) else {
            return Err(Failure::answer("cosmos", format!("it says {said:?}")));
        };
        Ok(Self {
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
