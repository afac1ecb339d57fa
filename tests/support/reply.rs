//! An answer with its headers, and what every problem document must be.

use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// Members that a problem document may have.
const MEMBERS: [&str; 11] = [
    "type",
    "title",
    "status",
    "detail",
    "code",
    "request_id",
    "pointer",
    "parameter",
    "permission",
    "quota",
    "turn_id",
];

/// What no answer tells about us, in lower case.
const NEVER_TOLD: [&str; 12] = [
    "select ",
    "insert into",
    "sqlite",
    "/tmp",
    "/root",
    "/work",
    "panicked",
    ".rs:",
    "rusqlite",
    "backtrace",
    "stack trace",
    "serde",
];

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub bytes: Vec<u8>,
    /// The body as JSON; null when it is none.
    pub body: Value,
}

impl Reply {
    /// Sends a request and reads the whole answer.
    pub async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("the API answers");
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let bytes = response.bytes().await.expect("a whole answer").to_vec();
        Self {
            status,
            headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            bytes,
        }
    }

    /// A header's text; empty when it is not there.
    pub fn header(&self, name: &str) -> String {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("ASCII").to_owned())
            .unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).expect("UTF-8")
    }

    /// The answer, which must have this status.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "the check is often all that is wanted"
    )]
    pub fn expect(self, what: &str, status: u16) -> Self {
        assert_eq!(self.status, status, "{what}: {}", self.text());
        self
    }

    /// Checks that this is a problem document of that status and code, in every
    /// respect in which all of them are alike.
    pub fn assert_problem(&self, what: &str, status: u16, code: &str) {
        let seen = format!("{what}: {} {}", self.status, self.text());
        assert_eq!(
            (self.status, self.body["code"].as_str()),
            (status, Some(code)),
            "{seen}"
        );
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{seen}"
        );
        assert_eq!(self.header("x-content-type-options"), "nosniff", "{seen}");
        assert_eq!(self.header("cache-control"), "no-store", "{seen}");
        let members = self.body.as_object().expect("an object");
        for member in members.keys() {
            assert!(MEMBERS.contains(&member.as_str()), "{member} in {seen}");
        }
        assert_eq!(
            self.body["type"],
            format!("urn:azimuth:problem:{code}"),
            "{seen}"
        );
        assert_eq!(self.body["status"], status, "{seen}");
        for member in ["title", "detail", "request_id"] {
            let text = self.body[member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{member} in {seen}");
        }
        assert_eq!(
            self.body["request_id"].as_str(),
            Some(self.header("x-request-id").as_str()),
            "{seen}"
        );
        let text = self.text().to_lowercase();
        for never in NEVER_TOLD {
            assert!(!text.contains(never), "{never:?} in {seen}");
        }
        match status {
            401 => assert_eq!(self.header("www-authenticate"), "Bearer", "{seen}"),
            429 | 503 => assert!(self.header("retry-after").parse::<u32>().is_ok(), "{seen}"),
            _ => {}
        }
    }

    /// The problem without what differs between two requests.
    pub fn problem_without_id(&self) -> Value {
        let mut body = self.body.clone();
        if let Some(members) = body.as_object_mut() {
            members.remove("request_id");
        }
        body
    }
}
