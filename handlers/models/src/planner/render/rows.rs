//! Where in a result the rows are.

use serde_json::Value;

use super::table::{Row, row};

/// What a result holds.
pub enum Shape {
    /// Nothing.
    Nothing,
    /// One thing.
    One(Row),
    /// A list.
    Rows(Vec<Row>),
    /// Text that is no JSON.
    Text(String),
}

/// How deep the list may lie.
const MAX_DEPTH: usize = 4;

/// A result as JSON; `None` when it is something else.
pub fn parse(content: &str) -> Option<Value> {
    serde_json::from_str::<Value>(content)
        .ok()
        .filter(|v| v.is_object() || v.is_array())
}

/// The part that answers: Azure's tools wrap it as `{"status", "message", "results"}`.
pub fn body(result: &Value) -> &Value {
    let wrapped = result.get("status").is_some() || result.get("message").is_some();
    match result.get("results") {
        Some(results) => results,
        None if wrapped && result.get("duration").is_some() => &Value::Null,
        None => result,
    }
}

/// The elements of the list in a result; one element when it is one thing.
pub fn rows_of(result: &Value) -> Vec<&Value> {
    match find(body(result), 0) {
        Found::List(elements) => elements,
        Found::One(thing) => vec![thing],
        Found::Nothing => Vec::new(),
    }
}

enum Found<'a> {
    List(Vec<&'a Value>),
    One(&'a Value),
    Nothing,
}

fn find(value: &Value, depth: usize) -> Found<'_> {
    match value {
        Value::Array(items) => Found::List(items.iter().collect()),
        Value::Object(map) if map.is_empty() => Found::Nothing,
        // A thing has a name; its own lists are parts of it.
        Value::Object(map)
            if ["name", "id"]
                .iter()
                .any(|key| map.get(*key).is_some_and(Value::is_string)) =>
        {
            Found::One(value)
        }
        Value::Object(map) => {
            let longest = map
                .values()
                .filter_map(Value::as_array)
                .filter(|items| map.len() == 1 || items.iter().any(Value::is_object))
                .max_by_key(|items| items.len());
            if let Some(items) = longest {
                return Found::List(items.iter().collect());
            }
            match map.values().next() {
                Some(only) if map.len() == 1 && only.is_object() && depth < MAX_DEPTH => {
                    find(only, depth + 1)
                }
                _ => Found::One(value),
            }
        }
        _ => Found::Nothing,
    }
}

/// What `content` holds.
pub fn shape(content: &str) -> Shape {
    let Some(result) = parse(content) else {
        let text = content.trim();
        return if text.is_empty() {
            Shape::Nothing
        } else {
            Shape::Text(text.to_owned())
        };
    };
    match body(&result) {
        Value::String(text) => return Shape::Text(text.clone()),
        plain @ (Value::Bool(_) | Value::Number(_)) => return Shape::Text(plain.to_string()),
        _ => {}
    }
    match find(body(&result), 0) {
        Found::List(elements) if elements.is_empty() => Shape::Nothing,
        Found::List(elements) => Shape::Rows(elements.into_iter().map(row).collect()),
        Found::One(thing) => Shape::One(row(thing)),
        Found::Nothing => Shape::Nothing,
    }
}

/// The message of an error; its first line when it is text.
pub fn message(content: &str) -> String {
    let found = parse(content).and_then(|value| {
        let error = value.get("error").cloned().unwrap_or(value);
        error
            .get("message")
            .or_else(|| error.get("detail"))
            .and_then(Value::as_str)
            .map(str::to_owned)
    });
    let text = found.unwrap_or_else(|| content.to_owned());
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or("")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn count(value: &Value) -> (bool, usize) {
        match shape(&value.to_string()) {
            Shape::Nothing => (false, 0),
            Shape::One(_) => (false, 1),
            Shape::Rows(rows) => (true, rows.len()),
            Shape::Text(_) => (false, 99),
        }
    }

    #[test]
    fn lists_are_found_where_azure_puts_them() {
        for (value, expected) in [
            (
                json!({"status":200,"message":"Success","results":{"groups":[{"name":"a"},{"name":"b"}]},"duration":0}),
                (true, 2),
            ),
            (
                json!({"status":200,"message":"Success","results":{"secrets":["a","b","c"]},"duration":0}),
                (true, 3),
            ),
            (
                json!({"status":200,"message":"Success","results":{"groups":[]},"duration":0}),
                (false, 0),
            ),
            (
                json!({"status":200,"message":"Success","results":null,"duration":0}),
                (false, 0),
            ),
            (
                json!({"status":200,"message":"Success","duration":0}),
                (false, 0),
            ),
            (
                json!({"results":{"vm":{"name":"vm1","zones":[{"a":1},{"a":2}]}}}),
                (false, 1),
            ),
            (
                json!({"results":{"accounts":[{"name":"a"}],"areResultsTruncated":false}}),
                (true, 1),
            ),
            (json!([{"a":1}]), (true, 1)),
            (json!({}), (false, 0)),
            (json!({"results":"text"}), (false, 99)),
        ] {
            assert_eq!(count(&value), expected, "{value}");
        }
    }

    #[test]
    fn an_error_says_its_first_line() {
        assert_eq!(
            message(r#"{"status":404,"message":"Not found\nTo help: see x"}"#),
            "Not found"
        );
        assert_eq!(message(r#"{"error":{"message":"no"}}"#), "no");
        assert_eq!(message("\n  broken \nmore"), "broken");
        assert_eq!(message(""), "");
    }
}
