//! The API as a careful client uses it: over connections that break, again and again
//! with the same key until there is an answer.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use azimuth_stack::client::{Connection, Request};
use azimuth_stack::failure::{Done, Failure};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::fleet::{Fleet, HTTP};

/// A request that says nothing for so long is sent again.
const SILENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(300);

pub struct Api {
    fleet: Rc<Fleet>,
    pub requests: Cell<u64>,
    /// Sent again after a broken connection, silence or an answer that says so.
    pub repeated: Cell<u64>,
}

/// What is asked.
pub struct Ask<'a> {
    pub authorization: &'a str,
    pub method: &'static str,
    /// Below `/api/v1`.
    pub path: &'a str,
    pub key: Option<&'a str>,
    pub body: Value,
    /// The first connection is given up after this time, as when a network changes.
    pub breaks_after: Option<Duration>,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// Null when it is no JSON.
    pub body: Value,
}

impl<'a> Ask<'a> {
    pub fn get(authorization: &'a str, path: &'a str) -> Self {
        Self {
            authorization,
            method: "GET",
            path,
            key: None,
            body: Value::Null,
            breaks_after: None,
        }
    }

    pub fn post(authorization: &'a str, path: &'a str, key: &'a str, body: Value) -> Self {
        Self {
            method: "POST",
            key: Some(key),
            body,
            ..Self::get(authorization, path)
        }
    }
}

impl Api {
    pub fn new(fleet: Rc<Fleet>) -> Self {
        Self {
            fleet,
            requests: Cell::new(0),
            repeated: Cell::new(0),
        }
    }

    /// The answer; `None` when there was none that counts until `deadline`.
    pub async fn call(&self, ask: &Ask<'_>, deadline: Instant) -> Option<Reply> {
        self.requests.set(self.requests.get() + 1);
        let mut patience = ask.breaks_after.unwrap_or(SILENCE);
        loop {
            if let Ok(Ok(reply)) = timeout(patience, self.once(ask)).await
                && !is_for_later(reply.status)
            {
                return Some(reply);
            }
            if Instant::now() >= deadline {
                return None;
            }
            patience = SILENCE;
            self.repeated.set(self.repeated.get() + 1);
            sleep(PAUSE).await;
        }
    }

    async fn once(&self, ask: &Ask<'_>) -> Done<Reply> {
        let info = self.fleet.info(HTTP);
        let info = info.ok_or_else(|| Failure::answer("the API", "it has no address"))?;
        let mut connection = Connection::open(info.api).await?;
        let mut headers = vec![
            format!("authorization: Bearer {}", ask.authorization),
            "accept: application/json".to_owned(),
        ];
        headers.extend(ask.key.map(|key| format!("idempotency-key: {key}")));
        let body = match &ask.body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let path = format!("/api/v1{}", ask.path);
        let (status, bytes) = connection
            .call(&Request {
                method: ask.method,
                path: &path,
                headers: &headers,
                body: &body,
            })
            .await?;
        Ok(Reply {
            status,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
        })
    }
}

fn is_for_later(status: u16) -> bool {
    status == 429 || status >= 500
}
