//! The log of what reached the sandbox: every Azure request, every token, every refused host.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::Value;

/// Entries kept; the oldest goes first.
const KEPT: usize = 20_000;

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A request to Resource Manager or to a key vault.
    Request,
    /// A token issued or refused by the Entra look-alike.
    Token,
    /// A host that the proxy does not know.
    RefusedConnect,
}

/// One entry. Never a token, a secret or an authorization header.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Counts from 1 since the start of the process, without gaps.
    pub seq: u64,
    pub kind: Kind,
    /// RFC 3339, UTC, milliseconds: when it arrived.
    pub at: String,
    #[serde(flatten)]
    pub facts: Facts,
}

/// All that may be known of an entry; what is unknown is absent, except a request's `user`,
/// `tid`, `oid`, `token_id` and `status`, which are then null.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Facts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    pub user: Option<String>,
    pub tid: Option<String>,
    pub oid: Option<String>,
    pub token_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// HTTP status of the answer; null while it is under way or if the client left before it.
    pub status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Of tokens: `authorization_code`, `refresh_token`, `on_behalf_of`, `managed_identity`,
    /// `control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<&'static str>,
    /// Of tokens: the application that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Of tokens: for whom it is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Of refused tokens: Entra's error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Of on-behalf-of tokens: the `uti` of the token that was exchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assertion_token_id: Option<String>,
    /// Of Resource Graph requests: the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graph_query: Option<Value>,
}

#[derive(Debug, Default)]
pub struct RequestLog {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    last: u64,
    entries: VecDeque<Entry>,
}

impl RequestLog {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry and returns its number.
    pub fn add(&self, kind: Kind, at: String, facts: Facts) -> u64 {
        let mut inner = self.lock();
        inner.last += 1;
        let seq = inner.last;
        if inner.entries.len() == KEPT {
            inner.entries.pop_front();
        }
        inner.entries.push_back(Entry {
            seq,
            kind,
            at,
            facts,
        });
        seq
    }

    /// Notes how a request ended.
    pub fn finish(&self, seq: u64, status: u16, duration_ms: i64) {
        let mut inner = self.lock();
        let first = inner.entries.front().map_or(0, |entry| entry.seq);
        let place = seq
            .checked_sub(first)
            .and_then(|place| usize::try_from(place).ok());
        if let Some(entry) = place.and_then(|place| inner.entries.get_mut(place)) {
            entry.facts.status = Some(status);
            entry.facts.duration_ms = Some(duration_ms);
        }
    }

    /// Entries after number `after`, oldest first.
    pub fn after(&self, after: u64) -> Vec<Entry> {
        self.lock()
            .entries
            .iter()
            .filter(|entry| entry.seq > after)
            .cloned()
            .collect()
    }

    /// Forgets the entries; the numbers go on.
    pub fn clear(&self) {
        self.lock().entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_bounded_and_numbers_go_on() {
        let log = RequestLog::default();
        for _ in 0..KEPT + 3 {
            log.add(Kind::Request, String::new(), Facts::default());
        }
        let entries = log.after(0);
        assert_eq!(entries.len(), KEPT);
        assert_eq!(entries[0].seq, 4);
        log.finish(4, 200, 1);
        log.finish(1, 500, 1);
        assert_eq!(log.after(0)[0].facts.status, Some(200));
        log.clear();
        assert_eq!(
            log.add(Kind::Request, String::new(), Facts::default()),
            KEPT as u64 + 4
        );
    }
}
