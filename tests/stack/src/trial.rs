//! Runs an unpacked package once as Azure would: under the host stand-in, with the
//! sandbox as Azure. Tells how fast the handler starts and what memory it takes, and
//! fails when a turn with a tool call does not end well. Started by
//! `cargo xtask app --try`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use azimuth_stack::client::{Connection, Request};
use azimuth_stack::failure::{Done, Failure};
use azimuth_stack::product::handler_environment;
use azimuth_stack::programs::Program;
use azimuth_stack::sandbox::{Sandbox, address};
use azimuth_stack::start::first_answer;
use azimuth_stack::usage::resident_mb;
use clap::Parser;
use serde_json::{Value, json};
use tokio::time::sleep;

/// The package's own, as the setting on Azure says.
const SERVERS: &str = "mcp.json";
const STARTS: usize = 20;
const OPERATION_MS: u32 = 400;
/// From a handler's start to the weighing of what it takes when nobody asks.
const SETTLED: Duration = Duration::from_secs(1);
/// The first tool call copies and unpacks the server.
const TURN: Duration = Duration::from_mins(2);
const LOOK_EVERY: Duration = Duration::from_millis(20);

#[derive(Debug, Parser)]
#[command(about = "Runs an unpacked package once; started by `cargo xtask app --try`")]
struct Arguments {
    /// Where it is unpacked
    #[arg(long)]
    package: PathBuf,
    /// Folder of the built programs
    #[arg(long)]
    programs: PathBuf,
    /// An empty folder for stores and logs
    #[arg(long)]
    scratch: PathBuf,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Done {
    let data = arguments.scratch.join("data");
    fs::create_dir(&data).map_err(Failure::file(&data))?;
    let sandbox = Sandbox::start(&arguments.programs, &arguments.scratch, OPERATION_MS).await?;
    let environment = handler_environment(&sandbox.description, &data, Path::new(SERVERS));
    tell_starts(&arguments.package, &environment)?;

    let info = arguments.scratch.join("host.json");
    let mut command = Command::new(arguments.programs.join("azimuth-host"));
    command
        .arg("--script-root")
        .arg(&arguments.package)
        .arg("--queue-dir")
        .arg(&data)
        .args(["--port", "0", "--group", "all", "--until-stdin-eof"])
        .arg("--info-file")
        .arg(&info)
        .envs(environment);
    let mut host = Program::start("host", command, &arguments.scratch.join("host.log"))?;
    let info = host.wrote(&info).await?;
    ask(&sandbox, &info)
        .await
        .map_err(|failure| host.failed(failure.to_string()))
}

fn tell_starts(package: &Path, environment: &[(String, String)]) -> Done {
    let handler = package.join("handler");
    let first = first_answer(&handler, package, environment)?;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(first_answer(&handler, package, environment)?);
    }
    starts.sort_by(f64::total_cmp);
    println!(
        "start to first 200: {:.1} ms (the middle of {STARTS}; with an empty folder {first:.1} ms)",
        starts[STARTS / 2]
    );
    Ok(())
}

async fn ask(sandbox: &Sandbox, info: &Value) -> Done {
    let pid = info["handler_pid"]
        .as_u64()
        .and_then(|pid| u32::try_from(pid).ok())
        .ok_or_else(|| Failure::answer("the host", "it tells no handler_pid"))?;
    sleep(SETTLED).await;
    let idle = resident_mb(pid)?;
    let (token, _) = sandbox.token("alice", None).await?;
    let mut alice = Alice {
        connection: Connection::open(address(info, "api")?).await?,
        authorization: format!("authorization: Bearer {token}"),
    };
    let made = alice.call("POST", "conversations", "c", &json!({})).await?;
    let conversation = made["id"].as_str().unwrap_or_default();
    let first = alice.turn(conversation, "first").await?;
    let second = alice.turn(conversation, "second").await?;
    println!(
        "memory of the handler: {idle:.1} MB idle, {:.1} MB after two turns",
        resident_mb(pid)?
    );
    println!(
        "a turn with a tool call of the Azure MCP Server: {:.1} s the first (its server is copied and unpacked), {:.2} s the next",
        first.as_secs_f64(),
        second.as_secs_f64()
    );
    Ok(())
}

struct Alice {
    connection: Connection,
    authorization: String,
}

impl Alice {
    /// Asks what needs a tool; how long it took until the turn had ended well.
    async fn turn(&mut self, conversation: &str, key: &str) -> Done<Duration> {
        let asked = Instant::now();
        let path = format!("conversations/{conversation}/turns");
        let text = json!({"text": "list my resource groups"});
        let accepted = self.call("POST", &path, key, &text).await?;
        let path = format!("turns/{}", accepted["turn_id"].as_str().unwrap_or_default());
        loop {
            let turn = self.call("GET", &path, "", &Value::Null).await?;
            let calls = turn["calls"].as_array().map_or(&[][..], Vec::as_slice);
            match turn["status"].as_str() {
                Some("done") if calls.iter().any(|call| call["outcome"] == "ok") => {
                    return Ok(asked.elapsed());
                }
                Some("running") if asked.elapsed() < TURN => sleep(LOOK_EVERY).await,
                _ => return Err(Failure::answer("the turn", turn)),
            }
        }
    }

    async fn call(
        &mut self,
        method: &'static str,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Done<Value> {
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let path = format!("/api/v1/{path}");
        let mut headers = vec![self.authorization.clone()];
        if !key.is_empty() {
            headers.push(format!("idempotency-key: {key}"));
        }
        let request = Request {
            method,
            path: &path,
            headers: &headers,
            body: &body,
        };
        let (status, answer) = self.connection.call(&request).await?;
        match serde_json::from_slice(&answer) {
            Ok(value) if (200..300).contains(&status) => Ok(value),
            _ => Err(Failure::answer(
                path,
                format!("{status} {}", String::from_utf8_lossy(&answer)),
            )),
        }
    }
}
