#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use azimuth_domain::tool::ScopeParameters;

use super::*;
use crate::policy::BUILT_IN_PERMITS;

const PROD: &str = "00000000-0000-4000-8000-0000000000a1";

fn tool(name: &str, effect: EffectClass) -> ToolSpec {
    ToolSpec {
        tool: ToolRef::new("azure", name),
        description: String::new(),
        input_schema: json!({"type": "object"}),
        hash: String::new(),
        effect,
        secret: false,
        argument_rules: vec![],
        scope: ScopeParameters {
            subscription: Some("subscription".to_owned()),
            resource_group: Some("resource-group".to_owned()),
            tenant: None,
        },
        target_parameter: None,
        preview: None,
        availability: Availability::Enabled,
        shared_identity: false,
        enabled_by_name: false,
    }
}

fn catalogue() -> Catalogue {
    Catalogue {
        version: "1".to_owned(),
        tools: vec![
            tool("thing_get", EffectClass::ReadOnly),
            tool("thing_set", EffectClass::Mutating),
            tool("thing_delete", EffectClass::Destructive),
        ],
        ..Catalogue::default()
    }
}

/// What turns out otherwise, in words.
fn compared(text: &str) -> (Comparison, Vec<String>) {
    let before = PolicySet::default_set().unwrap();
    let after = PolicySet::of_tenant(text).unwrap();
    let user = UserKey::new("t", "dave");
    let found = compare(&before, &after, &catalogue(), &user, Timestamp(0));
    let words = found.differences.iter().map(|d| {
        let place = d.place.subscription.as_deref().unwrap_or("elsewhere");
        format!(
            "{:?} {} {} {place}",
            d.turned(),
            d.role.as_str(),
            d.tool.name
        )
    });
    let words = words.collect();
    (found, words)
}

#[test]
fn the_same_policies_change_nothing() {
    let (found, words) = compared(BUILT_IN_PERMITS);
    assert_eq!((found.compared, found.complete), (15, true));
    assert_eq!(words, [""; 0]);
}

#[test]
fn an_empty_text_takes_everything_away() {
    let (found, words) = compared("");
    assert_eq!(found.compared, 15);
    assert_eq!(words.len(), 7, "{words:?}");
    assert!(words.iter().all(|w| w.starts_with("Lost")), "{words:?}");
}

#[test]
fn who_gains_and_who_loses_is_told_where_it_differs() {
    let more = format!(
        r#"{BUILT_IN_PERMITS}
        @id("admins-change") @approval("another")
        permit (principal in Azimuth::Role::"admin", action in Azimuth::Action::"use", resource)
        when {{ resource.name == "thing_set" }};
        @id("nobody-changes-prod") @reason("not_permitted")
        forbid (principal, action == Azimuth::Action::"call", resource)
        when {{
            resource.effect != Azimuth::Effect::"read_only" &&
            context has subscription && context.subscription == "{PROD}"
        }};"#
    );
    let (found, words) = compared(&more);
    assert_eq!((found.compared, found.complete), (30, true));
    let expected = [
        "Gained admin thing_set elsewhere".to_owned(),
        format!("Lost operator thing_set {PROD}"),
        format!("Lost operator thing_delete {PROD}"),
    ];
    assert_eq!(words, expected);
}

#[test]
fn another_approval_is_a_difference_too() {
    let (_, words) =
        compared(&BUILT_IN_PERMITS.replace(r#"@approval("another")"#, r#"@approval("asker")"#));
    assert_eq!(words, ["Otherwise operator thing_delete elsewhere"]);
}

/// Beside the built-in policies, a rule under this condition.
fn with_a_rule(condition: &str) -> String {
    format!(
        r#"{BUILT_IN_PERMITS}
        @id("a-rule") @reason("not_permitted")
        forbid (principal, action == Azimuth::Action::"call", resource)
        when {{ {condition} }};"#
    )
}

#[test]
fn sixteen_places_are_tried_beside_the_one_that_no_policy_names() {
    for (named, tried, complete) in [(15, 16, true), (16, 17, true), (17, 17, false)] {
        let groups: Vec<String> = (0..named).map(|n| format!(r#""rg-{n:02}""#)).collect();
        let (found, _) = compared(&with_a_rule(&format!(
            "context has resource_group && [{}].contains(context.resource_group)",
            groups.join(", ")
        )));
        let told = (found.compared, found.complete);
        assert_eq!(told, (tried * 15, complete), "{named}");
    }
}

#[test]
fn how_something_is_tagged_is_not_tried_and_that_is_told() {
    let text = with_a_rule(r#"context has tags && context.tags.contains("env=prod")"#);
    let (found, _) = compared(&text);
    assert_eq!((found.compared, found.complete), (15, false));
}

#[test]
fn a_comparison_has_an_end() {
    let tools = (0..=MAX_CALLS / 5).map(|n| tool(&format!("t{n}"), EffectClass::ReadOnly));
    let mut many = catalogue();
    many.tools = tools.collect();
    let set = PolicySet::default_set().unwrap();
    let user = UserKey::new("t", "dave");
    let found = compare(&set, &set, &many, &user, Timestamp(0));
    assert_eq!((found.compared, found.complete), (MAX_CALLS, false));
    many.tools.truncate(MAX_CALLS / 5);
    let found = compare(&set, &set, &many, &user, Timestamp(0));
    assert_eq!((found.compared, found.complete), (MAX_CALLS, true));
}
