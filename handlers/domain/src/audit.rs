//! Audit records and the hash chains that they form.
//!
//! A record's `id` is a write-once register inside its chain; `seq` has no gaps
//! and `hash` covers everything else, the previous record's hash included.

pub mod change;
pub mod digest;
pub mod es256;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::{canonical_json, sha256_hex};
use crate::event::Outcome;
use crate::ids::{CallId, ConversationId, TurnId};
use crate::principal::UserKey;
use crate::time::Timestamp;
use crate::turn::ReadKind;

/// `prev_hash` of a chain's first record.
pub const GENESIS_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Version of [`AuditRecord`] that this build writes.
pub const AUDIT_VERSION: u32 = 1;

/// What a record says happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditKind {
    /// A tool call is about to run.
    Open,
    /// How that call ended.
    Close,
    /// A call was refused.
    Denied,
    /// A person decided about an approval.
    Approval,
    /// Somebody read other people's audit.
    AuditRead,
    /// Somebody exported audit records.
    AuditExport,
    /// A conversation was deleted or restored.
    Conversation,
    /// Somebody changes how the product is set up, or what people may do here.
    #[serde(rename = "admin")]
    Administration,
}

impl AuditKind {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Close => "close",
            Self::Denied => "denied",
            Self::Approval => "approval",
            Self::AuditRead => "audit_read",
            Self::AuditExport => "audit_export",
            Self::Conversation => "conversation",
            Self::Administration => "admin",
        }
    }
}

/// Under which identity a call reached its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActingIdentity {
    /// The asker's own.
    User,
    /// One identity that serves everybody.
    Shared,
    /// None: the tool server has no identity.
    None,
}

/// What a writer wants recorded; the store adds `seq`, `prev_hash` and `hash`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// What happened.
    pub kind: AuditKind,
    /// Who wrote the record: new for every delivery of a work item; `sealer:…`
    /// when the open was taken so that nobody can run the attempt any more.
    pub writer: String,
    /// Tenant of the person on whose behalf it happened.
    pub tid: String,
    /// That person.
    pub oid: String,
    /// Under which identity.
    pub acting_identity: ActingIdentity,
    /// The turn, where there is one.
    pub turn_id: Option<TurnId>,
    /// The call, where there is one.
    pub call_id: Option<CallId>,
    /// Set when the call is a read of ours about another call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<ReadKind>,
    /// Attempt of the call, from 1.
    pub attempt: Option<u32>,
    /// `server/tool`.
    pub tool: Option<String>,
    /// Pinned hash of the tool.
    pub tool_hash: Option<String>,
    /// Redacted arguments.
    pub arguments: Option<Value>,
    /// What the call works on.
    pub target: Option<String>,
    /// Digest that was approved.
    pub approval_digest: Option<String>,
    /// `tid:oid` of who approved or refused.
    pub decided_by: Option<String>,
    /// The approval for a conversation that this is about, or that the call ran by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_grant: Option<String>,
    /// Version of the policy set that decided.
    pub policy_version: Option<String>,
    /// Ties the record to the requests that reached Azure.
    pub correlation_id: Option<String>,
    /// Id of the Azure token that the tool server was given for the call (`uti`), as
    /// Azure's own log repeats it; in the close only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_uti: Option<String>,
    /// Id that Azure gave the request, where the answer names one (`x-ms-request-id`);
    /// in the close only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azure_request_id: Option<String>,
    /// `host:port` of what the tool server reached meanwhile, sorted; in the close only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// How long it took.
    pub duration_ms: Option<i64>,
    /// SHA-256 of the result; absent for secret results.
    pub result_sha256: Option<String>,
    /// A sentence for readers, free of secrets.
    pub detail: Option<String>,
    /// Part of the administration that a change belongs to; `target` says what was
    /// changed there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// What was there before the change, redacted and [bounded](change::bounded).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What is there after it, in the same form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

impl AuditEntry {
    /// An entry about something that `user` did, with nothing else in it yet.
    pub fn of_user(kind: AuditKind, writer: String, user: &UserKey) -> Self {
        Self {
            kind,
            writer,
            tid: user.tid.clone(),
            oid: user.oid.clone(),
            acting_identity: ActingIdentity::None,
            turn_id: None,
            call_id: None,
            purpose: None,
            attempt: None,
            tool: None,
            tool_hash: None,
            arguments: None,
            target: None,
            approval_digest: None,
            decided_by: None,
            approval_grant: None,
            policy_version: None,
            correlation_id: None,
            token_uti: None,
            azure_request_id: None,
            hosts: Vec::new(),
            outcome: None,
            duration_ms: None,
            result_sha256: None,
            detail: None,
            area: None,
            before: None,
            after: None,
        }
    }
}

/// A record as stored and exported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Version of this shape.
    pub v: u32,
    /// Tenant whose auditors may read it.
    pub tenant: String,
    /// Chain: a conversation's id, or `admin-<area>-<day>`.
    pub chain: String,
    /// Write-once register inside the chain.
    pub id: String,
    /// Position in the chain, from 1.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// Everything else.
    #[serde(flatten)]
    pub entry: AuditEntry,
    /// Hash of the record before.
    pub prev_hash: String,
    /// Hash of this record.
    pub hash: String,
}

impl AuditRecord {
    /// The record that follows `previous` (its `seq` and `hash`) in `chain`.
    pub fn next(
        previous: Option<(u64, &str)>,
        tenant: &str,
        chain: &str,
        id: &str,
        at: Timestamp,
        entry: AuditEntry,
    ) -> Self {
        let (seq, prev_hash) = previous.unwrap_or((0, GENESIS_HASH));
        let mut record = Self {
            v: AUDIT_VERSION,
            tenant: tenant.to_owned(),
            chain: chain.to_owned(),
            id: id.to_owned(),
            seq: seq + 1,
            at,
            entry,
            prev_hash: prev_hash.to_owned(),
            hash: String::new(),
        };
        record.hash = record.computed_hash();
        record
    }

    /// SHA-256 over the canonical JSON of the record without `hash`.
    pub fn computed_hash(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or(Value::Null);
        if let Some(map) = value.as_object_mut() {
            map.remove("hash");
        }
        sha256_hex(canonical_json(&value))
    }
}

/// Chain of a conversation.
pub fn conversation_chain(conversation: &ConversationId) -> String {
    conversation.as_str().to_owned()
}

/// Chain of one administrative area and day.
pub fn admin_chain(area: &str, at: Timestamp) -> String {
    format!("admin-{area}-{}", at.day())
}

/// Register of an attempt's open.
pub fn open_id(call: &CallId, attempt: u32) -> String {
    format!("{call}:{attempt}:open")
}

/// Register of an attempt's close.
pub fn close_id(call: &CallId, attempt: u32) -> String {
    format!("{call}:{attempt}:close")
}

/// Register of what `decider` said of a call; `round` counts how often people were
/// asked anew.
pub fn decision_id(call: &CallId, round: u32, decider: &UserKey, approved: bool) -> String {
    let verdict = if approved { "yes" } else { "no" };
    let register = format!("{call}:decision:{}:{verdict}", decider.owner());
    if round == 0 {
        register
    } else {
        format!("{register}:{round}")
    }
}

/// What is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// The record was changed after it was written.
    #[error("chain {chain}, record {seq}: its content does not match its hash")]
    Edited {
        /// The chain.
        chain: String,
        /// The record.
        seq: u64,
    },
    /// A record is missing, doubled or out of place.
    #[error("chain {chain}: record {expected} expected, record {found} found")]
    Gap {
        /// The chain.
        chain: String,
        /// The number that should come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// The record does not follow the one before it.
    #[error("chain {chain}, record {seq}: it does not follow the record before it")]
    Unlinked {
        /// The chain.
        chain: String,
        /// The record.
        seq: u64,
    },
}

/// Walks one chain in order of `seq` and stops at the first fault.
#[derive(Debug, Default)]
pub struct ChainWalk {
    last: Option<(u64, String)>,
}

impl ChainWalk {
    /// Checks that `record` follows what came before.
    pub fn accept(&mut self, record: &AuditRecord) -> Result<(), ChainFault> {
        let (last_seq, last_hash) = self
            .last
            .as_ref()
            .map_or((0, GENESIS_HASH), |(seq, hash)| (*seq, hash.as_str()));
        if record.seq != last_seq + 1 {
            return Err(ChainFault::Gap {
                chain: record.chain.clone(),
                expected: last_seq + 1,
                found: record.seq,
            });
        }
        if record.computed_hash() != record.hash {
            return Err(ChainFault::Edited {
                chain: record.chain.clone(),
                seq: record.seq,
            });
        }
        if record.prev_hash != last_hash {
            return Err(ChainFault::Unlinked {
                chain: record.chain.clone(),
                seq: record.seq,
            });
        }
        self.last = Some((record.seq, record.hash.clone()));
        Ok(())
    }
}
