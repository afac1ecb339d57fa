//! Lists: how long a page is, and how it goes on.

use azimuth_tests::reply::Reply;
use azimuth_tests::scene::{Scene, fill};
use reqwest::Method;
use serde_json::{Value, json};

const LISTS: [&str; 5] = [
    "/v1/conversations",
    "/v1/conversations/{conversation}/messages",
    "/v1/approvals",
    "/v1/tools",
    "/v1/audit",
];

#[tokio::test]
async fn a_page_has_1_to_100_items() {
    let scene = Scene::set().await;
    for list in LISTS {
        let path = fill(list, &scene.things);
        for (limit, fits) in [(0, false), (1, true), (99, true), (100, true), (101, false)] {
            let request = scene
                .alice
                .request(Method::GET, &format!("{path}?limit={limit}"));
            let reply = Reply::to(request).await;
            let what = format!("{path} {limit}");
            if fits {
                assert_eq!(reply.status, 200, "{what}: {}", reply.text());
                assert!(
                    reply.body["items"].as_array().unwrap().len() <= limit,
                    "{what}"
                );
                assert!(reply.body.get("next_cursor").is_some(), "{what}");
            } else {
                reply.assert_problem(&what, 400, "query_invalid");
                assert_eq!(reply.body["parameter"], "limit");
            }
        }
    }
}

#[tokio::test]
async fn a_cursor_that_is_none_of_ours_is_refused() {
    let scene = Scene::set().await;
    let long = "a".repeat(2049);
    for list in LISTS {
        let path = fill(list, &scene.things);
        for cursor in [
            "",
            "x",
            "0",
            "null",
            "%00",
            "e30",
            "W10",
            "가",
            long.as_str(),
        ] {
            let request = scene
                .alice
                .request(Method::GET, &path)
                .query(&[("cursor", cursor)]);
            let shown: String = cursor.chars().take(20).collect();
            let reply = Reply::to(request).await;
            reply.assert_problem(&format!("{path} {shown:?}"), 400, "cursor_invalid");
        }
    }
}

#[tokio::test]
async fn another_lists_cursor_is_refused() {
    let scene = Scene::set().await;
    let page = scene.alice.get("/v1/conversations?limit=1").await;
    let cursor = page.text("next_cursor");
    for list in ["/v1/approvals", "/v1/tools", "/v1/audit"] {
        let request = scene
            .alice
            .request(Method::GET, list)
            .query(&[("cursor", cursor.as_str())]);
        Reply::to(request)
            .await
            .assert_problem(list, 400, "cursor_invalid");
    }
}

#[tokio::test]
async fn pages_put_together_are_the_whole_list() {
    let scene = Scene::set().await;
    for list in LISTS {
        let path = fill(list, &scene.things);
        let whole = scene.alice.get(&format!("{path}?limit=100")).await;
        let whole = whole.body["items"].as_array().unwrap().clone();
        assert!(
            whole.len() > 1,
            "{path} has too little to page through: {whole:?}"
        );
        let mut found: Vec<Value> = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut request = scene
                .alice
                .request(Method::GET, &path)
                .query(&[("limit", "1")]);
            if let Some(cursor) = &cursor {
                request = request.query(&[("cursor", cursor)]);
            }
            let page = scene.alice.send(request).await;
            assert_eq!(page.status, 200, "{page:?}");
            found.extend(page.body["items"].as_array().unwrap().iter().cloned());
            assert!(found.len() <= whole.len(), "{path} goes round");
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        assert_eq!(json!(found), json!(whole), "{path}");
    }
}
