//! Which rule a request gets, and what a rule does.

use serde_json::json;

use crate::support::{TestSite, serve};

#[tokio::test]
async fn the_first_rule_that_fits_wins_and_no_other_counts() {
    let site = TestSite::new(&json!({"routes": [
        {"route": "/a/*", "headers": {"X-Rule": "first"}},
        {"route": "/a/b.txt", "headers": {"X-Rule": "second", "X-More": "yes"}},
    ]}));
    site.file("a/b.txt", "b");
    let answer = site.start().await.get("/a/b.txt").await;
    assert_eq!(answer.header("x-rule"), Some("first"));
    assert_eq!(answer.header("x-more"), None);
}

#[tokio::test]
async fn a_rule_for_other_methods_does_not_fit() {
    let running = serve(&json!({"routes": [
        {"route": "/", "methods": ["POST"], "headers": {"X-Rule": "post"}},
        {"route": "/", "methods": ["head"], "headers": {"X-Rule": "head"}},
        {"route": "/", "methods": ["GET", "HEAD"], "headers": {"X-Rule": "get"}},
    ]}))
    .await;
    assert_eq!(running.get("/").await.header("x-rule"), Some("get"));
    let head = running.send("HEAD", "/", &[]).await;
    assert_eq!(head.header("x-rule"), Some("head"));
}

#[tokio::test]
async fn the_root_is_the_index_also_for_rules() {
    let running = serve(&json!({"routes": [
        {"route": "/index.html", "headers": {"X-Rule": "index"}},
    ]}))
    .await;
    for path in ["/", "/index.html", "/?a=b"] {
        let answer = running.get(path).await;
        assert_eq!(answer.text(), "the page", "{path}");
        assert_eq!(answer.header("x-rule"), Some("index"), "{path}");
    }
}

#[tokio::test]
async fn a_redirect_has_its_status_and_the_site_s_headers() {
    let running = serve(&json!({
        "globalHeaders": {"X-Global": "yes"},
        "routes": [
            {"route": "/old", "redirect": "/new"},
            {"route": "/gone", "redirect": "https://example.com/x?y", "statusCode": 301},
        ],
    }))
    .await;
    let answer = running.get("/old").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some("/new"))
    );
    assert_eq!(answer.header("x-global"), Some("yes"));
    let answer = running.get("/gone").await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (301, Some("https://example.com/x?y"))
    );
}

#[tokio::test]
async fn a_rewrite_serves_another_file_under_the_rule_s_headers() {
    let site = TestSite::new(&json!({"routes": [
        {"route": "/shop/*", "rewrite": "/app.html", "headers": {"X-Rule": "shop"}},
        {"route": "/lost", "rewrite": "/nowhere.html"},
        {"route": "/teapot", "rewrite": "/app.html", "statusCode": 418},
    ]}));
    site.file("app.html", "the app");
    let running = site.start().await;
    let answer = running.get("/shop/1").await;
    assert_eq!((answer.status, answer.text()), (200, "the app"));
    assert_eq!(answer.header("x-rule"), Some("shop"));
    assert_eq!(running.get("/lost").await.status, 404);
    let answer = running.get("/teapot").await;
    assert_eq!((answer.status, answer.text()), (418, "the app"));
}

#[tokio::test]
async fn a_status_of_refusal_hides_the_file() {
    let site = TestSite::new(&json!({"routes": [
        {"route": "/secret/*", "statusCode": 403},
        {"route": "/hidden.txt", "statusCode": "404"},
    ]}));
    site.file("secret/a.txt", "secret");
    site.file("hidden.txt", "hidden");
    let running = site.start().await;
    for (path, status) in [("/secret/a.txt", 403), ("/hidden.txt", 404)] {
        let answer = running.get(path).await;
        assert_eq!(answer.status, status);
        assert!(answer.text().contains("azimuth-web"), "{path}");
    }
}

#[tokio::test]
async fn only_get_and_head_are_answered() {
    let running = serve(&json!({"globalHeaders": {"X-Global": "yes"}})).await;
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        let answer = running.send(method, "/", &[]).await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        assert_eq!(answer.header("x-global"), Some("yes"));
    }
    let (get, head) = (running.get("/").await, running.send("HEAD", "/", &[]).await);
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["content-length", "content-type", "etag"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
}
