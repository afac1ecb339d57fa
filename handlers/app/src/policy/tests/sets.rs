//! Which sets can be made, how permits add up, what the version follows.

use super::*;

const READ: &str = r#"@id("read") permit (principal, action, resource);"#;

fn error(text: &str) -> PolicyError {
    PolicySet::new(&[text]).err().unwrap()
}

#[test]
fn a_set_that_could_be_misread_cannot_be_made() {
    let permit = "permit (principal, action, resource)";
    let forbid = "forbid (principal, action, resource)";
    let annotation = |text: String| matches!(error(&text), PolicyError::Annotation { .. });
    assert!(annotation(format!(
        r#"@id("a") @aproval("asker") {permit};"#
    )));
    assert!(annotation(format!(
        r#"@id("a") @approval("nobody") {permit};"#
    )));
    assert!(annotation(format!(r#"@id("a") @approval("") {permit};"#)));
    assert!(annotation(format!(
        r#"@id("a") @reason("tool_disabled") {permit};"#
    )));
    assert!(annotation(format!(r#"@id("a") {forbid};"#)));
    assert!(annotation(format!(
        r#"@id("a") @reason("because") {forbid};"#
    )));
    assert!(annotation(format!(
        r#"@id("a") @reason("by_approver") {forbid};"#
    )));
    assert!(annotation(format!(
        r#"@id("a") @reason("drift") @approval("asker") {forbid};"#
    )));
    for text in [
        format!("{permit};"),
        format!(r#"@id("") {permit};"#),
        format!(r#"@id("a") {permit}; @id("a") {permit};"#),
    ] {
        assert!(matches!(error(&text), PolicyError::Id(_)), "{text}");
    }
    for text in [
        "permit".to_owned(),
        r#"@id("a") permit (principal == ?principal, action, resource);"#.to_owned(),
    ] {
        assert!(matches!(error(&text), PolicyError::Syntax(_)), "{text}");
    }
    for condition in [
        r#"principal in Azimuth::Role::"root""#,
        r#"resource.effect == Azimuth::Effect::"readonly""#,
        r#"resource.effect == "read_only""#,
        "resource.nature",
        "context.foreign_tenant",
        r#"context.subscription == "00000000-0000-4000-8000-0000000000b2""#,
        "false",
    ] {
        let text = format!(r#"@id("a") {permit} when {{ {condition} }};"#);
        assert!(matches!(error(&text), PolicyError::Invalid(_)), "{text}");
    }
}

#[test]
fn the_strictest_of_several_permits_counts() {
    let asker = r#"@id("b") @approval("asker") permit (principal, action, resource);"#;
    let another = r#"@id("c") @approval("another") permit (principal, action, resource);"#;
    for (texts, expected) in [
        (&[READ][..], "allow"),
        (&[READ, asker], "ask"),
        (&[asker, another], "ask another"),
        (&[READ, another], "ask another"),
        (&[another, asker, READ], "ask another"),
    ] {
        let set = PolicySet::new(texts).unwrap();
        let got = decide(&set, &[], &enabled(EffectClass::ReadOnly), &json!({}));
        assert_eq!(in_words(&got), expected, "{texts:?}");
    }
}

#[test]
fn policies_can_speak_of_server_and_person() {
    let server = r#"@id("server") @reason("tool_disabled")
        forbid (principal, action, resource) when { resource.server == "everything" };"#;
    let tenant = r#"@id("tenant") @reason("foreign_tenant")
        forbid (principal, action, resource) when { principal.tenant == "other" };"#;
    let set = PolicySet::new(&[READ, server, tenant]).unwrap();
    let tool = enabled(EffectClass::ReadOnly);
    assert_eq!(in_words(&decide(&set, &[], &tool, &json!({}))), "allow");
    let mut other = tool;
    other.tool = ToolRef::new("everything", "echo");
    assert_eq!(
        in_words(&decide(&set, &[], &other, &json!({}))),
        "tool_disabled"
    );
}

#[test]
fn what_cannot_be_evaluated_is_denied() {
    // Overflow is the one error that validation cannot rule out.
    let forbid = r#"@id("overflow") @reason("not_permitted") forbid (principal, action, resource)
        when { 9223372036854775807 + 1 > 0 };"#;
    let set = PolicySet::new(&[READ, forbid]).unwrap();
    let got = decide(
        &set,
        &Role::ALL,
        &enabled(EffectClass::ReadOnly),
        &json!({}),
    );
    assert_eq!(in_words(&got), "not_permitted");
}

#[test]
fn names_of_tools_and_users_are_data() {
    let set = PolicySet::default_set().unwrap();
    let mut tool = enabled(EffectClass::Destructive);
    for name in [
        "",
        "\"",
        "a\"; permit(principal,action,resource);",
        "키",
        "\u{0}",
        "a/b",
    ] {
        tool.tool = ToolRef::new("azure", name);
        assert_eq!(
            in_words(&decide(&set, &[Role::Reader], &tool, &json!({}))),
            "not_permitted"
        );
        let arguments = json!({"subscription": name, "resource-group": name});
        let got = decide(&set, &[Role::Operator], &tool, &arguments);
        assert_eq!(in_words(&got), "ask another", "{name}");
    }
}

#[test]
fn the_version_follows_the_policies_and_not_their_order() {
    let default = PolicySet::default_set().unwrap();
    assert_eq!(default.version().len(), 64);
    assert_eq!(
        default.version(),
        PolicySet::default_set().unwrap().version()
    );
    let other = r#"@id("x") @reason("not_permitted") forbid (principal, action, resource);"#;
    let version = |texts: &[&str]| PolicySet::new(texts).unwrap().version().to_owned();
    assert_eq!(version(&[READ, other]), version(&[other, READ]));
    assert_ne!(version(&[READ, other]), version(&[READ]));
    assert_ne!(version(&[READ]), version(&[&READ.replace("read", "reed")]));
    let asking = READ.replace("permit", r#"@approval("asker") permit"#);
    assert_ne!(version(&[READ]), version(&[&asking]));
}

#[test]
fn a_set_says_whether_it_matters_where_calls_work() {
    let set = |condition: &str| {
        let text = format!(
            r#"@id("a") permit (principal, action == Azimuth::Action::"call", resource)
            when {{ {condition} }};"#
        );
        PolicySet::new(&[&text]).unwrap()
    };
    let nowhere = set("resource.secret");
    assert!(!nowhere.asks_for_a_subscription() && !nowhere.asks_for_tags());
    let somewhere = set(&format!(
        r#"context has subscription && context.subscription == "{TENANT}""#
    ));
    assert!(somewhere.asks_for_a_subscription() && !somewhere.asks_for_tags());
}
