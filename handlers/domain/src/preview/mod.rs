//! What a call would do, told by a read that its asker may make: shown before an
//! approval, repeated after it (rules 3a and 5), and read once more when nobody
//! knows how the call ended.

mod rule;
#[cfg(test)]
mod tests;

pub use rule::{Change, FieldRule, Given, PreviewRule, UndoRule};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical::{canonical_json, sha256_hex};
use crate::time::Timestamp;
use crate::tool::ToolRef;

/// The read that belongs to a call, ready to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadPlan {
    /// The reading tool.
    pub tool: ToolRef,
    /// Its arguments.
    pub arguments: Value,
    /// What it reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Its pinned hash when the call was asked for.
    pub tool_hash: String,
}

/// What a call would do to one resource, as of the moment it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// What becomes of the resource.
    pub action: Action,
    /// The resource, as the call names it.
    pub resource: Option<String>,
    /// What becomes of its fields; only those that change, for a deletion those that
    /// go, ≤ [`MAX_PREVIEW_FIELDS`](crate::limits::MAX_PREVIEW_FIELDS).
    pub fields: Vec<FieldChange>,
    /// How many resources are touched.
    pub resources: u32,
    /// The call that takes it back, where there is one.
    pub undo: Option<Undo>,
    /// Whether a later read can tell that it has happened.
    pub verifiable: bool,
}

/// What becomes of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is made.
    Create,
    /// It is changed.
    Change,
    /// It is removed.
    Delete,
    /// It is as the call wants it already.
    Nothing,
    /// It is to be changed and does not exist.
    Missing,
}

/// What becomes of one field of a resource. Values are cut to
/// [`MAX_PREVIEW_VALUE_CHARS`](crate::limits::MAX_PREVIEW_VALUE_CHARS).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Name of the field.
    pub name: String,
    /// Its value now.
    pub old: Option<String>,
    /// Its value after the call.
    pub new: Option<String>,
}

/// A call that takes another back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// The tool, at the same server.
    pub tool: String,
    /// Its arguments.
    pub arguments: Value,
}

impl Preview {
    /// SHA-256 (hex) of everything that people are shown.
    pub fn hash(&self) -> String {
        let shown = serde_json::to_value(self).unwrap_or(Value::Null);
        sha256_hex(canonical_json(&shown))
    }

    /// Read after the call: what that says of the call.
    pub fn finding(&self) -> Finding {
        match self.action {
            Action::Nothing => Finding::AsAsked,
            _ if self.verifiable => Finding::NotAsAsked,
            _ => Finding::Unclear,
        }
    }
}

/// What people who decide are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum PreviewState {
    /// No read belongs to the tool.
    #[default]
    None,
    /// The read failed.
    Failed,
    /// The read took too long.
    Late,
    /// What the call would do.
    Shown {
        /// As read.
        preview: Preview,
    },
}

impl PreviewState {
    /// What the approval's digest covers. "No preview" is a value and equals only
    /// itself.
    pub fn hash(&self) -> Option<String> {
        self.shown().map(Preview::hash)
    }

    /// The preview, if there is one.
    pub fn shown(&self) -> Option<&Preview> {
        match self {
            Self::Shown { preview } => Some(preview),
            Self::None | Self::Failed | Self::Late => None,
        }
    }

    /// The name used in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Failed => "failed",
            Self::Late => "late",
            Self::Shown { .. } => "shown",
        }
    }
}

/// What a read's own executor made of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// It could not be read.
    Nothing,
    /// What the call would do now.
    Seen(Preview),
}

impl Reading {
    pub(crate) fn hash(&self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Seen(preview) => Some(preview.hash()),
        }
    }

    pub(crate) fn state(self) -> PreviewState {
        match self {
            Self::Nothing => PreviewState::Failed,
            Self::Seen(preview) => PreviewState::Shown { preview },
        }
    }
}

/// What could be seen of a call of which nobody knows how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// What.
    pub finding: Finding,
    /// When.
    pub at: Timestamp,
}

/// What a read says of a call that may have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The resource is as the call wanted it.
    AsAsked,
    /// It is not, so far.
    NotAsAsked,
    /// The read cannot tell.
    Unclear,
}

impl Finding {
    /// One sentence in English, for models and the audit.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::AsAsked => {
                "A check right after it found the resource as the call wanted it: it has most likely happened."
            }
            Self::NotAsAsked => {
                "A check right after it did not find the resource as the call wanted it. The call may still happen; look again before you repeat it."
            }
            Self::Unclear => {
                "A check right after it could not tell whether it happened. Look at the resource before you repeat it."
            }
        }
    }
}
