//! `PUT /v1/admin/policies`: replaces what the tenant permits and forbids.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use azimuth_domain::canonical::sha256_hex;
use azimuth_ports::config::{CONFIG_VERSION, ConfigHead, ConfigKind, ConfigVersion};
use azimuth_ports::store::Versioned;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{PoliciesView, answer, etag_of, readable};
use crate::http::admin::{Change, reason, require_admin};
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::etag::IfMatch;
use crate::http::json::JsonBody;
use crate::http::states::PolicyState;
use crate::policy::{BUILT_IN_PERMITS, Policies};
use crate::problem::{Answer, Code, Problem};

/// Largest text that the audit keeps whole, bytes; of a larger one it keeps the hash,
/// and the history has the text.
const MAX_AUDITED_BYTES: usize = 16 * 1024;

/// The policies to store.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PoliciesToStore {
    /// All of the tenant's policies, as Cedar text, at most 64 KiB. An empty one allows
    /// nothing.
    pub text: String,
    /// Why, 1–500 characters; for the history and the audit.
    pub reason: String,
}

/// Replaces the policies of the caller's tenant. Every process decides by them within a
/// minute, also about calls that wait.
#[utoipa::path(
    put,
    path = "/v1/admin/policies",
    operation_id = "put_policies",
    tag = "admin",
    params(("If-Match" = String, Header, description = "The ETag that was read")),
    request_body = PoliciesToStore,
    responses((status = 200, body = PoliciesView, headers(("ETag" = String, description = "New version"))))
)]
pub async fn handle(
    State(state): State<PolicyState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
    expected: IfMatch,
    JsonBody(wanted): JsonBody<PoliciesToStore>,
) -> Answer<Response> {
    require_admin(&caller)?;
    let user = &caller.principal.user;
    let reason = reason(&wanted.reason)?;
    let set = readable(&wanted.text)?;
    let stored = state.policies.stored(&user.tid).await?;
    expected.check(&etag_of(stored.as_ref()))?;
    let number = stored.as_ref().map_or(0, |s| s.item.head.number) + 1;
    let version = ConfigVersion {
        head: ConfigHead {
            v: CONFIG_VERSION,
            tenant: user.tid.clone(),
            kind: ConfigKind::Policies,
            number,
            at: state.clock.now(),
            by: user.clone(),
            by_name: caller.principal.name.clone(),
            reason: reason.clone(),
        },
        text: wanted.text,
    };
    let change = Change {
        area: "policies",
        target: format!("policies/{number}"),
        before: before(&state.policies, stored.as_ref()),
        after: on_record(number, &version.text, set.version()),
        reason: Some(reason),
    };
    let when = stored.as_ref().map(|stored| &stored.etag);
    let write = state.policies.store().put_config(&version, when);
    let written = state.recorder.change(user, &request, change, write).await;
    // Also when nobody knows whether it was written.
    state.policies.forget(&user.tid);
    let etag = written?.ok_or_else(|| Problem::new(Code::IfMatchStale))?;
    let version = Versioned {
        item: version,
        etag,
    };
    Ok(answer(Some(version), set.version().to_owned()))
}

fn before(policies: &Policies, stored: Option<&Versioned<ConfigVersion>>) -> Value {
    match stored {
        None => on_record(0, BUILT_IN_PERMITS, policies.built_in().version()),
        Some(stored) => {
            let text = &stored.item.text;
            let set = crate::policy::PolicySet::of_tenant(text).ok();
            let version = set.as_ref().map_or("", |set| set.version());
            on_record(stored.item.head.number, text, version)
        }
    }
}

/// What the audit keeps of a version.
fn on_record(number: u64, text: &str, policy_version: &str) -> Value {
    // So spelt, it is no secret to whoever redacts.
    let hash = |hash: &str| json!(format!("sha256:{hash}"));
    let mut state = json!({"number": number, "policy_version": hash(policy_version)});
    if text.len() <= MAX_AUDITED_BYTES {
        state["text"] = json!(text);
    } else {
        state["text_bytes"] = json!(text.len());
        state["text_sha256"] = hash(&sha256_hex(text));
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_keeps_a_small_text_and_the_hash_of_a_large_one() {
        for (bytes, whole) in [
            (MAX_AUDITED_BYTES - 1, true),
            (MAX_AUDITED_BYTES, true),
            (MAX_AUDITED_BYTES + 1, false),
        ] {
            let text = "/".repeat(bytes);
            let kept = on_record(3, &text, "v");
            assert_eq!(kept.get("text").is_some(), whole, "{bytes}");
            assert_eq!(kept.get("text_sha256").is_some(), !whole, "{bytes}");
            assert_eq!(kept["number"], 3);
        }
    }
}
