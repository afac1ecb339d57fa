//! `responseOverrides`.

use serde_json::json;

use crate::support::{TestSite, serve};

#[tokio::test]
async fn an_error_gets_the_page_and_status_of_its_override() {
    let site = TestSite::new(&json!({
        "responseOverrides": {
            "400": {"rewrite": "/bad.html"},
            "403": {"rewrite": "/no.html", "statusCode": 200},
            "404": {"rewrite": "/missing.html"},
        },
        "routes": [{"route": "/secret", "statusCode": 403}],
    }));
    site.file("bad.html", "bad");
    site.file("no.html", "no");
    site.file("missing.html", "missing");
    let running = site.start().await;
    for (path, expected) in [
        ("/%2e%2e/x", (400, "bad")),
        ("/secret", (200, "no")),
        ("/nothing", (404, "missing")),
    ] {
        let answer = running.get(path).await;
        assert_eq!((answer.status, answer.text()), expected, "{path}");
        assert_eq!(answer.header("content-type"), Some("text/html"));
    }
}

#[tokio::test]
async fn an_error_can_lead_elsewhere() {
    let running = serve(&json!({
        "responseOverrides": {"401": {"redirect": "/login", "statusCode": 302}},
        "routes": [{"route": "/mine", "statusCode": 401}],
    }))
    .await;
    let answer = running.get("/mine").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some("/login"))
    );
}

#[tokio::test]
async fn a_missing_error_page_is_no_loop() {
    let running = serve(&json!({"responseOverrides": {"404": {"rewrite": "/404.html"}}})).await;
    let answer = running.get("/x").await;
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("azimuth-web"));
}

#[tokio::test]
async fn an_error_page_is_never_not_modified() {
    let site = TestSite::new(&json!({"responseOverrides": {"404": {"rewrite": "/404.html"}}}));
    site.file("404.html", "missing");
    let running = site.start().await;
    let answer = running.get_with("/x", &[("If-None-Match", "*")]).await;
    assert_eq!((answer.status, answer.text()), (404, "missing"));
}
