//! The program itself: arguments, info file, signals, exit codes.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use azimuth_embedded::SqliteQueue;
use azimuth_ports::queue::WorkQueue;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::{DEADLINE, TestApp, eventually, is_running, send};

/// `azimuth-host` as a process of its own; killed with the test.
struct Program {
    app: TestApp,
    child: Child,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    fn start(app: TestApp, more: &[&str]) -> Self {
        app.write_host_json();
        let child = Command::new(env!("CARGO_BIN_EXE_azimuth-host"))
            .arg("--script-root")
            .arg(app.root())
            .arg("--queue-dir")
            .arg(app.probe_dir().join("queue"))
            .args(["--port", "0", "--info-file"])
            .arg(app.info_file())
            .args(more)
            .env("PROBE_DIR", app.probe_dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self { app, child }
    }

    async fn info(&self) -> Value {
        eventually("the info file", || {
            let text = fs::read_to_string(self.app.info_file()).ok()?;
            Some(serde_json::from_str(&text).expect("a whole info file"))
        })
        .await
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    async fn end(&mut self) -> ExitStatus {
        eventually("the program's end", || self.child.try_wait().unwrap()).await
    }

    fn output(&mut self) -> String {
        let mut output = String::new();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut output)
            .unwrap();
        output
    }
}

fn pid(info: &Value, name: &str) -> u32 {
    info[name].as_u64().unwrap().try_into().unwrap()
}

#[tokio::test]
async fn the_info_file_tells_where_the_host_is() {
    let program = Program::start(TestApp::new(), &[]);
    let info = program.info().await;
    assert_eq!(info.as_object().unwrap().len(), 4);
    assert_eq!(info["group"], "all");
    assert_eq!(pid(&info, "host_pid"), program.child.id());
    assert_eq!(
        info["handler_pid"],
        program.app.events_of("start")[0]["pid"]
    );
    let address = info["api"]
        .as_str()
        .unwrap()
        .strip_prefix("http://")
        .unwrap();
    let answer = send(address.parse().unwrap(), "GET", "/api/x", &[], None).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn the_info_file_is_rewritten_for_another_handler() {
    let program = Program::start(TestApp::new(), &["--group", "http"]);
    let first = program.info().await;
    let handler = Pid::from_raw(pid(&first, "handler_pid").try_into().unwrap()).unwrap();
    kill_process(handler, Signal::KILL).unwrap();
    let text = eventually("another info", || {
        let text = fs::read_to_string(program.app.info_file()).unwrap();
        let info: Value = serde_json::from_str(&text).unwrap();
        (info["handler_pid"] != first["handler_pid"]).then_some(info)
    })
    .await;
    assert_eq!(text["api"], first["api"]);
    assert_eq!(text["group"], "http");
}

#[tokio::test]
async fn messages_come_from_the_embedded_queue() {
    let program = Program::start(TestApp::new(), &[]);
    program.info().await;
    let queue = SqliteQueue::open(&program.app.probe_dir().join("queue")).unwrap();
    queue
        .enqueue("items", "hello", Duration::ZERO)
        .await
        .unwrap();
    let request = program.app.request("/work").await;
    let body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["Data"]["item"], "\"hello\"");
    let deadline = Instant::now() + DEADLINE;
    while queue.depth("items").await.unwrap() > 0 {
        assert!(Instant::now() < deadline, "the message was not deleted");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn signals_end_host_and_handler_within_two_seconds() {
    for signal in [Signal::TERM, Signal::INT] {
        let app = TestApp::new();
        app.rule("/work", &json!({"forever": true}));
        let mut program = Program::start(app, &[]);
        let info = program.info().await;
        let started = Instant::now();
        program.signal(signal);
        let status = program.end().await;
        assert!(started.elapsed() < Duration::from_secs(2));
        assert_eq!(status.code(), Some(0), "{signal:?}");
        assert!(!is_running(pid(&info, "handler_pid")));
    }
}

#[tokio::test]
async fn the_end_of_standard_input_ends_the_host_if_asked() {
    let mut program = Program::start(TestApp::new(), &["--until-stdin-eof"]);
    let info = program.info().await;
    drop(program.child.stdin.take());
    assert_eq!(program.end().await.code(), Some(0));
    assert!(!is_running(pid(&info, "handler_pid")));

    let mut program = Program::start(TestApp::new(), &[]);
    drop(program.child.stdin.take());
    program.info().await;
    assert_eq!(program.child.try_wait().unwrap(), None);
}

#[tokio::test]
async fn three_strikes_end_the_host_with_code_3() {
    let app = TestApp::new();
    app.at_start(&json!({"exit": 9}));
    let mut program = Program::start(app, &[]);
    assert_eq!(program.end().await.code(), Some(3));
    let output = program.output();
    assert!(
        output.contains("the handler failed 3 times. Shutting down Functions Host"),
        "{output}"
    );
    assert!(output.contains("This is not the real host."), "{output}");
}

#[tokio::test]
async fn what_cannot_be_served_ends_with_code_1() {
    let app = TestApp::new().function("work", &json!({"bindings": []}));
    let mut program = Program::start(app, &[]);
    assert_eq!(program.end().await.code(), Some(1));
    let output = program.output();
    assert!(
        output.contains("work/function.json: bindings: there is no trigger"),
        "{output}"
    );
}

#[tokio::test]
async fn wrong_arguments_end_with_code_2() {
    let mut program = Program::start(TestApp::new(), &["--group", "everything"]);
    assert_eq!(program.end().await.code(), Some(2));
}
