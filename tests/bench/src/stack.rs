//! The product as it runs: sandbox Azure, one host stand-in per scale group, the
//! real handler in a folder laid out as `cargo xtask app` does it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use azimuth_stack::product::{handler_environment, lay_out};
use azimuth_stack::sandbox::{Sandbox, address};

use crate::failure::{Done, Failure};
use crate::model;
use crate::person::Person;
use crate::programs::Program;
use crate::tool_server;

/// How long Azure's long operations take; none is measured.
const OPERATION_MS: u32 = 400;

/// What is measured, and where.
#[derive(Debug, Clone)]
pub struct Place {
    /// The repository.
    pub root: PathBuf,
    /// Folder of the built programs.
    pub programs: PathBuf,
    /// This program.
    pub own: PathBuf,
    /// Where databases lie.
    pub scratch: PathBuf,
}

/// A running product. Dropping it ends every process of it.
pub struct Stack {
    hosts: Vec<Host>,
    sandbox: Option<Sandbox>,
    pub model: Option<Program>,
    model_address: Option<SocketAddr>,
    environment: Vec<(String, String)>,
    app: PathBuf,
    place: Place,
    // Last: everybody who uses it must have ended.
    folder: TempDir,
}

struct Host {
    program: Program,
    info: Value,
}

impl Stack {
    /// Sandbox, model backend and the app folder; no host yet.
    pub async fn prepare(place: &Place) -> Done<Self> {
        let folder = scratch(place)?;
        let root = folder.path().to_owned();
        fs::create_dir(root.join("data")).map_err(Failure::file(&root))?;
        let sandbox = Sandbox::start(&place.programs, &root, OPERATION_MS).await?;
        let mut command = Command::new(&place.own);
        command.arg("model").arg(root.join("model.json"));
        let mut model = Program::start("model", command, &root.join("model.log"))?;
        let model_address = address(&model.wrote(&root.join("model.json")).await?, "address")?;
        let servers = root.join("mcp.json");
        let entry = json!({"mcpServers": {"bench": tool_server::entry(&place.own)}});
        fs::write(&servers, entry.to_string()).map_err(Failure::file(&servers))?;
        let mut environment =
            handler_environment(&sandbox.description, &root.join("data"), &servers);
        environment.extend(
            [
                ("AZIMUTH_QUOTAS", "off"),
                (
                    "AZIMUTH_MODEL_BASE_URL",
                    &format!("http://{model_address}/v1"),
                ),
                ("AZIMUTH_MODEL_API_KEY", "bench-key"),
                ("AZIMUTH_MODEL_NAME", model::NAME),
                ("AZIMUTH_DEFAULT_MODEL", model::NAME),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let app = root.join("app");
        lay_out(&place.root, &place.programs.join("handler"), &app)?;
        Ok(Self {
            hosts: Vec::new(),
            sandbox: Some(sandbox),
            model: Some(model),
            model_address: Some(model_address),
            environment,
            app,
            place: place.clone(),
            folder,
        })
    }

    /// What hosts that are started from now on have in the place of a setting.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// The same with one host for everything, as `cargo xtask dev` runs it.
    pub async fn start(place: &Place) -> Done<Self> {
        let mut stack = Self::prepare(place).await?;
        stack.start_host("all").await?;
        Ok(stack)
    }

    /// A host whose handler does nothing: the yardstick behind the same proxy.
    pub async fn of_nothing(place: &Place) -> Done<Self> {
        let folder = scratch(place)?;
        let app = folder.path().join("app");
        lay_out(&place.root, &place.own, &app)?;
        let mut stack = Self {
            hosts: Vec::new(),
            sandbox: None,
            model: None,
            model_address: None,
            environment: Vec::new(),
            app,
            place: place.clone(),
            folder,
        };
        stack.start_host("http").await?;
        Ok(stack)
    }

    /// One more host; waits until its handler answers. Returns its number.
    pub async fn start_host(&mut self, group: &str) -> Done<usize> {
        let number = self.hosts.len();
        let folder = self.folder.path();
        let info = folder.join(format!("host-{number}.json"));
        let mut command = Command::new(self.place.programs.join("azimuth-host"));
        command
            .arg("--script-root")
            .arg(&self.app)
            .arg("--queue-dir")
            .arg(self.data())
            .args(["--port", "0", "--group", group, "--until-stdin-eof"])
            .arg("--info-file")
            .arg(&info)
            .envs(self.environment.iter().cloned());
        let log = folder.join(format!("host-{number}.log"));
        let mut program = Program::start("host", command, &log)?;
        let info = program.wrote(&info).await?;
        self.hosts.push(Host { program, info });
        Ok(number)
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A file of this stack's folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn app(&self) -> &Path {
        &self.app
    }

    /// Variables of the handler.
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// Where host number `host` listens.
    pub fn address(&self, host: usize) -> Done<SocketAddr> {
        Ok(address(&self.host(host)?.info, "api")?)
    }

    pub fn host_pid(&self, host: usize) -> Done<u32> {
        Ok(self.host(host)?.program.pid())
    }

    pub fn handler_pid(&self, host: usize) -> Done<u32> {
        self.host(host)?.info["handler_pid"]
            .as_u64()
            .and_then(|pid| u32::try_from(pid).ok())
            .ok_or_else(|| Failure::answer("the host", "it tells no handler_pid"))
    }

    /// Where the handler itself listens, behind its host.
    pub fn handler_address(&self, host: usize) -> Done<SocketAddr> {
        let path = format!("/proc/{}/environ", self.handler_pid(host)?);
        let environment = fs::read(&path).map_err(Failure::io(path.clone()))?;
        let port = environment.split(|byte| *byte == 0).find_map(|entry| {
            let entry = std::str::from_utf8(entry).ok()?;
            let (name, value) = entry.split_once('=')?;
            (name == crate::nothing::PORT_VARIABLE).then(|| value.parse::<u16>().ok())?
        });
        let port = port.ok_or_else(|| Failure::answer(path, "no port"))?;
        Ok(SocketAddr::from(([127, 0, 0, 1], port)))
    }

    pub fn model_address(&self) -> Done<SocketAddr> {
        self.model_address
            .ok_or_else(|| Failure::answer("this stack", "it has no model"))
    }

    /// A person of the sandbox, with a fresh token, at host number `host`.
    pub async fn person(&self, name: &str, host: usize) -> Done<Person> {
        let (token, claims) = self.token(name, None).await?;
        Person::connect(self.address(host)?, &token, &claims).await
    }

    /// A token of a person of the sandbox and its claims; with another `oid` that of
    /// somebody whom the sandbox does not know.
    pub async fn token(&self, name: &str, oid: Option<&str>) -> Done<(String, Value)> {
        let sandbox = self.sandbox.as_ref();
        let sandbox = sandbox.ok_or_else(|| Failure::answer("this stack", "it has no sandbox"))?;
        Ok(sandbox.token(name, oid).await?)
    }

    /// The failure with the end of the host's log.
    pub fn explain(&self, failure: Failure) -> Failure {
        match self.hosts.first() {
            Some(host) => host.program.failed(failure.to_string()).into(),
            None => failure,
        }
    }

    fn host(&self, number: usize) -> Done<&Host> {
        self.hosts
            .get(number)
            .ok_or_else(|| Failure::answer("this stack", format!("it has no host {number}")))
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // Before the sandbox, whom they ask.
        self.hosts.clear();
    }
}

fn scratch(place: &Place) -> Done<TempDir> {
    tempfile::Builder::new()
        .prefix("azimuth-bench-")
        .tempdir_in(&place.scratch)
        .map_err(Failure::file(&place.scratch))
}
