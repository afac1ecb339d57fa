//! Which records are wanted.

use azimuth_domain::audit::AuditKind;
use azimuth_domain::event::Outcome;
use azimuth_domain::time::Timestamp;
use azimuth_ports::audit::AuditQuery;

use super::{Scope, scope};
use crate::http::caller::Caller;
use crate::problem::{Answer, Code, Problem};
use azimuth_domain::redact::redact;

/// Longest text of a filter, characters.
const MAX_TEXT_CHARS: usize = 300;

/// The filters of list and export.
#[derive(Debug, Default)]
pub(super) struct Filter {
    pub from: Option<String>,
    pub until: Option<String>,
    pub kind: Option<AuditKind>,
    pub tool: Option<String>,
    pub outcome: Option<Outcome>,
    pub turn_id: Option<String>,
    pub oid: Option<String>,
}

impl Filter {
    /// The query, and whose records it reads.
    pub fn query(self, caller: &Caller, limit: usize) -> Answer<(AuditQuery, Scope)> {
        for (name, value) in [
            ("tool", &self.tool),
            ("turn_id", &self.turn_id),
            ("oid", &self.oid),
        ] {
            if value
                .as_ref()
                .is_some_and(|v| v.is_empty() || v.chars().count() > MAX_TEXT_CHARS)
            {
                return Err(Problem::new(Code::QueryInvalid).parameter(name));
            }
        }
        let scope = scope(caller, self.oid.as_deref())?;
        let oid = match scope {
            Scope::Own => Some(caller.principal.user.oid.clone()),
            Scope::Tenant => self.oid.map(|oid| oid.to_ascii_lowercase()),
        };
        let query = AuditQuery {
            oid,
            kind: self.kind,
            tool: self.tool,
            outcome: self.outcome,
            turn: self.turn_id,
            from: moment(self.from, "from")?,
            until: moment(self.until, "until")?,
            limit,
            cursor: None,
        };
        Ok((query, scope))
    }
}

fn moment(text: Option<String>, name: &'static str) -> Answer<Option<Timestamp>> {
    text.map(|text| {
        Timestamp::parse_rfc3339(&text).ok_or_else(|| {
            Problem::new(Code::QueryInvalid)
                .detail("A moment is written as in 2026-11-24T13:05:09.123Z.")
                .parameter(name)
        })
    })
    .transpose()
}

/// What the record about a reading says of its filters: no content, only which. A
/// secret that was searched for stays out of the record, which is kept for good.
pub(super) fn describe(query: &AuditQuery) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        parts.extend(value.map(|value| format!("{name}={}", redact(&value))));
    };
    add("from", query.from.map(|at| at.to_string()));
    add("until", query.until.map(|at| at.to_string()));
    add("kind", query.kind.map(|kind| kind.as_str().to_owned()));
    add("tool", query.tool.clone());
    add(
        "outcome",
        query.outcome.map(|outcome| outcome.as_str().to_owned()),
    );
    add("turn_id", query.turn.clone());
    add("oid", query.oid.clone());
    if parts.is_empty() {
        "all records of the tenant".to_owned()
    } else {
        parts.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_names_its_filters() {
        assert_eq!(
            describe(&AuditQuery::default()),
            "all records of the tenant"
        );
        let query = AuditQuery {
            kind: Some(AuditKind::Open),
            from: Some(Timestamp(1_795_525_509_123)),
            ..AuditQuery::default()
        };
        assert_eq!(describe(&query), "from=2026-11-24T13:05:09.123Z kind=open");
    }

    #[test]
    fn a_reading_for_a_secret_does_not_name_it() {
        let jwt = format!("ey{0}.ey{0}.{0}", "Ab3_".repeat(8));
        let query = AuditQuery {
            tool: Some(format!("Bearer {jwt}")),
            turn: Some("password=hunter22".to_owned()),
            oid: Some(jwt.clone()),
            ..AuditQuery::default()
        };
        let text = describe(&query);
        assert!(!text.contains(&jwt) && !text.contains("hunter22"), "{text}");
        assert!(text.ends_with(" oid=[redacted]"), "{text}");
    }

    #[test]
    fn a_moment_is_rfc_3339() {
        assert!(moment(Some("2026-11-24T13:05:09Z".into()), "from").is_ok());
        assert!(moment(Some("yesterday".into()), "from").is_err());
        assert_eq!(moment(None, "from").ok(), Some(None));
    }
}
