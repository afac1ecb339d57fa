//! The program itself: arguments, info file, signals.

use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::{CONFIG, TestSite, eventually, send};

/// `azimuth-web` as a process of its own; killed with the test.
struct Program {
    site: TestSite,
    child: Child,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    fn start(site: TestSite, more: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_azimuth-web"))
            .arg("--root")
            .arg(site.root())
            .arg("--config")
            .arg(site.root().join(CONFIG))
            .args(["--port", "0", "--info-file"])
            .arg(site.outside().join("info.json"))
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self { site, child }
    }

    async fn info(&self) -> Value {
        eventually("the info file", async || {
            let text = fs::read_to_string(self.site.outside().join("info.json")).ok()?;
            Some(serde_json::from_str(&text).unwrap())
        })
        .await
    }

    async fn end(&mut self) -> ExitStatus {
        eventually("the program's end", async || self.child.try_wait().unwrap()).await
    }

    fn output(&mut self) -> String {
        let mut output = String::new();
        let stdout = self.child.stdout.as_mut().unwrap();
        stdout.read_to_string(&mut output).unwrap();
        output
    }
}

fn address(info: &Value) -> SocketAddr {
    let origin = info["origin"].as_str().unwrap();
    origin.strip_prefix("http://").unwrap().parse().unwrap()
}

#[tokio::test]
async fn it_serves_on_loopback_and_says_what_it_is() {
    let site = TestSite::new(&json!({"globalHeaders": {"X-Api": "%API_ORIGIN%"}}));
    let overlay = site.outside().join("own.json");
    fs::write(&overlay, "{\"own\":true}").unwrap();
    let overlay = format!("/config.json={}", overlay.display());
    let more = [
        "--origin",
        "API_ORIGIN=http://127.0.0.1:7071",
        "--overlay",
        &overlay,
    ];
    let mut program = Program::start(site, &more);
    let info = program.info().await;
    assert_eq!(info["pid"], program.child.id());
    assert!(address(&info).ip().is_loopback());
    let answer = send(address(&info), "GET", "/config.json", &[]).await;
    assert_eq!(answer.text(), "{\"own\":true}");
    assert_eq!(answer.header("x-api"), Some("http://127.0.0.1:7071"));
    program.child.kill().unwrap();
    assert!(program.output().contains("This is not the real service."));
}

#[tokio::test]
async fn signals_end_it() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut program = Program::start(TestSite::new(&json!({})), &[]);
        program.info().await;
        let pid = Pid::from_raw(program.child.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
        assert_eq!(program.end().await.code(), Some(0), "{signal:?}");
    }
}

#[tokio::test]
async fn the_end_of_its_standard_input_ends_it_when_told_so() {
    let mut program = Program::start(TestSite::new(&json!({})), &["--until-stdin-eof"]);
    program.info().await;
    drop(program.child.stdin.take());
    assert_eq!(program.end().await.code(), Some(0));
}

#[tokio::test]
async fn what_it_cannot_serve_ends_it_with_a_reason() {
    let site = TestSite::new(&json!({"globalHeaders": {"X-Api": "%API_ORIGIN%"}}));
    let mut program = Program::start(site, &[]);
    assert_eq!(program.end().await.code(), Some(1));
    let output = program.output();
    assert!(output.contains("--origin API_ORIGIN=URL"), "{output}");
}

#[tokio::test]
async fn wrong_arguments_are_refused() {
    for wrong in [
        ["--origin", "A=b"],
        ["--overlay", "a=b"],
        ["--port", "65536"],
    ] {
        let mut program = Program::start(TestSite::new(&json!({})), &wrong);
        assert_eq!(program.end().await.code(), Some(2), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let site = TestSite::new(&json!({}));
    let refused = azimuth_web::WebServer::start(site.options(), port, site.log.clone()).await;
    assert!(refused.unwrap_err().to_string().contains(&port.to_string()));
}
