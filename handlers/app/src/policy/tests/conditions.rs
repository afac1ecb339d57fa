//! Conditions on what a call's arguments say and on when it is made: rules × calls,
//! compared whole.

use std::fmt::Write;

use super::*;

/// The reviewed decisions. When a rule is meant to change them, the test prints the
/// table that goes here.
const REVIEWED: &str = include_str!("conditions.txt");

const PROD: &str = "00000000-0000-4000-8000-0000000000a1";
const DEV: &str = "00000000-0000-4000-8000-0000000000b2";

/// Whoever is not forbidden is permitted.
const ANYTHING: &str = r#"@id("anything") permit (principal, action, resource);"#;

fn forbid(condition: &str) -> String {
    format!(
        r#"{ANYTHING} @id("rule") @reason("not_permitted")
        forbid (principal, action == Azimuth::Action::"call", resource) when {{ {condition} }};"#
    )
}

fn permit(condition: &str) -> String {
    format!(
        r#"@id("rule") permit (principal, action == Azimuth::Action::"call", resource)
        when {{ {condition} }};"#
    )
}

/// Rules by what they are called in the table.
fn rules() -> Vec<(&'static str, String)> {
    let is_prod = format!(r#"context has subscription && context.subscription == "{PROD}""#);
    let is_core = r#"context has resource_group && context.resource_group == "rg-core""#;
    let is_st1 = format!(
        r#"context has resource_id && context.resource_id like "/subscriptions/{PROD}/*/st1""#
    );
    let in_set = format!(
        r#"context has subscription && ["{PROD}", "{DEV}"].contains(context.subscription)"#
    );
    vec![
        ("forbid prod", forbid(&is_prod)),
        ("forbid all but prod", forbid(&format!("!({is_prod})"))),
        (
            "forbid prod and rg-core",
            forbid(&format!("{is_prod} && {is_core}")),
        ),
        ("forbid rg-core", forbid(is_core)),
        ("forbid st1", forbid(&is_st1)),
        (
            "forbid st1 in prod",
            forbid(&format!("{is_prod} && {is_st1}")),
        ),
        (
            "forbid prod, scoped tools",
            forbid(&format!("resource.scoped && {is_prod}")),
        ),
        (
            "forbid prod if",
            forbid(&format!("if resource.secret then false else {is_prod}")),
        ),
        ("forbid prod, unless", {
            let rule = forbid("true");
            rule.replace("when { true }", &format!("unless {{ !({is_prod}) }}"))
        }),
        ("permit prod", permit(&is_prod)),
        ("permit all but prod", permit(&format!("!({is_prod})"))),
        ("permit unless prod", {
            let rule = permit("true");
            rule.replace("when { true }", &format!("unless {{ {is_prod} }}"))
        }),
        ("permit prod or dev", permit(&in_set)),
        ("permit rg-core", permit(is_core)),
        ("ask in prod, permit all", {
            let rule = permit(&is_prod).replace("permit (", r#"@approval("another") permit ("#);
            format!("{ANYTHING} {rule}")
        }),
        ("ask in prod", {
            permit(&is_prod).replace("permit (", r#"@approval("another") permit ("#)
        }),
    ]
}

/// Calls by what they are called in the table.
fn calls() -> Vec<(&'static str, ToolSpec, Value)> {
    let tool = enabled(EffectClass::ReadOnly);
    let mut free = tool.clone();
    free.scope = ScopeParameters::default();
    let id = format!(
        "/subscriptions/{PROD}/resourceGroups/RG-Core/providers/Microsoft.Storage/storageAccounts/ST1"
    );
    let at = |subscription: &str, group: &str| json!({"subscription": subscription, "resource-group": group});
    let mut by_id = at(PROD, "rg-core");
    by_id["resource-id"] = json!(id);
    let mut elsewhere = at(DEV, "rg-core");
    elsewhere["resource-id"] = json!(id);
    vec![
        ("PROD", tool.clone(), at(&PROD.to_uppercase(), "RG-Core")),
        ("PROD other group", tool.clone(), at(PROD, "rg-x")),
        ("PROD id", tool.clone(), by_id),
        ("DEV", tool.clone(), at(DEV, "rg-core")),
        ("DEV, PROD id", tool.clone(), elsewhere),
        ("DEV no group", tool.clone(), json!({"subscription": DEV})),
        ("by name", tool.clone(), at("Contoso-Prod", "rg-core")),
        ("nothing", tool, json!({})),
        ("no parameter", free, json!({})),
    ]
}

fn table() -> String {
    let calls = calls();
    let mut out = format!("{:<26}", "rule");
    for (name, _, _) in &calls {
        write!(out, " {name:<17}").unwrap();
    }
    out = out.trim_end().to_owned() + "\n";
    for (name, text) in rules() {
        let set = PolicySet::new(&[&text]).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut line = format!("{name:<26}");
        for (_, tool, arguments) in &calls {
            let word = in_words(&decide(&set, &[Role::Operator], tool, arguments));
            write!(line, " {word:<17}").unwrap();
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[test]
fn what_a_call_leaves_open_is_decided_as_reviewed() {
    let now = table();
    assert!(now == REVIEWED, "the decisions are now:\n{now}");
}

#[test]
fn the_time_is_that_of_utc() {
    let office = r#"@id("office") permit (principal, action == Azimuth::Action::"call", resource)
        when {
            context.hour >= 8 && context.minute_of_day < 1050 &&
            context.weekday != Azimuth::Weekday::"saturday" &&
            context.weekday != Azimuth::Weekday::"sunday"
        };"#;
    let set = PolicySet::new(&[office]).unwrap();
    let tool = enabled(EffectClass::ReadOnly);
    for (at, expected) in [
        ("2026-11-26T07:59:59.999Z", "not_permitted"),
        ("2026-11-26T08:00:00Z", "allow"),
        ("2026-11-26T17:29:59.999Z", "allow"),
        ("2026-11-26T17:30:00Z", "not_permitted"),
        ("2026-11-27T12:00:00Z", "allow"),
        ("2026-11-28T12:00:00Z", "not_permitted"),
        ("2026-11-29T12:00:00Z", "not_permitted"),
        ("2026-11-30T12:00:00Z", "allow"),
        // Monday in Seoul, Sunday in UTC.
        ("2026-11-30T08:30:00+09:00", "not_permitted"),
    ] {
        let got = decide_at(&set, &tool, &json!({}), Mode::Review, at);
        assert_eq!(in_words(&got), expected, "{at}");
    }
}

#[test]
fn policies_can_speak_of_the_mode() {
    let forbid = forbid(r#"context.mode == Azimuth::Mode::"read_only""#);
    let set = PolicySet::new(&[&forbid]).unwrap();
    let tool = enabled(EffectClass::Mutating);
    for (mode, expected) in [
        (Mode::ReadOnly, "not_permitted"),
        (Mode::Review, "allow"),
        (Mode::Autonomous, "allow"),
    ] {
        let got = decide_at(&set, &tool, &json!({}), mode, "2026-11-26T12:00:00Z");
        assert_eq!(in_words(&got), expected, "{mode:?}");
    }
}

#[test]
fn a_change_without_a_scope_needs_a_permit_that_names_it() {
    let default = PolicySet::default_set().unwrap();
    let named = r#"@id("containers") @approval("asker")
        permit (principal in Azimuth::Role::"operator", action in Azimuth::Action::"use", resource)
        when { resource.name == "some_tool" };"#;
    let naming = PolicySet::of_tenant(named).unwrap();
    for (effect, by_default, once_named, by_name) in [
        (EffectClass::ReadOnly, "allow", "ask", "allow"),
        (EffectClass::Mutating, "not_permitted", "ask", "ask"),
        (
            EffectClass::Destructive,
            "not_permitted",
            "ask",
            "ask another",
        ),
    ] {
        let mut tool = enabled(effect);
        tool.scope = ScopeParameters {
            tenant: Some("tenant".to_owned()),
            ..ScopeParameters::default()
        };
        let operator = [Role::Operator];
        let asked = |set, tool: &ToolSpec| in_words(&decide(set, &operator, tool, &json!({})));
        assert_eq!(asked(&default, &tool), by_default, "{effect:?}");
        assert_eq!(asked(&naming, &tool), once_named, "{effect:?}");
        let seen = default.may_see(&operator.into(), &tool);
        assert_eq!(seen, effect == EffectClass::ReadOnly, "{effect:?}");
        tool.enabled_by_name = true;
        assert_eq!(asked(&default, &tool), by_name, "{effect:?}");
        tool.availability = Availability::NeedsLocalMachine;
        assert_eq!(asked(&naming, &tool), "tool_disabled", "{effect:?}");
    }
}

#[test]
fn a_rule_that_could_never_hold_cannot_be_made() {
    for (condition, word) in [
        (
            r#"context has subscription && context.subscription == "Contoso-Prod""#,
            "lower case",
        ),
        (
            r#"context has subscription && context.subscription == "contoso-prod""#,
            "GUID",
        ),
        (
            r#"context has subscription && context.subscription like "*prod""#,
            "GUID",
        ),
        (
            r#"context has resource_group && context.resource_group == "RG-Core""#,
            "lower case",
        ),
        (
            r#"context has resource_group && context.resource_group like "RG-*""#,
            "lower case",
        ),
        (
            r#"context has tenant && context.tenant == "contoso.com""#,
            "GUID",
        ),
        (
            r#"context has resource_id && context.resource_id like "*/Microsoft.Sql/*""#,
            "lower case",
        ),
    ] {
        let error = PolicySet::new(&[&forbid(condition)]).err().unwrap();
        assert!(
            matches!(error, PolicyError::Condition { .. }),
            "{condition}"
        );
        assert!(error.to_string().contains(word), "{condition}: {error}");
    }
}
