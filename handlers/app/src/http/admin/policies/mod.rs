//! A tenant's policies: read, replaced, tried out, and their history.
//!
//! The text is the tenant's own; what is forbidden everywhere holds beside it and is no
//! part of it. Restoring is to store the text of an old version again.

pub mod get_policies;
pub mod get_policy_version;
pub mod list_policy_versions;
pub mod put_policies;
pub mod simulate_policies;

use axum::Json;
use axum::response::{IntoResponse, Response};
use azimuth_domain::principal::UserKey;
use azimuth_ports::config::{ConfigHead, ConfigVersion};
use azimuth_ports::store::{Etag, Versioned};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::etag;
use crate::http::moment::Moment;
use crate::policy::{BUILT_IN_FORBIDS, BUILT_IN_PERMITS, PolicySet, TextFault};
use crate::problem::{Answer, Code, Problem};

/// Faults of a text that one problem tells.
const MAX_TOLD: usize = 5;

/// Whose policies hold in a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PolicySource {
    /// The product's: the tenant has none of its own.
    BuiltIn,
    /// The tenant's own.
    Tenant,
}

/// The policies that hold in a tenant.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PoliciesView {
    /// Whose they are.
    pub source: PolicySource,
    /// The policies, as Cedar text; what can be replaced.
    pub text: String,
    /// What is forbidden beside them whatever they say; it cannot be replaced.
    pub forbidden_everywhere: String,
    /// What decisions under these policies name in the audit.
    pub policy_version: String,
    /// Who stored them, when and why; null for the built-in ones.
    pub stored: Option<PolicyVersionView>,
}

/// A version of a tenant's policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PolicyVersionView {
    /// 1, 2, 3, …
    pub number: u64,
    /// When it was stored.
    #[schema(value_type = String, format = DateTime)]
    pub at: Moment,
    /// Object id of whoever stored it.
    pub by: String,
    /// Their display name then.
    pub by_name: Option<String>,
    /// Why.
    pub reason: String,
}

impl From<ConfigHead> for PolicyVersionView {
    fn from(head: ConfigHead) -> Self {
        let UserKey { oid, .. } = head.by;
        Self {
            number: head.number,
            at: head.at.into(),
            by: oid,
            by_name: head.by_name,
            reason: head.reason,
        }
    }
}

/// The etag of what holds where a tenant has no policies of its own.
fn built_in_etag() -> Etag {
    Etag("built-in".to_owned())
}

/// The etag of what is stored.
fn etag_of(stored: Option<&Versioned<ConfigVersion>>) -> Etag {
    stored.map_or_else(built_in_etag, |stored| stored.etag.clone())
}

fn answer(stored: Option<Versioned<ConfigVersion>>, policy_version: String) -> Response {
    let etag = etag_of(stored.as_ref());
    let stored = stored.map(|stored| stored.item);
    let view = PoliciesView {
        source: if stored.is_some() {
            PolicySource::Tenant
        } else {
            PolicySource::BuiltIn
        },
        text: stored
            .as_ref()
            .map_or(BUILT_IN_PERMITS, |version| &version.text)
            .to_owned(),
        forbidden_everywhere: BUILT_IN_FORBIDS.to_owned(),
        policy_version,
        stored: stored.map(|version| version.head.into()),
    };
    ([(header::ETAG, etag::header_value(&etag))], Json(view)).into_response()
}

/// The set of a text that somebody sent.
fn readable(text: &str) -> Answer<PolicySet> {
    PolicySet::of_tenant(text).map_err(|faults| {
        let told: Vec<String> = faults.iter().take(MAX_TOLD).map(sentence).collect();
        let more = match faults.len() - told.len() {
            0 => String::new(),
            more => format!(" And {more} more."),
        };
        Problem::new(Code::PoliciesInvalid)
            .pointer("/text")
            .detail(format!("Nothing was stored. {}{more}", told.join(" ")))
    })
}

fn sentence(fault: &TextFault) -> String {
    format!(
        "Line {}, column {}: {}.",
        fault.line, fault.column, fault.message
    )
}
