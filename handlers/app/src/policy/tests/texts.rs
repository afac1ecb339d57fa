//! A tenant's text: what is wrong is told with its place, and nothing takes a built-in
//! forbid away.

use super::super::text::{MAX_OPERATORS, MAX_POLICIES, MAX_TEXT_BYTES};
use super::*;

fn faults(text: &str) -> Vec<String> {
    let faults = PolicySet::of_tenant(text).err().unwrap();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn faults_are_told_with_line_and_column() {
    let permit = "permit (principal, action, resource)";
    for (text, place, word) in [
        (
            "permit (principal, action".to_owned(),
            "1:26",
            "unexpected end",
        ),
        (
            format!("// 정책\n  {permit} when {{ 1 +;"),
            "2:",
            "unexpected token",
        ),
        (format!("\n  {permit};"), "2:3", "needs an id"),
        (
            format!("@id(\"a\")\n{permit};\n\n@id(\"a\")\n{permit};"),
            "4:1",
            "another policy has the id",
        ),
        (
            format!("@id(\"a\")\n@aproval(\"asker\")\n{permit};"),
            "1:1",
            "@aproval",
        ),
        (
            format!("@id(\"own-tenant-only\")\n{permit};"),
            "1:1",
            "built-in",
        ),
        (
            format!("@id(\"a\")\n{permit}\nwhen {{ resource.nature }};"),
            "3:",
            "nature",
        ),
        (
            format!("@id(\"a\")\n{permit}\nwhen {{ principal in Azimuth::Role::\"root\" }};"),
            "3:",
            "root",
        ),
        (
            "@id(\"a\") permit (principal == ?principal, action, resource);".to_owned(),
            "1:1",
            "template",
        ),
        (
            format!(
                "@id(\"b\") {permit};\n@id(\"a\") permit (principal, action == Azimuth::Action::\"call\", resource) when {{ context has subscription && context.subscription == \"Prod\" }};"
            ),
            "2:1",
            "lower case",
        ),
        (
            format!("@id(\"a\") {permit};\n\n @id(\"b\") {permit} when {{ false }};"),
            "3:2",
            "impossible",
        ),
    ] {
        let told = faults(&text);
        assert!(
            told.iter()
                .any(|t| t.starts_with(place) && t.contains(word)),
            "{text}: {told:?}"
        );
    }
    // Several are told at once.
    assert_eq!(faults(&format!("{permit};\n{permit};\n{permit};")).len(), 3);
}

#[test]
fn garbage_is_refused_and_no_more() {
    let deep = |open: &str, close: &str, n: usize| {
        format!(
            "@id(\"a\") permit (principal, action, resource) when {{ {}true{} }};",
            open.repeat(n),
            close.repeat(n)
        )
    };
    for text in [
        "\u{0}".to_owned(),
        "}{".to_owned(),
        "\"".to_owned(),
        "@id(\"".to_owned(),
        "가나다;".to_owned(),
        "{\"policies\": []}".to_owned(),
        deep("(", ")", 20_000),
        deep("!", "", 60_000),
        deep("if true then true else ", "", 2_500),
        deep("true && ", "", 7_000),
        deep("[", "]", 20_000),
        "(".repeat(MAX_TEXT_BYTES),
    ] {
        assert!(
            PolicySet::of_tenant(&text).is_err(),
            "{}",
            &text[..text.len().min(80)]
        );
    }
    // What is allowed of depth is also evaluated, on the stack of any thread.
    for open in ["(", "true && ", "if true then true else ", "!(!("] {
        let n = MAX_OPERATORS / 4;
        let close = match open {
            "(" => ")",
            "!(!(" => "))",
            _ => "",
        };
        let text = deep(open, close, n.min(if open == "!(!(" { 60 } else { n }));
        if let Ok(set) = PolicySet::of_tenant(&text) {
            decide(&set, &[], &enabled(EffectClass::ReadOnly), &json!({}));
        }
    }
}

#[test]
fn a_text_has_an_end() {
    let policy = |n: usize| {
        format!(
            "@id(\"p{n}\") permit (principal, action, resource) when {{ resource.name == \"x\" }};\n"
        )
    };
    let policies = |n: usize| (0..n).map(policy).collect::<String>();
    for (n, fits) in [
        (MAX_POLICIES - 1, true),
        (MAX_POLICIES, true),
        (MAX_POLICIES + 1, false),
    ] {
        assert_eq!(PolicySet::of_tenant(&policies(n)).is_ok(), fits, "{n}");
    }
    for (bytes, fits) in [
        (MAX_TEXT_BYTES - 1, true),
        (MAX_TEXT_BYTES, true),
        (MAX_TEXT_BYTES + 1, false),
    ] {
        let mut text = policy(0);
        text.push_str(&"/".repeat(bytes - text.len()));
        assert_eq!(PolicySet::of_tenant(&text).is_ok(), fits, "{bytes}");
    }
    // The condition's braces, the parentheses of the head and the dot count as well.
    let names = |n: usize| {
        let all = vec!["resource.secret"; n].join(" || ");
        format!("@id(\"a\") permit (principal, action, resource) when {{ {all} }};")
    };
    let fits = |n: usize| PolicySet::of_tenant(&names(n)).is_ok();
    let most = (1..MAX_OPERATORS).take_while(|n| fits(*n)).count();
    assert_eq!(most, (MAX_OPERATORS - 2) / 2);
}

#[test]
fn no_text_takes_a_built_in_forbid_away() {
    let everything = r#"@id("everything") permit (principal, action, resource);"#;
    let set = PolicySet::of_tenant(everything).unwrap();
    let secret = tool(EffectClass::ReadOnly, true, Availability::Enabled);
    let local = tool(
        EffectClass::ReadOnly,
        false,
        Availability::NeedsLocalMachine,
    );
    let foreign = json!({"tenant": "11111111-2222-3333-4444-555555555555"});
    let read = enabled(EffectClass::ReadOnly);
    for (tool, arguments, expected) in [
        (&read, json!({}), "allow"),
        (&secret, json!({}), "ask"),
        (&local, json!({}), "tool_disabled"),
        (&read, foreign, "foreign_tenant"),
    ] {
        let got = decide(&set, &Role::ALL, tool, &arguments);
        assert_eq!(in_words(&got), expected);
    }
}

#[test]
fn an_empty_text_allows_nothing_and_the_built_in_one_is_the_default() {
    let default = PolicySet::default_set().unwrap();
    for text in ["", "  \n// nothing\n"] {
        let set = PolicySet::of_tenant(text).unwrap();
        let got = decide(
            &set,
            &Role::ALL,
            &enabled(EffectClass::ReadOnly),
            &json!({}),
        );
        assert_eq!(in_words(&got), "not_permitted");
        assert_ne!(set.version(), default.version());
    }
    let same = PolicySet::of_tenant(BUILT_IN_PERMITS).unwrap();
    assert_eq!(same.version(), default.version());
}
