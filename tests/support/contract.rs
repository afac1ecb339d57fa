//! Answers against the `OpenAPI` document: what is promised is there, and nothing
//! is there that is not promised.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Schema of the JSON that an operation answers with at this status; `None` when
/// it answers with none.
pub fn schema_of<'a>(document: &'a Value, operation: &str, status: u16) -> Option<&'a Value> {
    let found = document["paths"]
        .as_object()?
        .values()
        .filter_map(Value::as_object)
        .flat_map(|item| item.values())
        .find(|o| o["operationId"] == operation)
        .unwrap_or_else(|| panic!("{operation} is not described"));
    let responses = found["responses"].as_object().expect("responses");
    let response = responses
        .get(&status.to_string())
        .unwrap_or_else(|| panic!("{operation}: {status} is not described"));
    response["content"].get("application/json")?.get("schema")
}

/// Checks a value against a schema of the document.
pub fn assert_fits(document: &Value, schema: &Value, value: &Value, what: &str) {
    let root = json!({"components": document["components"], "allOf": [schema]});
    let validator = jsonschema::validator_for(&root).expect("a schema");
    let faults: Vec<String> = validator
        .iter_errors(value)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{what}: {faults:?} in {value}");
    let mut strange = Vec::new();
    undescribed(document, &[schema], value, "", &mut strange);
    assert!(strange.is_empty(), "{what}: {strange:?} are not described");
}

/// All variants of these schemas, references resolved.
fn variants<'a>(document: &'a Value, schemas: &[&'a Value]) -> Vec<&'a Value> {
    let mut all = Vec::new();
    let mut open: Vec<&Value> = schemas.to_vec();
    while let Some(schema) = open.pop() {
        if let Some(target) = schema["$ref"].as_str() {
            let pointer = target.strip_prefix('#').expect("a local reference");
            open.push(document.pointer(pointer).expect("a target"));
        }
        for list in ["allOf", "oneOf", "anyOf"] {
            open.extend(schema[list].as_array().into_iter().flatten());
        }
        all.push(schema);
    }
    all
}

fn undescribed(
    document: &Value,
    schemas: &[&Value],
    value: &Value,
    place: &str,
    strange: &mut Vec<String>,
) {
    let variants = variants(document, schemas);
    match value {
        Value::Object(members) => {
            let mut known: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
            for variant in &variants {
                for (name, schema) in variant["properties"].as_object().into_iter().flatten() {
                    known.entry(name).or_default().push(schema);
                }
            }
            // An object without described members is free.
            if known.is_empty() {
                return;
            }
            for (name, value) in members {
                let place = format!("{place}/{name}");
                match known.get(name.as_str()) {
                    Some(schemas) => undescribed(document, schemas, value, &place, strange),
                    None => strange.push(place),
                }
            }
        }
        Value::Array(items) => {
            let schemas: Vec<&Value> = variants
                .iter()
                .filter_map(|variant| variant.get("items"))
                .collect();
            for item in items {
                undescribed(document, &schemas, item, &format!("{place}/-"), strange);
            }
        }
        _ => {}
    }
}
