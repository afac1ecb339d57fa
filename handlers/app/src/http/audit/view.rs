//! An audit record on the wire.

use azimuth_domain::audit::{ActingIdentity, AuditRecord};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::id::Place;
use crate::http::moment::Moment;
use crate::http::turns::OutcomeView;

/// An audit record. `hash` is that of the record as the NDJSON export gives it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditRecordView {
    /// Opaque id, for `GET /v1/audit/{id}`.
    pub id: Option<String>,
    /// The chain.
    pub chain: String,
    /// Position in the chain, from 1.
    pub seq: u64,
    /// When it was written.
    pub at: Moment,
    /// `open`, `close`, `denied`, `approval`, `audit_read`, `audit_export`, `conversation`, `admin`.
    pub kind: String,
    /// Tenant of the person on whose behalf it happened.
    pub tid: String,
    /// That person.
    pub oid: String,
    /// Under which identity the target was reached.
    pub acting_identity: ActingIdentityView,
    /// The turn.
    pub turn_id: Option<String>,
    /// The call.
    pub call_id: Option<String>,
    /// Attempt of the call.
    pub attempt: Option<u32>,
    /// `preview`, `repeat` or `check` when the call is a read about another call: what
    /// it would do, whether it still would, what came of it.
    pub purpose: Option<String>,
    /// `server/tool`.
    pub tool: Option<String>,
    /// Pinned hash of the tool.
    pub tool_hash: Option<String>,
    /// Redacted arguments.
    #[schema(value_type = Option<Object>)]
    pub arguments: Option<Value>,
    /// What the call works on.
    pub target: Option<String>,
    /// Digest that was approved.
    pub approval_digest: Option<String>,
    /// `tid:oid` of who approved or refused.
    pub decided_by: Option<String>,
    /// The approval for a conversation that this is about, or that the call ran by.
    pub approval_grant: Option<String>,
    /// Version of the policy set that decided.
    pub policy_version: Option<String>,
    /// Ties the record to the requests that reached Azure.
    pub correlation_id: Option<String>,
    /// Id of the Azure token that the tool server was given (`uti`), to find the call in
    /// Azure's log.
    pub token_uti: Option<String>,
    /// Id that Azure gave the request, where the answer names one.
    pub azure_request_id: Option<String>,
    /// `host:port` of what the tool server reached during the call.
    pub hosts: Vec<String>,
    /// How it ended.
    pub outcome: Option<OutcomeView>,
    /// How long it took.
    pub duration_ms: Option<i64>,
    /// SHA-256 of the result.
    pub result_sha256: Option<String>,
    /// A sentence for readers.
    pub detail: Option<String>,
    /// Part of the administration that a change belongs to.
    pub area: Option<String>,
    /// What was there before the change, redacted.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// What is there after it, redacted.
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
    /// Who wrote the record.
    pub writer: String,
    /// Hash of the record before.
    pub prev_hash: String,
    /// Hash of this record.
    pub hash: String,
}

/// Under which identity a call reached its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActingIdentityView {
    /// The asker's own.
    User,
    /// One identity that serves everybody.
    Shared,
    /// None.
    None,
}

impl From<ActingIdentity> for ActingIdentityView {
    fn from(identity: ActingIdentity) -> Self {
        match identity {
            ActingIdentity::User => Self::User,
            ActingIdentity::Shared => Self::Shared,
            ActingIdentity::None => Self::None,
        }
    }
}

impl From<AuditRecord> for AuditRecordView {
    fn from(record: AuditRecord) -> Self {
        let place = Place {
            chain: record.chain,
            register: record.id,
        };
        let id = place.encode();
        let entry = record.entry;
        Self {
            id,
            chain: place.chain,
            seq: record.seq,
            at: record.at.into(),
            kind: entry.kind.as_str().to_owned(),
            tid: entry.tid,
            oid: entry.oid,
            acting_identity: entry.acting_identity.into(),
            turn_id: entry.turn_id.map(|id| id.to_string()),
            call_id: entry.call_id.map(|id| id.to_string()),
            attempt: entry.attempt,
            purpose: entry.purpose.map(|kind| kind.as_str().to_owned()),
            tool: entry.tool,
            tool_hash: entry.tool_hash,
            arguments: entry.arguments,
            target: entry.target,
            approval_digest: entry.approval_digest,
            decided_by: entry.decided_by,
            approval_grant: entry.approval_grant,
            policy_version: entry.policy_version,
            correlation_id: entry.correlation_id,
            token_uti: entry.token_uti,
            azure_request_id: entry.azure_request_id,
            hosts: entry.hosts,
            outcome: entry.outcome.map(OutcomeView::from),
            duration_ms: entry.duration_ms,
            result_sha256: entry.result_sha256,
            detail: entry.detail,
            area: entry.area,
            before: entry.before,
            after: entry.after,
            writer: entry.writer,
            prev_hash: record.prev_hash,
            hash: record.hash,
        }
    }
}
