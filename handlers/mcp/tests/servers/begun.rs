//! When a call begins, and that one dropped before never runs.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use azimuth_mcp::PoolLimits;
use azimuth_ports::tools::{CallRequest, ToolServers};
use serde_json::json;

use crate::support::{Plan, not_started, request, unclear, until};

fn one_process(place_timeout: Duration) -> Plan {
    Plan {
        limits: PoolLimits {
            max_processes: 1,
            place_timeout,
            ..Plan::default().limits
        },
        ..Plan::default()
    }
}

#[tokio::test]
async fn a_call_begins_when_the_server_can_have_it_and_not_before() {
    let rig = one_process(Duration::from_mins(1)).start().await;
    let hang = request("alice", "hang", json!({}));
    let begun = hang.begun.clone();
    let hang = rig.calling(hang).await;
    assert!(begun.is_set());

    let waiting = request("bob", "echo", json!({}));
    let begun = waiting.begun.clone();
    let servers = rig.servers.clone();
    let waiting = tokio::spawn(async move { servers.call(waiting).await });
    // Long enough for a place, were there one.
    let early = tokio::time::timeout(Duration::from_millis(300), waiting).await;
    assert!(early.is_err() && !begun.is_set());
    hang.abort();
    until("it begins once there is a place", || begun.is_set()).await;
    rig.end().await;
}

#[tokio::test]
async fn what_cannot_run_never_begins() {
    let rig = Plan::default().start().await;
    for (tool, arguments) in [
        ("nope", json!({})),
        ("grow", json!({})),
        ("echo", json!([1])),
    ] {
        let call = request("alice", tool, arguments);
        let begun = call.begun.clone();
        not_started(rig.servers.call(call).await);
        assert!(!begun.is_set(), "{tool}");
    }
    rig.end().await;
}

#[tokio::test]
async fn a_call_dropped_while_it_waits_never_runs() {
    let rig = one_process(Duration::from_mins(1)).start().await;
    let busy = CallRequest {
        consent: true,
        ..request("alice", "late", json!({}))
    };
    let busy = rig.calling(busy).await;
    // One waits for a process, the other for the gate of its own.
    for user in ["bob", "alice"] {
        let call = CallRequest {
            consent: true,
            ..request(user, "consent", json!({}))
        };
        let begun = call.begun.clone();
        let mut waiting = rig.servers.call(call);
        for _ in 0..3 {
            assert!(futures::poll!(&mut waiting).is_pending());
            tokio::task::yield_now().await;
        }
        drop(waiting);
        assert!(!begun.is_set(), "{user}");
    }
    busy.abort();
    assert_eq!(rig.text("bob", "echo", json!({})).await, "{}");
    assert_eq!(rig.text("alice", "echo", json!({})).await, "{}");
    assert_eq!(rig.count("call consent"), 0);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_dropped_before_it_began_never_runs() {
    let rig = Plan::default().start().await;
    rig.whoami("alice").await;
    let mut unbegun = BTreeSet::new();
    for n in 1..=120_u64 {
        let call = request("alice", "echo", json!({"n": n}));
        let begun = call.begun.clone();
        let servers = rig.servers.clone();
        let task = tokio::spawn(async move { servers.call(call).await });
        for _ in 0..n % 12 {
            tokio::task::yield_now().await;
        }
        task.abort();
        let _dropped_or_done = task.await;
        if !begun.is_set() {
            unbegun.insert(n.to_string());
        }
    }
    // Whatever was on its way has arrived by now.
    rig.text("alice", "echo", json!({"n": 0})).await;
    for line in rig.log() {
        let ran = line
            .strip_prefix("call echo ")
            .and_then(|l| l.split(' ').nth(1));
        assert!(ran.is_none_or(|n| !unbegun.contains(n)), "{line}");
    }
    rig.end().await;
}

#[tokio::test]
async fn a_call_waits_for_a_place_for_a_limited_time() {
    let full = "All 1 tool server processes are busy; try again.";
    let limit = Duration::from_millis(400);
    let rig = one_process(limit).start().await;
    let hang = rig.calling(request("alice", "hang", json!({}))).await;
    let started = Instant::now();
    let call = request("bob", "echo", json!({}));
    let begun = call.begun.clone();
    assert_eq!(not_started(rig.servers.call(call).await), full);
    assert!(started.elapsed() >= limit && started.elapsed() < Duration::from_secs(10));
    assert!(!begun.is_set());
    hang.abort();
    rig.end().await;
}

#[tokio::test]
async fn the_time_that_a_process_takes_to_start_is_not_waiting_for_a_place() {
    let rig = one_process(Duration::ZERO).start().await;
    let hang = rig.calling(request("alice", "hang", json!({}))).await;
    let refused = rig.call("bob", "echo", json!({})).await;
    assert!(not_started(refused).contains("busy; try again"));
    // Somebody's own process is not a place that has to be waited for.
    assert_eq!(rig.text("alice", "echo", json!({})).await, "{}");
    hang.abort();
    rig.end().await;
}

#[tokio::test]
async fn a_call_that_was_cut_off_has_begun() {
    let rig = Plan::default().start().await;
    let call = request("alice", "crash", json!({}));
    let begun = call.begun.clone();
    unclear(rig.servers.call(call).await);
    assert!(begun.is_set());
    rig.end().await;
}
