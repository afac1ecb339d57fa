//! One spelling for every JSON value, so that hashes and digests agree wherever
//! they are computed.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// JSON without white space, object keys sorted by code point.
pub fn canonical_json(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            out.push('{');
            for (i, key) in keys.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&Value::String(key.clone()).to_string());
                out.push(':');
                write(&map[key], out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

/// The names of an object's members without their values, for calls whose
/// arguments may hold a secret; null for anything else.
pub fn names_only(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .keys()
            .map(|name| (name.clone(), Value::String("(secret)".to_owned())))
            .collect(),
        _ => Value::Null,
    }
}

/// SHA-256 of `bytes`, lower-case hex (64 characters).
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(bytes.as_ref()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_left_of_an_object_and_nothing_of_anything_else() {
        let named = names_only(&json!({"a": "x", "b": {"c": 1}}));
        assert_eq!(named, json!({"a": "(secret)", "b": "(secret)"}));
        for other in [json!(null), json!("x"), json!(["x"]), json!(1)] {
            assert_eq!(names_only(&other), json!(null), "{other}");
        }
    }

    #[test]
    fn key_order_does_not_matter() {
        let a: Value = serde_json::from_str(r#"{"b":[1,{"z":null,"a":"ü"}],"a":true}"#).unwrap();
        let b: Value = serde_json::from_str(r#"{"a":true,"b":[1,{"a":"ü","z":null}]}"#).unwrap();
        assert_eq!(canonical_json(&a), canonical_json(&b));
        assert_eq!(
            canonical_json(&a),
            r#"{"a":true,"b":[1,{"a":"ü","z":null}]}"#
        );
        assert_ne!(
            canonical_json(&json!([1, 2])),
            canonical_json(&json!([2, 1]))
        );
    }
}
