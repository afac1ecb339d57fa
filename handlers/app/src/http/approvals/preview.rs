//! What a call would do, and what was seen of it, on the wire.

use azimuth_domain::preview::{Action, Checked, Finding, Preview};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::moment::Moment;

/// What a call would do to a resource, as of the moment it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PreviewView {
    /// What becomes of the resource.
    pub action: ActionView,
    /// The resource, as the call names it.
    pub resource: Option<String>,
    /// What becomes of its fields.
    pub fields: Vec<FieldChangeView>,
    /// How many resources are touched.
    pub resources: u32,
    /// The call that takes it back, where there is one.
    pub undo: Option<UndoView>,
}

/// What becomes of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionView {
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

/// What becomes of one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldChangeView {
    /// Name of the field.
    pub name: String,
    /// Its value now.
    pub old: Option<String>,
    /// Its value after the call.
    pub new: Option<String>,
}

/// A call that takes another back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UndoView {
    /// The tool, at the same server.
    pub tool: String,
    /// Its arguments.
    #[schema(value_type = Object)]
    pub arguments: Value,
}

/// What could be seen of a call of which nobody knows how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CheckedView {
    /// What.
    pub finding: FindingView,
    /// When.
    pub at: Moment,
}

/// What a read says of a call that may have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingView {
    /// The resource is as the call wanted it.
    AsAsked,
    /// It is not, so far.
    NotAsAsked,
    /// The read cannot tell.
    Unclear,
}

impl From<&Preview> for PreviewView {
    fn from(preview: &Preview) -> Self {
        let fields = preview.fields.iter().map(|field| FieldChangeView {
            name: field.name.clone(),
            old: field.old.clone(),
            new: field.new.clone(),
        });
        Self {
            action: match preview.action {
                Action::Create => ActionView::Create,
                Action::Change => ActionView::Change,
                Action::Delete => ActionView::Delete,
                Action::Nothing => ActionView::Nothing,
                Action::Missing => ActionView::Missing,
            },
            resource: preview.resource.clone(),
            fields: fields.collect(),
            resources: preview.resources,
            undo: preview.undo.as_ref().map(|undo| UndoView {
                tool: undo.tool.clone(),
                arguments: undo.arguments.clone(),
            }),
        }
    }
}

impl From<&Checked> for CheckedView {
    fn from(checked: &Checked) -> Self {
        Self {
            finding: checked.finding.into(),
            at: checked.at.into(),
        }
    }
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        match finding {
            Finding::AsAsked => Self::AsAsked,
            Finding::NotAsAsked => Self::NotAsAsked,
            Finding::Unclear => Self::Unclear,
        }
    }
}
