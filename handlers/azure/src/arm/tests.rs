//! The directory against a double of the Resource Manager.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use azimuth_ports::tokens::Secret;
use serde_json::{Value, json};

use super::*;
use crate::loopback::{Loopback, NOW, padded};

type Answer = Arc<dyn Fn(&HashMap<String, String>, &HeaderMap) -> Response + Send + Sync>;

#[derive(Clone)]
struct Arm {
    answer: Answer,
    hits: Arc<AtomicUsize>,
}

async fn list(
    State(arm): State<Arm>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    arm.hits.fetch_add(1, Ordering::SeqCst);
    (arm.answer)(&query, &headers)
}

async fn given(
    answer: impl Fn(&HashMap<String, String>, &HeaderMap) -> Response + Send + Sync + 'static,
) -> (Loopback, ArmDirectory, Arc<AtomicUsize>) {
    let arm = Arm {
        answer: Arc::new(answer),
        hits: Arc::default(),
    };
    let hits = Arc::clone(&arm.hits);
    let router = Router::new()
        .route("/subscriptions", get(list))
        .with_state(arm);
    let server = Loopback::serving(router).await;
    let directory = directory(&server.url(""), Egress::default());
    (server, directory, hits)
}

fn directory(url: &str, egress: Egress) -> ArmDirectory {
    let url = url.to_owned();
    ArmDirectory::new(&ArmSettings { url, egress }).unwrap()
}

fn alice() -> AccessToken {
    AccessToken {
        token: Secret::new("alice"),
        expires_at: NOW,
    }
}

fn wire(n: usize) -> Value {
    json!({
        "id": format!("/subscriptions/s-{n}"), "subscriptionId": format!("s-{n}"),
        "displayName": format!("Contoso {n}"), "tenantId": "t-1", "state": "Enabled",
        "subscriptionPolicies": {"quotaId": "x"}, "authorizationSource": "RoleBased",
    })
}

fn subscription(n: usize) -> Subscription {
    Subscription {
        id: format!("s-{n}"),
        name: format!("Contoso {n}"),
        tenant_id: "t-1".to_owned(),
        state: "Enabled".to_owned(),
    }
}

/// A list of `pages` pages, one subscription each, to alice's token only.
fn pages(
    pages: usize,
) -> impl Fn(&HashMap<String, String>, &HeaderMap) -> Response + Send + Sync + 'static {
    move |query, headers| {
        if headers["authorization"] != "Bearer alice" {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        if query.get("api-version").map(String::as_str) != Some("2022-12-01") {
            return StatusCode::BAD_REQUEST.into_response();
        }
        let page: usize = query.get("$skiptoken").map_or(0, |t| t.parse().unwrap());
        let host = headers["host"].to_str().unwrap();
        let next = format!(
            "http://{host}/subscriptions?api-version=2022-12-01&$skiptoken={}",
            page + 1
        );
        let mut body = json!({"value": [wire(page)], "count": {"type": "Total", "value": pages}});
        if page + 1 < pages {
            body["nextLink"] = json!(next);
        }
        body.to_string().into_response()
    }
}

#[tokio::test]
async fn all_pages_are_read_up_to_the_bound() {
    for (n, fits) in [
        (1, true),
        (3, true),
        (MAX_PAGES - 1, true),
        (MAX_PAGES, true),
        (MAX_PAGES + 1, false),
    ] {
        let (_server, directory, hits) = given(pages(n)).await;
        let found = directory.subscriptions(&alice(), "call-1").await;
        if fits {
            assert_eq!(found, Ok((0..n).map(subscription).collect()), "{n} pages");
        } else {
            assert_eq!(found, Err(ArmError::Unreadable("the list does not end")));
        }
        assert_eq!(hits.load(Ordering::SeqCst), n.min(MAX_PAGES));
    }
}

#[tokio::test]
async fn the_token_does_not_follow_a_link_to_another_host() {
    let (elsewhere, _, hits) = given(pages(1)).await;
    let away = elsewhere.url("/subscriptions");
    for link in [
        away,
        "https://evil.test/x".to_owned(),
        "not a link".to_owned(),
    ] {
        let (_server, directory, _) = given(move |_, _| {
            json!({"value": [], "nextLink": link})
                .to_string()
                .into_response()
        })
        .await;
        let refused = directory
            .subscriptions(&alice(), "call-1")
            .await
            .unwrap_err();
        assert!(matches!(refused, ArmError::Unreadable(_)), "{refused}");
    }
    let (_server, directory, _) =
        given(|_, _| (StatusCode::FOUND, [("location", "/subscriptions")]).into_response()).await;
    let refused = directory
        .subscriptions(&alice(), "call-1")
        .await
        .unwrap_err();
    assert_eq!(refused, ArmError::Unavailable("status 302".to_owned()));
    assert_eq!(hits.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn each_refusal_is_told_apart() {
    let unavailable = |text: &str| ArmError::Unavailable(text.to_owned());
    for (status, body, expected) in [
        (401, "{}", ArmError::Unauthorized),
        (403, "{}", ArmError::Forbidden),
        (404, "{}", unavailable("status 404")),
        (429, "{}", unavailable("status 429")),
        (500, "{}", unavailable("status 500")),
        (200, "{}", ArmError::Unreadable("not what was asked for")),
        (200, "[", ArmError::Unreadable("not what was asked for")),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let (_server, directory, _) = given(move |_, _| (status, body).into_response()).await;
        assert_eq!(
            directory.subscriptions(&alice(), "call-1").await,
            Err(expected),
            "{status} {body}"
        );
    }
}

#[tokio::test]
async fn a_page_is_read_up_to_its_cap() {
    for (bytes, fits) in [
        (MAX_PAGE_BYTES - 1, true),
        (MAX_PAGE_BYTES, true),
        (MAX_PAGE_BYTES + 1, false),
    ] {
        let body = padded(&json!({"value": []}), bytes);
        let (_server, directory, _) = given(move |_, _| body.clone().into_response()).await;
        assert_eq!(
            directory.subscriptions(&alice(), "call-1").await.is_ok(),
            fits,
            "{bytes}"
        );
    }
}

#[tokio::test]
async fn other_hosts_are_reached_through_the_proxy_and_loopback_directly() {
    let (server, _, hits) = given(pages(1)).await;
    let egress = Egress {
        proxy: Some(server.url("")),
        ..Egress::default()
    };
    // Plain http goes to a proxy in absolute form; the double answers for it.
    let far = directory("http://arm.azure.test", egress.clone());
    assert_eq!(
        far.subscriptions(&alice(), "call-1").await,
        Ok(vec![subscription(0)])
    );
    assert_eq!(hits.load(Ordering::SeqCst), 1);

    let port = crate::loopback::closed_port().await;
    let bypassed = Egress {
        proxy: Some(format!("http://127.0.0.1:{port}")),
        ..egress
    };
    let near = directory(&server.url(""), bypassed);
    assert_eq!(
        near.subscriptions(&alice(), "call-1").await,
        Ok(vec![subscription(0)])
    );
}

#[test]
fn an_address_that_is_none_is_refused_at_start() {
    for url in ["", "arm", "ftp://arm.test", "file:///etc/passwd"] {
        let settings = ArmSettings {
            url: url.to_owned(),
            egress: Egress::default(),
        };
        assert!(
            matches!(ArmDirectory::new(&settings), Err(ArmSettingsError::Address)),
            "{url}"
        );
    }
    for (proxy, ca_pem) in [
        (Some("::".to_owned()), None),
        (
            None,
            Some(b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n".to_vec()),
        ),
    ] {
        let settings = ArmSettings {
            url: "http://127.0.0.1:1".to_owned(),
            egress: Egress {
                proxy,
                ca_pem,
                ..Egress::default()
            },
        };
        assert!(matches!(
            ArmDirectory::new(&settings),
            Err(ArmSettingsError::Egress(_))
        ));
    }
}

/// Answers by path, with the requests that came.
async fn given_paths(
    answers: &'static [(&'static str, &'static str)],
) -> (Loopback, ArmDirectory, Arc<std::sync::Mutex<Vec<String>>>) {
    let seen: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&seen);
    let router = Router::new().fallback(move |uri: axum::http::Uri, headers: HeaderMap| {
        let log = Arc::clone(&log);
        async move {
            let who = headers["authorization"].to_str().unwrap_or_default();
            let why = headers["x-ms-correlation-request-id"].to_str();
            let line = format!("{who} {} {uri}", why.unwrap_or_default());
            log.lock().unwrap().push(line);
            let answer = answers.iter().find(|(path, _)| *path == uri.path());
            match answer {
                Some((_, body)) => ([("content-type", "application/json")], *body).into_response(),
                None => axum::http::StatusCode::NOT_FOUND.into_response(),
            }
        }
    });
    let server = Loopback::serving(router).await;
    let directory = directory(&server.url(""), Egress::default());
    (server, directory, seen)
}

fn place(group: Option<&str>) -> TagPlace {
    TagPlace {
        subscription: "s-1".to_owned(),
        resource_group: group.map(str::to_owned),
    }
}

fn as_tags(pairs: &[(&str, &str)]) -> Tags {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[tokio::test]
async fn tags_of_a_group_and_of_all_groups_are_read_with_the_persons_token() {
    let (_server, directory, seen) = given_paths(&[
        (
            "/subscriptions/s-1/resourcegroups/rg%20a",
            r#"{"id":"/subscriptions/s-1/resourceGroups/RG a","name":"RG a","tags":{"Env":"Prod"}}"#,
        ),
        (
            "/subscriptions/s-1/resourcegroups/rg%20a/resources",
            r#"{"value":[{"id":"/subscriptions/s-1/resourceGroups/RG a/providers/A.B/c/D","tags":{"x":"Y"}}]}"#,
        ),
        (
            "/subscriptions/s-1/resourcegroups",
            r#"{"value":[{"name":"One"},{"name":"two","tags":null}]}"#,
        ),
        (
            "/subscriptions/s-1/resources",
            r#"{"value":[{"id":"/subscriptions/s-1/resourceGroups/One/providers/A.B/c/d"}]}"#,
        ),
    ])
    .await;
    let found = directory.tags(&place(Some("rg a")), &alice(), "corr").await;
    let id = "/subscriptions/s-1/resourcegroups/rg a/providers/a.b/c/d";
    let expected = TaggedPlace {
        groups: [("rg a".to_owned(), as_tags(&[("Env", "Prod")]))].into(),
        resources: [(id.to_owned(), as_tags(&[("x", "Y")]))].into(),
    };
    assert_eq!(found, Ok(expected));
    assert_eq!(
        *seen.lock().unwrap(),
        [
            "Bearer alice corr /subscriptions/s-1/resourcegroups/rg%20a?api-version=2021-04-01",
            "Bearer alice corr /subscriptions/s-1/resourcegroups/rg%20a/resources?api-version=2021-04-01",
        ]
    );
    let found = directory.tags(&place(None), &alice(), "corr").await;
    let id = "/subscriptions/s-1/resourcegroups/one/providers/a.b/c/d";
    let expected = TaggedPlace {
        groups: ["one", "two"]
            .map(|name| (name.to_owned(), Tags::new()))
            .into(),
        resources: [(id.to_owned(), Tags::new())].into(),
    };
    assert_eq!(found, Ok(expected));
}

#[tokio::test]
async fn a_group_that_is_not_there_has_no_tags_to_tell() {
    let (_server, directory, _seen) = given_paths(&[
        ("/subscriptions/s-1/resourcegroups", r#"{"value":[]}"#),
        (
            "/subscriptions/s-1/resourcegroups/resources",
            r#"{"value":[]}"#,
        ),
        (
            "/subscriptions/s-1/resourcegroups/odd",
            r#"{"name":"odd","tags":{"n":1}}"#,
        ),
        (
            "/subscriptions/s-1/resourcegroups/odd/resources",
            r#"{"value":[]}"#,
        ),
    ])
    .await;
    // `..` would be another address: it is left out, and what is there is no group.
    for group in ["missing", "..", "odd"] {
        let found = directory.tags(&place(Some(group)), &alice(), "corr").await;
        let is_failure = matches!(
            found,
            Err(ArmError::Unavailable(_) | ArmError::Unreadable(_))
        );
        assert!(is_failure, "{group}: {found:?}");
    }
}
