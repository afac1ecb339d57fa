//! Point 14: what the handler is started with, and where its lines go.

use std::fs;

use serde_json::{Value, json};

use crate::support::TestApp;

async fn first_start(app: &TestApp) -> Value {
    app.ready().await;
    app.events_of("start").remove(0)
}

#[tokio::test]
async fn the_handler_gets_the_host_s_variables() {
    let app = TestApp::new().start().await;
    let start = first_start(&app).await;
    let environment = &start["environment"];
    let root = fs::canonicalize(app.root()).unwrap();
    assert_eq!(
        environment["FUNCTIONS_APP_ROOT_PATH"],
        root.to_str().unwrap()
    );
    assert_eq!(environment["AZURE_FUNCTIONS_ENVIRONMENT"], "Development");
    let port = &environment["FUNCTIONS_CUSTOMHANDLER_PORT"];
    assert_eq!(*port, app.handler_port().to_string());
    assert_eq!(environment["FUNCTIONS_HTTPWORKER_PORT"], *port);
    let id = environment["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"]
        .as_str()
        .unwrap();
    assert_eq!(id.len(), 36);
    assert_eq!(environment["FUNCTIONS_HTTPWORKER_ID"], id);
    assert!(environment.get("FUNCTIONS_TARGET_GROUP").is_none());
    // Nothing of the test's own environment: only what the host has.
    assert!(environment.get("CARGO_MANIFEST_DIR").is_none());
    assert_eq!(start["directory"], root.to_str().unwrap());
    assert_eq!(start["arguments"], json!([]));
}

#[tokio::test]
async fn the_process_s_variables_win_over_local_settings() {
    let settings = json!({
        "IsEncrypted": false,
        "Values": {"ONLY_LOCAL": "local", "BOTH": "local", "AZURE_FUNCTIONS_ENVIRONMENT": "Production", "NUMBER": 7},
    });
    let mut app = TestApp::new().file("local.settings.json", &settings.to_string());
    app.environment.insert("BOTH".into(), "process".into());
    let app = app.start().await;
    let environment = first_start(&app).await["environment"].clone();
    assert_eq!(environment["ONLY_LOCAL"], "local");
    assert_eq!(environment["BOTH"], "process");
    assert_eq!(environment["NUMBER"], "7");
    assert_eq!(environment["AZURE_FUNCTIONS_ENVIRONMENT"], "Development");
}

#[tokio::test]
async fn arguments_are_joined_unquoted_and_expanded() {
    let mut app = TestApp::new().host_setting(
        "/customHandler/description",
        json!({
            "defaultExecutablePath": "%EXECUTABLE%",
            "arguments": ["--name", "two words", "--port=%FUNCTIONS_CUSTOMHANDLER_PORT%", "%UNSET%", "[%UNSET%]"],
            "defaultWorkerPath": "a path",
            "workerArguments": ["last"],
        }),
    );
    app.environment
        .insert("EXECUTABLE".into(), "handler".into());
    let app = app.start().await;
    let arguments = first_start(&app).await["arguments"].clone();
    let port = format!("--port={}", app.handler_port());
    assert_eq!(
        arguments,
        json!(["--name", "two", "words", port, "[]", "a path", "last"])
    );
}

#[tokio::test]
async fn the_executable_is_relative_to_the_root_even_with_a_working_directory() {
    let app = TestApp::new().host_setting(
        "/customHandler/description",
        json!({"defaultExecutablePath": "handler", "workingDirectory": "api"}),
    );
    let app = app.start().await;
    let start = first_start(&app).await;
    let folder = fs::canonicalize(app.root()).unwrap().join("api");
    assert_eq!(start["directory"], folder.to_str().unwrap());
}

#[tokio::test]
async fn a_fixed_port_is_used() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let app = TestApp::new()
        .host_setting("/customHandler/port", port)
        .start()
        .await;
    app.ready().await;
    assert_eq!(app.handler_port(), port);
}

#[tokio::test]
async fn the_handler_s_lines_are_logged_with_a_level_by_stream() {
    let mut app = TestApp::new();
    app.at_start(&json!({
        "stdout": ["{\"level\":\"ERROR\"}", "LanguageWorkerConsoleLog for the system"],
        "stderr": ["a Warning of ours", "anything else"],
    }));
    app.try_start().await.unwrap();
    for line in [
        "[Information] Host.Function.Console: {\"level\":\"ERROR\"}",
        "[Information] Worker.http:  for the system",
        "[Warning] Host.Function.Console: a Warning of ours",
        "[Error] Host.Function.Console: anything else",
    ] {
        assert_eq!(app.logged(line).await, line);
    }
}

#[tokio::test]
async fn the_host_says_that_it_is_a_stand_in() {
    let app = TestApp::new().start().await;
    app.logged("stand-in for the Azure Functions host").await;
}
