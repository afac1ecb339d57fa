//! `cargo xtask schemathesis`: requests that the API's document describes, and requests
//! that it forbids, made up by schemathesis and sent to the running product as each of the
//! sandbox's people and as nobody.
//!
//! What counts: no server error, and no answer that the document does not have (status,
//! media type, headers, schema). What a document cannot say (a cursor is one that was given
//! before, a policy is Cedar) is no finding when it is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::dev::DevDescription;
use crate::failure::Failure;
use crate::processes::{Group, adopt_orphans, sweep};
use crate::python;
use crate::repository::Repository;
use crate::session::{Session, spawn};
use crate::token;

const STAGE: &str = "schemathesis";
const REQUIREMENTS: &str = "infra/xtask/schemathesis.txt";

/// The people of the sandbox, with their roles, and nobody.
const PEOPLE: [Option<&str>; 6] = [
    None,
    Some("alice"),
    Some("bob"),
    Some("carol"),
    Some("dave"),
    Some("eve"),
];

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,ignored_auth";

/// Ends the session of whoever asks, and with it everything after.
const LEFT_OUT: &str = "sign_out_everywhere";

/// The first start builds.
const READY_WITHIN: Duration = Duration::from_mins(30);
/// `dev` promises 20 s.
const END_WITHIN: Duration = Duration::from_secs(25);
/// A tool server outlives a killed handler by at most 5 s.
const ORPHAN_GRACE: Duration = Duration::from_secs(8);

/// Made-up requests against the API's document, as each of the sandbox's people
#[derive(Debug, Args)]
pub struct SchemathesisOptions {
    /// Requests of each operation and person that are drawn, beside the systematic ones
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub examples: u32,
    /// What is drawn
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u32,
}

pub async fn schemathesis(
    session: &mut Session,
    repository: &Repository,
    options: &SchemathesisOptions,
) -> Result<(), Failure> {
    adopt_orphans().map_err(Failure::file("watch the children of", Path::new(STAGE)))?;
    let requirements = repository.root.join(REQUIREMENTS);
    let python = python::provide(session, repository, &requirements, None).await?;
    // Below cargo's target folder, so that nobody commits it.
    let scratch = repository.metadata()?.target_directory.join(STAGE);
    let _gone = fs::remove_dir_all(&scratch);
    fs::create_dir_all(&scratch).map_err(Failure::file("create", &scratch))?;
    let data = scratch.join("data");
    let mut running = Running::start(repository, &data)?;
    let told = match running.ready(session, &data).await {
        Ok(description) => ask_all(session, &python, &scratch, &description, options).await,
        Err(failure) => Err(failure),
    };
    running.end().await;
    let left = sweep(ORPHAN_GRACE).await;
    let findings = told?;
    if !left.is_empty() {
        return Err(Failure::Told("the product left processes behind"));
    }
    if findings.is_empty() {
        println!("{STAGE}: nothing found as any of {} people", PEOPLE.len());
        return Ok(());
    }
    Err(Failure::refused(
        format!("{STAGE} found something as {}", findings.join(", ")),
        "Its own words are above, with a request to send again.",
    ))
}

/// As whom something was found.
async fn ask_all(
    session: &mut Session,
    python: &Path,
    home: &Path,
    running: &DevDescription,
    options: &SchemathesisOptions,
) -> Result<Vec<&'static str>, Failure> {
    let mut findings = Vec::new();
    for person in PEOPLE {
        let name = person.unwrap_or("nobody");
        session.say(STAGE, format_args!("as {name}"));
        let mut command = Command::new(python);
        command
            .current_dir(home)
            .args(["-m", "schemathesis.cli", "run"])
            .arg(format!("{}/api/openapi.json", running.api))
            .args(["--url", &format!("{}/api", running.api)])
            .args(["--phases", "coverage,fuzzing", "--checks", CHECKS])
            .args(["--exclude-operation-id", LEFT_OUT])
            .args(["--max-examples", &options.examples.to_string()])
            .args(["--seed", &options.seed.to_string()])
            .args(["--continue-on-failure", "--warnings", "off", "--no-color"])
            // Two at a time meet a fault of CPython 3.11 in its own parser.
            .args(["--workers", "1"])
            .env("COLUMNS", "120");
        if let Some(person) = person {
            let token = token::of(running, person, "").await?;
            command.args(["--header", &format!("Authorization: Bearer {token}")]);
        }
        if !session.run(STAGE, command).await?.success() {
            findings.push(name);
        }
    }
    Ok(findings)
}

/// The product, as `cargo xtask dev` starts it.
struct Running {
    child: Child,
    group: Option<Group>,
}

impl Running {
    fn start(repository: &Repository, data: &Path) -> Result<Self, Failure> {
        let own: PathBuf =
            std::env::current_exe().map_err(Failure::file("find", Path::new("xtask")))?;
        let mut command = Command::new(own);
        command
            .args(["dev", "--no-portal", "--api-port", "0", "--data"])
            .arg(data)
            .current_dir(&repository.root)
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            // What is asked for here is more than a person asks for.
            .env("AZIMUTH_QUOTAS", "off");
        let child = spawn(&mut command)?;
        let group = Group::led_by(&child);
        Ok(Self { child, group })
    }

    async fn ready(
        &mut self,
        session: &mut Session,
        data: &Path,
    ) -> Result<DevDescription, Failure> {
        let described = async {
            loop {
                if let Some(description) = DevDescription::read(data)? {
                    return Ok(description);
                }
                sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::select! {
            described = timeout(READY_WITHIN, described) => {
                described.unwrap_or(Err(Failure::Told("the product was not ready in time")))
            }
            _ = self.child.wait() => Err(Failure::Told("the product ended before it was ready")),
            () = session.interrupted() => Err(Failure::Interrupted),
        }
    }

    async fn end(mut self) {
        let Some(group) = self.group else { return };
        group.terminate();
        let _in_time = timeout(END_WITHIN, self.child.wait()).await;
        group.kill();
        let _reaped = self.child.wait().await;
    }
}
