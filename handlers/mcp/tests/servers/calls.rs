//! One call and everything that can go wrong with it.

use std::time::{Duration, Instant};

use crate::support::{Plan, is_gone, not_started, request, text, unclear, until};
use azimuth_ports::tools::{CallOutput, ToolServers};
use serde_json::json;

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn a_call_is_answered_with_what_the_tool_said() {
    let rig = Plan::default().start().await;
    let output = rig.call("alice", "echo", json!({"n": 1})).await.unwrap();
    assert_eq!(
        output,
        CallOutput {
            media_type: "application/json".into(),
            bytes: br#"{"n":1}"#.into(),
            truncated: false,
            is_error: false,
            status: None,
        }
    );
    assert_eq!(rig.text("alice", "slow", json!({"n": 1})).await, "slept 1");
    rig.end().await;
}

#[tokio::test]
async fn an_error_answer_is_an_output_with_its_status() {
    let rig = Plan::default().start().await;
    let output = rig.call("alice", "fail", json!({"n": 403})).await.unwrap();
    assert_eq!((output.is_error, output.status), (true, Some(403)));
    let output = rig.call("alice", "fail", json!({"n": 0})).await.unwrap();
    assert_eq!((output.is_error, output.status), (true, Some(0)));
    let words = json!({"text": "the line broke"});
    let output = rig.call("alice", "fail", words).await.unwrap();
    assert_eq!((output.is_error, output.status), (true, None));
    rig.end().await;
}

#[tokio::test]
async fn a_protocol_error_is_not_started_only_where_the_server_refused_to_run() {
    let rig = Plan::default().start().await;
    let secret = format!("no: sig={}\u{7}", "aB3".repeat(20));
    for (code, ran) in [
        (32_600, true),
        (32_601, false),
        (32_602, false),
        (32_603, true),
        (32_000, true),
        (1, true),
    ] {
        let answer = rig
            .call("alice", "refuse", json!({"n": code, "text": secret}))
            .await;
        let said = if ran {
            unclear(answer)
        } else {
            not_started(answer)
        };
        assert!(said.contains("fake/refuse"), "{said}");
        assert!(
            said.ends_with(&format!("no: sig=[redacted] (code -{code}).")),
            "{said}"
        );
    }
    // A refusal is an answer: the process goes on.
    assert_eq!(rig.count("started"), 2);
    rig.end().await;
}

#[tokio::test]
async fn garbage_before_the_answer_is_ignored() {
    let rig = Plan::default().start().await;
    assert_eq!(
        rig.text("alice", "garbage", json!({})).await,
        "after garbage"
    );
    assert_eq!(rig.text("alice", "echo", json!({})).await, "{}");
    assert_eq!(rig.count("call garbage"), 1);
    rig.end().await;
}

#[tokio::test]
async fn a_line_above_16_mib_ends_the_process_and_the_call_is_unclear() {
    let rig = Plan::default().start().await;
    for n in [16 * MIB - 1, 16 * MIB] {
        assert_eq!(
            rig.text("alice", "line", json!({"n": n})).await,
            "after a line"
        );
    }
    let (pid, _) = rig.whoami("alice").await;
    for n in [16 * MIB + 1, 17 * MIB] {
        let said = unclear(rig.call("alice", "line", json!({"n": n})).await);
        assert!(
            said.contains("fake/line wrote a line above 16 MiB"),
            "{said}"
        );
    }
    until("the process is ended", || is_gone(pid)).await;
    rig.end().await;
}

#[tokio::test]
async fn a_result_above_8_mib_is_cut_there_and_says_so() {
    let rig = Plan::default().start().await;
    for (n, length, truncated) in [
        (8 * MIB - 1, 8 * MIB - 1, false),
        (8 * MIB, 8 * MIB, false),
        (8 * MIB + 1, 8 * MIB, true),
        (10_000_000, 8 * MIB, true),
    ] {
        let output = rig.call("alice", "big", json!({"n": n})).await.unwrap();
        assert_eq!(
            (output.bytes.len(), output.truncated),
            (length, truncated),
            "{n}"
        );
    }
    rig.end().await;
}

#[tokio::test]
async fn a_crash_is_unclear_with_the_last_words_and_the_next_call_works() {
    let rig = Plan::default().start().await;
    let said = unclear(rig.call("alice", "crash", json!({})).await);
    assert!(said.contains("ended while crash ran"), "{said}");
    assert!(
        said.contains("exit status: 42") && said.contains("out of cheese"),
        "{said}"
    );
    assert_eq!(rig.text("alice", "echo", json!({})).await, "{}");
    let said = unclear(rig.call("alice", "die_silently", json!({})).await);
    assert!(said.contains("134"), "128 and SIGABRT: {said}");
    rig.end().await;
}

#[tokio::test]
async fn an_answer_counts_although_the_process_ends_right_after_it() {
    let rig = Plan::default().start().await;
    for (user, n) in [("alice", 1), ("bob", 4 * MIB)] {
        let answer = rig.call(user, "farewell", json!({"n": n})).await;
        assert_eq!(answer.unwrap().bytes.len(), n);
    }
    rig.end().await;
}

#[tokio::test]
async fn a_hang_ends_at_the_deadline_with_a_cancel_and_the_end_of_the_process() {
    let rig = Plan::flags(&["--ignore-term", "--ignore-eof"])
        .start()
        .await;
    let (pid, _) = rig.whoami("alice").await;
    let started = Instant::now();
    let mut call = request("alice", "hang", json!({}));
    call.deadline = Duration::from_millis(300);
    let said = unclear(rig.servers.call(call).await);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(
        said.contains("fake/hang did not answer within 0.3 s"),
        "{said}"
    );
    until("the server was told", || rig.count("cancelled") == 1).await;
    until("a process that ignores everything is killed", || {
        is_gone(pid)
    })
    .await;
    assert_ne!(rig.whoami("alice").await.0, pid);
    rig.end().await;
}

#[tokio::test]
async fn a_dropped_call_is_cancelled_at_the_server() {
    let rig = Plan::default().start().await;
    let (pid, _) = rig.whoami("alice").await;
    let task = rig.calling(request("alice", "hang", json!({}))).await;
    task.abort();
    until("the server was told", || rig.count("cancelled") == 1).await;
    until("the process is ended", || is_gone(pid)).await;
    rig.end().await;
}

#[tokio::test]
async fn calls_beside_a_cancelled_one_are_answered() {
    let rig = Plan::default().start().await;
    let slow = rig
        .calling(request("alice", "slow", json!({"n": 1500})))
        .await;
    let hang = rig.calling(request("alice", "hang", json!({}))).await;
    hang.abort();
    until("the server was told", || rig.count("cancelled") == 1).await;
    assert_eq!(text(slow.await.unwrap()), "slept 1500");
    rig.end().await;
}

#[tokio::test]
async fn no_other_form_no_roots_and_no_sampling_are_ever_answered() {
    let rig = Plan::default().start().await;
    let mut call = request("alice", "form", json!({}));
    call.consent = true;
    assert_eq!(
        text(rig.servers.call(call).await),
        "\"decline\" null -32601 -32601"
    );
    let said = rig
        .log()
        .into_iter()
        .find(|line| line.starts_with("capabilities"))
        .unwrap();
    assert_eq!(
        said,
        r#"capabilities {"elicitation":{"form":{}}} protocol "2025-11-25""#
    );
    rig.end().await;
}

#[tokio::test]
async fn what_cannot_run_is_not_started() {
    let rig = Plan::default().start().await;
    for (tool, arguments, expected) in [
        ("nope", json!({}), "There is no tool fake/nope."),
        ("grow", json!({}), "The tool fake/grow is not enabled here."),
        (
            "echo",
            json!([1]),
            "The arguments of a tool call must be an object.",
        ),
    ] {
        assert_eq!(
            not_started(rig.call("alice", tool, arguments).await),
            expected
        );
    }
    let mut call = request("alice", "echo", json!({}));
    call.tool.server = "other".into();
    assert_eq!(
        not_started(rig.servers.call(call).await),
        "There is no tool other/echo."
    );
    assert_eq!(rig.count("call"), 0);
    rig.end().await;
}
