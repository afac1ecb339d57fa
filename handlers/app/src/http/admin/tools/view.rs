//! A tool as administrators see it.

use azimuth_domain::tool::{Availability, ToolSpec};
use azimuth_domain::tool_pins::ToolPin;
use azimuth_ports::tools::{Offered, ToolText};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Row;
use crate::http::moment::Moment;
use crate::http::turns::EffectView;

/// How a tool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PinStateView {
    /// It may be used, and is as it is pinned.
    Pinned,
    /// It is offered otherwise than it is pinned, and may not be used.
    Changed,
    /// Nobody has said what it may do, and it may not be used.
    New,
    /// It is pinned, and its server does not offer it.
    Missing,
    /// It is switched off, or needs the machine that it runs on.
    Disabled,
}

/// Why a tool is disabled whatever its server offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisabledView {
    /// An administrator switched it off.
    SwitchedOff,
    /// It reads or writes the machine that it runs on; nobody can enable it.
    NeedsLocalMachine,
}

/// A text before and after.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TextChange {
    /// As pinned.
    pub before: String,
    /// As offered.
    pub after: String,
}

/// A schema before and after.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SchemaChange {
    /// As pinned.
    #[schema(value_type = Object)]
    pub before: Value,
    /// As offered.
    #[schema(value_type = Object)]
    pub after: Value,
}

/// What is otherwise in a tool that changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ToolChangeView {
    /// The server's text; null where it is the same.
    pub description: Option<TextChange>,
    /// The schema of the arguments; null where it is the same.
    pub input_schema: Option<SchemaChange>,
}

/// What administrators of the tenant have settled about a tool.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SettledView {
    /// The hash that was accepted; null where the tool is as everybody has it.
    pub accepted_hash: Option<String>,
    /// Whether it is switched off.
    pub switched_off: bool,
    /// When that was settled last.
    #[schema(value_type = String, format = DateTime)]
    pub at: Moment,
    /// Object id of whoever settled it.
    pub by: String,
    /// Their display name then.
    pub by_name: Option<String>,
    /// Why.
    pub reason: String,
}

/// A tool of the tenant.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ToolPinView {
    /// The tool server.
    pub server: String,
    /// The tool's name at its server.
    pub tool: String,
    /// How it stands.
    pub state: PinStateView,
    /// Why it is disabled; null in every other state.
    pub disabled_by: Option<DisabledView>,
    /// What a call may do, unless its arguments change that; null where nobody has said
    /// so.
    pub effect: Option<EffectView>,
    /// Whether arguments or result hold a secret, unless the arguments change that; null
    /// where nobody has said so.
    pub secret: Option<bool>,
    /// Hash of the tool as pinned; null where nobody has said what it may do.
    pub pinned_hash: Option<String>,
    /// Hash of the tool as its server offers it; null where it does not, or has not been
    /// asked.
    pub offered_hash: Option<String>,
    /// The server's text: as pinned, or as offered where it is not pinned.
    pub description: String,
    /// JSON Schema of the arguments, likewise.
    #[schema(value_type = Object)]
    pub input_schema: Value,
    /// What is otherwise, in the state `changed`; null where the server has to be asked
    /// again.
    pub change: Option<ToolChangeView>,
    /// What the tenant has settled; null where nothing is.
    pub settled: Option<SettledView>,
}

impl From<&ToolPin> for SettledView {
    fn from(pin: &ToolPin) -> Self {
        Self {
            accepted_hash: pin.accepted.as_ref().map(|accepted| accepted.hash.clone()),
            switched_off: pin.switched_off,
            at: pin.at.into(),
            by: pin.by.oid.clone(),
            by_name: pin.by_name.clone(),
            reason: pin.reason.clone(),
        }
    }
}

impl Row<'_> {
    /// The tool as the tenant has it, where somebody has said what it may do.
    fn pinned(&self) -> Option<&ToolSpec> {
        let is_classified = |spec: &&ToolSpec| {
            let of_everybody = self.unsettled.get(&self.tool);
            let accepted = self.pin.and_then(|pin| pin.accepted.as_ref());
            accepted.is_some()
                || of_everybody.is_some_and(|of_everybody| {
                    of_everybody.availability != Availability::Unclassified
                })
                || spec.enabled_by_name
        };
        self.settled.get(&self.tool).filter(is_classified)
    }

    fn offered_hash(&self) -> Option<&str> {
        match self.unsettled.offered(&self.tool) {
            Offered::As(hash) => Some(hash),
            Offered::Unknown | Offered::Missing => None,
        }
    }

    fn disabled_by(&self) -> Option<DisabledView> {
        let availability = self.settled.get(&self.tool).map(|spec| spec.availability);
        match availability {
            Some(Availability::NeedsLocalMachine) => Some(DisabledView::NeedsLocalMachine),
            _ if self.pin.is_some_and(|pin| pin.switched_off) => Some(DisabledView::SwitchedOff),
            Some(Availability::SwitchedOff) => Some(DisabledView::SwitchedOff),
            _ => None,
        }
    }

    pub(super) fn state(&self) -> PinStateView {
        if self.disabled_by().is_some() {
            return PinStateView::Disabled;
        }
        let Some(pinned) = self.pinned() else {
            return PinStateView::New;
        };
        match self.unsettled.offered(&self.tool) {
            Offered::Missing => PinStateView::Missing,
            Offered::As(hash) if hash != pinned.hash => PinStateView::Changed,
            _ if pinned.availability == Availability::Changed => PinStateView::Changed,
            Offered::As(_) | Offered::Unknown => PinStateView::Pinned,
        }
    }

    /// Whether the words are in its name or text.
    pub(super) fn has(&self, lower: &str) -> bool {
        let pinned = self.settled.get(&self.tool);
        let text = pinned.map(|spec| spec.description.to_lowercase());
        self.tool.to_string().to_lowercase().contains(lower)
            || text.is_some_and(|text| text.contains(lower))
    }

    pub(super) fn view(&self) -> ToolPinView {
        let state = self.state();
        let pinned = self.pinned();
        let offered = self.unsettled.offered_text(&self.tool);
        let (description, input_schema) = match (pinned, &offered) {
            (Some(spec), _) => (spec.description.clone(), spec.input_schema.clone()),
            (None, Some(text)) => (text.description.clone(), text.input_schema.clone()),
            (None, None) => (String::new(), Value::Object(serde_json::Map::new())),
        };
        let change = match (pinned, &offered) {
            (Some(pinned), Some(offered)) if state == PinStateView::Changed => {
                Some(ToolChangeView::between(pinned, offered))
            }
            _ => None,
        };
        ToolPinView {
            server: self.tool.server.clone(),
            tool: self.tool.name.clone(),
            state,
            disabled_by: self.disabled_by(),
            effect: pinned.map(|spec| spec.effect.into()),
            secret: pinned.map(|spec| spec.secret),
            pinned_hash: pinned.map(|spec| spec.hash.clone()),
            offered_hash: self
                .offered_hash()
                .map(ToOwned::to_owned)
                // What was learnt at the first start is all that is known of it.
                .or_else(|| offered.filter(|_| pinned.is_none()).map(|text| text.hash)),
            description,
            input_schema,
            change,
            settled: self.pin.map(SettledView::from),
        }
    }
}

impl ToolChangeView {
    fn between(pinned: &ToolSpec, offered: &ToolText) -> Self {
        let description = TextChange {
            before: pinned.description.clone(),
            after: offered.description.clone(),
        };
        let input_schema = SchemaChange {
            before: pinned.input_schema.clone(),
            after: offered.input_schema.clone(),
        };
        Self {
            description: (description.before != description.after).then_some(description),
            input_schema: (input_schema.before != input_schema.after).then_some(input_schema),
        }
    }
}
