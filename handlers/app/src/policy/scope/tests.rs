#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use azimuth_domain::tool::{Availability, EffectClass, ScopeParameters, ToolRef};
use serde_json::json;

use super::*;

const DEV: &str = "00000000-0000-4000-8000-0000000000b2";
const PROD: &str = "00000000-0000-4000-8000-0000000000a1";

fn tool(scope: ScopeParameters, target: Option<&str>) -> ToolSpec {
    ToolSpec {
        tool: ToolRef::new("azure", "thing_get"),
        description: String::new(),
        input_schema: json!({"type": "object"}),
        hash: String::new(),
        effect: EffectClass::ReadOnly,
        secret: false,
        argument_rules: vec![],
        scope,
        target_parameter: target.map(str::to_owned),
        preview: None,
        availability: Availability::Enabled,
        shared_identity: false,
        enabled_by_name: false,
    }
}

fn scoped() -> ToolSpec {
    let scope = ScopeParameters {
        subscription: Some("subscription".to_owned()),
        resource_group: Some("resource-group".to_owned()),
        tenant: None,
    };
    tool(scope, Some("account"))
}

fn id_of(subscription: &str, group: &str) -> String {
    format!(
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/st1"
    )
}

/// Subscription and resource group, `-` for what cannot be told.
fn told(spec: &ToolSpec, arguments: &Value) -> (String, String) {
    let scope = CallScope::of(spec, arguments);
    let word = |said: Option<String>| said.unwrap_or_else(|| "-".to_owned());
    (word(scope.subscription), word(scope.resource_group))
}

#[test]
fn an_id_is_told_in_lower_case_and_a_name_is_not() {
    let upper = PROD.to_uppercase();
    let bare = PROD.replace('-', "");
    for (arguments, subscription, group) in [
        (json!({}), "-", "-"),
        (json!({"subscription": PROD}), PROD, "-"),
        (json!({"subscription": upper}), PROD, "-"),
        (json!({"subscription": "Contoso-Prod"}), "-", "-"),
        (json!({"subscription": format!(" {PROD}")}), "-", "-"),
        (json!({"subscription": format!("{{{PROD}}}")}), "-", "-"),
        (json!({"subscription": bare}), "-", "-"),
        (
            json!({"subscription": null, "resource-group": "RG-Core"}),
            "-",
            "rg-core",
        ),
        (json!({"resource-group": "핵심"}), "-", "핵심"),
        (json!({"resource-group": "rg core"}), "-", "-"),
        (json!({"resource-group": "rg-cöre"}), "-", "-"),
        (json!({"resource-group": "rg/core"}), "-", "-"),
        (json!({"resource-group": ["rg-core"]}), "-", "-"),
    ] {
        let expected = (subscription.to_owned(), group.to_owned());
        assert_eq!(told(&scoped(), &arguments), expected, "{arguments}");
    }
    for (chars, fits) in [(89, true), (90, true), (91, false)] {
        let name = "g".repeat(chars);
        let scope = CallScope::of(&scoped(), &json!({"resource-group": name}));
        assert_eq!(scope.resource_group.is_some(), fits, "{chars}");
    }
}

#[test]
fn whatever_names_another_place_leaves_it_open() {
    let here = |more: Value| {
        let mut arguments = json!({"subscription": DEV, "resource-group": "rg-dev"});
        for (name, value) in more.as_object().unwrap() {
            arguments[name] = value.clone();
        }
        told(&scoped(), &arguments)
    };
    let both = (DEV.to_owned(), "rg-dev".to_owned());
    let neither = ("-".to_owned(), "-".to_owned());
    let no_group = (DEV.to_owned(), "-".to_owned());
    assert_eq!(here(json!({"account": "st1"})), both);
    assert_eq!(here(json!({"account": id_of(DEV, "RG-dev")})), both);
    assert_eq!(here(json!({"account": id_of(PROD, "rg-prod")})), neither);
    assert_eq!(here(json!({"account": id_of(DEV, "rg-prod")})), no_group);
    assert_eq!(
        here(json!({"scope": format!("/SUBSCRIPTIONS/{DEV}")})),
        no_group
    );
    assert_eq!(here(json!({"ids": [{"x": id_of(PROD, "rg-dev")}]})).0, "-");
    let url = format!(
        "https://management.azure.com{}?api-version=1",
        id_of(PROD, "rg-dev")
    );
    assert_eq!(here(json!({"url": url})).0, "-");
    assert_eq!(
        here(json!({"scope": "/providers/Microsoft.Management/managementGroups/all"})).0,
        "-"
    );
    assert_eq!(
        here(json!({"resource-group": id_of(PROD, "rg-dev")})).0,
        "-"
    );
    assert_eq!(here(json!({"identity-subscription-id": PROD})).0, "-");
    assert_eq!(here(json!({"identity-subscription-id": "prod"})).0, "-");
    assert_eq!(
        here(json!({"snapshot-resource-group": "rg-prod"})),
        no_group
    );
    for nothing in [json!(null), json!("")] {
        let empty = json!({"snapshot-resource-group": nothing, "from-subscription-id": nothing});
        assert_eq!(here(empty), both);
    }
    assert_eq!(
        here(json!({"id": "/subscriptions/x/resourceGroups/rg-dev"})).0,
        "-"
    );
    assert_eq!(
        here(json!({"id": format!("/subscriptions/{DEV}0/resourceGroups/rg-dev")})).0,
        "-"
    );
}

#[test]
fn a_guid_has_one_form() {
    let upper = DEV.to_uppercase();
    for (text, expected) in [
        (DEV, true),
        (&upper, true),
        ("", false),
        ("abc", false),
        (&DEV.replace('-', ""), false),
        (&DEV.replace('-', "0"), false),
        (&DEV.replace('b', "x"), false),
        (&format!("{DEV}0"), false),
        (&DEV[..35], false),
    ] {
        assert_eq!(is_guid(text), expected, "{text}");
    }
}

/// As [`scoped`], with a parameter for the tenant.
fn with_tenant() -> ToolSpec {
    let mut spec = scoped();
    spec.scope.tenant = Some("tenant".to_owned());
    spec
}

fn at_st1(change: impl FnOnce(&mut Value)) -> Value {
    let mut arguments = json!({"subscription": DEV, "resource-group": "rg-dev", "account": "st1"});
    change(&mut arguments);
    arguments
}

#[test]
fn calls_are_at_the_same_place_when_all_that_says_where_agrees() {
    let spec = with_tenant();
    let same = |one: &Value, other: &Value| is_same_place(&spec, one, other);
    let here = at_st1(|_| ());
    assert!(same(&here, &at_st1(|a| a["sku"] = json!("Premium_LRS"))));
    for (field, value) in [
        ("subscription", PROD),
        ("resource-group", "rg-prod"),
        ("account", "st2"),
        ("tenant", "contoso.example"),
        // Nobody looks into how the thing is spelt.
        ("account", "ST1"),
    ] {
        let there = at_st1(|a| a[field] = json!(value));
        assert!(!same(&here, &there) && !same(&there, &here), "{field}");
        assert!(same(&there, &there), "{field}");
    }
}

#[test]
fn a_yes_covers_more_than_the_same_call_only_where_place_and_thing_are_told() {
    let covers_more =
        |arguments: &Value| !approval_scope(&with_tenant(), arguments, false).same_call;
    let without = |field: &str| at_st1(|a| drop(a.as_object_mut().unwrap().remove(field)));
    let with = |field: &str, value: Value| at_st1(|a| a[field] = value);
    let mut by_id = with("resource-id", json!(id_of(DEV, "rg-dev")));
    by_id.as_object_mut().unwrap().remove("account");
    for (arguments, expected) in [
        (at_st1(|_| ()), true),
        (without("subscription"), false),
        (with("subscription", json!("Contoso-Dev")), false),
        (without("resource-group"), true),
        (with("resource-group", json!("rg core")), false),
        (without("account"), false),
        (with("account", json!("")), false),
        (by_id, true),
        (with("tenant", json!("contoso.example")), false),
        (with("tenant", json!(null)), true),
    ] {
        assert_eq!(covers_more(&arguments), expected, "{arguments}");
    }
    let scope = approval_scope(&with_tenant(), &at_st1(|_| ()), true);
    assert!(scope.same_call);
    assert_eq!(scope.subscription.as_deref(), Some(DEV));
    assert_eq!(scope.resource_group.as_deref(), Some("rg-dev"));
}

#[test]
fn text_establishes_no_place_that_no_parameter_names() {
    // A model that is told to can put any id into a text.
    let unnamed = json!({"message": id_of(DEV, "rg-dev"), "account": "stprod"});
    assert_eq!(CallScope::of(&scoped(), &unnamed), CallScope::default());
    let free = tool(ScopeParameters::default(), Some("vault"));
    let arguments = json!({"message": id_of(DEV, "rg-dev"), "vault": "kv-prod"});
    assert_eq!(CallScope::of(&free, &arguments), CallScope::default());
}

#[test]
fn a_resource_is_told_by_the_parameter_that_is_for_its_id() {
    let free = tool(ScopeParameters::default(), Some("workbook-id"));
    let id = id_of(DEV, "RG-Dev");
    let scope = CallScope::of(&free, &json!({"workbook-id": id}));
    assert_eq!(scope.subscription.as_deref(), Some(DEV));
    assert_eq!(scope.resource_group.as_deref(), Some("rg-dev"));
    assert_eq!(scope.resource_id, Some(id.to_lowercase()));
    let two = json!({"workbook-id": id, "other": id_of(DEV, "rg-dev").replace("st1", "st2")});
    assert_eq!(CallScope::of(&free, &two).resource_id, None);
    for odd in [
        "st1",
        "/subscriptions",
        &format!("/subscriptions/{DEV}/resourceGroups/g"),
        &id.replace("st1", "st%31"),
        &id.replace("st1", "../st2"),
        &id.replace("/st1", "//st1"),
    ] {
        let scope = CallScope::of(&free, &json!({"workbook-id": odd}));
        assert_eq!(scope.resource_id, None, "{odd}");
    }
    // Where the tool has parameters of its own for the place, they must agree.
    let both = CallScope::of(&scoped(), &json!({"resource-id": id}));
    assert_eq!(both, CallScope::default());
    let both = json!({"resource-id": id, "subscription": DEV, "resource-group": "rg-dev"});
    assert!(CallScope::of(&scoped(), &both).resource_id.is_some());
}
