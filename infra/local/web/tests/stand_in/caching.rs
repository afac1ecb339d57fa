//! Validators.

use serde_json::json;

use crate::support::{TestSite, with_fallback};

#[tokio::test]
async fn who_knows_the_file_is_told_that_it_did_not_change() {
    let mut config = with_fallback();
    config["globalHeaders"] = json!({"Cache-Control": "no-cache", "X-Global": "yes"});
    let running = TestSite::new(&config).start().await;
    let first = running.get("/c/1").await;
    let tag = first.header("etag").unwrap();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    for known in [tag.to_owned(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let again = running.get_with("/c/1", &[("If-None-Match", &known)]).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{known}");
        assert_eq!(again.header("etag"), Some(tag));
        for name in ["cache-control", "x-global", "vary"] {
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
        assert_eq!(again.header("content-type"), None);
    }
    for other in ["\"x\"", "", tag.trim_matches('"')] {
        let again = running.get_with("/c/1", &[("If-None-Match", other)]).await;
        assert_eq!(again.status, 200, "{other}");
    }
}

#[tokio::test]
async fn the_same_content_has_the_same_tag_and_other_content_another() {
    let site = TestSite::new(&json!({}));
    site.file("a.txt", "same");
    site.file("b.txt", "same");
    site.file("c.txt", "other");
    let running = site.start().await;
    let a = running.get("/a.txt").await;
    assert_eq!(a.header("etag"), running.get("/b.txt").await.header("etag"));
    assert_ne!(a.header("etag"), running.get("/c.txt").await.header("etag"));
}
