//! What a path gets that names no file.

use serde_json::json;

use crate::support::{TestSite, serve, with_fallback};

#[tokio::test]
async fn a_path_of_the_application_gets_its_page() {
    let running = serve(&with_fallback()).await;
    for path in [
        "/c",
        "/c/01ABC",
        "/c/a.b/",
        "/approvals?state=pending",
        "/images/a.jpg",
    ] {
        let answer = running.get(path).await;
        assert_eq!((answer.status, answer.text()), (200, "the page"), "{path}");
        assert_eq!(answer.header("content-type"), Some("text/html"), "{path}");
    }
}

#[tokio::test]
async fn what_is_excluded_is_missing_when_it_is_missing() {
    let site = TestSite::new(&with_fallback());
    site.file("assets/a.js", "1");
    let running = site.start().await;
    assert_eq!(running.get("/assets/a.js").await.text(), "1");
    for path in [
        "/assets/b.js",
        "/assets/",
        "/assets",
        "/config.json",
        "/images/x/a.svg",
    ] {
        assert_eq!(running.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_file_that_is_there_is_served_whatever_the_fallback() {
    let site = TestSite::new(&with_fallback());
    site.file("robots.txt", "User-agent: *");
    assert_eq!(
        site.start().await.get("/robots.txt").await.text(),
        "User-agent: *"
    );
}

#[tokio::test]
async fn without_a_fallback_and_without_its_file_it_is_404() {
    let running = serve(&json!({})).await;
    assert_eq!(running.get("/c/1").await.status, 404);
    let running = serve(&json!({"navigationFallback": {"rewrite": "/app.html"}})).await;
    assert_eq!(running.get("/c/1").await.status, 404);
}

#[tokio::test]
async fn the_fallback_keeps_the_headers_of_the_path_that_was_asked_for() {
    let mut config = with_fallback();
    config["routes"] = json!([
        {"route": "/index.html", "headers": {"X-Rule": "index"}},
        {"route": "/c/*", "headers": {"X-Rule": "chat"}},
    ]);
    let running = serve(&config).await;
    assert_eq!(running.get("/c/1").await.header("x-rule"), Some("chat"));
    assert_eq!(running.get("/settings").await.header("x-rule"), None);
}
