//! The binary: says that it is ready, and ends when it should.

use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Far above what it takes; a test that meets it has failed.
const PATIENCE: Duration = Duration::from_secs(10);

async fn ready(dir: &TempDir, stdin_eof: bool) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_azimuth-sandbox"));
    command.arg("--data").arg(dir.path()).args(["--port", "0"]);
    if stdin_eof {
        command.arg("--until-stdin-eof");
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    tokio::time::timeout(PATIENCE, lines.read_line(&mut line))
        .await
        .unwrap()
        .unwrap();
    assert!(
        line.starts_with("sandbox ready control=http://127.0.0.1:"),
        "{line}"
    );
    assert!(dir.path().join("sandbox.json").exists());
    child
}

async fn ends_well(mut child: Child) {
    let status = tokio::time::timeout(PATIENCE, child.wait())
        .await
        .unwrap()
        .unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn it_ends_with_its_standard_input_when_told_so() {
    let dir = TempDir::new().unwrap();
    let mut child = ready(&dir, true).await;
    drop(child.stdin.take());
    ends_well(child).await;
}

#[tokio::test]
async fn it_ends_on_sigterm_and_two_do_not_share_a_folder() {
    let dir = TempDir::new().unwrap();
    let child = ready(&dir, false).await;
    let second = Command::new(env!("CARGO_BIN_EXE_azimuth-sandbox"))
        .arg("--data")
        .arg(dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await
        .unwrap();
    assert!(!second.success());

    let pid = child.id().unwrap().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .await
            .unwrap()
            .success()
    );
    ends_well(child).await;
}
