//! Rules on answers as the Azure MCP Server gives them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::json;

use super::*;
use crate::limits::{MAX_PREVIEW_FIELDS, MAX_PREVIEW_VALUE_CHARS};

fn rule(change: &str, fields: &Value) -> PreviewRule {
    serde_json::from_value(json!({
        "read": "vm_get",
        "arguments": ["vm-name", "tenant"],
        "with": {"instance-view": true},
        "change": change,
        "resource": "/results/Vm",
        "fields": fields,
        "undo": {
            "tool": "vm_power",
            "argument": "power-action",
            "field": "power state",
            "values": {"running": "start"},
            "without": ["no-wait"],
        },
    }))
    .unwrap()
}

fn power() -> PreviewRule {
    rule(
        "update",
        &json!([{
            "name": "power state",
            "from": "/results/InstanceView/powerState",
            "argument": "power-action",
            "values": {"stop": "stopped", "start": "running", "restart": null},
        }]),
    )
}

fn answer(body: &Value) -> Vec<u8> {
    serde_json::to_vec(body).unwrap()
}

fn ok(bytes: &[u8]) -> Given<'_> {
    Given {
        is_error: false,
        status: None,
        bytes,
    }
}

fn error(status: u16) -> Given<'static> {
    Given {
        is_error: true,
        status: Some(status),
        bytes: b"{}",
    }
}

fn seen(reading: Reading) -> Preview {
    match reading {
        Reading::Seen(preview) => preview,
        Reading::Nothing => panic!("nothing was read"),
    }
}

fn running() -> Vec<u8> {
    answer(&json!({"results": {"Vm": {"name": "vm"}, "InstanceView": {"powerState": "running"}}}))
}

#[test]
fn the_read_takes_what_the_call_has() {
    let read = power().read_arguments(&json!({"vm-name": "vm", "tenant": null, "other": 1}));
    assert_eq!(read, json!({"vm-name": "vm", "instance-view": true}));
}

#[test]
fn a_change_shows_old_new_and_the_way_back() {
    let arguments = json!({"vm-name": "vm", "power-action": "Stop", "no-wait": true});
    let preview = seen(power().read(&arguments, Some("rg/vm"), ok(&running())));
    assert_eq!(preview.action, Action::Change);
    assert_eq!(preview.resources, 1);
    assert_eq!(preview.resource.as_deref(), Some("rg/vm"));
    assert_eq!(
        preview.fields,
        [FieldChange {
            name: "power state".to_owned(),
            old: Some("running".to_owned()),
            new: Some("stopped".to_owned()),
        }]
    );
    let undo = preview.undo.clone().unwrap();
    assert_eq!(undo.tool, "vm_power");
    assert_eq!(
        undo.arguments,
        json!({"vm-name": "vm", "power-action": "start"})
    );
    assert_eq!(preview.finding(), Finding::NotAsAsked);
}

#[test]
fn what_is_so_already_changes_nothing() {
    let preview = seen(power().read(&json!({"power-action": "start"}), None, ok(&running())));
    assert_eq!(preview.action, Action::Nothing);
    assert_eq!((preview.resources, preview.undo.clone()), (0, None));
    assert_eq!(preview.finding(), Finding::AsAsked);
}

#[test]
fn a_verb_that_leaves_no_trace_is_shown_and_cannot_be_verified() {
    for verb in ["restart", "hibernate"] {
        let preview = seen(power().read(&json!({"power-action": verb}), None, ok(&running())));
        assert_eq!(preview.action, Action::Change);
        assert_eq!(preview.fields[0].new.as_deref(), Some(verb));
        assert_eq!(preview.finding(), Finding::Unclear);
    }
}

#[test]
fn what_is_to_be_changed_and_is_not_there_is_missing() {
    let preview = seen(power().read(&json!({"power-action": "start"}), None, error(404)));
    assert_eq!(preview.action, Action::Missing);
    assert!(preview.fields.is_empty());
    assert_eq!(preview.finding(), Finding::NotAsAsked);
}

#[test]
fn a_deletion_shows_what_goes() {
    let rule = rule(
        "delete",
        &json!([{"name": "size", "from": "/results/Vm/size"}]),
    );
    let there = answer(&json!({"results": {"Vm": {"size": "B2s"}}}));
    let preview = seen(rule.read(&json!({}), None, ok(&there)));
    assert_eq!(preview.action, Action::Delete);
    assert_eq!(preview.fields[0].old.as_deref(), Some("B2s"));
    assert_eq!(preview.fields[0].new, None);
    assert_eq!(preview.finding(), Finding::NotAsAsked);
    let gone = seen(rule.read(&json!({}), None, error(404)));
    assert_eq!(gone.action, Action::Nothing);
    assert_eq!(gone.finding(), Finding::AsAsked);
}

#[test]
fn making_shows_what_it_will_be_and_changing_only_what_differs() {
    let put = rule(
        "put",
        &json!([
            {"name": "location", "from": "/results/Vm/location", "argument": "location"},
            {"name": "sku", "from": "/results/Vm/sku", "argument": "sku", "default": "LRS"},
            {"name": "tier", "argument": "tier"},
        ]),
    );
    let arguments = json!({"location": "Korea Central", "tier": "Hot"});
    let made = seen(put.read(&arguments, None, error(404)));
    assert_eq!(made.action, Action::Create);
    let names: Vec<&str> = made.fields.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["location", "sku", "tier"]);
    let same = answer(&json!({"results": {"Vm": {"location": "koreacentral", "sku": "LRS"}}}));
    let preview = seen(put.read(&arguments, None, ok(&same)));
    assert_eq!(preview.finding(), Finding::AsAsked);
    let other = answer(&json!({"results": {"Vm": {"location": "koreacentral", "sku": "GRS"}}}));
    let preview = seen(put.read(&arguments, None, ok(&other)));
    assert_eq!(preview.fields.len(), 1);
    assert_eq!(preview.fields[0].old.as_deref(), Some("GRS"));
}

#[test]
fn what_is_no_such_answer_is_nothing() {
    let rule = power();
    let nothing = |given| {
        assert_eq!(rule.read(&json!({}), None, given), Reading::Nothing);
    };
    nothing(error(403));
    nothing(error(500));
    nothing(Given {
        is_error: true,
        status: None,
        bytes: b"",
    });
    for body in ["", "no json", "{}", "[]", "{\"results\":null}", "7"] {
        nothing(ok(body.as_bytes()));
    }
    // A list that is empty says that there is none.
    let mut listed = power();
    listed.resource = "/results/accounts/0".to_owned();
    let none = answer(&json!({"results": {"accounts": []}}));
    let preview = seen(listed.read(&json!({}), None, ok(&none)));
    assert_eq!(preview.action, Action::Missing);
}

#[test]
fn fields_and_values_are_bounded() {
    let fields = |count: usize| -> Value {
        let all = (0..count).map(|i| json!({"name": format!("f{i}"), "argument": "long"}));
        all.collect()
    };
    for (length, cut) in [(0, 0), (1, 0), (2, 1)] {
        let arguments = json!({"long": "x".repeat(MAX_PREVIEW_VALUE_CHARS - 1 + length)});
        let preview = seen(rule("put", &fields(1)).read(&arguments, None, error(404)));
        let shown = preview.fields[0].new.clone().unwrap();
        assert_eq!(
            shown.chars().count(),
            MAX_PREVIEW_VALUE_CHARS.min(MAX_PREVIEW_VALUE_CHARS - 1 + length)
        );
        assert_eq!(shown.matches('…').count(), cut);
    }
    for count in [
        MAX_PREVIEW_FIELDS - 1,
        MAX_PREVIEW_FIELDS,
        MAX_PREVIEW_FIELDS + 1,
    ] {
        let preview =
            seen(rule("put", &fields(count)).read(&json!({"long": "x"}), None, error(404)));
        assert_eq!(preview.fields.len(), count.min(MAX_PREVIEW_FIELDS));
    }
}
