use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use azimuth_host::queue::Queues;
use azimuth_host::{Group, Host, HostOptions, Log, StartError, Timing};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Answer, MemoryQueue, eventually};

/// A script root with the probe as its handler, and the host that serves it.
pub struct TestApp {
    dir: TempDir,
    host_json: Value,
    pub queue: Arc<MemoryQueue>,
    pub log: Log,
    pub timing: Timing,
    pub group: Group,
    pub environment: BTreeMap<String, String>,
    /// Whether triggers lead where the environment says, instead of to `queue`.
    pub has_connections: bool,
    host: Option<Host>,
}

pub fn queue_function(queue: &str) -> Value {
    json!({"bindings": [{
        "type": "queueTrigger", "direction": "in", "name": "item",
        "queueName": queue, "connection": "AzureWebJobsStorage",
    }]})
}

pub fn timer_function(schedule: &str) -> Value {
    json!({"bindings": [{
        "type": "timerTrigger", "direction": "in", "name": "timer", "schedule": schedule,
    }]})
}

pub fn http_function(route: &str, methods: &[&str]) -> Value {
    json!({"bindings": [
        {"type": "httpTrigger", "name": "req", "authLevel": "anonymous", "route": route, "methods": methods},
        {"type": "http", "direction": "out", "name": "res"},
    ]})
}

impl TestApp {
    /// An application with the functions `api` and `work` (queue `items`), and a
    /// host that waits for nothing long.
    pub fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let app = Self {
            host_json: json!({
                "version": "2.0",
                "extensions": {"queues": {
                    "batchSize": 1, "newBatchThreshold": 3,
                    "maxPollingInterval": "00:00:00.100", "messageEncoding": "none",
                }},
                "customHandler": {
                    "description": {"defaultExecutablePath": "handler"},
                    "enableProxyingHttpRequest": true,
                },
            }),
            queue: Arc::default(),
            log: Log::memory(),
            timing: Timing {
                readiness_interval: Duration::from_millis(2),
                proxy_backoff_first: Duration::from_millis(5),
                proxy_backoff_max: Duration::from_millis(25),
                polling_min: Duration::from_millis(5),
                ..Timing::default()
            },
            group: Group::All,
            environment: BTreeMap::new(),
            has_connections: false,
            host: None,
            dir,
        };
        fs::create_dir(app.root()).unwrap();
        fs::create_dir(app.probe_dir()).unwrap();
        symlink(
            env!("CARGO_BIN_EXE_contract-probe"),
            app.root().join("handler"),
        )
        .unwrap();
        app.function("api", &http_function("{*path}", &["get", "post"]))
            .function("work", &queue_function("items"))
    }

    /// Sets a setting of `host.json` by its JSON pointer, which must exist up to
    /// its last part.
    pub fn host_setting(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        self.host_json.pointer_mut(parent).unwrap()[name] = value.into();
        self
    }

    pub fn function(self, name: &str, function: &Value) -> Self {
        let folder = self.root().join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("function.json"), function.to_string()).unwrap();
        self
    }

    pub fn without(self, name: &str) -> Self {
        fs::remove_dir_all(self.root().join(name)).unwrap();
        self
    }

    pub fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.root().join(name), text).unwrap();
        self
    }

    pub fn timing(mut self, change: impl FnOnce(&mut Timing)) -> Self {
        change(&mut self.timing);
        self
    }

    pub fn root(&self) -> PathBuf {
        self.dir.path().join("app")
    }

    pub fn probe_dir(&self) -> PathBuf {
        self.dir.path().join("probe")
    }

    pub fn info_file(&self) -> PathBuf {
        self.dir.path().join("host.info.json")
    }

    /// How the probe answers a path; see `probe/rule.rs`.
    pub fn rule(&self, path: &str, rule: &Value) {
        let file = self.probe_dir().join("rules.json");
        let mut rules: Value = fs::read_to_string(&file)
            .map_or_else(|_| json!({}), |text| serde_json::from_str(&text).unwrap());
        rules[path] = rule.clone();
        replace(&file, &rules.to_string());
    }

    /// What the next probe does before it listens.
    pub fn at_start(&self, start: &Value) {
        replace(&self.probe_dir().join("start.json"), &start.to_string());
    }

    pub fn open_gate(&self, gate: &str) {
        fs::write(self.probe_dir().join(format!("{gate}.open")), "").unwrap();
    }

    pub fn write_host_json(&self) {
        fs::write(self.root().join("host.json"), self.host_json.to_string()).unwrap();
    }

    pub async fn try_start(&mut self) -> Result<(), StartError> {
        self.write_host_json();
        self.environment.insert(
            "PROBE_DIR".into(),
            self.probe_dir().to_str().unwrap().to_owned(),
        );
        let options = HostOptions {
            script_root: self.root(),
            port: Some(0),
            group: self.group.clone(),
            info_file: Some(self.info_file()),
            environment: self.environment.clone(),
        };
        let queues = if self.has_connections {
            Queues::OfSettings
        } else {
            Queues::One(self.queue.clone())
        };
        let host = Host::start(options, queues, self.timing.clone(), self.log.clone()).await?;
        self.host = Some(host);
        Ok(())
    }

    /// Starts the host and waits for the handler.
    pub async fn start(mut self) -> Self {
        self.try_start().await.unwrap();
        self.ready().await;
        self
    }

    /// The same application served by one more host, for another group.
    pub async fn second_host(&self, group: Group) -> Host {
        let options = HostOptions {
            script_root: self.root(),
            port: Some(0),
            group,
            info_file: None,
            environment: self.environment.clone(),
        };
        Host::start(
            options,
            Queues::One(self.queue.clone()),
            self.timing.clone(),
            self.log.clone(),
        )
        .await
        .unwrap()
    }

    pub fn host(&mut self) -> &mut Host {
        self.host.as_mut().unwrap()
    }

    pub fn address(&self) -> std::net::SocketAddr {
        self.host.as_ref().unwrap().address()
    }

    pub fn handler_port(&self) -> u16 {
        self.host.as_ref().unwrap().handler().address().port()
    }

    pub async fn ready(&self) -> u32 {
        self.host.as_ref().unwrap().handler().ready().await.unwrap()
    }

    pub async fn stop(&mut self) {
        self.host.take().unwrap().stop().await;
    }

    pub async fn get(&self, target: &str) -> Answer {
        super::client::send(self.address(), "GET", target, &[], None).await
    }

    pub async fn post(&self, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        super::client::send(self.address(), "POST", target, headers, Some(body)).await
    }

    /// Everything that the probes have seen so far.
    pub fn events(&self) -> Vec<Value> {
        let file = self.probe_dir().join("events.jsonl");
        let text = fs::read_to_string(file).unwrap_or_default();
        // A killed probe may leave a last line without its end.
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    pub fn events_of(&self, event: &str) -> Vec<Value> {
        self.events()
            .into_iter()
            .filter(|seen| seen["event"] == event)
            .collect()
    }

    /// The whole requests that reached `path`.
    pub fn requests(&self, path: &str) -> Vec<Value> {
        self.events_of("request")
            .into_iter()
            .filter(|seen| {
                let target = seen["target"].as_str().unwrap();
                target.split('?').next() == Some(path)
            })
            .collect()
    }

    pub async fn request(&self, path: &str) -> Value {
        self.nth_request(path, 1).await
    }

    pub async fn nth_request(&self, path: &str, count: usize) -> Value {
        eventually(&format!("request {count} to {path}"), || {
            self.requests(path).into_iter().nth(count - 1)
        })
        .await
    }

    pub async fn event(&self, event: &str, target: &str) -> Value {
        eventually(&format!("{event} of {target}"), || {
            let seen = self.events_of(event);
            seen.into_iter().find(|seen| seen["target"] == target)
        })
        .await
    }

    pub async fn logged(&self, part: &str) -> String {
        eventually(&format!("a log line with {part:?}"), || {
            self.log
                .lines()
                .into_iter()
                .find(|line| line.contains(part))
        })
        .await
    }
}

fn replace(file: &Path, text: &str) {
    let written = file.with_extension("tmp");
    fs::write(&written, text).unwrap();
    fs::rename(written, file).unwrap();
}

/// Whether a process with this id runs (a zombie does not).
pub fn is_running(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim_start().starts_with('Z'))
    })
}

impl Drop for TestApp {
    /// No probe outlives its test, whatever the host under test does wrong.
    fn drop(&mut self) {
        let probe = Path::new(env!("CARGO_BIN_EXE_contract-probe"));
        for start in self.events_of("start") {
            let pid = start["pid"].as_i64().unwrap();
            let executable = fs::read_link(format!("/proc/{pid}/exe"));
            if executable.is_ok_and(|executable| executable == probe)
                && let Some(pid) = rustix::process::Pid::from_raw(pid.try_into().unwrap())
            {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }
}
