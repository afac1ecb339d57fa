//! Which process serves whom, how many there are, and when they end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use azimuth_mcp::servers::Identity;
use azimuth_mcp::{PoolLimits, Secrets};
use azimuth_ports::tokens::Secret;
use azimuth_ports::tools::ToolServers;
use serde_json::{Value, json};

use crate::support::{
    AUDIENCE, FAKE, Plan, is_gone, not_started, request, text, unclear, until, within,
};

fn limits(change: impl FnOnce(&mut PoolLimits)) -> Plan {
    let mut plan = Plan::default();
    change(&mut plan.limits);
    plan
}

#[tokio::test]
async fn twenty_calls_at_once_start_one_process() {
    let rig = Plan::default().start().await;
    // One start was for learning the tools.
    assert_eq!(rig.count("started"), 1);
    let mut tasks = Vec::new();
    for n in 0..20 {
        let servers = rig.servers.clone();
        tasks.push(tokio::spawn(async move {
            servers
                .call(request("alice", "slow", json!({"n": 50 + n})))
                .await
        }));
    }
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(text(task.await.unwrap()), format!("slept {}", 50 + n));
    }
    assert_eq!(rig.count("started"), 2);
    rig.end().await;
}

#[tokio::test]
async fn each_user_has_a_process_of_their_own_and_its_own_tokens() {
    let plan = Plan {
        identity: Identity::User,
        ..Plan::default()
    };
    let rig = plan.start().await;
    let mut headers = BTreeSet::new();
    let mut processes = BTreeSet::new();
    for user in ["alice", "bob", "carol", "alice"] {
        let (pid, env) = rig.whoami(user).await;
        processes.insert(pid);
        headers.insert(env["IDENTITY_HEADER"].as_str().unwrap().to_owned());
        let resource = json!({"resource": AUDIENCE});
        let token: Value = serde_json::from_str(&rig.text(user, "token", resource).await).unwrap();
        assert_eq!(token["access_token"], format!("token of {user}"));
        assert_eq!(token["expires_on"], "1800000240");
        let foreign = json!({"resource": "https://graph.microsoft.test"});
        let refusal = rig.text(user, "token", foreign).await;
        assert!(
            refusal.contains("No token is given for https://graph.microsoft.test"),
            "{refusal}"
        );
    }
    assert_eq!((processes.len(), headers.len()), (3, 3));
    rig.end().await;
}

#[tokio::test]
async fn a_process_sees_only_the_environment_it_is_given() {
    let plan = Plan {
        identity: Identity::User,
        env: [("EXTRA".to_owned(), "${HOME} $(id)".to_owned())].into(),
        ..Plan::default()
    };
    let rig = plan.start().await;
    let (_, env) = rig.whoami("alice").await;
    let names: Vec<&str> = env
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "AZURE_MCP_COLLECT_TELEMETRY",
        "AZURE_MCP_COLLECT_TELEMETRY_MICROSOFT",
        "AZURE_TOKEN_CREDENTIALS",
        "DOTNET_BUNDLE_EXTRACT_BASE_DIR",
        "DOTNET_EnableDiagnostics",
        "EXTRA",
        "HOME",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "IDENTITY_ENDPOINT",
        "IDENTITY_HEADER",
        "LANG",
        "NODE_USE_ENV_PROXY",
        "NO_PROXY",
        "PATH",
        "SSL_CERT_DIR",
        "TMPDIR",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    ];
    assert_eq!(names, expected);
    assert_eq!(env["EXTRA"], "${HOME} $(id)");
    assert_eq!(env["AZURE_TOKEN_CREDENTIALS"], "ManagedIdentityCredential");
    assert_eq!(env["PATH"], "/usr/bin:/bin");
    let home = env["HOME"].as_str().unwrap();
    assert!(home.starts_with(rig.path().to_str().unwrap()) && !std::path::Path::new(home).exists());
    rig.end().await;

    let rig = Plan::default().start().await;
    let (_, env) = rig.whoami("alice").await;
    assert_eq!(env["HOME"], "/home/somebody");
    assert_eq!(env["IDENTITY_HEADER"], Value::Null);
    assert_eq!(env["SSL_CERT_DIR"], Value::Null, "it does not ask Azure");
    rig.end().await;
}

#[tokio::test]
async fn above_the_limit_the_process_idle_longest_goes() {
    let rig = limits(|l| l.max_processes = 2).start().await;
    let (alice, _) = rig.whoami("alice").await;
    let (bob, _) = rig.whoami("bob").await;
    assert_eq!(rig.whoami("alice").await.0, alice);
    let (carol, _) = rig.whoami("carol").await;
    assert!(is_gone(bob) && !is_gone(alice) && !is_gone(carol));
    assert_eq!(
        rig.servers.health().await[0].detail,
        "processes: 2, busy: 0"
    );
    rig.end().await;
}

#[tokio::test]
async fn when_all_are_busy_a_call_waits_and_gets_the_first_that_is_free() {
    let rig = limits(|l| l.max_processes = 1).start().await;
    let slow = rig
        .calling(request("alice", "slow", json!({"n": 800})))
        .await;
    assert_eq!(rig.text("bob", "echo", json!({})).await, "{}");
    assert!(slow.is_finished());
    assert_eq!(text(slow.await.unwrap()), "slept 800");
    rig.end().await;
}

#[tokio::test]
async fn more_users_than_room_are_all_served() {
    let rig = limits(|l| l.max_processes = 2).start().await;
    let users = ["alice", "bob", "carol", "dave", "erin", "frank"];
    let calls = users
        .iter()
        .cycle()
        .take(18)
        .map(|user| rig.call(user, "slow", json!({"n": 5})));
    for result in futures::future::join_all(calls).await {
        assert_eq!(text(result), "slept 5");
    }
    rig.end().await;
}

#[tokio::test]
async fn when_all_stay_busy_a_call_says_so_at_its_deadline() {
    let rig = limits(|l| l.max_processes = 1).start().await;
    let hang = rig.calling(request("alice", "hang", json!({}))).await;
    let mut call = request("bob", "echo", json!({}));
    call.deadline = Duration::from_millis(300);
    let said = not_started(rig.servers.call(call).await);
    assert_eq!(said, "All 1 tool server processes are busy; try again.");
    hang.abort();
    assert_eq!(rig.text("bob", "echo", json!({})).await, "{}");
    rig.end().await;
}

#[tokio::test]
async fn a_second_process_of_one_user_starts_only_where_that_is_allowed() {
    let rig = limits(|l| l.max_per_identity = 2).start().await;
    let (first, _) = rig.whoami("alice").await;
    let busy = rig.calling(request("alice", "hang", json!({}))).await;
    let (second, _) = rig.whoami("alice").await;
    assert_ne!(first, second);
    let also = rig.calling(request("alice", "hang", json!({}))).await;
    // Both are busy and no third may start: the call shares one of them.
    let (shared, _) = rig.whoami("alice").await;
    assert!(shared == first || shared == second);
    assert_eq!(rig.count("started"), 3);
    busy.abort();
    also.abort();
    rig.end().await;
}

#[tokio::test]
async fn an_idle_process_ends_and_a_busy_one_does_not() {
    let rig = limits(|l| l.idle_timeout = Duration::from_millis(500))
        .start()
        .await;
    let (bob, _) = rig.whoami("bob").await;
    let slow = rig
        .calling(request("alice", "slow", json!({"n": 2500})))
        .await;
    until("the idle process is ended", || is_gone(bob)).await;
    assert_eq!(text(slow.await.unwrap()), "slept 2500");
    rig.end().await;
}

#[tokio::test]
async fn a_process_that_answers_no_ping_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let deaf = folder.path().join("deaf");
    let mut plan = Plan::flags(&["--deaf-if", deaf.to_str().unwrap()]);
    plan.limits.ping_after = Duration::ZERO;
    plan.limits.ping_timeout = Duration::from_millis(300);
    let rig = plan.start().await;
    let (pid, _) = rig.whoami("alice").await;
    assert_eq!(rig.whoami("alice").await.0, pid);
    std::fs::write(&deaf, "").unwrap();
    let replacing = rig.calling(request("alice", "slow", json!({"n": 1})));
    let hearing = async {
        until("the deaf process is ended", || is_gone(pid)).await;
        std::fs::remove_file(&deaf).unwrap();
    };
    let (replaced, ()) = tokio::join!(replacing, hearing);
    assert_eq!(text(replaced.await.unwrap()), "slept 1");
    rig.end().await;
}

#[tokio::test]
async fn a_process_that_grew_too_big_ends_after_its_calls() {
    let plan = Plan {
        grow: true,
        ..limits(|l| l.max_memory_bytes = 96 * 1024 * 1024)
    };
    let rig = plan.start().await;
    let (pid, _) = rig.whoami("alice").await;
    assert_eq!(rig.whoami("alice").await.0, pid);
    let slow = rig
        .calling(request("alice", "slow", json!({"n": 1000})))
        .await;
    assert_eq!(
        rig.text("alice", "grow", json!({"n": 128})).await,
        "grew to 134217728"
    );
    let (next, _) = rig.whoami("alice").await;
    assert_ne!(next, pid);
    assert_eq!(text(slow.await.unwrap()), "slept 1000");
    until("the big process is ended", || is_gone(pid)).await;
    rig.end().await;
}

#[tokio::test]
async fn crashes_in_a_row_are_followed_by_a_pause_that_names_its_end() {
    let rig = limits(|l| l.restart_delay = Duration::from_secs(3))
        .start()
        .await;
    for _ in 0..2 {
        let said = unclear(rig.call("alice", "crash", json!({})).await);
        assert!(said.contains("out of cheese"), "{said}");
    }
    let said = not_started(rig.call("alice", "echo", json!({})).await);
    assert!(said.contains("ended by itself (exit status: 42)"), "{said}");
    assert!(said.contains("It may be started again in "), "{said}");
    // Nobody else is held up.
    assert_eq!(rig.text("bob", "echo", json!({})).await, "{}");
    let started = rig.count("started");
    let paused = Instant::now();
    while rig.call("alice", "echo", json!({})).await.is_err() {
        assert!(
            paused.elapsed() < Duration::from_secs(20),
            "the pause does not end"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(rig.count("started"), started + 1);
    rig.end().await;
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let plan = Plan {
        command: "/nowhere/azmcp".into(),
        ..Plan::default()
    };
    let rig = plan.start().await;
    let health = rig.servers.health().await;
    assert!(!health[0].ok);
    assert!(
        health[0].detail.contains("/nowhere/azmcp is missing"),
        "{}",
        health[0].detail
    );
    rig.end().await;

    // Missing only when it is needed: learnt earlier, removed since.
    let bin = tempfile::tempdir().unwrap();
    let program = bin.path().join("fake");
    std::os::unix::fs::symlink(FAKE, &program).unwrap();
    let plan = Plan {
        command: program.clone(),
        ..Plan::default()
    };
    let rig = plan.start().await;
    std::fs::remove_file(&program).unwrap();
    let said = not_started(rig.call("alice", "echo", json!({})).await);
    let expected = format!("The tool server's program {} is missing", program.display());
    assert!(said.starts_with(&expected), "{said}");
    rig.end().await;
}

#[tokio::test]
async fn a_server_that_does_not_come_up_says_why_to_every_call_that_waits() {
    let needed = tempfile::NamedTempFile::new().unwrap();
    let rig = Plan::flags(&["--fail-unless", needed.path().to_str().unwrap()])
        .start()
        .await;
    needed.close().unwrap();
    let started = rig.count("started");
    let calls = (0..5).map(|_| rig.call("alice", "echo", json!({})));
    for result in futures::future::join_all(calls).await {
        let said = not_started(result);
        assert!(
            said.contains("ended while it started (exit status: 3)"),
            "{said}"
        );
        assert!(said.contains("cannot find its configuration"), "{said}");
    }
    assert_eq!(rig.count("started"), started + 1);
    rig.end().await;
}

#[tokio::test]
async fn a_server_that_never_answers_is_ended_at_the_start_time_out() {
    let mut plan = Plan::flags(&["--no-handshake", "--ignore-term", "--ignore-eof"]);
    plan.limits.start_timeout = Duration::from_millis(500);
    let rig = plan.start().await;
    let health = rig.servers.health().await;
    assert!(health[0].detail.contains("did not"), "{}", health[0].detail);
    rig.end().await;
}

#[tokio::test]
async fn shutdown_ends_everything_soon_and_later_calls_are_refused() {
    let rig = Plan::flags(&["--ignore-term", "--ignore-eof"])
        .start()
        .await;
    let hang = rig.calling(request("alice", "hang", json!({}))).await;
    rig.whoami("bob").await;
    let stopping = Instant::now();
    rig.servers.shutdown().await;
    assert!(stopping.elapsed() < Duration::from_secs(5));
    unclear(hang.await.unwrap());
    let said = not_started(rig.call("alice", "echo", json!({})).await);
    assert_eq!(said, "The handler is shutting down.");
    rig.end().await;
}

#[tokio::test]
async fn shutdown_does_not_wait_for_a_process_that_does_not_come_up() {
    let folder = Plan::default().start().await.end().await;
    let plan = Plan {
        folder: Some(folder),
        ..Plan::flags(&["--no-handshake", "--ignore-term", "--ignore-eof"])
    };
    let rig = plan.start().await;
    let servers = rig.servers.clone();
    let call = tokio::spawn(async move { servers.call(request("alice", "echo", json!({}))).await });
    until("the process is there", || rig.count("started") == 2).await;
    let stopping = Instant::now();
    rig.servers.shutdown().await;
    assert!(stopping.elapsed() < Duration::from_secs(5));
    assert_eq!(
        not_started(call.await.unwrap()),
        "The handler is shutting down."
    );
    rig.end().await;
}

#[tokio::test]
async fn a_variable_that_names_a_secret_holds_it_and_starts_nothing_without() {
    for (name, is_known) in [("wiki", true), ("other", false)] {
        let plan = Plan {
            env: [("TOKEN".to_owned(), format!("@keyvault:{name}"))].into(),
            secrets: Secrets::of(Arc::new(|name| {
                let is_known = name == "wiki";
                let found = is_known.then(|| Secret::new("s".to_owned()));
                Box::pin(async { found.ok_or_else(|| "there is none".to_owned()) })
            })),
            ..Plan::default()
        };
        let rig = plan.start().await;
        if is_known {
            assert_eq!(rig.whoami("alice").await.1["TOKEN"], "s");
        } else {
            assert_eq!(rig.count("started"), 0);
            let health = rig.servers.health().await;
            let expected = "The secret other is not to be had: there is none.";
            assert_eq!(health[0].detail, expected);
        }
        rig.end().await;
    }
}

#[tokio::test]
async fn dropping_the_servers_ends_their_processes() {
    let rig = Plan::default().start().await;
    let (pid, _) = rig.whoami("alice").await;
    drop(rig);
    within(Duration::from_secs(5), "the process is ended", || {
        is_gone(pid)
    })
    .await;
}
