//! Global headers, headers of rules, place holders.

use serde_json::json;

use crate::support::{TestSite, serve};

#[tokio::test]
async fn every_answer_has_the_global_headers() {
    let site = TestSite::new(&json!({
        "globalHeaders": {"X-Content-Type-Options": "nosniff"},
        "routes": [{"route": "/old", "redirect": "/"}],
    }));
    site.file("a.bin", [0, 1]);
    let running = site.start().await;
    for path in ["/", "/a.bin", "/missing", "/old", "/%2e%2e/x"] {
        let answer = running.get(path).await;
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_rule_s_header_replaces_the_global_one_whatever_the_case() {
    let site = TestSite::new(&json!({
        "globalHeaders": {"Cache-Control": "no-cache", "X-Frame-Options": "DENY", "X-Kept": "yes"},
        "routes": [{"route": "/assets/*", "headers": {
            "cache-control": "public, max-age=31536000, immutable",
            "X-FRAME-OPTIONS": "",
        }}],
    }));
    site.file("assets/a.js", "1");
    let running = site.start().await;
    let page = running.get("/").await;
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    let asset = running.get("/assets/a.js").await;
    assert_eq!(
        asset.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    // An empty value takes a header away.
    assert_eq!(asset.header("x-frame-options"), None);
    assert_eq!(asset.header("x-kept"), Some("yes"));
}

#[tokio::test]
async fn what_is_missing_is_not_cached_for_a_year() {
    let running = serve(&json!({
        "globalHeaders": {"Cache-Control": "no-cache"},
        "routes": [{"route": "/assets/*", "headers": {"Cache-Control": "max-age=31536000"}}],
    }))
    .await;
    let answer = running.get("/assets/former.js").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
}

#[tokio::test]
async fn a_place_holder_stands_for_an_origin() {
    let mut site = TestSite::new(&json!({
        "globalHeaders": {"Content-Security-Policy": "connect-src 'self' %API_ORIGIN% %B%; x 100%"},
    }));
    site.origins = vec![
        ("API_ORIGIN".into(), "http://127.0.0.1:7071".into()),
        ("B".into(), "https://b.example".into()),
    ];
    let answer = site.start().await.get("/").await;
    assert_eq!(
        answer.header("content-security-policy"),
        Some("connect-src 'self' http://127.0.0.1:7071 https://b.example; x 100%")
    );
}

#[tokio::test]
async fn a_place_holder_without_an_origin_is_an_error_at_start() {
    let mut site = TestSite::new(&json!({
        "routes": [{"route": "/a", "headers": {"X-A": "%API_ORIGIN% %OTHER%"}}],
    }));
    site.origins = vec![("API_ORIGIN".into(), "http://127.0.0.1:7071".into())];
    let told = site.refused().await;
    assert!(
        told.contains("routes[0].headers.X-A") && told.contains("--origin OTHER=URL"),
        "{told}"
    );
}
