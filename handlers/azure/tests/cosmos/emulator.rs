//! The emulator as a program, which ends with the test.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use azimuth_azure::cosmos::{CosmosAuth, CosmosSettings};
use azimuth_azure::egress::Egress;
use azimuth_ports::tokens::Secret;
use serde_json::{Value, json};

const PROGRAM: &str = "azimuth-cosmos";
const READY: &str = "cosmos ready endpoint=";
const BUILD: &str = "cargo build -p azimuth-cosmos --features emulator";

pub struct Emulator {
    process: Child,
    pub endpoint: String,
}

impl Emulator {
    pub fn start(arguments: &[&str]) -> Self {
        let program = program();
        let process = Command::new(&program)
            .args(arguments)
            .arg("--until-stdin-eof")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut process =
            process.unwrap_or_else(|e| panic!("{}: {e}; build it: {BUILD}", program.display()));
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let endpoint = line
            .strip_prefix(READY)
            .and_then(|rest| rest.split(' ').next())
            .unwrap_or_else(|| panic!("the emulator says {line:?}"))
            .to_owned();
        Self { process, endpoint }
    }

    /// As somebody who has the key.
    pub fn settings(&self) -> CosmosSettings {
        CosmosSettings {
            endpoint: self.endpoint.clone(),
            database: "azimuth".to_owned(),
            auth: CosmosAuth::Key(Secret::new("a2V5")),
            egress: Egress::default(),
        }
    }

    /// The next `times` requests for items get this answer.
    pub async fn answer(&self, status: u16, times: u32, retry_after: Duration) {
        let fault = json!({
            "status": status,
            "times": times,
            "retryAfterMs": u64::try_from(retry_after.as_millis()).unwrap(),
        });
        self.ask_for(&fault).await;
    }

    async fn ask_for(&self, fault: &Value) {
        let client = Egress::default().client().unwrap();
        let url = format!("{}/_azimuth/faults", self.endpoint);
        let answer = client.post(url).json(fault).send().await.unwrap();
        assert!(answer.status().is_success());
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It has ended already, unless the test is still at work.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test runner tells where programs are"
)]
fn program() -> PathBuf {
    let folder = std::env::var_os("AZIMUTH_TEST_BIN_DIR").map_or_else(
        || {
            let own = std::env::current_exe().unwrap();
            own.ancestors().nth(2).unwrap().to_owned()
        },
        PathBuf::from,
    );
    folder.join(PROGRAM)
}
