//! No tool process outlives its handler.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{FAKE, is_gone, pids, read_log, until, within};

fn confined(arguments: &[&str]) -> Child {
    Command::new(FAKE)
        .args(["confine", "--"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn kill_9_of_the_handler_with_a_call_in_flight_ends_the_tool_within_5_s() {
    for flags in [&[][..], &["--ignore-eof", "--ignore-term"]] {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut host = Command::new(FAKE)
            .arg("host")
            .arg(folder.path())
            .args(["--log", log.to_str().unwrap()])
            .args(flags)
            .spawn()
            .unwrap();
        until("the call is in flight", || {
            read_log(&log)
                .iter()
                .any(|line| line.starts_with("call hang"))
        })
        .await;
        let tool = *pids(&read_log(&log)).last().unwrap();
        assert!(!is_gone(tool));
        host.kill().unwrap();
        host.wait().unwrap();
        within(Duration::from_secs(5), "the tool process is gone", || {
            is_gone(tool)
        })
        .await;
        for pid in pids(&read_log(&log)) {
            assert!(is_gone(pid), "{pid}");
        }
    }
}

#[tokio::test]
async fn input_and_output_pass_through_and_so_does_the_exit_code() {
    let mut child = confined(&["/bin/sh", "-c", "cat; echo err >&2; exit 7"]);
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"one\ntwo\n")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"one\ntwo\n");
    assert_eq!(output.stderr, b"err\n");
    assert_eq!(output.status.code(), Some(7));
    let child = confined(&["/bin/sh", "-c", "kill -9 $$"]);
    assert_eq!(
        child.wait_with_output().unwrap().status.code(),
        Some(128 + 9)
    );
}

#[tokio::test]
async fn a_command_that_cannot_start_is_named() {
    let output = confined(&["/nowhere/tool"]).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(127));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.starts_with("confine: cannot start /nowhere/tool: "),
        "{text}"
    );
    let output = confined(&[]).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(127));
}

#[tokio::test]
async fn a_command_whose_file_is_still_being_written_is_tried_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let shell = folder.path().join("shell");
    std::fs::copy("/bin/sh", &shell).unwrap();
    let command = [shell.to_str().unwrap(), "-c", "exit 7"];
    let busy = std::fs::OpenOptions::new().append(true).open(&shell);
    let output = confined(&command).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(127));
    let child = confined(&command);
    drop(busy.unwrap());
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(7));
}

#[tokio::test]
async fn a_command_that_ignores_the_end_of_its_input_is_ended_with_all_it_started() {
    let script = "sleep 600 & echo $! $$; trap '' TERM HUP; while :; do sleep 1; done";
    let mut child = confined(&["/bin/sh", "-c", script]);
    let mut line = Vec::new();
    let mut stdout = child.stdout.take().unwrap();
    while !line.ends_with(b"\n") {
        let mut byte = [0];
        stdout.read_exact(&mut byte).unwrap();
        line.push(byte[0]);
    }
    let text = String::from_utf8(line).unwrap();
    let started: Vec<u64> = text
        .split_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect();
    drop(child.stdin.take());
    within(Duration::from_secs(10), "the wrapper has ended", || {
        child.try_wait().unwrap().is_some()
    })
    .await;
    for pid in started {
        within(Duration::from_secs(1), "the command is gone", || {
            is_gone(pid)
        })
        .await;
    }
}
