//! The whole product as processes of its own: sandbox Azure, one host per scale
//! group, the handler, the real Azure MCP Server.
//!
//! `cargo xtask test` builds what is started here and says where it is:
//! `AZIMUTH_TEST_BIN_DIR` (host and sandbox), `AZIMUTH_TEST_APP` (the folder that
//! `cargo xtask app` made) and `AZIMUTH_AZMCP` (the Azure MCP Server).

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use azimuth_stack::azurite::Azurite;
use azimuth_stack::cosmos::{self, Cosmos};
use azimuth_stack::product::{azure_server, handler_environment};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::container::Container;
use crate::person::Person;
use crate::waiting::until_within;

/// Starting everything takes this long at most, cold caches included.
const START: Duration = Duration::from_secs(90);

/// A running product.
pub struct Stack {
    folder: TempDir,
    sandbox: Program,
    cloud: Cloud,
    hosts: Vec<Host>,
    standalone: Option<Standalone>,
    description: Value,
    environment: Vec<(String, String)>,
    /// What hosts and handlers run from.
    app: PathBuf,
    /// So many hosts have been started; each has a log of its own.
    started: usize,
}

struct Host {
    group: String,
    program: Program,
}

/// A handler without a host.
struct Standalone {
    program: Program,
    api: String,
}

/// A child that ends when its standard input does, and is killed when dropped.
struct Program {
    child: Child,
    log: PathBuf,
}

/// What everything is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// Files, as on a laptop.
    Files,
    /// Files, and Storage Queues for the work.
    Queues,
    /// Cosmos DB and Storage Queues, as on Azure.
    Azure,
}

impl Storage {
    /// What `AZIMUTH_TEST_STORAGE` asks for: `azure`, or files without it.
    fn asked_for() -> Self {
        match std::env::var("AZIMUTH_TEST_STORAGE").as_deref() {
            Err(_) => Self::Files,
            Ok("azure") => Self::Azure,
            Ok(other) => panic!("AZIMUTH_TEST_STORAGE must be azure: {other}"),
        }
    }
}

/// What stands for Azure's storage, and the settings that lead there.
#[derive(Default)]
struct Cloud {
    queues: Option<Azurite>,
    cosmos: Option<Cosmos>,
    /// The archive of digests, and what runs it.
    digests: Option<(Container, Azurite)>,
    settings: Vec<(String, String)>,
    /// Settings that have no sense here.
    leaves_out: &'static [&'static str],
}

impl Cloud {
    async fn start(folder: &Path, storage: Storage, sandbox: &Value) -> Self {
        let mut cloud = Self::default();
        if storage != Storage::Files {
            let azurite = Azurite::start(folder, &[]).await;
            let azurite = azurite.unwrap_or_else(|failure| panic!("{failure}"));
            let connection = azurite.account().connection_string();
            cloud.set("AZIMUTH_QUEUE", "azure");
            cloud.set("AzureWebJobsStorage", &connection);
            cloud.queues = Some(azurite);
        }
        if storage == Storage::Azure {
            cloud.keep_in_cosmos(folder).await;
            cloud.use_the_key_vault(folder, sandbox).await;
        }
        cloud
    }

    fn set(&mut self, name: &str, value: &str) {
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    async fn keep_in_cosmos(&mut self, folder: &Path) {
        let cosmos = Cosmos::start(folder, &[]).await;
        let cosmos = cosmos.unwrap_or_else(|failure| panic!("{failure}"));
        self.set("AZIMUTH_STORAGE", "azure");
        self.set("AZIMUTH_COSMOS_URL", cosmos.endpoint());
        self.set("AZIMUTH_COSMOS_DATABASE", cosmos.database());
        self.set("AZIMUTH_COSMOS_KEY", cosmos::KEY);
        self.cosmos = Some(cosmos);
    }

    /// As the function app's identity, which also vouches for our application; and with
    /// a setting that lies in the vault.
    async fn use_the_key_vault(&mut self, folder: &Path, sandbox: &Value) {
        let blobs = Azurite::start_blobs(folder, &[]).await;
        let blobs = blobs.unwrap_or_else(|failure| panic!("{failure}"));
        let container = Container::make(&blobs.account(), "audit-digests").await;
        self.set("AZIMUTH_DIGEST_CONTAINER_URL", container.url());
        for (name, field) in [
            ("AZIMUTH_KEYVAULT_URL", "key_vault"),
            ("IDENTITY_ENDPOINT", "identity_endpoint"),
            ("IDENTITY_HEADER", "identity_header"),
        ] {
            self.set(name, sandbox[field].as_str().expect("a text"));
        }
        self.set("AZIMUTH_MODEL_BASE_URL", "http://127.0.0.1:9/v1");
        self.set("AZIMUTH_MODEL_NAME", "nobody");
        self.set("AZIMUTH_MODEL_API_KEY", "@keyvault:model-api-key");
        self.set("AZIMUTH_DEFAULT_MODEL", "offline-planner");
        self.leaves_out = &["AZIMUTH_CLIENT_SECRET"];
        self.digests = Some((container, blobs));
    }
}

/// How a stack is to be.
pub struct Shape {
    /// Scale groups, one host process each.
    pub groups: Vec<&'static str>,
    /// What everything is kept in.
    pub storage: Storage,
    /// The folder that hosts run from, where it is not `AZIMUTH_TEST_APP`.
    pub app: Option<PathBuf>,
    /// Entries of `mcpServers` beside the Azure MCP Server.
    pub servers: Value,
    /// Further variables for the handlers.
    pub environment: Vec<(String, String)>,
    /// How long the sandbox's long-running operations take.
    pub operation_ms: u32,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            groups: vec!["all"],
            storage: Storage::asked_for(),
            app: None,
            servers: json!({}),
            environment: Vec::new(),
            operation_ms: 200,
        }
    }
}

/// A path that `cargo xtask test` gives.
pub fn given(variable: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(
        || panic!("{variable} is not set: run `cargo xtask test e2e`"),
        PathBuf::from,
    )
}

impl Stack {
    /// Starts a stack and waits until it is ready.
    pub async fn start(shape: Shape) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bins = given("AZIMUTH_TEST_BIN_DIR");
        let data = folder.path().join("data");
        std::fs::create_dir_all(&data).unwrap();
        let sandbox_dir = folder.path().join("sandbox");
        std::fs::create_dir_all(&sandbox_dir).unwrap();
        let mut command = Command::new(bins.join("azimuth-sandbox"));
        command
            .arg("--data")
            .arg(&sandbox_dir)
            .arg("--operation-ms")
            .arg(shape.operation_ms.to_string())
            .arg("--until-stdin-eof");
        let sandbox = Program::start(command, &folder.path().join("sandbox.log"));
        let description = until_within(START, "the sandbox is ready", || async {
            read_json(&sandbox_dir.join("sandbox.json"))
        })
        .await;
        let servers = folder.path().join("mcp.json");
        std::fs::write(
            &servers,
            servers_file(&description, &shape.servers).to_string(),
        )
        .unwrap();
        let mut environment = handler_environment(&description, &data, &servers);
        let cloud = Cloud::start(folder.path(), shape.storage, &description).await;
        environment.retain(|(name, _)| !cloud.leaves_out.contains(&name.as_str()));
        environment.extend(cloud.settings.clone());
        // What a test asks for counts.
        environment.extend(shape.environment);
        let mut stack = Self {
            folder,
            sandbox,
            cloud,
            hosts: Vec::new(),
            standalone: None,
            description,
            environment,
            app: shape.app.unwrap_or_else(|| given("AZIMUTH_TEST_APP")),
            started: 0,
        };
        for group in shape.groups {
            stack.start_host(group).await;
        }
        stack
    }

    /// Starts one more host, and waits until its handler answers.
    pub async fn start_host(&mut self, group: &str) {
        let index = self.started;
        self.started += 1;
        let info = self.info_file(group);
        let _ = std::fs::remove_file(&info);
        let mut command = Command::new(given("AZIMUTH_TEST_BIN_DIR").join("azimuth-host"));
        // The handler refuses settings that it does not know, ours among them.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AZIMUTH_") {
                command.env_remove(name);
            }
        }
        command
            .arg("--script-root")
            .arg(&self.app)
            .args(["--port", "0", "--group", group, "--until-stdin-eof"])
            .arg("--info-file")
            .arg(&info)
            .envs(self.environment.iter().cloned());
        if self.cloud.queues.is_none() {
            command
                .arg("--queue-dir")
                .arg(self.folder.path().join("data"));
        }
        let log = self.folder.path().join(format!("host-{index}.log"));
        let program = Program::start(command, &log);
        self.hosts.push(Host {
            group: group.to_owned(),
            program,
        });
        let deadline = Instant::now() + START;
        while read_json(&info).is_none() {
            if let Some(host) = self.hosts.last_mut() {
                host.program.must_run();
            }
            assert!(
                Instant::now() < deadline,
                "the host of {group} is not ready"
            );
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Starts another host of `group` from `app`, and then ends the one that there is, as
    /// a deployment does.
    pub async fn replace_host(&mut self, group: &str, app: &Path) {
        app.clone_into(&mut self.app);
        self.start_host(group).await;
        let successor = self.hosts.pop().expect("it was started");
        let former = self.hosts.iter_mut().find(|host| host.group == group);
        *former.expect("a host of this group") = successor;
    }

    /// Starts the handler without a host, and waits until it listens.
    pub async fn start_standalone(&mut self) {
        let mut command = Command::new(self.app.join("handler"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AZIMUTH_") {
                command.env_remove(name);
            }
        }
        command
            .args(["standalone", "--listen", "127.0.0.1:0"])
            .envs(self.environment.iter().cloned());
        let log = self.folder.path().join("standalone.log");
        let mut program = Program::start(command, &log);
        let deadline = Instant::now() + START;
        let port = loop {
            program.must_run();
            let lines = std::fs::read_to_string(&log).unwrap_or_default();
            let told = lines
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok())
                .filter(|line| line["message"] == "the handler listens, standalone")
                .find_map(|line| line["port"].as_u64());
            if let Some(port) = told {
                break port;
            }
            assert!(Instant::now() < deadline, "the handler is not ready");
            tokio::time::sleep(Duration::from_millis(25)).await;
        };
        self.standalone = Some(Standalone {
            program,
            api: format!("http://127.0.0.1:{port}/api"),
        });
    }

    /// Asks it to end as a container's platform does; how it ended, and how long that
    /// took.
    pub fn end_standalone(&mut self) -> (ExitStatus, Duration) {
        let mut standalone = self.standalone.take().expect("it runs");
        let child = &mut standalone.program.child;
        let pid = i32::try_from(child.id()).expect("a pid");
        let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
        let asked = Instant::now();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("asked");
        let status = child.wait().expect("it ends");
        (status, asked.elapsed())
    }

    fn info_file(&self, group: &str) -> PathBuf {
        let name = group.replace(':', "-");
        self.folder.path().join(format!("info-{name}.json"))
    }

    /// The API of the handler without a host, else of the first host.
    pub fn api(&self) -> String {
        if let Some(standalone) = &self.standalone {
            return standalone.api.clone();
        }
        let info = read_json(&self.info_file(&self.hosts[0].group)).expect("the info file");
        format!("{}/api", info["api"].as_str().expect("api"))
    }

    /// Pid of the handler of `group`, as of now.
    pub fn handler_pid(&self, group: &str) -> i32 {
        let info = read_json(&self.info_file(group)).expect("the info file");
        i32::try_from(info["handler_pid"].as_i64().expect("handler_pid")).unwrap()
    }

    /// Kills the handler of `group`, hard.
    pub fn kill_handler(&self, group: &str) -> i32 {
        let pid = self.handler_pid(group);
        let handle = rustix::process::Pid::from_raw(pid).expect("a pid");
        rustix::process::kill_process(handle, rustix::process::Signal::KILL).expect("killed");
        pid
    }

    /// The folder of the handler's stores; `None` where they are in no files.
    pub fn data(&self) -> Option<PathBuf> {
        self.cloud
            .cosmos
            .is_none()
            .then(|| self.folder.path().join("data"))
    }

    /// From now on the store refuses every record of a call whose arguments hold `word`.
    pub async fn refuse_records_of(&self, word: &str) {
        if let Some(cosmos) = &self.cloud.cosmos {
            let fault = json!({
                "status": 400, "times": 1_000, "container": "audit", "holds": word,
            });
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let url = format!("{}/_azimuth/faults", cosmos.endpoint());
            let answer = client.post(url).json(&fault).send().await.unwrap();
            assert!(answer.status().is_success(), "{answer:?}");
            return;
        }
        let file = self.folder.path().join("data/azimuth.sqlite");
        let database = rusqlite::Connection::open(file).unwrap();
        database.busy_timeout(Duration::from_secs(10)).unwrap();
        let trigger = format!(
            "CREATE TRIGGER refused BEFORE INSERT ON audit
             WHEN new.kind = 'open' AND instr(new.body, '{word}') > 0
             BEGIN SELECT RAISE(ABORT, 'refused'); END"
        );
        database.execute_batch(&trigger).unwrap();
    }

    /// Runs a timer's function, as the host's admin API does; returns when it has.
    pub async fn run_function(&self, name: &str) {
        let log = self.folder.path().join("host-0.log");
        let runs = || {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            text.matches(&format!("Executed 'Functions.{name}'"))
                .count()
        };
        let before = runs();
        let root = self.api().replace("/api", "");
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{root}/admin/functions/{name}");
        let asked = client.post(url).json(&json!({"input": ""})).send().await;
        assert_eq!(asked.unwrap().status(), 202);
        until_within(START, "the function has run", || async {
            (runs() > before).then_some(())
        })
        .await;
    }

    /// A digest of the audit as it lies in the archive; `None` where there is no archive.
    pub async fn archived_digest(&self, tenant: &str, number: u64) -> Option<Value> {
        let (container, _) = self.cloud.digests.as_ref()?;
        let blob = container.blob(&format!("{tenant}/{number}.json")).await?;
        Some(serde_json::from_slice(&blob).unwrap())
    }

    /// The whole audit of a tenant as this auditor exports it, in a file.
    pub async fn exported_audit(&self, auditor: &Person) -> PathBuf {
        let request = auditor.request(Method::GET, "/v1/audit/export");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let file = self.folder.path().join("export.ndjson");
        std::fs::write(&file, answer.bytes().await.unwrap()).unwrap();
        file
    }

    /// A person with a fresh token.
    pub async fn person(&self, name: &str) -> Person {
        let audience = self.description["client_id"].as_str();
        self.person_for(name, audience.expect("a text")).await
    }

    /// The same with a token for one application of our API, by its client id.
    pub async fn person_for(&self, name: &str, audience: &str) -> Person {
        let order = json!({"user": name, "audience": audience});
        let token = self.control("/sandbox/token", Some(order)).await;
        let token = token["access_token"].as_str().expect("a token").to_owned();
        Person::new(name, &self.api(), &token)
    }

    /// A user's object id.
    pub fn oid(&self, name: &str) -> String {
        self.description["users"]
            .as_array()
            .expect("users")
            .iter()
            .find(|u| u["name"] == name)
            .and_then(|u| u["oid"].as_str())
            .expect("a known user")
            .to_owned()
    }

    /// A subscription's id.
    pub fn subscription(&self, name: &str) -> String {
        self.description["subscriptions"]
            .as_array()
            .expect("subscriptions")
            .iter()
            .find(|s| s["name"] == name)
            .and_then(|s| s["id"].as_str())
            .expect("a known subscription")
            .to_owned()
    }

    /// Talks to the sandbox's control port; `GET` without a body.
    pub async fn control(&self, path: &str, body: Option<Value>) -> Value {
        let base = self.description["control"].as_str().expect("control");
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = match body {
            None => client.get(format!("{base}{path}")),
            Some(body) => client.post(format!("{base}{path}")).json(&body),
        };
        let response = request.send().await.expect("the sandbox answers");
        assert!(response.status().is_success(), "{path}: {response:?}");
        let bytes = response.bytes().await.unwrap();
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    }

    /// `host:port` of the sandbox's proxy.
    pub fn proxy(&self) -> String {
        let url = self.description["proxy"].as_str().expect("a text");
        url.trim_start_matches("http://").to_owned()
    }

    /// Whoever talks to the sandbox's Azure as to Azure.
    pub fn azure_client(&self) -> reqwest::Client {
        let text = |field: &str| self.description[field].as_str().expect("a text");
        let authority = std::fs::read(text("ca_file")).unwrap();
        let authority = reqwest::Certificate::from_pem(&authority).unwrap();
        let proxy = reqwest::Proxy::https(text("proxy")).unwrap();
        reqwest::Client::builder()
            .add_root_certificate(authority)
            .proxy(proxy)
            .build()
            .unwrap()
    }

    /// Changes that really happened in the sandbox.
    pub async fn effects(&self) -> Vec<Value> {
        self.control("/sandbox/effects", None).await["items"]
            .as_array()
            .expect("items")
            .clone()
    }

    /// Requests that reached the sandbox's Azure.
    pub async fn requests(&self) -> Vec<Value> {
        self.control("/sandbox/requests", None).await["items"]
            .as_array()
            .expect("items")
            .clone()
    }

    /// Runs the handler binary with these arguments.
    pub fn handler(&self, arguments: &[&str]) -> std::process::Output {
        Command::new(self.app.join("handler"))
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("the handler runs")
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for host in &self.hosts {
                eprintln!("--- {} ---\n{}", host.group, host.program.tail());
            }
            if let Some(standalone) = &self.standalone {
                eprintln!("--- standalone ---\n{}", standalone.program.tail());
            }
            eprintln!("--- sandbox ---\n{}", self.sandbox.tail());
        }
        self.standalone = None;
        self.hosts.clear();
    }
}

impl Program {
    fn start(mut command: Command, log: &Path) -> Self {
        let output = std::fs::File::create(log).unwrap();
        let child = command
            .stdin(Stdio::piped())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .env_remove("HTTPS_PROXY")
            .env_remove("HTTP_PROXY")
            .spawn()
            .unwrap_or_else(|e| panic!("{command:?}: {e}"));
        Self {
            child,
            log: log.to_owned(),
        }
    }

    fn must_run(&mut self) {
        if let Ok(Some(status)) = self.child.try_wait() {
            panic!("it ended with {status}:\n{}", self.tail());
        }
    }

    fn tail(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}

impl Drop for Program {
    /// Closing standard input asks it to end; whoever does not is killed.
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        for _ in 0..200 {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_json(path: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

fn servers_file(sandbox: &Value, further: &Value) -> Value {
    let program = given("AZIMUTH_AZMCP");
    // One folder for all runs: unpacking 42 MB for every process would be most of
    // what a test does.
    std::fs::create_dir_all(program.with_file_name("bundle")).unwrap();
    let mut servers = json!({ "azure": azure_server(sandbox, &program) });
    for (name, entry) in further.as_object().expect("an object") {
        servers[name] = entry.clone();
    }
    json!({ "mcpServers": servers })
}
