//! A change that a model asks for which has read what a tool returned needs a person,
//! but for what an autonomous permit names.

use super::*;

const DEV: &str = "22222222-2222-4222-8222-222222222222";
const PROD: &str = "11111111-1111-4111-8111-111111111111";

/// What operators may do without asking anybody.
const FREE: &str = r#"@id("free") permit (
  principal in Azimuth::Role::"operator", action in Azimuth::Action::"use", resource
);
"#;

fn autonomous(annotations: &str, resource: &str, condition: &str) -> String {
    format!(
        r#"@id("night-work") {annotations}
permit (principal, action == Azimuth::Action::"call", {resource}) {condition};
"#
    )
}

const WHY: &str = r#"@autonomous("restarts what stopped at night")"#;
const ITS_TOOL: &str = r#"resource == Azimuth::Tool::"azure/tool""#;

fn in_dev() -> String {
    format!(r#"when {{ context has subscription && context.subscription == "{DEV}" }}"#)
}

fn decided(set: &PolicySet, effect: EffectClass, arguments: &Value, tainted: bool) -> &'static str {
    let mut tool = enabled(effect);
    tool.tool = azimuth_domain::tool::ToolRef::new("azure", "tool");
    in_words(&set.decide(&PolicyInput {
        user: &alice(),
        roles: &BTreeSet::from([Role::Operator]),
        tool: &tool,
        arguments,
        mode: Mode::Autonomous,
        tainted,
        tags: KnownTags::Nothing,
        at: NOON,
    }))
}

#[test]
fn what_was_read_takes_the_freedom_to_change() {
    let set = PolicySet::of_tenant(FREE).unwrap();
    for (effect, before, after) in [
        (EffectClass::ReadOnly, "allow", "allow"),
        (EffectClass::Mutating, "allow", "ask"),
        (EffectClass::Destructive, "allow", "ask"),
    ] {
        let got = [false, true].map(|tainted| decided(&set, effect, &json!({}), tainted));
        assert_eq!(got, [before, after], "{effect:?}");
    }
}

#[test]
fn an_autonomous_permit_gives_it_back_for_its_tool_and_place() {
    let text = format!("{FREE}{}", autonomous(WHY, ITS_TOOL, &in_dev()));
    let set = PolicySet::of_tenant(&text).unwrap();
    for (arguments, expected) in [
        (json!({"subscription": DEV}), "allow"),
        (json!({"subscription": PROD}), "ask"),
        (json!({"subscription": "Contoso-Dev"}), "ask"),
        (json!({}), "ask"),
    ] {
        let got = decided(&set, EffectClass::Destructive, &arguments, true);
        assert_eq!(got, expected, "{arguments}");
    }
    // Another tool of the same place has not got it.
    let other = ITS_TOOL.replace("tool\"", "other\"");
    let text = format!("{FREE}{}", autonomous(WHY, &other, &in_dev()));
    let set = PolicySet::of_tenant(&text).unwrap();
    let there = json!({"subscription": DEV});
    assert_eq!(decided(&set, EffectClass::Mutating, &there, true), "ask");
}

#[test]
fn an_approval_that_some_permit_demands_is_demanded_all_the_same() {
    let asks = r#"@id("asks") @approval("another") permit (
      principal, action in Azimuth::Action::"use", resource
    );"#;
    let text = format!("{asks}{}", autonomous(WHY, ITS_TOOL, &in_dev()));
    let set = PolicySet::of_tenant(&text).unwrap();
    let there = json!({"subscription": DEV});
    for tainted in [false, true] {
        let got = decided(&set, EffectClass::Mutating, &there, tainted);
        assert_eq!(got, "ask another");
    }
}

#[test]
fn autonomous_permits_name_a_tool_and_a_place() {
    let elsewhere = format!(
        r#"when {{ context.hour < 6 || (context has subscription && context.subscription == "{DEV}") }}"#
    );
    let not_there =
        format!(r#"when {{ !(context has subscription && context.subscription == "{DEV}") }}"#);
    let unless = in_dev().replacen("when", "unless", 1);
    let both = r#"@approval("asker") @autonomous("safe")"#;
    for (annotations, resource, condition, word) in [
        (WHY, "resource", in_dev(), "must name its tool"),
        (WHY, ITS_TOOL, String::new(), "must compare"),
        (WHY, ITS_TOOL, elsewhere, "must compare"),
        (WHY, ITS_TOOL, not_there, "must compare"),
        (WHY, ITS_TOOL, unless, "must compare"),
        (
            WHY,
            ITS_TOOL,
            "when { context has subscription }".to_owned(),
            "must compare",
        ),
        (r#"@autonomous("")"#, ITS_TOOL, in_dev(), "why it is safe"),
        ("@autonomous", ITS_TOOL, in_dev(), "why it is safe"),
        (both, ITS_TOOL, in_dev(), "exclude each other"),
    ] {
        let text = autonomous(annotations, resource, &condition);
        let faults = PolicySet::of_tenant(&text).err();
        let told = format!("{faults:?}");
        assert!(told.contains(word), "{text}: {told}");
    }
    let group = r#"when { context has resource_group && ["rg-a", "rg-b"].contains(context.resource_group) }"#;
    PolicySet::of_tenant(&autonomous(WHY, ITS_TOOL, group))
        .map(|_| ())
        .unwrap();
}
