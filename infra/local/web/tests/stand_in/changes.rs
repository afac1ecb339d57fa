//! A build that goes on beside the server.

use std::fs;

use serde_json::json;

use crate::support::{CONFIG, TestSite};

#[tokio::test]
async fn a_new_build_is_served_without_a_restart() {
    let site = TestSite::new(&json!({}));
    site.file("assets/a-1.js", "one");
    let running = site.start().await;
    let first = running.get("/").await;
    assert_eq!(running.get("/assets/a-1.js").await.text(), "one");

    // As a build does it: the folder emptied, then filled.
    fs::remove_dir_all(running.site.root()).unwrap();
    assert_eq!(running.get("/").await.status, 404);
    fs::create_dir(running.site.root()).unwrap();
    running.site.file("index.html", "the new page");
    running.site.file("assets/a-2.js", "two");
    running.site.file(CONFIG, "{}");

    let known = first.header("etag").unwrap();
    let page = running.get_with("/", &[("If-None-Match", known)]).await;
    assert_eq!((page.status, page.text()), (200, "the new page"));
    assert_eq!(running.get("/assets/a-2.js").await.text(), "two");
    assert_eq!(running.get("/assets/a-1.js").await.status, 404);
}

#[tokio::test]
async fn a_file_of_the_same_length_is_noticed() {
    let running = TestSite::new(&json!({})).start().await;
    assert_eq!(running.get("/").await.text(), "the page");
    // Its time may be the same where clocks are coarse; a rename gives another inode.
    let new = running.site.outside().join("new");
    fs::write(&new, "The Page").unwrap();
    fs::rename(new, running.site.root().join("index.html")).unwrap();
    assert_eq!(running.get("/").await.text(), "The Page");
}

#[tokio::test]
async fn a_changed_configuration_counts_and_a_wrong_one_does_not() {
    let config = |value: &str| json!({"globalHeaders": {"X-State": value}}).to_string();
    let running = TestSite::new(&json!({"globalHeaders": {"X-State": "one"}}))
        .start()
        .await;
    assert_eq!(running.get("/").await.header("x-state"), Some("one"));
    running.site.file(CONFIG, config("number two"));
    assert_eq!(running.get("/").await.header("x-state"), Some("number two"));

    running.site.file(CONFIG, "{\"auth\": {}}");
    assert_eq!(running.get("/").await.header("x-state"), Some("number two"));
    running.get("/").await;
    let lines = running.site.log.lines();
    let complaints: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("[Error]"))
        .collect();
    assert_eq!(complaints.len(), 1, "{lines:?}");
    assert!(
        complaints[0].contains("auth: is not supported"),
        "{lines:?}"
    );

    fs::remove_file(running.site.root().join(CONFIG)).unwrap();
    assert_eq!(running.get("/").await.header("x-state"), Some("number two"));
    running.site.file(CONFIG, config("three"));
    assert_eq!(running.get("/").await.header("x-state"), Some("three"));
}
