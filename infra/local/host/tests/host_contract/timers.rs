//! Timer triggers (no capture of a real one is at hand; see `README.md`).

use serde_json::{Value, json};

use crate::support::{TestApp, timer_function};

fn body(request: &Value) -> Value {
    serde_json::from_str(request["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_timer_fires_on_its_schedule_and_tells_its_status() {
    let app = TestApp::new()
        .function("tick", &timer_function("* * * * * *"))
        .start()
        .await;
    let first = app.nth_request("/tick", 1).await;
    assert_eq!(
        (first["method"].clone(), first["target"].clone()),
        (json!("POST"), json!("/tick"))
    );
    let first = body(&first);
    let timer = &first["Data"]["timer"];
    assert_eq!(timer["Schedule"], json!({"AdjustForDST": true}));
    assert_eq!(timer["IsPastDue"], false);
    assert_eq!(timer["ScheduleStatus"]["Last"], "0001-01-01T00:00:00");
    assert_eq!(first["Metadata"].as_object().unwrap().len(), 1);
    assert_eq!(first["Metadata"]["sys"]["MethodName"], "tick");

    let second = body(&app.nth_request("/tick", 2).await);
    let status = &second["Data"]["timer"]["ScheduleStatus"];
    let last = status["Last"].as_str().unwrap();
    assert!(last.ends_with("+00:00") && last.starts_with("20"), "{last}");
    assert!(status["Next"].as_str().unwrap() > last, "{status}");
}

#[tokio::test]
async fn run_on_startup_fires_at_once() {
    let mut timer = timer_function("0 0 0 1 1 *");
    timer["bindings"][0]["runOnStartup"] = true.into();
    timer["bindings"][0]["useMonitor"] = false.into();
    let app = TestApp::new().function("tick", &timer).start().await;
    let request = body(&app.request("/tick").await);
    assert_eq!(request["Data"]["timer"]["ScheduleStatus"], Value::Null);
}

#[tokio::test]
async fn a_timer_can_be_started_by_hand() {
    let app = TestApp::new()
        .function("sweep", &timer_function("0 0 0 1 1 *"))
        .start()
        .await;
    let headers = [("Content-Type", "application/json")];
    let answer = app
        .post("/admin/functions/sweep", &headers, r#"{"input": ""}"#)
        .await;
    assert_eq!(answer.status, 202);
    let request = body(&app.request("/sweep").await);
    assert_eq!(request["Data"]["timer"]["IsPastDue"], false);
}

#[tokio::test]
async fn a_failed_run_is_not_repeated_and_the_next_one_comes() {
    let app = TestApp::new()
        .function("tick", &timer_function("* * * * * *"))
        .start()
        .await;
    app.rule("/tick", &json!({"status": 500}));
    app.nth_request("/tick", 2).await;
    app.logged("Executed 'Functions.tick' (Failed").await;
}
