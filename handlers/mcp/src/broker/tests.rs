#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use async_trait::async_trait;
use azimuth_domain::time::Timestamp;
use azimuth_ports::tokens::{AccessToken, Secret};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const NOW_MS: i64 = 1_800_000_000_500;

struct At(i64);

impl Clock for At {
    fn now(&self) -> Timestamp {
        Timestamp(self.0)
    }
}

/// Tokens that name their user; lives and failures are chosen by the oid.
struct Tokens;

#[async_trait]
impl UserTokens for Tokens {
    async fn access_token(
        &self,
        user: &UserKey,
        audience: &str,
    ) -> Result<AccessToken, TokenError> {
        let life_ms = match user.oid.as_str() {
            "gone" => return Err(TokenError::GrantGone("refresh token revoked".into())),
            "down" => return Err(TokenError::Unavailable("store: disk I/O error".into())),
            "brief" => 90_000,
            _ => 3_600_000,
        };
        let text = match user.oid.as_str() {
            "marked" => {
                let claims = format!(r#"{{"uti":"of:{audience}"}}"#);
                format!("e30.{}.s", URL_SAFE_NO_PAD.encode(claims))
            }
            other => format!("{other}@{audience}"),
        };
        Ok(AccessToken {
            token: Secret::new(text),
            expires_at: Timestamp(NOW_MS + life_ms),
        })
    }
}

struct Running {
    broker: Broker,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Running {
    async fn start() -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let audiences = [
            "https://management.azure.test/".into(),
            "https://vault.azure.test".into(),
        ];
        let (tokens, clock) = (Arc::new(Tokens), Arc::new(At(NOW_MS)));
        let broker = Broker::start(tokens, clock, &audiences, &tasks, stop.clone())
            .await
            .unwrap();
        Self {
            broker,
            stop,
            tasks,
        }
    }

    fn admit(&self, oid: &str, byte: u8) -> Ticket {
        self.broker.admit(&UserKey::new("tid", oid), [byte; 32])
    }

    async fn ask(&self, header: Option<&str>, query: &str) -> (u16, Value) {
        let mut stream = tokio::net::TcpStream::connect(self.broker.address)
            .await
            .unwrap();
        let header = header
            .map(|h| format!("X-IDENTITY-HEADER: {h}\r\n"))
            .unwrap_or_default();
        let request = format!(
            "GET /msi/token?{query} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{header}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

const MANAGEMENT: &str = "api-version=2019-08-01&resource=https://management.azure.test/";

#[tokio::test]
async fn the_newest_token_of_a_process_is_known_by_its_id() {
    let running = Running::start().await;
    let (marked, plain) = (running.admit("marked", 1), running.admit("alice", 2));
    assert_eq!(marked.newest().id(), None);
    let vault = "resource=https://vault.azure.test";
    for (query, id) in [
        (MANAGEMENT, Some("of:https://management.azure.test")),
        (vault, Some("of:https://vault.azure.test")),
        (
            "resource=https://elsewhere.test",
            Some("of:https://vault.azure.test"),
        ),
    ] {
        running.ask(Some(marked.header()), query).await;
        assert_eq!(marked.newest().id().as_deref(), id, "{query}");
    }
    let asked = running.ask(Some(plain.header()), MANAGEMENT).await;
    assert_eq!((asked.0, plain.newest().id()), (200, None), "it has no id");
    drop((marked, plain));
    running.end().await;
}

#[test]
fn only_a_short_plain_id_is_kept() {
    let id = |claims: &str| {
        let token = format!("e30.{}.s", URL_SAFE_NO_PAD.encode(claims));
        token_id(&AccessToken {
            token: Secret::new(token),
            expires_at: Timestamp(0),
        })
    };
    let of = |uti: &str| id(&json!({"uti": uti}).to_string());
    assert_eq!(of("aB3-_x"), Some("aB3-_x".to_owned()));
    assert_eq!(of(&"x".repeat(64)).map(|id| id.len()), Some(64));
    for none in [
        of(&"x".repeat(65)),
        of("a b"),
        of("\u{e9}"),
        id("{}"),
        id("[]"),
        id(r#"{"uti":1}"#),
        id("x"),
    ] {
        assert_eq!(none, None);
    }
}

#[tokio::test]
async fn each_process_gets_its_own_users_token_and_a_short_life() {
    let running = Running::start().await;
    let (alice, bob) = (running.admit("alice", 1), running.admit("bob", 2));
    assert_ne!(alice.header(), bob.header());
    assert_eq!(alice.header().len(), 64);
    let expected = |user: &str, expires_on: i64| {
        json!({
            "access_token": format!("{user}@https://management.azure.test"),
            "expires_on": expires_on.to_string(),
            "resource": "https://management.azure.test/",
            "token_type": "Bearer",
        })
    };
    let now = NOW_MS / 1000;
    let asked = running.ask(Some(alice.header()), MANAGEMENT).await;
    assert_eq!(asked, (200, expected("alice", now + 240)));
    let asked = running.ask(Some(bob.header()), MANAGEMENT).await;
    assert_eq!(asked, (200, expected("bob", now + 240)));
    let brief = running.admit("brief", 3);
    let asked = running.ask(Some(brief.header()), MANAGEMENT).await;
    assert_eq!(asked, (200, expected("brief", now + 90)));
    drop((alice, bob, brief));
    running.end().await;
}

#[tokio::test]
async fn an_encoded_audience_and_one_without_slash_are_the_same() {
    let running = Running::start().await;
    let alice = running.admit("alice", 1);
    for query in [
        "resource=https%3A%2F%2Fvault.azure.test&api-version=2019-08-01",
        "resource=https%3a%2f%2fvault.azure.test%2F",
        "resource=https://vault.azure.test&client_id=anything",
    ] {
        let (status, body) = running.ask(Some(alice.header()), query).await;
        assert_eq!(status, 200, "{query}");
        assert_eq!(body["access_token"], "alice@https://vault.azure.test");
    }
    drop(alice);
    running.end().await;
}

#[tokio::test]
async fn every_refusal_is_4xx_and_tells_a_person_what_to_do() {
    let running = Running::start().await;
    let alice = running.admit("alice", 1);
    let (gone, down) = (running.admit("gone", 2), running.admit("down", 3));
    let wrong = "0".repeat(64);
    for (header, query, status, code) in [
        (None, MANAGEMENT, 401, "unknown_identity"),
        (Some(""), MANAGEMENT, 401, "unknown_identity"),
        (Some(wrong.as_str()), MANAGEMENT, 401, "unknown_identity"),
        (
            Some(&alice.header()[..63]),
            MANAGEMENT,
            401,
            "unknown_identity",
        ),
        (Some(alice.header()), "", 400, "invalid_request"),
        (Some(alice.header()), "resource=", 400, "invalid_request"),
        (Some(alice.header()), "resource=%zz", 400, "invalid_request"),
        (Some(alice.header()), "resource=%F", 400, "invalid_request"),
        (
            Some(alice.header()),
            "resource=a&resource=b",
            400,
            "invalid_request",
        ),
        (
            Some(alice.header()),
            "resource=https://graph.microsoft.test",
            403,
            "audience",
        ),
        (
            Some(alice.header()),
            "resource=https://management.azure.test.evil.test",
            403,
            "audience",
        ),
        (Some(gone.header()), MANAGEMENT, 403, "grant_gone"),
        (Some(down.header()), MANAGEMENT, 403, "unavailable"),
    ] {
        let (got, body) = running.ask(header, query).await;
        assert_eq!(
            (got, body["error"].as_str().unwrap()),
            (status, code),
            "{query}"
        );
        let message = body["message"].as_str().unwrap();
        assert!(
            !message.contains("disk I/O") && !message.contains("revoked"),
            "{message}"
        );
    }
    drop((alice, gone, down));
    running.end().await;
}

#[tokio::test]
async fn a_dropped_ticket_ends_the_right_of_that_process_only() {
    let running = Running::start().await;
    let (first, second) = (running.admit("alice", 1), running.admit("alice", 2));
    let header = first.header().to_owned();
    drop(first);
    assert_eq!(running.ask(Some(&header), MANAGEMENT).await.0, 401);
    assert_eq!(running.ask(Some(second.header()), MANAGEMENT).await.0, 200);
    drop(second);
    assert!(running.broker.shared.lock().is_empty());
    running.end().await;
}
