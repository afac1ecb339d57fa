//! A loopback issuer: serves a key set that tests change, and counts.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::jwks::{Fetcher, FetcherSettings, JwksCache, JwksSettings};
use super::test_keys::TestClock;

/// Tenant that the issuer is for.
pub const TENANT: &str = "7f3a9d52-0c1e-4b7a-9f66-1c2d3e4f5a6b";
/// Issuer of tokens, template.
pub const ISSUER: &str = "http://login.sandbox.test/{tid}/v2.0";

/// What the issuer answers.
#[derive(Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub body: String,
    pub location: Option<String>,
}

pub struct Shared {
    answer: Mutex<Answer>,
    hits: AtomicUsize,
    /// Closed: requests wait until it is opened.
    gate: tokio::sync::Semaphore,
}

/// The running issuer; it ends with the value.
pub struct TestIssuer {
    shared: Arc<Shared>,
    address: std::net::SocketAddr,
    _server: JoinSet<()>,
}

impl TestIssuer {
    /// An issuer that publishes these keys.
    pub async fn publishing(keys: Vec<Value>) -> Self {
        let shared = Arc::new(Shared {
            answer: Mutex::new(key_set(keys)),
            hits: AtomicUsize::new(0),
            gate: tokio::sync::Semaphore::new(1_000_000),
        });
        let router = Router::new()
            .route("/{tid}/keys", get(answer))
            .route("/elsewhere", get(answer))
            .route("/.well-known/openid-configuration", get(described))
            .with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            shared,
            address,
            _server: server,
        }
    }

    /// Changes the published keys.
    pub fn publish(&self, keys: Vec<Value>) {
        self.answer_with(key_set(keys));
    }

    /// Changes the answer.
    pub fn answer_with(&self, answer: Answer) {
        *self.shared.answer.lock().unwrap() = answer;
    }

    /// Answers with an error from now on.
    pub fn break_down(&self) {
        self.answer_with(Answer {
            status: StatusCode::SERVICE_UNAVAILABLE,
            body: String::new(),
            location: None,
        });
    }

    /// Holds back answers until [`Self::open_gate`].
    pub fn close_gate(&self) {
        self.shared.gate.forget_permits(1_000_000);
    }

    pub fn open_gate(&self) {
        self.shared.gate.add_permits(1_000_000);
    }

    /// How often it was asked.
    pub fn hits(&self) -> usize {
        self.shared.hits.load(Ordering::SeqCst)
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Settings of a cache over this issuer: the product's intervals.
    pub fn settings(&self) -> JwksSettings {
        JwksSettings::new(self.url("/{tid}/keys"), ISSUER)
    }

    /// A cache over this issuer.
    pub fn cache(&self, clock: Arc<TestClock>) -> JwksCache {
        Self::cache_with(self.settings(), clock)
    }

    /// A cache over the issuer that the settings name.
    pub fn cache_with(settings: JwksSettings, clock: Arc<TestClock>) -> JwksCache {
        let fetcher = Fetcher::new(&FetcherSettings {
            timeout: Duration::from_secs(10),
            max_bytes: 20_000,
            ..FetcherSettings::default()
        })
        .unwrap();
        JwksCache::new(settings, fetcher, clock)
    }
}

pub fn key_set(keys: Vec<Value>) -> Answer {
    Answer {
        status: StatusCode::OK,
        body: json!({ "keys": Value::Array(keys) }).to_string(),
        location: None,
    }
}

async fn answer(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    shared.hits.fetch_add(1, Ordering::SeqCst);
    shared.gate.acquire().await.unwrap().forget();
    let answer = shared.answer.lock().unwrap().clone();
    let location = answer.location.unwrap_or_default();
    (answer.status, [("location", location)], answer.body)
}

/// Its own description: it is called as it was asked.
async fn described(headers: HeaderMap) -> impl IntoResponse {
    let own = format!("http://{}", headers["host"].to_str().unwrap());
    Json(json!({"issuer": own, "jwks_uri": format!("{own}/{TENANT}/keys")}))
}
