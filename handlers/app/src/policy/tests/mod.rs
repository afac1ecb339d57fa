//! The default policies as one reviewed table, and what the set itself refuses.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod approval;
mod conditions;
mod remembered;
mod sets;
mod table;
mod taint;
mod texts;
mod visibility;

use std::collections::BTreeSet;

use azimuth_domain::policy::{Decision, Mode};
use azimuth_domain::principal::{Role, UserKey};
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::{
    ArgumentRule, Availability, EffectClass, ScopeParameters, ToolRef, ToolSpec,
};
use serde_json::{Value, json};

use super::*;

const TENANT: &str = "7f3a9d52-0c1e-4b7a-9f66-1c2d3e4f5a6b";

/// Thursday, 26 November 2026, 12:00 UTC.
const NOON: Timestamp = Timestamp(1_795_694_400_000);

fn alice() -> UserKey {
    UserKey::new(TENANT, "a11ce000-0000-4000-8000-000000000001")
}

fn tool(effect: EffectClass, secret: bool, availability: Availability) -> ToolSpec {
    ToolSpec {
        tool: ToolRef::new("azure", "some_tool"),
        description: String::new(),
        input_schema: json!({"type": "object"}),
        hash: String::new(),
        effect,
        secret,
        argument_rules: vec![],
        scope: ScopeParameters {
            subscription: Some("subscription".to_owned()),
            resource_group: Some("resource-group".to_owned()),
            tenant: Some("tenant".to_owned()),
        },
        target_parameter: None,
        preview: None,
        availability,
        shared_identity: false,
        enabled_by_name: false,
    }
}

fn enabled(effect: EffectClass) -> ToolSpec {
    tool(effect, false, Availability::Enabled)
}

fn rule(argument: &str, effect: Option<EffectClass>, secret: Option<bool>) -> ArgumentRule {
    ArgumentRule {
        carries: false,
        argument: argument.to_owned(),
        equals: vec![],
        effect,
        secret,
    }
}

fn decide(set: &PolicySet, roles: &[Role], tool: &ToolSpec, arguments: &Value) -> Decision {
    set.decide(&PolicyInput {
        user: &alice(),
        roles: &roles.iter().copied().collect::<BTreeSet<_>>(),
        tool,
        arguments,
        mode: Mode::default(),
        tainted: false,
        tags: KnownTags::Nothing,
        at: NOON,
    })
}

/// The same, in another mode.
fn decide_in(set: &PolicySet, roles: &[Role], tool: &ToolSpec, mode: Mode) -> Decision {
    set.decide(&PolicyInput {
        user: &alice(),
        roles: &roles.iter().copied().collect::<BTreeSet<_>>(),
        tool,
        arguments: &json!({}),
        mode,
        tainted: false,
        tags: KnownTags::Nothing,
        at: NOON,
    })
}

/// The same, at another moment and in another mode.
fn decide_at(
    set: &PolicySet,
    tool: &ToolSpec,
    arguments: &Value,
    mode: Mode,
    at: &str,
) -> Decision {
    set.decide(&PolicyInput {
        user: &alice(),
        roles: &BTreeSet::from([Role::Operator]),
        tool,
        arguments,
        mode,
        tainted: false,
        tags: KnownTags::Nothing,
        at: Timestamp::parse_rfc3339(at).unwrap(),
    })
}

fn in_words(decision: &Decision) -> &'static str {
    use azimuth_domain::policy::ApprovalBy;
    match decision {
        Decision::Allow => "allow",
        Decision::RequireApproval {
            by: ApprovalBy::Asker,
        } => "ask",
        Decision::RequireApproval {
            by: ApprovalBy::AnotherApprover,
        } => "ask another",
        Decision::Deny { reason } => reason.code(),
    }
}
