//! What of the context a condition looks at, which places it names, which it demands.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::str::FromStr;

use super::*;

const PROD: &str = "00000000-0000-4000-8000-0000000000a1";
const DEV: &str = "00000000-0000-4000-8000-0000000000b2";

/// A permit under this condition.
fn policy(condition: &str) -> Policy {
    let text = format!("permit (principal, action, resource) when {{ {condition} }};");
    Policy::from_str(&text).unwrap()
}

fn conditions(condition: &str) -> Value {
    policy(condition).to_json().unwrap()["conditions"].take()
}

#[test]
fn every_way_to_look_at_the_context_is_found_and_texts_are_none() {
    for (condition, looked_at) in [
        (r#"context.subscription == "x""#, vec!["subscription"]),
        ("context has tags", vec!["tags"]),
        (
            "[1].contains(if context has resource_id then 1 else 2)",
            vec!["resource_id"],
        ),
        (r#"context.mode == "act" && context.tenant == "x""#, vec![]),
        (r#"resource.subscription == "context""#, vec![]),
        ("principal == context", OPEN.to_vec()),
        ("[context].contains(principal)", OPEN.to_vec()),
        (r#"{"whole": context}.whole == principal"#, OPEN.to_vec()),
        ("true", vec![]),
    ] {
        let found = spoken_of(&conditions(condition), &OPEN);
        assert_eq!(found, looked_at, "{condition}");
    }
}

#[test]
fn which_policies_ask_where_a_call_works_and_how_that_is_tagged() {
    for (condition, subscription, tags) in [
        (r#"context.subscription == "x""#, true, false),
        (r#"context.resource_id like "*""#, true, false),
        (r#"context.tags.contains("a")"#, true, true),
        (r#"context.resource_group == "x""#, false, false),
        (r#"context.mode == "act""#, false, false),
        ("true", false, false),
    ] {
        let policies = [policy("true"), policy(condition)];
        assert_eq!(
            (ask_for_a_subscription(&policies), ask_for_tags(&policies)),
            (subscription, tags),
            "{condition}"
        );
    }
    assert!(!ask_for_a_subscription(&[]) && !ask_for_tags(&[]));
}

#[test]
fn places_are_named_by_comparisons_with_whole_texts() {
    let named = |condition: &str| {
        let NamedPlaces {
            subscriptions,
            resource_groups,
        } = NamedPlaces::of(&[policy("true"), policy(condition)]);
        let texts = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>().join(" ");
        (texts(subscriptions), texts(resource_groups))
    };
    let both = format!("{PROD} {DEV}");
    for (condition, subscriptions, groups) in [
        (
            format!(r#"context has subscription && context.subscription == "{PROD}""#),
            PROD,
            "",
        ),
        (format!(r#"context.subscription != "{PROD}""#), PROD, ""),
        (
            format!(r#"["{PROD}", "{DEV}"].contains(context.subscription)"#),
            &both,
            "",
        ),
        (r#"context.resource_group == "rg""#.to_owned(), "", "rg"),
        // Patterns, other attributes, two at once, and what compares with nothing.
        (r#"context.resource_group like "rg-*""#.to_owned(), "", ""),
        (r#"context.resource_id == "/x""#.to_owned(), "", ""),
        (r#"context.mode == "act""#.to_owned(), "", ""),
        (
            r#"(if context.subscription == context.resource_group then "a" else "b") == "b""#
                .to_owned(),
            "",
            "",
        ),
        ("context has resource_group".to_owned(), "", ""),
        (
            r#"if context has subscription then resource.name == "x" else false"#.to_owned(),
            "",
            "",
        ),
    ] {
        let expected = (subscriptions.to_owned(), groups.to_owned());
        assert_eq!(named(&condition), expected, "{condition}");
    }
}

#[test]
fn a_place_is_demanded_only_by_an_equality_that_must_hold() {
    let is_prod = format!(r#"context.subscription == "{PROD}""#);
    let is_group = r#"context.resource_group == "rg""#;
    for (condition, is_demanded) in [
        (is_prod.clone(), true),
        (format!("{is_prod} && resource.secret"), true),
        (format!("resource.secret && {is_prod}"), true),
        (format!("resource.secret || {is_prod}"), false),
        (format!("{is_prod} || resource.secret"), false),
        (format!("{is_prod} || {is_group}"), true),
        (format!("!({is_prod})"), false),
        (format!(r#"context.subscription != "{PROD}""#), false),
        (
            format!(r#"["{PROD}"].contains(context.subscription)"#),
            true,
        ),
        (r#"context.resource_id like "/x/*""#.to_owned(), false),
        ("context has subscription".to_owned(), false),
        (
            "context.subscription == context.resource_group".to_owned(),
            false,
        ),
        (r#"context.mode == "act""#.to_owned(), false),
    ] {
        let found = demands_a_place(&policy(&condition)).unwrap();
        assert_eq!(found, is_demanded, "{condition}");
    }
    let unless = format!("permit (principal, action, resource) unless {{ {is_prod} }};");
    assert!(!demands_a_place(&Policy::from_str(&unless).unwrap()).unwrap());
}

#[test]
fn what_no_call_can_have_is_told() {
    let told = |condition: &str| {
        let told = bounded(&policy(condition)).err().unwrap_or_default();
        told.split(':').next().unwrap_or_default().to_owned()
    };
    let lower = "values of the context are in lower case";
    let id = "context.subscription is an id";
    for (condition, fault) in [
        (format!(r#"context.subscription == "{PROD}""#), ""),
        (r#"context.subscription == "prod""#.to_owned(), id),
        (format!(r#"context.subscription like "{PROD}*""#), id),
        (
            r#"context.tenant == "contoso""#.to_owned(),
            "context.tenant is an id",
        ),
        (r#"context.resource_group == "RG""#.to_owned(), lower),
        (r#"context.resource_group like "RG-*""#.to_owned(), lower),
        (r#"context.resource_group like "rg-*""#.to_owned(), ""),
        (
            r#"context.tags.contains(if "a" like "a*" then "x" else "y")"#.to_owned(),
            "context.tags is a set",
        ),
        (r#"context.tags.contains("a=b")"#.to_owned(), ""),
        (r#"resource.name == "Some""#.to_owned(), ""),
    ] {
        assert_eq!(told(&condition), fault, "{condition}");
    }
}
