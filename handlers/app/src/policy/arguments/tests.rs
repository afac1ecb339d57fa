//! Limits, faults with their places, schemas that cannot be trusted.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use azimuth_domain::tool::{Availability, EffectClass, ScopeParameters, tool_hash};
use serde_json::json;

use super::*;

fn tool(schema: Value) -> ToolSpec {
    ToolSpec {
        tool: ToolRef::new("azure", "storage_account_create"),
        description: String::new(),
        hash: tool_hash("storage_account_create", "", &schema),
        input_schema: schema,
        effect: EffectClass::Mutating,
        secret: false,
        argument_rules: vec![],
        scope: ScopeParameters::default(),
        target_parameter: None,
        preview: None,
        availability: Availability::Enabled,
        shared_identity: false,
        enabled_by_name: false,
    }
}

fn storage() -> ToolSpec {
    tool(json!({
        "type": "object",
        "properties": {
            "account": {"type": "string", "minLength": 3, "pattern": "^[a-z0-9]+$"},
            "sku": {"enum": ["Standard_LRS", "Premium_LRS"]},
            "count": {"type": "integer"},
            "tags": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "required": ["account"],
        "additionalProperties": false,
    }))
}

fn check(tool: &ToolSpec, arguments: &Value) -> Result<(), ArgumentError> {
    ArgumentSchemas::new().check(tool, arguments)
}

#[test]
fn each_fault_is_named_with_its_place() {
    for (arguments, pointer, says) in [
        (json!({}), "", "\"account\" is a required property"),
        (
            json!({"account": 7}),
            "/account",
            "/account: value is not of type \"string\"",
        ),
        (json!({"account": "a"}), "/account", "shorter than 3"),
        (json!({"account": "ABC"}), "/account", "does not match"),
        (
            json!({"account": "abc", "sku": "Gold"}),
            "/sku",
            "\"Standard_LRS\"",
        ),
        (
            json!({"account": "abc", "tags": {"a/b~c": 1}}),
            "/tags/a~1b~0c",
            "is not of type",
        ),
        (
            json!({"account": "abc", "colour": "red"}),
            "",
            "'colour' was unexpected",
        ),
        (
            json!({"account": "abc", "Count": 1}),
            "/Count",
            "the parameter is spelt \"count\"",
        ),
        (json!([]), "", "must be a JSON object"),
        (json!(null), "", "must be a JSON object"),
        (json!("account"), "", "must be a JSON object"),
    ] {
        let error = check(&storage(), &arguments).unwrap_err();
        assert_eq!(error.pointer(), pointer, "{arguments}: {error}");
        assert!(error.to_string().contains(says), "{arguments}: {error}");
    }
    check(
        &storage(),
        &json!({"account": "abc", "sku": "Premium_LRS", "tags": {"a": "b"}}),
    )
    .unwrap();
}

#[test]
fn an_error_lists_five_faults_and_counts_the_rest() {
    let arguments: Map<String, Value> = (0..8).map(|n| (format!("t{n}"), json!(n))).collect();
    let error = check(&storage(), &json!({"account": "abc", "tags": arguments})).unwrap_err();
    let text = error.to_string();
    assert_eq!(text.matches("/tags/").count(), 5, "{text}");
    assert!(text.ends_with("; and 3 more"), "{text}");
}

#[test]
fn what_is_wrong_with_the_whole_has_no_place_and_no_remainder() {
    let faults = |arguments: Value| match check(&storage(), &arguments) {
        Err(ArgumentError::Invalid { detail, .. }) => detail,
        other => panic!("{other:?}"),
    };
    assert_eq!(faults(json!({})), "\"account\" is a required property");
    let five: Map<String, Value> = (0..5).map(|n| (format!("t{n}"), json!(n))).collect();
    let told = faults(json!({"account": "abc", "tags": five}));
    assert_eq!(told.split("; ").count(), 5, "{told}");
    assert!(!told.contains("more"), "{told}");
}

#[test]
fn errors_show_no_values() {
    let secret = "hunter2-hunter2";
    for arguments in [
        json!({"account": secret}),
        json!({"account": "abc", "sku": secret}),
        json!({"account": "abc", "count": secret}),
        json!({"account": "abc", "tags": [secret]}),
    ] {
        let error = check(&storage(), &arguments).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{error}");
    }
}

#[test]
fn arguments_fill_32_kib_and_not_one_byte_more() {
    let open = tool(json!({"type": "object"}));
    let frame = canonical_json(&json!({"a": ""})).len();
    for (bytes, fits) in [
        (MAX_ARGUMENT_BYTES - 1, true),
        (MAX_ARGUMENT_BYTES, true),
        (MAX_ARGUMENT_BYTES + 1, false),
    ] {
        let checked = check(&open, &json!({"a": "x".repeat(bytes - frame)}));
        let expected = if fits {
            Ok(())
        } else {
            Err(ArgumentError::TooLarge { bytes })
        };
        assert_eq!(checked, expected, "{bytes}");
    }
}

#[test]
fn arguments_nest_64_deep_and_not_deeper() {
    let open = tool(json!({"type": "object"}));
    let nested = |depth: usize| {
        let arrays = (2..depth).fold(json!([]), |inner, _| json!([inner]));
        json!({ "a": arrays })
    };
    for (depth, fits) in [(63, true), (64, true), (65, false)] {
        let expected = if fits {
            Ok(())
        } else {
            Err(ArgumentError::TooDeep)
        };
        assert_eq!(check(&open, &nested(depth)), expected, "{depth}");
    }
}

#[test]
fn a_schema_that_points_elsewhere_is_unusable() {
    for reference in [
        "http://127.0.0.1:9/schema.json",
        "https://example.test/schema.json",
        "file:///etc/passwd",
        "other.json",
        "#/$defs/missing",
    ] {
        let tool = tool(json!({"type": "object", "properties": {"a": {"$ref": reference}}}));
        let error = check(&tool, &json!({"a": 1})).unwrap_err();
        assert!(
            matches!(error, ArgumentError::SchemaUnusable { .. }),
            "{reference}: {error}"
        );
    }
    let own = tool(json!({
        "type": "object", "properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "integer"}},
    }));
    check(&own, &json!({"a": 1})).unwrap();
    assert_eq!(check(&own, &json!({"a": "x"})).unwrap_err().pointer(), "/a");
}

#[test]
fn a_broken_schema_is_unusable() {
    for schema in [
        json!({"type": "objekt"}),
        json!({"type": "object", "properties": []}),
        json!({"properties": {"a": {"pattern": "("}}}),
        json!("object"),
    ] {
        let error = check(&tool(schema.clone()), &json!({"a": "x"})).unwrap_err();
        assert!(
            matches!(error, ArgumentError::SchemaUnusable { .. }),
            "{schema}: {error}"
        );
    }
}

#[test]
fn a_pattern_that_explodes_is_given_up_and_refused() {
    let tool = tool(json!({"properties": {"a": {"pattern": "^(?=(a+)+$)(a+)+\\1$"}}}));
    let start = std::time::Instant::now();
    let checked = check(&tool, &json!({"a": format!("{}!", "a".repeat(30_000))}));
    assert!(checked.is_err());
    assert!(start.elapsed().as_secs() < 10);
}

#[test]
fn schemas_of_two_tools_are_kept_apart() {
    let schemas = ArgumentSchemas::new();
    let one = tool(json!({"type": "object", "required": ["a"]}));
    let mut other = tool(json!({"type": "object", "required": ["b"]}));
    other.tool = ToolRef::new("everything", "storage_account_create");
    for _ in 0..2 {
        assert!(schemas.check(&one, &json!({"a": 1})).is_ok());
        assert!(schemas.check(&other, &json!({"b": 1})).is_ok());
        assert!(schemas.check(&other, &json!({"a": 1})).is_err());
    }
}
