//! A tool server for the tests. It speaks MCP 2025-11-25 as JSON lines on standard
//! input and output, by hand and not through a library, so that it imitates the
//! documented protocol and not our own client. Flags and tool names choose how it
//! misbehaves.
//!
//! `serve [flag…]` is the server, `confine -- …` the wrapper under test, `host …` a
//! stand-in for the handler that is there to be killed.

mod attempt;
mod host;
mod tools;

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next().as_deref().and_then(|first| first.to_str()) {
        Some("confine") => azimuth_mcp::confine::run(arguments),
        Some("host") => host::run(arguments),
        Some("serve") => {
            let flags = arguments.filter_map(|a| a.into_string().ok()).collect();
            Server::new(flags).serve()
        }
        _ => ExitCode::FAILURE,
    }
}

/// The server's state; calls run in threads of their own.
pub(crate) struct Server {
    flags: Vec<String>,
    pub(crate) switched: AtomicBool,
    /// Whether the client cancelled a call.
    pub(crate) cancelled: AtomicBool,
    /// Calls so far, and those of `meet` among them.
    pub(crate) calls: AtomicU64,
    pub(crate) met: AtomicU64,
    next_request: AtomicU64,
    /// Who waits for the answers to our own requests.
    answers: Mutex<HashMap<u64, Sender<Value>>>,
    output: Mutex<()>,
}

impl Server {
    fn new(flags: Vec<String>) -> Arc<Self> {
        Arc::new(Self {
            flags,
            switched: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
            calls: AtomicU64::new(0),
            met: AtomicU64::new(0),
            next_request: AtomicU64::new(1),
            answers: Mutex::default(),
            output: Mutex::default(),
        })
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag == name)
    }

    /// The word after `name`.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let at = self.flags.iter().position(|flag| flag == name)?;
        self.flags.get(at + 1).map(String::as_str)
    }

    fn serve(self: Arc<Self>) -> ExitCode {
        self.log(&format!("started {}", std::process::id()));
        if self.flag("--ignore-term") {
            ignore_term();
        }
        if self.flag("--fail-at-start") || self.value("--fail-unless").is_some_and(missing) {
            complain("cannot find its config\u{7}uration");
            return ExitCode::from(3);
        }
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            let Ok(message) = serde_json::from_str::<Value>(&line) else {
                continue;
            };
            self.handle(message);
        }
        self.log("eof");
        while self.flag("--ignore-eof") {
            std::thread::park();
        }
        ExitCode::SUCCESS
    }

    fn handle(self: &Arc<Self>, message: Value) {
        let id = message.get("id").cloned();
        let method = message["method"].as_str().unwrap_or_default().to_owned();
        match (method.as_str(), id) {
            ("initialize", _) if self.flag("--no-handshake") => {}
            ("initialize", Some(id)) => {
                let params = &message["params"];
                let (can, protocol) = (&params["capabilities"], &params["protocolVersion"]);
                self.log(&format!("capabilities {can} protocol {protocol}"));
                self.answer(
                    &id,
                    &json!({
                        "protocolVersion": message["params"]["protocolVersion"],
                        "capabilities": {"tools": {"listChanged": true}},
                        "serverInfo": {"name": "fake", "version": "1"},
                    }),
                );
            }
            ("ping", _) if self.value("--deaf-if").is_some_and(|file| !missing(file)) => {}
            ("ping", Some(id)) => self.answer(&id, &json!({})),
            ("tools/list", Some(id)) => {
                self.log("list");
                let server = Arc::clone(self);
                std::thread::spawn(move || {
                    let held = server.value("--hold-list-if");
                    while held.is_some_and(|file| !missing(file)) {
                        std::thread::sleep(Duration::from_millis(5));
                    }
                    server.answer(&id, &json!({"tools": tools::list(&server)}));
                });
            }
            ("tools/call", Some(id)) => {
                let server = Arc::clone(self);
                std::thread::spawn(move || tools::call(&server, &id, &message["params"]));
            }
            ("notifications/cancelled", None) => {
                self.log(&format!("cancelled {}", message["params"]["requestId"]));
                self.cancelled.store(true, Ordering::SeqCst);
            }
            ("", Some(id)) => {
                let waiting = id.as_u64().and_then(|id| self.waiting().remove(&id));
                if let Some(waiting) = waiting {
                    let _gone = waiting.send(message);
                }
            }
            (_, Some(id)) => {
                let error = json!({"code": -32601, "message": "Method not found"});
                self.write(&json!({"jsonrpc": "2.0", "id": id, "error": error}));
            }
            _ => {}
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Sender<Value>>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn answer(&self, id: &Value, result: &Value) {
        self.write(&json!({"jsonrpc": "2.0", "id": id, "result": result}));
    }

    /// Asks the client something and waits for the whole answer.
    pub(crate) fn ask(&self, method: &str, params: &Value) -> Value {
        let id = self.next_request.fetch_add(1, Ordering::SeqCst);
        let (sender, receiver): (Sender<Value>, Receiver<Value>) = channel();
        self.waiting().insert(id, sender);
        self.write(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        receiver.recv().unwrap_or(Value::Null)
    }

    pub(crate) fn write(&self, message: &Value) {
        self.write_raw(format!("{message}\n").as_bytes());
    }

    pub(crate) fn write_raw(&self, bytes: &[u8]) {
        let _one = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = std::io::stdout().lock();
        // Whoever reads may be gone.
        let _gone = out.write_all(bytes).and_then(|()| out.flush());
    }

    /// Appends a line to the file of `--log`, which the test reads.
    pub(crate) fn log(&self, line: &str) {
        let Some(path) = self.value("--log") else {
            return;
        };
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path);
        if let Ok(mut file) = file {
            let _lost = file.write_all(format!("{line}\n").as_bytes());
        }
    }
}

pub(crate) fn complain(text: &str) {
    let _gone = writeln!(std::io::stderr(), "{text}");
}

fn missing(file: &str) -> bool {
    !std::path::Path::new(file).exists()
}

fn ignore_term() {
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        if let Ok(runtime) = runtime {
            runtime.block_on(async {
                let kind = tokio::signal::unix::SignalKind::terminate();
                if let Ok(mut term) = tokio::signal::unix::signal(kind) {
                    while term.recv().await.is_some() {}
                }
            });
        }
    });
}
