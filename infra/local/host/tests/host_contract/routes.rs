//! Point 9: which function answers, and what the host answers itself.

use azimuth_host::StartError;
use serde_json::{Value, json};

use crate::support::{TestApp, eventually, http_function};

/// An application whose functions can be told apart by their methods only, so
/// the first match shows: `routes` are `(function, route, methods)`.
fn app_with(routes: &[(&str, &str, &[&str])]) -> TestApp {
    let mut app = TestApp::new().without("api");
    for (name, route, methods) in routes {
        app = app.function(name, &http_function(route, methods));
    }
    app
}

/// The function of the last proxied request, as the log of its failure names it.
async fn function_for(app: &TestApp, target: &str) -> String {
    let path = target.split('?').next().unwrap();
    app.rule(path, &json!({"hang_up": true}));
    let before = app.log.lines().len();
    assert_eq!(app.post(target, &[], "body").await.status, 502, "{target}");
    eventually("the failure's line", || {
        let lines = app.log.lines();
        lines[before..]
            .iter()
            .find_map(|line| line.strip_prefix("[Error] Function."))
            .map(|line| line.split(':').next().unwrap().to_owned())
    })
    .await
}

#[tokio::test]
async fn the_first_function_by_name_wins_not_the_most_specific_route() {
    let app = app_with(&[
        ("B-items", "items/{id}", &[]),
        ("a-all", "{*path}", &["post"]),
        ("c-item", "items/seven", &[]),
    ])
    .start()
    .await;
    assert_eq!(function_for(&app, "/api/items/seven").await, "a-all");
    // a-all does not take GET, so the next one by name does.
    assert_eq!(app.get("/api/items/8").await.status, 200);
    assert_eq!(app.get("/api/other").await.status, 404);
}

#[tokio::test]
async fn a_missing_route_is_the_function_s_name() {
    let mut function = http_function("x", &[]);
    function["bindings"][0]
        .as_object_mut()
        .unwrap()
        .remove("route");
    let app = TestApp::new()
        .without("api")
        .function("Hello", &function)
        .start()
        .await;
    assert_eq!(app.get("/api/hello").await.status, 200);
    assert_eq!(app.get("/api/x").await.status, 404);
}

#[tokio::test]
async fn a_method_that_no_function_lists_is_not_found() {
    let app = TestApp::new().start().await;
    assert_eq!(app.get("/api/x").await.status, 200);
    let answer = crate::support::send(app.address(), "DELETE", "/api/x", &[], None).await;
    assert_eq!(answer.status, 404);
    assert_eq!(app.requests("/api/x").len(), 1);
}

#[tokio::test]
async fn a_path_outside_the_prefix_is_not_found() {
    let app = TestApp::new().start().await;
    for target in [
        "/work",
        "/apix",
        "/x/api",
        "/runtime/webhooks",
        "/admin/host/status",
    ] {
        assert_eq!(app.get(target).await.status, 404, "{target}");
    }
}

#[tokio::test]
async fn an_empty_prefix_serves_the_root_but_never_the_host_s_own_routes() {
    let app = TestApp::new()
        .host_setting("/extensions/http", json!({"routePrefix": ""}))
        .start()
        .await;
    assert_eq!(app.get("/").await.body, "{}");
    // With a catch-all, an outside request reaches the queue function's path: the
    // reason to keep the prefix (azure-functions-host#6251).
    assert_eq!(app.post("/work", &[], "{}").await.status, 200);
    assert_eq!(app.get("/admin/x").await.status, 404);
    assert_eq!(app.get("/Runtime/x").await.status, 404);
}

#[tokio::test]
async fn the_home_page_is_at_the_root_unless_it_is_disabled() {
    let app = TestApp::new().start().await;
    let home = app.get("/").await;
    assert_eq!(
        (home.status, home.header("content-type")),
        (200, Some("text/html"))
    );
    assert!(home.body.contains("stand-in"));

    let settings = json!({"Values": {"AzureWebJobsDisableHomepage": "true"}});
    let app = TestApp::new()
        .file("local.settings.json", &settings.to_string())
        .start()
        .await;
    assert_eq!(app.get("/").await.status, 204);
}

#[tokio::test]
async fn reserved_routes_are_refused_at_load() {
    for route in ["admin", "/Admin/users", "administration", "runtime/x"] {
        let mut app = TestApp::new().function("api", &http_function(route, &[]));
        let error = app.try_start().await.unwrap_err();
        assert!(matches!(error, StartError::Settings(_)));
        let text = error.to_string();
        assert!(
            text.contains("api/function.json: bindings[0].route"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn the_admin_api_starts_a_function_by_hand() {
    let app = TestApp::new().start().await;
    let headers = [("Content-Type", "application/json")];
    let answer = app
        .post(
            "/admin/functions/WORK",
            &headers,
            r#"{"input":"{\"a\":1}"}"#,
        )
        .await;
    assert_eq!(answer.status, 202);
    let request = app.request("/work").await;
    let body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["Data"], json!({"item": "\"{\\\"a\\\":1}\""}));
    assert_eq!(body["Metadata"]["a"], "\"1\"");
    assert_eq!(body["Metadata"]["sys"]["MethodName"], "work");

    assert_eq!(
        app.post("/admin/functions/absent", &headers, "{}")
            .await
            .status,
        404
    );
    assert_eq!(
        app.post("/admin/functions/api", &headers, "{}")
            .await
            .status,
        404
    );
    assert_eq!(
        app.post("/admin/functions/work", &headers, "text")
            .await
            .status,
        400
    );
    assert_eq!(app.get("/admin/functions/work").await.status, 405);
}
