use serde_json::json;

use super::*;
use crate::tool::ArgumentRule;
use EffectClass::{Destructive, Mutating, ReadOnly};

fn schema(parameters: &[&str]) -> Value {
    let properties: serde_json::Map<String, Value> = parameters
        .iter()
        .map(|name| ((*name).to_owned(), json!({"type": "string"})))
        .collect();
    json!({"type": "object", "properties": properties})
}

fn spec(name: &str, effect: EffectClass, availability: Availability) -> ToolSpec {
    let input_schema = schema(&["subscription", "mode"]);
    ToolSpec {
        tool: ToolRef::new("s", name),
        description: "As pinned.".to_owned(),
        hash: tool_hash(name, "As pinned.", &input_schema),
        input_schema,
        effect,
        secret: false,
        argument_rules: vec![ArgumentRule {
            argument: "mode".to_owned(),
            equals: vec!["look".to_owned()],
            effect: Some(ReadOnly),
            secret: Some(false),
            carries: false,
        }],
        scope: ScopeParameters {
            subscription: Some("subscription".to_owned()),
            ..ScopeParameters::default()
        },
        target_parameter: None,
        preview: None,
        availability,
        shared_identity: false,
        enabled_by_name: false,
    }
}

fn accepted(name: &str, effect: EffectClass, secret: bool) -> AcceptedTool {
    let input_schema = schema(&["mode"]);
    AcceptedTool {
        hash: tool_hash(name, "As accepted.", &input_schema),
        effect,
        secret,
        description: "As accepted.".to_owned(),
        input_schema,
    }
}

fn pin(name: &str, accepted: Option<AcceptedTool>, switched_off: bool) -> ToolPin {
    ToolPin {
        tool: ToolRef::new("s", name),
        accepted,
        switched_off,
        at: Timestamp(1),
        by: UserKey::new("t", "o"),
        by_name: None,
        reason: "a test".to_owned(),
    }
}

fn one(pin: ToolPin, known: &[ToolSpec], offered: Option<&str>) -> Option<ToolSpec> {
    let tool = pin.tool.clone();
    let tools = ToolPins::default().with(pin).over(known, |_| offered);
    tools.into_iter().find(|spec| spec.tool == tool)
}

#[test]
fn an_accepted_tool_is_usable_while_it_is_offered_as_accepted() {
    let a = accepted("a", Mutating, false);
    for known in [
        None,
        Some(Availability::Changed),
        Some(Availability::Unclassified),
    ] {
        let known: Vec<ToolSpec> = known
            .map(|is| spec("a", Mutating, is))
            .into_iter()
            .collect();
        for (offered, expected) in [
            (None, Availability::Enabled),
            (Some(a.hash.as_str()), Availability::Enabled),
            (Some("other"), Availability::Changed),
        ] {
            let found = one(pin("a", Some(a.clone()), false), &known, offered);
            let found = found.map(|spec| (spec.availability, spec.hash, spec.description));
            let expected = (expected, a.hash.clone(), a.description.clone());
            assert_eq!(found, Some(expected), "{known:?} {offered:?}");
        }
    }
}

#[test]
fn no_acceptance_makes_a_tool_less_dangerous() {
    use Availability::{Changed, NeedsLocalMachine, Unclassified};
    for (availability, effect, wanted, allowed) in [
        (
            Changed,
            Mutating,
            ReadOnly,
            Err(NotAcceptable::Effect(Mutating)),
        ),
        (Changed, Mutating, Mutating, Ok(())),
        (Changed, Mutating, Destructive, Ok(())),
        (Unclassified, Destructive, ReadOnly, Ok(())),
        (
            NeedsLocalMachine,
            ReadOnly,
            Destructive,
            Err(NotAcceptable::NeedsLocalMachine),
        ),
    ] {
        let known = spec("a", effect, availability);
        let said = AcceptedTool::check(Some(&known), wanted, false);
        assert_eq!(said, allowed, "{availability:?} {effect:?} {wanted:?}");
    }
    let mut known = spec("a", ReadOnly, Changed);
    known.secret = true;
    let said = AcceptedTool::check(Some(&known), ReadOnly, false);
    assert_eq!(said, Err(NotAcceptable::Secret));
    assert_eq!(AcceptedTool::check(None, ReadOnly, false), Ok(()));

    // Whatever is stored: a newer catalogue may know more.
    let known = [spec("a", Destructive, Changed)];
    let found = one(
        pin("a", Some(accepted("a", ReadOnly, false)), false),
        &known,
        None,
    );
    assert_eq!(found.map(|spec| spec.effect), Some(Destructive));
    let local = [spec("a", ReadOnly, NeedsLocalMachine)];
    let found = one(
        pin("a", Some(accepted("a", ReadOnly, false)), false),
        &local,
        None,
    );
    assert_eq!(found.map(|spec| spec.availability), Some(NeedsLocalMachine));
}

#[test]
fn what_was_raised_is_not_lowered_by_an_argument() {
    let known = [spec("a", Mutating, Availability::Changed)];
    let look = json!({"mode": "look"});
    let class = |effect, secret| {
        let found = one(
            pin("a", Some(accepted("a", effect, secret)), false),
            &known,
            None,
        );
        found.map(|spec| spec.classify(&look))
    };
    let kept = class(Mutating, false);
    assert_eq!(kept.map(|c| (c.effect, c.secret)), Some((ReadOnly, false)));
    let raised = class(Destructive, true);
    assert_eq!(
        raised.map(|c| (c.effect, c.secret)),
        Some((Destructive, true))
    );
}

#[test]
fn a_parameter_that_is_gone_limits_nothing() {
    let known = [spec("a", Mutating, Availability::Changed)];
    assert!(known[0].is_scoped());
    let found = one(
        pin("a", Some(accepted("a", Mutating, false)), false),
        &known,
        None,
    );
    assert_eq!(found.map(|spec| spec.is_scoped()), Some(false));
}

#[test]
fn a_switched_off_tool_stays_where_it_was_accepted() {
    let a = accepted("a", Mutating, false);
    let found = one(pin("a", Some(a.clone()), true), &[], Some(&a.hash));
    let found = found.map(|spec| (spec.availability, spec.hash));
    assert_eq!(found, Some((Availability::SwitchedOff, a.hash)));
    let known = [spec("a", ReadOnly, Availability::Enabled)];
    let found = one(pin("a", None, true), &known, None);
    assert_eq!(
        found.map(|spec| spec.availability),
        Some(Availability::SwitchedOff)
    );
    assert_eq!(one(pin("b", None, true), &known, None), None);
}

#[test]
fn pins_are_in_order_and_say_so_in_their_version() {
    let none = ToolPins::default();
    let two = none.clone().with(pin("b", None, true)).with(pin(
        "a",
        Some(accepted("a", Mutating, false)),
        false,
    ));
    let names: Vec<&str> = two.iter().map(|pin| pin.tool.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    let text = serde_json::to_string(&two).unwrap_or_default();
    assert_eq!(ToolPins::read(&text), Ok(two.clone()));
    assert!(ToolPins::read(&text.replace("As accepted.", "As bent.")).is_err());
    assert!(ToolPins::read(r#"{"tools":[],"more":1}"#).is_err());

    let version = |pins: &ToolPins| pins.version_over("1");
    let raised = pin("a", Some(accepted("a", Destructive, false)), false);
    let others = [
        none.clone(),
        two.clone().with(pin("b", None, false)),
        two.clone().with(raised),
    ];
    for other in &others {
        assert_ne!(version(other), version(&two));
    }
    assert_eq!(others[1].get(&ToolRef::new("s", "b")), None);
    // Who settled it, and why, changes no tool.
    let mut again = pin("b", None, true);
    again.reason = "another reason".to_owned();
    assert_eq!(version(&two.clone().with(again)), version(&two));
}
