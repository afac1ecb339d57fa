//! Approvals that stand for a while: what somebody agreed to for the rest of a
//! conversation, and what a call ran by without being asked about.
//!
//! **Invariant:** a grant stands for its giver's own yes to a call of the same tool at the
//! same place, and for nothing else. A call that a model asks for which had read what a
//! tool returned is covered only where it is the approved one once more, argument by
//! argument: so that a text which plants a call can at most repeat what a person has seen
//! and agreed to.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::{canonical_json, sha256_hex};
use crate::limits::{GRANT_TTL_MS, MAX_GRANT_BYTES, MAX_GRANTS};
use crate::principal::UserKey;
use crate::time::Timestamp;
use crate::tool::ToolRef;
use crate::turn::ToolCall;

/// Length of an id: that of a ULID.
const ID_LENGTH: usize = 26;

/// Id of a grant inside its conversation: a ULID in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GrantId(String);

impl GrantId {
    /// Reads an id; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == ID_LENGTH
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        fits.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an approval covers when it is given for a conversation: where the call works, as
/// far as its arguments leave no doubt, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalScope {
    /// Id of the subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// Name of the resource group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
    /// Id of the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// Whether it covers nothing but the same call once more: the place cannot be told
    /// for sure, or the model had read what a tool returned.
    pub same_call: bool,
}

/// A call that somebody wants to run.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Who asks.
    pub asker: &'a UserKey,
    /// The tool.
    pub tool: &'a ToolRef,
    /// What it is pinned to.
    pub tool_hash: &'a str,
    /// Its arguments.
    pub arguments: &'a Value,
    /// What it works on.
    pub target: Option<&'a str>,
    /// Where it works; as an approval of it would say now.
    pub scope: &'a ApprovalScope,
}

impl<'a> Wanted<'a> {
    /// A call of a turn.
    pub fn of(asker: &'a UserKey, call: &'a ToolCall, scope: &'a ApprovalScope) -> Self {
        Self {
            asker,
            tool: &call.tool,
            tool_hash: &call.tool_hash,
            arguments: &call.arguments,
            target: call.target.as_deref(),
            scope,
        }
    }
}

/// Somebody's agreement to such calls for the rest of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalGrant {
    /// Id.
    pub id: GrantId,
    /// Who gave it: the one who asked.
    pub by: UserKey,
    /// When.
    pub at: Timestamp,
    /// Until when it counts.
    pub expires_at: Timestamp,
    /// The tool.
    pub tool: ToolRef,
    /// What it was pinned to.
    pub tool_hash: String,
    /// Where the approved call works.
    pub scope: ApprovalScope,
    /// What it works on.
    pub target: Option<String>,
    /// SHA-256 of its canonical arguments.
    pub arguments_sha256: String,
}

impl ApprovalGrant {
    /// The grant that a yes to `call` makes.
    pub fn of(id: GrantId, call: &Wanted<'_>, now: Timestamp) -> Self {
        Self {
            id,
            by: call.asker.clone(),
            at: now,
            expires_at: now.plus_ms(GRANT_TTL_MS),
            tool: call.tool.clone(),
            tool_hash: call.tool_hash.to_owned(),
            scope: call.scope.clone(),
            target: call.target.map(ToOwned::to_owned),
            arguments_sha256: arguments_sha256(call.arguments),
        }
    }

    /// Whether it counts at `now`. Whatever it says of itself, no longer than
    /// [`GRANT_TTL_MS`].
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires_at && now < self.at.plus_ms(GRANT_TTL_MS)
    }

    /// Whether it stands for a yes to `call` at `now`.
    pub fn covers(&self, call: &Wanted<'_>, now: Timestamp) -> bool {
        let is_same_tool = self.tool == *call.tool && self.tool_hash == call.tool_hash;
        let is_same_place = self.target.as_deref() == call.target
            && self.scope.subscription == call.scope.subscription
            && self.scope.resource_group == call.scope.resource_group
            && self.scope.resource_id == call.scope.resource_id;
        let is_same_call = || self.arguments_sha256 == arguments_sha256(call.arguments);
        self.is_alive(now)
            && self.by == *call.asker
            && is_same_tool
            && is_same_place
            && (!(self.scope.same_call || call.scope.same_call) || is_same_call())
    }

    /// Whether `other` is for the same calls.
    fn is_for_the_same(&self, other: &Self) -> bool {
        let others = |grant: &Self| {
            (
                grant.by.clone(),
                grant.tool.clone(),
                grant.tool_hash.clone(),
                grant.scope.clone(),
                grant.target.clone(),
                grant.arguments_sha256.clone(),
            )
        };
        others(self) == others(other)
    }
}

/// Why a grant is not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantRefused {
    /// There are as many as a conversation holds.
    #[error("a conversation holds at most {MAX_GRANTS} of them")]
    TooMany,
    /// What it is for takes more room than one may.
    #[error("what it is for takes more than {MAX_GRANT_BYTES} bytes")]
    TooLarge,
}

/// Adds a grant to those of a conversation: in the place of one for the same calls, and
/// of what no longer counts.
pub fn add(
    grants: &mut Vec<ApprovalGrant>,
    grant: ApprovalGrant,
    now: Timestamp,
) -> Result<(), GrantRefused> {
    let bytes = serde_json::to_vec(&grant).map_or(usize::MAX, |bytes| bytes.len());
    if bytes > MAX_GRANT_BYTES {
        return Err(GrantRefused::TooLarge);
    }
    grants.retain(|one| one.is_alive(now) && !one.is_for_the_same(&grant));
    if grants.len() >= MAX_GRANTS {
        return Err(GrantRefused::TooMany);
    }
    grants.push(grant);
    Ok(())
}

/// What stands for a person's yes to a call that nobody was asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum StandingApproval {
    /// A grant of the conversation.
    Grant {
        /// Its id.
        id: GrantId,
        /// Who gave it.
        by: UserKey,
    },
    /// The asker's setting always to allow the tool.
    Setting {
        /// Whose setting.
        by: UserKey,
    },
}

/// A tool whose changes somebody allows without being asked, as it was when they said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlwaysAllowed {
    /// The tool.
    pub tool: ToolRef,
    /// What it was pinned to: a tool that has changed since asks again.
    pub tool_hash: String,
    /// When.
    pub at: Timestamp,
}

impl AlwaysAllowed {
    /// Whether it is about this tool as it is now.
    pub fn is_of(&self, tool: &ToolRef, tool_hash: &str) -> bool {
        self.tool == *tool && self.tool_hash == tool_hash
    }
}

impl StandingApproval {
    /// The grant that it is.
    pub fn grant(&self) -> Option<&GrantId> {
        match self {
            Self::Grant { id, .. } => Some(id),
            Self::Setting { .. } => None,
        }
    }

    /// Who said it.
    pub fn by(&self) -> &UserKey {
        match self {
            Self::Grant { by, .. } | Self::Setting { by } => by,
        }
    }

    /// One sentence in English, for the audit.
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::Grant { .. } => "Allowed by an approval that was given for this conversation.",
            Self::Setting { .. } => "Allowed by the asker's setting always to allow this tool.",
        }
    }
}

fn arguments_sha256(arguments: &Value) -> String {
    sha256_hex(canonical_json(arguments))
}

#[cfg(test)]
mod tests;
