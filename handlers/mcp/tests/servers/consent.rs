//! Who gets consent, which calls run alone, and which run side by side.

use std::time::Duration;

use azimuth_domain::tool::ToolRef;
use azimuth_mcp::servers::Identity;
use azimuth_ports::tools::{CallRequest, ToolServers};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Plan, request, text, unclear, until};

const ACCEPT: &str = r#""accept" {"decision":"accept"}"#;
const DECLINE: &str = "\"decline\" null";

/// A call that policy allowed.
fn allowed(tool: &str, arguments: Value) -> CallRequest {
    CallRequest {
        consent: true,
        ..request("alice", tool, arguments)
    }
}

fn on_azure(call: CallRequest) -> CallRequest {
    let tool = ToolRef::new("azure", call.tool.name.clone());
    CallRequest { tool, ..call }
}

#[tokio::test]
async fn consent_is_given_to_the_approved_call_only() {
    let rig = Plan::default().start().await;
    assert_eq!(rig.text("alice", "consent", json!({})).await, DECLINE);
    let approved = rig.servers.call(allowed("consent", json!({}))).await;
    assert_eq!(text(approved), ACCEPT);
    assert_eq!(rig.text("alice", "consent", json!({})).await, DECLINE);
    rig.end().await;
}

#[tokio::test]
async fn a_read_that_asks_is_declined_although_policy_allowed_it() {
    let rig = Plan::default().start().await;
    let asked = rig.servers.call(allowed("ask", json!({}))).await;
    assert_eq!(text(asked), DECLINE);
    rig.end().await;
}

#[tokio::test]
async fn reads_of_one_user_run_side_by_side_on_one_process() {
    let rig = Plan::default().start().await;
    // Each answers only once all eight are there.
    let calls = (0..8).map(|_| rig.servers.call(allowed("meet", json!({"n": 8}))));
    for met in join_all(calls).await {
        assert_eq!(text(met), "met");
    }
    assert_eq!(rig.count("started"), 2);
    rig.end().await;
}

#[tokio::test]
async fn of_the_azure_server_a_read_gets_consent_if_its_catalogue_says_that_it_asks() {
    let plan = Plan {
        identity: Identity::User,
        server: "azure",
        ..Plan::flags(&["--azure"])
    };
    let rig = plan.start().await;
    for (tool, consent, expected) in [
        ("keyvault_secret_get", true, ACCEPT),
        ("keyvault_secret_get", false, DECLINE),
        ("group_list", true, DECLINE),
    ] {
        let call = on_azure(CallRequest {
            consent,
            ..request("alice", tool, json!({"vault": "kv"}))
        });
        assert_eq!(
            text(rig.servers.call(call).await),
            expected,
            "{tool} {consent}"
        );
    }
    rig.end().await;
}

#[tokio::test]
async fn an_approved_change_runs_alone_so_that_no_other_gets_its_consent() {
    let rig = Plan::default().start().await;
    rig.whoami("alice").await;
    let slow = rig.calling(allowed("change", json!({"n": 700}))).await;
    let mut tasks = Vec::new();
    for tool in ["consent", "ask", "consent"] {
        let servers = rig.servers.clone();
        let call = request("alice", tool, json!({}));
        tasks.push(tokio::spawn(async move { servers.call(call).await }));
    }
    assert_eq!(text(slow.await.unwrap()), "slept 700");
    for task in tasks {
        assert_eq!(text(task.await.unwrap()), DECLINE);
    }
    let log = rig.log();
    let order: Vec<&String> = log.iter().filter(|l| l.starts_with("call")).collect();
    assert!(order[1].starts_with("call change"), "{order:?}");
    rig.end().await;
}

#[tokio::test]
async fn a_call_that_waited_for_one_that_ran_away_gets_another_process() {
    let rig = Plan::flags(&["--ignore-term", "--ignore-eof"])
        .start()
        .await;
    rig.whoami("alice").await;
    let mut late = allowed("late", json!({"n": 300}));
    late.deadline = Duration::from_secs(1);
    let late = rig.calling(late).await;
    let next = allowed("change", json!({"n": 1000}));
    let next = rig.servers.call(next).await;
    assert_eq!(text(next), "slept 1000");
    unclear(late.await.unwrap());
    let log = rig.log();
    let process = |tool: &str| {
        let line = log.iter().find(|line| line.starts_with(tool)).unwrap();
        line.split(' ').nth(2).unwrap().to_owned()
    };
    assert_ne!(process("call late"), process("call change"));
    assert!(
        log.iter().all(|line| *line != format!("late {ACCEPT}")),
        "{log:?}"
    );
    rig.end().await;
}

#[tokio::test]
async fn a_question_after_the_end_of_its_call_is_never_accepted() {
    let rig = Plan::flags(&["--ignore-term", "--ignore-eof"])
        .start()
        .await;
    rig.whoami("alice").await;
    let mut late = allowed("late", json!({"n": 0}));
    late.deadline = Duration::from_millis(300);
    unclear(rig.servers.call(late).await);
    until("the server was told", || rig.count("cancelled") == 1).await;
    let next = rig.servers.call(allowed("consent", json!({}))).await;
    assert_eq!(text(next), ACCEPT);
    assert_eq!(rig.count(&format!("late {ACCEPT}")), 0);
    rig.end().await;
}
