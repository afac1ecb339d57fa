//! Whether the asker's yes may be given for a conversation.

use super::*;

const ASKER: &str = r#"@id("asks") @approval("asker") @remember("conversation")
    permit (principal, action in Azimuth::Action::"use", resource);"#;
const ALWAYS: &str = r#"@id("always") @approval("asker") @remember("user")
    permit (principal, action in Azimuth::Action::"use", resource);"#;
const NOT_SAID: &str = r#"@id("asks-too") @approval("asker")
    permit (principal, action == Azimuth::Action::"call", resource)
    when { context.hour == 12 };"#;
const ANOTHER: &str = r#"@id("another") @approval("another")
    permit (principal, action == Azimuth::Action::"call", resource)
    when { context.hour == 12 };"#;
const AT_ONCE: &str = r#"@id("at-once")
    permit (principal, action in Azimuth::Action::"use", resource);"#;

fn may_remember(set: &PolicySet, tool: &ToolSpec, tainted: bool) -> Option<Remembered> {
    set.may_remember(&PolicyInput {
        user: &alice(),
        roles: &BTreeSet::from([Role::Operator]),
        tool,
        arguments: &json!({}),
        mode: Mode::default(),
        tainted,
        tags: KnownTags::Nothing,
        at: NOON,
    })
}

#[test]
fn every_permit_that_demands_the_yes_must_say_so() {
    let tool = enabled(EffectClass::Mutating);
    for (texts, expected) in [
        (&[ASKER][..], Some(Remembered::Conversation)),
        (&[ALWAYS], Some(Remembered::User)),
        (&[ALWAYS, AT_ONCE], Some(Remembered::User)),
        (&[ALWAYS, ASKER], Some(Remembered::Conversation)),
        (&[ASKER, AT_ONCE], Some(Remembered::Conversation)),
        (&[ALWAYS, NOT_SAID], None),
        (&[ASKER, NOT_SAID], None),
        (&[ALWAYS, ANOTHER], None),
        (&[ASKER, ANOTHER], None),
        (&[AT_ONCE], None),
        (&[NOT_SAID], None),
        (&[], None),
    ] {
        let set = PolicySet::new(texts).unwrap();
        for tainted in [false, true] {
            let found = may_remember(&set, &tool, tainted);
            assert_eq!(found, expected, "{texts:?}");
        }
    }
}

#[test]
fn a_set_says_whether_people_may_always_allow_a_tool() {
    for (texts, expected) in [
        (&[ALWAYS][..], true),
        (&[ASKER, ALWAYS, ANOTHER], true),
        (&[ASKER], false),
        (&[AT_ONCE], false),
        (&[], false),
    ] {
        let set = PolicySet::new(texts).unwrap();
        assert_eq!(set.remembers_for_people(), expected, "{texts:?}");
    }
}

#[test]
fn by_default_a_change_may_be_remembered_and_nothing_else() {
    let set = PolicySet::default_set().unwrap();
    for (effect, secret, expected) in [
        (EffectClass::ReadOnly, false, None),
        (EffectClass::Mutating, false, Some(Remembered::User)),
        (EffectClass::Mutating, true, None),
        (EffectClass::Destructive, false, None),
        (EffectClass::ReadOnly, true, None),
    ] {
        let tool = tool(effect, secret, Availability::Enabled);
        let found = may_remember(&set, &tool, false);
        assert_eq!(found, expected, "{effect:?} {secret}");
    }
    let off = tool(EffectClass::Mutating, false, Availability::SwitchedOff);
    assert_eq!(may_remember(&set, &off, false), None);
}

#[test]
fn a_remember_that_means_nothing_is_refused() {
    for (annotations, problem) in [
        (r#"@remember("conversation")"#, "@remember is for policies"),
        (
            r#"@approval("another") @remember("conversation")"#,
            "@remember is for policies",
        ),
        (
            r#"@approval("asker") @remember("ever")"#,
            "@remember is conversation",
        ),
        (
            r#"@approval("asker") @remember("")"#,
            "@remember is conversation",
        ),
    ] {
        let text = format!(r#"@id("x") {annotations} permit (principal, action, resource);"#);
        let error = PolicySet::new(&[&text]).err().unwrap().to_string();
        assert!(error.contains(problem), "{annotations}: {error}");
    }
}
