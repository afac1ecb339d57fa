//! Changes on record: first what is about to change, then the change, then how that
//! ended. No first record, no change.

use std::sync::Arc;

use azimuth_domain::audit::change::bounded;
use azimuth_domain::audit::{AuditEntry, AuditKind, admin_chain};
use azimuth_domain::event::Outcome;
use azimuth_domain::principal::UserKey;
use azimuth_ports::audit::{AuditError, AuditLog};
use azimuth_ports::clock::{Clock, Random};
use serde_json::Value;

use crate::http::edge::RequestId;
use crate::problem::{Answer, Code, Problem};
use azimuth_domain::redact::{redact, redact_arguments};

/// A change that is about to be made.
#[derive(Debug, Clone)]
pub struct Change {
    /// Part of the administration, one chain a day: `users`, `sessions`, …; letters and
    /// digits only.
    pub area: &'static str,
    /// What is changed there.
    pub target: String,
    /// What is there now; null where there is nothing.
    pub before: Value,
    /// What will be there; null where there will be nothing.
    pub after: Value,
    /// Why, in the words of whoever changes it.
    pub reason: Option<String>,
}

/// Puts changes on record.
#[derive(Clone)]
pub struct Recorder {
    audit: Arc<dyn AuditLog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Recorder {
    /// A recorder.
    pub fn new(audit: Arc<dyn AuditLog>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self {
            audit,
            clock,
            random,
        }
    }

    /// Makes `change` by running `write`, which gives `None` when its condition did not
    /// hold and nothing was written. `write` does not begin before the change is on
    /// record; how it ended is recorded behind it with the same `correlation_id`. A
    /// change without that second record may have been made or not.
    pub async fn change<T, E>(
        &self,
        by: &UserKey,
        request: &RequestId,
        change: Change,
        write: impl Future<Output = Result<Option<T>, E>>,
    ) -> Answer<Option<T>>
    where
        Problem: From<E>,
    {
        let now = self.clock.now();
        let ulid = self.random.ulid();
        let place = Place {
            tenant: &by.tid,
            chain: admin_chain(change.area, now),
            register: format!("change:{ulid}"),
        };
        let entry = AuditEntry {
            area: Some(change.area.to_owned()),
            target: Some(redact(&change.target).into_owned()),
            correlation_id: Some(request.0.clone()),
            ..AuditEntry::of_user(AuditKind::Administration, format!("api:{ulid}"), by)
        };
        let first = AuditEntry {
            before: kept(change.before),
            after: kept(change.after),
            detail: change.reason.map(|reason| redact(&reason).into_owned()),
            ..entry.clone()
        };
        self.append(&place, first)
            .await
            .map_err(|error| Problem::new(Code::AuditUnavailable).context(error))?;
        let written = write.await;
        let outcome = match &written {
            Ok(Some(_)) => Outcome::Ok,
            Ok(None) => Outcome::NotRun,
            // The reply may have been lost behind the write.
            Err(_) => Outcome::Unknown,
        };
        let place = Place {
            register: format!("{}:end", place.register),
            ..place
        };
        let last = AuditEntry {
            outcome: Some(outcome),
            ..entry
        };
        if let Err(error) = self.append(&place, last).await {
            tracing::error!(register = place.register, %error, "how a change ended could not be recorded");
        }
        Ok(written?)
    }

    async fn append(&self, place: &Place<'_>, entry: AuditEntry) -> Result<(), AuditError> {
        let now = self.clock.now();
        self.audit
            .append(place.tenant, &place.chain, &place.register, now, entry)
            .await
            .map(drop)
    }
}

/// Where a record of the change lies.
struct Place<'a> {
    tenant: &'a str,
    chain: String,
    register: String,
}

fn kept(state: Value) -> Option<Value> {
    match redact_arguments(state) {
        Value::Null => None,
        state => Some(bounded(state)),
    }
}

#[cfg(test)]
mod tests {
    use azimuth_ports::store::StoreError;
    use serde_json::json;

    use super::*;
    use crate::http::tests::down::Down;

    fn change() -> Change {
        Change {
            area: "users",
            target: "somebody".to_owned(),
            before: json!({"status": "active"}),
            after: json!({"status": "disabled"}),
            reason: None,
        }
    }

    #[tokio::test]
    async fn nothing_is_changed_that_the_audit_does_not_take() {
        let down = Arc::new(Down::default());
        let recorder = Recorder::new(down.clone(), down.clone(), down);
        let mut begun = false;
        let write = async {
            begun = true;
            Ok::<_, StoreError>(Some(()))
        };
        let by = UserKey::new("t", "o");
        let changed = recorder
            .change(&by, &RequestId("r".to_owned()), change(), write)
            .await;
        let code = changed.map_err(|problem| problem.code());
        assert_eq!(code, Err(Code::AuditUnavailable));
        assert!(!begun, "the write had begun");
    }

    #[test]
    fn a_state_is_kept_without_its_secrets() {
        let state = json!({"client_secret": "hunter2", "text": "permit"});
        let kept_state = kept(state).map(|state| state.to_string());
        let text = kept_state.unwrap_or_default();
        assert!(
            text.contains("permit") && !text.contains("hunter2"),
            "{text}"
        );
        assert_eq!(kept(Value::Null), None);
    }
}
