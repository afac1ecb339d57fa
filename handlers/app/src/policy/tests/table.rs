//! Roles × effect classes × secret × availability, compared whole.

use std::fmt::Write;

use azimuth_domain::policy::DenyReason;

use super::super::set::default_policies;
use super::*;

/// The reviewed decisions. When a policy is meant to change them, the test prints
/// the table that goes here.
const REVIEWED: &str = include_str!("decisions.txt");

const ROLES: [&[Role]; 8] = [
    &[],
    &[Role::Reader],
    &[Role::Operator],
    &[Role::Approver],
    &[Role::Auditor],
    &[Role::Admin],
    &[Role::Operator, Role::Approver],
    &Role::ALL,
];
const EFFECTS: [EffectClass; 3] = [
    EffectClass::ReadOnly,
    EffectClass::Mutating,
    EffectClass::Destructive,
];
const AVAILABILITIES: [Availability; 5] = [
    Availability::Enabled,
    Availability::Unclassified,
    Availability::Changed,
    Availability::NeedsLocalMachine,
    Availability::SwitchedOff,
];

fn row(cells: [&str; 10]) -> String {
    let [roles, effect, secret, rest @ ..] = cells;
    let mut line = format!("{roles:<18} {effect:<12} {secret:<7}");
    for cell in rest {
        write!(line, "{cell:<21}").unwrap();
    }
    format!("{}\n", line.trim_end())
}

fn table(set: &PolicySet) -> String {
    let mut out = row([
        "roles",
        "effect",
        "secret",
        "enabled",
        "enabled, foreign",
        "enabled, looking",
        "unclassified",
        "changed",
        "local machine",
        "switched off",
    ]);
    for roles in ROLES {
        let names: Vec<&str> = roles.iter().map(|r| r.as_str()).collect();
        let name = match names.len() {
            0 => "nobody".to_owned(),
            5 => "all five".to_owned(),
            _ => names.join("+"),
        };
        for effect in EFFECTS {
            for secret in [false, true] {
                let at = |availability, arguments: Value| {
                    let tool = tool(effect, secret, availability);
                    in_words(&decide(set, roles, &tool, &arguments))
                };
                let [on, rest @ ..] = AVAILABILITIES;
                let [a, b, c, d] = rest.map(|availability| at(availability, json!({})));
                out.push_str(&row([
                    &name,
                    effect.as_str(),
                    if secret { "secret" } else { "-" },
                    at(on, json!({})),
                    at(
                        on,
                        json!({"tenant": "11111111-2222-3333-4444-555555555555"}),
                    ),
                    in_words(&decide_in(
                        set,
                        roles,
                        &tool(effect, secret, on),
                        Mode::ReadOnly,
                    )),
                    a,
                    b,
                    c,
                    d,
                ]));
            }
        }
    }
    out
}

#[test]
fn the_default_policies_decide_as_reviewed() {
    let now = table(&PolicySet::default_set().unwrap());
    assert!(now == REVIEWED, "the decisions are now:\n{now}");
}

#[test]
fn every_default_policy_matters() {
    for without in default_policies().unwrap() {
        let rest = default_policies()
            .unwrap()
            .into_iter()
            .filter(|policy| policy.id() != without.id())
            .collect();
        let now = table(&PolicySet::assemble(rest).unwrap());
        assert!(now != REVIEWED, "nobody misses {}", without.id());
    }
}

#[test]
fn an_empty_set_allows_nothing() {
    let set = PolicySet::new(&[]).unwrap();
    for line in table(&set).lines().skip(1) {
        let cells: Vec<&str> = line[39..].split_whitespace().collect();
        assert_eq!(cells, ["not_permitted"; 7], "{line}");
    }
    assert!(!set.may_see(&Role::ALL.into(), &enabled(EffectClass::ReadOnly)));
}

#[test]
fn only_forbids_allow_nothing_either() {
    let set = PolicySet::new(&[include_str!("../../../policies/forbids.cedar")]).unwrap();
    let denied = decide(
        &set,
        &Role::ALL,
        &enabled(EffectClass::ReadOnly),
        &json!({}),
    );
    let reason = DenyReason::NotPermitted;
    assert_eq!(denied, Decision::Deny { reason });
}

#[test]
fn a_tenant_argument_is_the_own_tenant_or_refused() {
    let set = PolicySet::default_set().unwrap();
    let tool = enabled(EffectClass::ReadOnly);
    let mut blind = tool.clone();
    blind.scope.tenant = None;
    for (argument, expected) in [
        (json!({}), "allow"),
        (json!({"tenant": null}), "allow"),
        (json!({"tenant": ""}), "allow"),
        (json!({"tenant": TENANT}), "allow"),
        (json!({"tenant": TENANT.to_uppercase()}), "allow"),
        (json!({"tenant": format!(" {TENANT}")}), "foreign_tenant"),
        (json!({"tenant": "Contoso"}), "foreign_tenant"),
        (
            json!({"tenant": "fabrikam.onmicrosoft.test"}),
            "foreign_tenant",
        ),
        (json!({"tenant": 7}), "foreign_tenant"),
        (json!({"tenant": [TENANT]}), "foreign_tenant"),
        (json!({"tenant": {"id": TENANT}}), "foreign_tenant"),
        (json!({"tenant": false}), "foreign_tenant"),
    ] {
        let got = decide(&set, &[Role::Reader], &tool, &argument);
        assert_eq!(in_words(&got), expected, "{argument}");
        let got = decide(&set, &[Role::Reader], &blind, &argument);
        assert_eq!(
            in_words(&got),
            "allow",
            "{argument} is no tenant of this tool"
        );
    }
}

#[test]
fn arguments_make_the_class_that_is_decided_about() {
    let set = PolicySet::default_set().unwrap();
    let mut tool = enabled(EffectClass::ReadOnly);
    tool.argument_rules = vec![
        rule("secret", None, Some(true)),
        rule("delete", Some(EffectClass::Destructive), None),
        rule("write", Some(EffectClass::Mutating), None),
    ];
    for (roles, arguments, expected) in [
        ([Role::Reader], json!({}), "allow"),
        ([Role::Reader], json!({"secret": "db"}), "not_permitted"),
        ([Role::Operator], json!({"secret": "db"}), "ask another"),
        ([Role::Reader], json!({"delete": true}), "not_permitted"),
        ([Role::Operator], json!({"delete": true}), "ask another"),
        ([Role::Operator], json!({"write": "x"}), "ask"),
    ] {
        assert_eq!(
            in_words(&decide(&set, &roles, &tool, &arguments)),
            expected,
            "{arguments}"
        );
    }
}
