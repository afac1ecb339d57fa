#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use azimuth_domain::policy::{ApprovalBy, Decision, DenyReason, Mode};
use azimuth_domain::principal::{Role, UserKey};
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::{Availability, ScopeParameters, ToolRef};
use serde_json::json;

use super::*;
use crate::policy::{PolicyError, PolicyInput, PolicySet};

const SUBSCRIPTION: &str = "00000000-0000-4000-8000-0000000000b2";

fn spec(effect: EffectClass) -> ToolSpec {
    ToolSpec {
        tool: ToolRef::new("azure", "thing"),
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
        target_parameter: Some("name".to_owned()),
        preview: None,
        availability: Availability::Enabled,
        shared_identity: false,
        enabled_by_name: false,
    }
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn id(group: &str, name: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourcegroups/{group}/providers/a.b/things/{name}")
}

/// Two groups, `data` of production and `bare` without tags; the same for each group alone
/// and for the subscription.
fn places() -> TaggedPlaces {
    let groups = [
        ("data", tags(&[("Env", "Prod"), ("team", "Data")])),
        ("bare", tags(&[])),
    ];
    let resources = [
        ("data", "kv-data", tags(&[])),
        ("data", "scratch", tags(&[("ENV", "Dev")])),
        ("bare", "vm1", tags(&[("owner", "")])),
        ("bare", "odd", tags(&[("env=dev", "")])),
    ];
    let place = |wanted: Option<&str>| {
        let is_in = |group: &str| wanted.is_none_or(|wanted| wanted == group);
        let groups = groups.iter().filter(|(group, _)| is_in(group));
        let resources = resources.iter().filter(|(group, ..)| is_in(group));
        let tagged = TaggedPlace {
            groups: groups
                .map(|(group, tags)| ((*group).to_owned(), tags.clone()))
                .collect(),
            resources: resources
                .map(|(group, name, tags)| (id(group, name), tags.clone()))
                .collect(),
        };
        let at = TagPlace {
            subscription: SUBSCRIPTION.to_owned(),
            resource_group: wanted.map(str::to_owned),
        };
        (at, Arc::new(tagged))
    };
    [None, Some("data"), Some("bare")].map(place).into()
}

/// The tags of a call, joined; `None` where nothing is told.
fn told(effect: EffectClass, mut arguments: Value) -> Option<String> {
    arguments["subscription"] = json!(SUBSCRIPTION);
    let spec = spec(effect);
    let scope = CallScope::of(&spec, &arguments);
    let tags = scope.tags(&arguments, effect, KnownTags::Of(&places()))?;
    Some(tags.into_iter().collect::<Vec<_>>().join(" "))
}

#[test]
fn tags_are_looked_for_where_the_call_says_that_it_works() {
    let place = |arguments: Value| place_of_call(&spec(EffectClass::ReadOnly), &arguments);
    let there = |group: Option<&str>| TagPlace {
        subscription: SUBSCRIPTION.to_owned(),
        resource_group: group.map(str::to_owned),
    };
    let mut arguments = json!({"subscription": SUBSCRIPTION});
    assert_eq!(place(arguments.clone()), Some(there(None)));
    arguments["resource-group"] = json!("Data");
    assert_eq!(place(arguments), Some(there(Some("data"))));
    assert_eq!(place(json!({"resource-group": "data"})), None);
    assert_eq!(place(json!({"subscription": "Contoso-Dev"})), None);
}

#[test]
fn a_call_has_the_tags_of_what_it_names() {
    use EffectClass::{Destructive, Mutating, ReadOnly};
    const DATA: Option<&str> = Some("env env=prod team team=data");
    const SCRATCH: Option<&str> = Some("env env=dev team team=data");
    let within = |group: &str, name: &str| json!({"resource-group": group, "name": name});
    for (effect, arguments, expected) in [
        // The group's where it names nothing that is there.
        (Mutating, json!({"resource-group": "data"}), DATA),
        (Mutating, json!({"resource-group": "DATA"}), DATA),
        (Mutating, within("data", "fresh"), DATA),
        (ReadOnly, json!({"resource-group": "bare"}), Some("")),
        // A resource's own, and its group's.
        (Mutating, within("data", "kv-data"), DATA),
        (Mutating, within("data", "Scratch"), SCRATCH),
        (Destructive, within("data", "scratch"), SCRATCH),
        (Mutating, within("bare", "vm1"), Some("owner owner=")),
        // Wherever it is named, and however.
        (Mutating, json!({"name": "kv-data"}), DATA),
        (
            ReadOnly,
            json!({"vault": "https://kv-data.vault.test/keys"}),
            DATA,
        ),
        (
            ReadOnly,
            json!({"deep": [{"er": id("data", "scratch")}]}),
            SCRATCH,
        ),
        (
            ReadOnly,
            json!({"id": format!("{}/parts/p", id("data", "kv-data"))}),
            DATA,
        ),
        // Not as a part of another word.
        (Mutating, within("data", "scratch2"), DATA),
        (Mutating, within("data", "my-scratch"), DATA),
        // Two that are tagged differently; all of a group that is to go; nothing at all.
        (
            Mutating,
            json!({"resource-group": "data", "of": ["scratch", "kv-data"]}),
            None,
        ),
        (Destructive, json!({"resource-group": "data"}), None),
        (Mutating, json!({}), None),
        (Mutating, json!({"resource-group": "elsewhere"}), None),
        // A name that could be taken for a name with a value.
        (Mutating, within("bare", "odd"), None),
    ] {
        let got = told(effect, arguments.clone());
        assert_eq!(got.as_deref(), expected, "{effect:?} {arguments}");
    }
}

#[test]
fn what_lies_in_no_group_has_its_own_tags_and_a_group_that_cannot_be_told_hides_them() {
    let place = TaggedPlace::default();
    let own = tags(&[("env", "dev")]);
    let at = |rest: &str| format!("/subscriptions/{SUBSCRIPTION}{rest}/providers/a.b/things/t");
    let told = |rest: &str| {
        let tags = effective(&place, &at(rest), &own)?;
        Some(tags.into_iter().collect::<Vec<_>>().join(" "))
    };
    assert_eq!(told("").as_deref(), Some("env env=dev"));
    // A name that none can have, and one that was not read.
    assert_eq!(told("/resourcegroups/"), None);
    assert_eq!(told("/resourcegroups/data"), None);
}

#[test]
fn what_nobody_read_is_not_told() {
    let arguments = json!({"subscription": SUBSCRIPTION, "resource-group": "data"});
    let spec = spec(EffectClass::Mutating);
    let scope = CallScope::of(&spec, &arguments);
    for known in [KnownTags::Nothing, KnownTags::Of(&TaggedPlaces::new())] {
        assert_eq!(scope.tags(&arguments, spec.effect, known), None);
    }
    // A group that another subscription has.
    let elsewhere =
        json!({"subscription": SUBSCRIPTION.replace('2', "3"), "resource-group": "data"});
    let scope = CallScope::of(&spec, &elsewhere);
    let known = places();
    let tags = scope.tags(&elsewhere, spec.effect, KnownTags::Of(&known));
    assert_eq!(tags, None);
}

fn decide(set: &PolicySet, known: KnownTags<'_>) -> Decision {
    set.decide(&PolicyInput {
        user: &UserKey::new("t", "alice"),
        roles: &BTreeSet::from([Role::Operator]),
        tool: &spec(EffectClass::Mutating),
        arguments: &json!({"subscription": SUBSCRIPTION, "resource-group": "data"}),
        mode: Mode::default(),
        tainted: false,
        tags: known,
        at: Timestamp(1_795_694_400_000),
    })
}

#[test]
fn a_forbid_holds_and_a_permit_does_not_where_tags_are_not_known() {
    let everything = "@id(\"all\") permit (principal, action, resource);";
    let forbid = r#"@id("prod") @reason("not_permitted")
        forbid (principal, action == Azimuth::Action::"call", resource)
        when { context has tags && context.tags.contains("env=prod") };"#;
    let permit = r#"@id("dev") permit (principal, action == Azimuth::Action::"call", resource)
        when { context has tags && context.tags.containsAny(["env=dev", "env=test"]) };"#;
    let untagged = r#"@id("untagged") @reason("not_permitted")
        forbid (principal, action == Azimuth::Action::"call", resource)
        unless { context has tags && context.tags.contains("owner") };"#;
    let demand = r#"@id("asks") @approval("asker")
        permit (principal, action == Azimuth::Action::"call", resource)
        when { context has tags && context.tags.contains("env=prod") };"#;
    let denied = Decision::Deny {
        reason: DenyReason::NotPermitted,
    };
    let asks = Decision::RequireApproval {
        by: ApprovalBy::Asker,
    };
    let allow = || Decision::Allow;
    let exactly =
        |tags: &[&str]| -> BTreeSet<String> { tags.iter().map(|tag| (*tag).to_owned()).collect() };
    for (policies, tags, expected) in [
        (
            [everything, forbid],
            Some(&["env", "env=prod"][..]),
            denied.clone(),
        ),
        ([everything, forbid], Some(&["env", "env=dev"]), allow()),
        ([everything, forbid], Some(&[]), allow()),
        ([everything, forbid], None, denied.clone()),
        ([permit, forbid], Some(&["env", "env=dev"]), allow()),
        (
            [permit, forbid],
            Some(&["env", "env=other"]),
            denied.clone(),
        ),
        ([permit, forbid], None, denied.clone()),
        ([everything, untagged], Some(&["owner", "owner=a"]), allow()),
        ([everything, untagged], Some(&["env=prod"]), denied.clone()),
        ([everything, untagged], None, denied.clone()),
        ([everything, demand], Some(&["env=prod"]), asks.clone()),
        ([everything, demand], Some(&["env=dev"]), allow()),
        ([everything, demand], None, asks),
    ] {
        let set = PolicySet::new(&policies).unwrap();
        assert!(set.asks_for_tags() && set.asks_for_a_subscription());
        let tags = tags.map(exactly);
        let known = tags.as_ref().map_or(KnownTags::Nothing, KnownTags::Exactly);
        assert_eq!(decide(&set, known), expected, "{policies:?} {tags:?}");
    }
}

#[test]
fn a_condition_that_no_tag_can_meet_is_refused() {
    for condition in [
        r#"context.tags.contains("Env=prod")"#,
        r#"context.tags.contains("env=Prod")"#,
        r#"context.tags.containsAll(["env", "OWNER"])"#,
        r#"context.tags == "env=prod""#,
        "context.tags.contains(1)",
    ] {
        let text = format!(
            r#"@id("x") permit (principal, action == Azimuth::Action::"call", resource)
            when {{ context has tags && {condition} }};"#
        );
        let refused = PolicySet::new(&[text.as_str()]).err();
        assert!(
            matches!(
                refused,
                Some(PolicyError::Condition { .. } | PolicyError::Invalid(_))
            ),
            "{condition}: {refused:?}"
        );
    }
    // Without asking whether they are known.
    let text = r#"@id("x") permit (principal, action == Azimuth::Action::"call", resource)
        when { context.tags.contains("env") };"#;
    assert!(PolicySet::new(&[text]).is_err());
    // A tag is no place: the autonomous permit must name one.
    let text = r#"@id("x") @autonomous("nightly")
        permit (principal, action == Azimuth::Action::"call", resource == Azimuth::Tool::"azure/thing")
        when { context has tags && context.tags.contains("env=dev") };"#;
    assert!(PolicySet::new(&[text]).is_err());
}
