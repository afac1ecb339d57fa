//! Arguments of a call: checked, spelt, cleaned, and read for where the call works. The
//! first line names a tool of the built-in catalogue (any other line the first one), the
//! rest are its arguments.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use azimuth_app::policy::arguments::{ArgumentSchemas, MAX_ARGUMENT_DEPTH};
use azimuth_app::policy::{KnownTags, PolicyInput, PolicySet};
use azimuth_domain::canonical::canonical_json;
use azimuth_domain::limits::MAX_ARGUMENT_BYTES;
use azimuth_domain::policy::{Decision, Mode};
use azimuth_domain::principal::{Role, UserKey};
use azimuth_domain::redact::redact_arguments;
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::ToolSpec;
use azimuth_mcp::catalogue::azure_tools;
use serde_json::Value;

const HERE: &str = "00000000-0000-4000-8000-0000000000a1";
const NOON: Timestamp = Timestamp(1_795_694_400_000);
const SUBSCRIPTIONS: &str = "/subscriptions/";

static TOOLS: LazyLock<Vec<ToolSpec>> = LazyLock::new(|| azure_tools().unwrap());
static SCHEMAS: LazyLock<ArgumentSchemas> = LazyLock::new(ArgumentSchemas::new);
/// Permits what works in one subscription, and nothing else.
static ONLY_HERE: LazyLock<PolicySet> = LazyLock::new(|| {
    let text = format!(
        "@id(\"here\") permit (principal, action == Azimuth::Action::\"call\", resource) \
         when {{ context has subscription && context.subscription == \"{HERE}\" }};"
    );
    PolicySet::new(&[&text]).unwrap()
});
static NOTHING: LazyLock<PolicySet> = LazyLock::new(|| PolicySet::new(&[]).unwrap());

pub fn run(data: &[u8]) -> bool {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let name = parts.next().unwrap_or_default();
    let named = TOOLS.iter().find(|tool| tool.tool.name.as_bytes() == name);
    let tool = named.unwrap_or(&TOOLS[0]);
    let Ok(arguments) = serde_json::from_slice::<Value>(parts.next().unwrap_or_default()) else {
        return false;
    };
    assert_one_spelling(&arguments);
    let _target = tool.target(&arguments);
    redact_arguments(arguments.clone());
    if SCHEMAS.check(tool, &arguments).is_err() {
        return false;
    }
    assert!(arguments.is_object(), "{arguments}");
    assert!(canonical_json(&arguments).len() <= MAX_ARGUMENT_BYTES);
    assert!(depth(&arguments) <= MAX_ARGUMENT_DEPTH, "{arguments}");
    decide(tool, &arguments)
}

/// Read again, the canonical form is the same value, and is spelt the same.
fn assert_one_spelling(arguments: &Value) {
    let text = canonical_json(arguments);
    let again: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(&again, arguments);
    assert_eq!(canonical_json(&again), text);
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Whether it is permitted here.
fn decide(tool: &ToolSpec, arguments: &Value) -> bool {
    let user = UserKey::new("t", "o");
    let roles = BTreeSet::from([Role::Operator]);
    let input = PolicyInput {
        user: &user,
        roles: &roles,
        tool,
        arguments,
        mode: Mode::default(),
        tainted: false,
        tags: KnownTags::Nothing,
        at: NOON,
    };
    let is_denied = |set: &PolicySet| matches!(set.decide(&input), Decision::Deny { .. });
    assert!(is_denied(&NOTHING), "{arguments}");
    let is_permitted = !is_denied(&ONLY_HERE);
    if is_permitted {
        assert_here(tool, arguments);
    }
    is_permitted
}

/// A call that may run here alone says nothing of another place.
fn assert_here(tool: &ToolSpec, arguments: &Value) {
    let is_here = |text: &str| text.eq_ignore_ascii_case(HERE);
    for (name, value) in arguments.as_object().unwrap() {
        let is_own = tool.scope.subscription.as_ref() == Some(name);
        if is_own {
            assert!(value.as_str().is_some_and(is_here), "{arguments}");
        } else if name == "subscription" || name.ends_with("subscription-id") {
            let says = value.as_str().unwrap_or("?");
            assert!(
                says.is_empty() || is_here(says) || value.is_null(),
                "{arguments}"
            );
        }
    }
    let spelt = arguments.to_string().to_lowercase();
    for (at, _) in spelt.match_indices(SUBSCRIPTIONS) {
        let id = spelt[at + SUBSCRIPTIONS.len()..].get(..HERE.len());
        assert!(id.is_some_and(is_here), "{arguments}");
    }
}
