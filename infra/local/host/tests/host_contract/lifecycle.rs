//! Points 5 and 6: what kills the handler, and what starts it again.

use std::time::Duration;

use azimuth_host::handler::{HandlerState, Stopped};
use serde_json::{Value, json};

use crate::support::{BrokenOff, DEADLINE, RawClient, TestApp, eventually, is_running};

async fn another_pid(app: &TestApp, not: u32) -> u32 {
    eventually("another handler", || {
        let last = app.events_of("start").pop()?["pid"].as_u64()?;
        (last != u64::from(not)).then(|| last.try_into().unwrap())
    })
    .await
}

#[tokio::test]
async fn a_function_timeout_kills_the_whole_handler_and_everything_in_flight() {
    let app = TestApp::new()
        .host_setting("/functionTimeout", "00:00:01.500")
        .start()
        .await;
    app.rule("/work", &json!({"forever": true}));
    app.rule(
        "/api/events",
        &json!({"chunks": [{"data": "first"}, {"gate": "never", "data": "lost"}]}),
    );
    let first = app.ready().await;
    app.queue.put("items", "endless").await;
    app.request("/work").await;
    // A stream that has most of its own time left.
    let mut stream = RawClient::connect(app.address()).await;
    stream
        .write("GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    stream.head().await;
    assert_eq!(stream.chunk().await.as_deref(), Some("first"));
    app.rule(
        "/work",
        &json!({"headers": {"content-type": "application/json"}, "body": "{}"}),
    );

    assert_eq!(stream.try_chunk().await, Err(BrokenOff));
    let second = another_pid(&app, first).await;
    assert!(!is_running(first));
    assert!(app.events_of("signal").is_empty());
    app.logged("Restarting the worker process after a function timeout")
        .await;
    // The new process gets the message again, and a timeout is no strike.
    let again = app.nth_request("/work", 2).await;
    assert_eq!(again["pid"], second);
    assert!(
        !app.log
            .lines()
            .iter()
            .any(|line| line.contains("(error 1 of 3)"))
    );
}

#[tokio::test]
async fn a_proxied_request_has_the_function_timeout_too() {
    let app = TestApp::new()
        .host_setting("/functionTimeout", "00:00:01")
        .start()
        .await;
    app.rule("/api/slow", &json!({"forever": true}));
    app.rule(
        "/api/events",
        &json!({"chunks": [{"data": "first"}, {"gate": "never", "data": "lost"}]}),
    );
    let first = app.ready().await;
    assert_eq!(app.get("/api/slow").await.status, 502);
    let second = another_pid(&app, first).await;

    let mut stream = RawClient::connect(app.address()).await;
    stream
        .write("GET /api/events HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    stream.head().await;
    assert_eq!(stream.chunk().await.as_deref(), Some("first"));
    assert_eq!(stream.try_chunk().await, Err(BrokenOff));
    another_pid(&app, second).await;
}

#[tokio::test]
async fn without_a_function_timeout_nothing_is_killed() {
    let app = TestApp::new()
        .host_setting("/functionTimeout", "-1")
        .start()
        .await;
    app.rule("/work", &json!({"status": 204}));
    app.queue.put("items", "hangs").await;
    app.request("/work").await;
    assert_eq!(app.get("/api/x").await.status, 200);
    assert_eq!(app.queue.bodies("items"), ["hangs"]);
}

#[tokio::test]
async fn exit_codes_0_and_200_restart_without_a_strike() {
    let mut app = TestApp::new().start().await;
    for (count, code) in [0, 0, 0, 200, 200, 200].into_iter().enumerate() {
        let pid = app.ready().await;
        app.rule("/api/exit", &json!({"exit": code}));
        app.post("/api/exit", &[], "now").await;
        app.rule("/api/exit", &Value::Null);
        let next = another_pid(&app, pid).await;
        let mut state = app.host().handler().state();
        let ready =
            |state: &HandlerState| matches!(state, HandlerState::Ready { pid, .. } if *pid == next);
        tokio::time::timeout(DEADLINE, state.wait_for(ready))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(app.events_of("start").len(), count + 2);
    }
    assert_eq!(app.get("/api/x").await.status, 200);
}

#[tokio::test]
async fn three_errors_close_together_stop_the_host() {
    let mut app = TestApp::new();
    app.at_start(&json!({"exit": 3}));
    app.try_start().await.unwrap();
    let stopped = tokio::time::timeout(DEADLINE, app.host().stopped())
        .await
        .unwrap();
    assert!(matches!(stopped, Stopped::ThreeStrikes), "{stopped:?}");
    assert_eq!(app.events_of("start").len(), 3);
    app.logged("exited with exit status: 3 (error 3 of 3)")
        .await;
    assert!(stopped.to_string().contains("Shutting down Functions Host"));
}

#[tokio::test]
async fn errors_far_apart_do_not_stop_the_host() {
    let mut app = TestApp::new().timing(|timing| timing.strike_window = Duration::ZERO);
    app.at_start(&json!({"exit": 1}));
    app.try_start().await.unwrap();
    eventually("more than three starts", || {
        (app.events_of("start").len() > 5).then_some(())
    })
    .await;
    app.at_start(&json!({}));
    app.ready().await;
    assert_eq!(app.get("/api/x").await.status, 200);
}

#[tokio::test]
async fn a_killed_handler_is_a_strike_and_requests_bridge_the_restart() {
    let app = TestApp::new().start().await;
    let pid = app.ready().await;
    let raw = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    rustix::process::kill_process(raw, rustix::process::Signal::KILL).unwrap();
    assert_eq!(app.get("/api/x").await.status, 200);
    app.logged("exited with signal: 9 (SIGKILL) (error 1 of 3)")
        .await;
}

#[tokio::test]
async fn a_stop_kills_the_handler_without_a_word() {
    let mut app = TestApp::new().start().await;
    app.rule("/api/slow", &json!({"forever": true}));
    let pid = app.ready().await;
    let mut client = RawClient::connect(app.address()).await;
    client
        .write("GET /api/slow HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    app.request("/api/slow").await;
    let address = app.address();
    app.stop().await;
    assert!(!is_running(pid));
    // The probe would have told of a SIGTERM, and gone on.
    assert!(app.events_of("signal").is_empty());
    assert!(app.events_of("dropped").is_empty());
    eventually("a closed listener", || {
        std::net::TcpStream::connect(address).is_err().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_dropped_host_leaves_no_handler() {
    let pid = {
        let app = TestApp::new().start().await;
        let pid = app.ready().await;
        // The fixture's own clean-up must not be what ends the handler.
        std::fs::remove_file(app.probe_dir().join("events.jsonl")).unwrap();
        pid
    };
    eventually("the handler's end", || (!is_running(pid)).then_some(())).await;
}

#[tokio::test]
async fn an_executable_that_cannot_be_started_is_named() {
    let mut app = TestApp::new().host_setting(
        "/customHandler/description/defaultExecutablePath",
        "absent-handler",
    );
    app.try_start().await.unwrap();
    let stopped = app.host().stopped().await.to_string();
    assert!(
        stopped.contains("absent-handler cannot be started"),
        "{stopped}"
    );
}
