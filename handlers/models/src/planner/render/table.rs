//! Rows of JSON objects as a Markdown table with the columns that people ask for.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::escape::inline;
use crate::planner::language::Language;

/// Rows that are shown.
pub const MAX_ROWS: usize = 50;
/// Columns that are shown.
const MAX_COLUMNS: usize = 6;

/// Columns in the order that people look for them; `None` as a Korean title
/// keeps the English one.
const COLUMNS: &[(&str, &str, &str)] = &[
    ("name", "Name", "이름"),
    ("displayName", "Name", "이름"),
    ("subscriptionId", "Subscription id", "구독 ID"),
    ("value", "Name", "이름"),
    ("subscription", "Subscription", "구독"),
    ("resourceGroup", "Resource group", "리소스 그룹"),
    ("location", "Location", "위치"),
    ("status", "Status", "상태"),
    ("state", "State", "상태"),
    ("powerState", "Power state", "전원 상태"),
    ("provisioningState", "Provisioning", "프로비저닝"),
    ("type", "Type", "종류"),
    ("kind", "Kind", "종류"),
    ("vmSize", "Size", "크기"),
    ("skuName", "SKU", "SKU"),
    ("sku", "SKU", "SKU"),
    ("osType", "OS", "OS"),
    ("enabled", "Enabled", "사용"),
    ("version", "Version", "버전"),
    ("isDefault", "Default", "기본값"),
];

/// A row: column name to value.
pub type Row = BTreeMap<String, Value>;

/// A row out of one element of a result. What lies one level deeper comes up
/// (`properties.provisioningState`); the resource group is read off the id.
pub fn row(element: &Value) -> Row {
    let mut row = Row::new();
    let Some(object) = element.as_object() else {
        row.insert("value".to_owned(), element.clone());
        return row;
    };
    for (key, value) in object {
        match value {
            Value::Object(inner) if key == "properties" => {
                for (key, value) in inner.iter().filter(|(_, v)| is_plain(v)) {
                    row.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
            Value::Object(inner) => {
                row.insert(key.clone(), of_object(inner));
            }
            Value::Null => {}
            _ => {
                row.insert(key.clone(), value.clone());
            }
        }
    }
    if !row.contains_key("resourceGroup")
        && let Some(group) = object.get("id").and_then(Value::as_str).and_then(group_of)
    {
        row.insert("resourceGroup".to_owned(), Value::String(group.to_owned()));
    }
    row
}

fn is_plain(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_))
}

fn of_object(object: &Map<String, Value>) -> Value {
    match object.get("name").or_else(|| object.get("code")) {
        Some(name) if is_plain(name) => name.clone(),
        _ => Value::Object(object.clone()),
    }
}

/// The resource group of a resource that lies in one (not of the group itself).
fn group_of(id: &str) -> Option<&str> {
    let mut parts = id
        .split('/')
        .skip_while(|part| !part.eq_ignore_ascii_case("resourceGroups"));
    parts.next()?;
    let group = parts.next().filter(|group| !group.is_empty())?;
    parts.next()?;
    Some(group)
}

/// What a cell shows of a value, before escaping.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| format!("{key}={}", plain(value)))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}

/// The columns to show: known ones first, then plain ones by name.
fn columns(rows: &[Row]) -> Vec<String> {
    let present = |key: &str| {
        rows.iter()
            .any(|row| row.get(key).is_some_and(|v| !v.is_null()))
    };
    let mut chosen: Vec<String> = COLUMNS
        .iter()
        .map(|(key, ..)| *key)
        .filter(|key| present(key) && !(*key == "displayName" && present("name")))
        .map(str::to_owned)
        .collect();
    let mut others: Vec<&String> = rows
        .iter()
        .flat_map(|row| row.iter().filter(|(_, v)| is_plain(v)).map(|(k, _)| k))
        .filter(|key| !is_noise(key, !chosen.is_empty()))
        .collect();
    others.sort_unstable();
    others.dedup();
    for key in others {
        if !chosen.contains(key) {
            chosen.push(key.clone());
        }
    }
    chosen.truncate(MAX_COLUMNS);
    chosen
}

/// Ids and tags of versions say nothing to people who already see a name.
fn is_noise(key: &str, named: bool) -> bool {
    named
        && matches!(
            key,
            "id" | "tenantId" | "etag" | "eTag" | "systemData" | "resourceId" | "uniqueId" | "vmId"
        )
}

fn title(key: &str, language: Language) -> String {
    if let Some((_, english, korean)) = COLUMNS.iter().find(|(name, ..)| *name == key) {
        return language.pick(*english, *korean).to_owned();
    }
    let mut title = String::new();
    for (i, c) in key.chars().enumerate() {
        if i == 0 {
            title.extend(c.to_uppercase());
        } else if c.is_uppercase() && title.ends_with(char::is_lowercase) {
            title.push(' ');
            title.extend(c.to_lowercase());
        } else {
            title.push(if c == '_' || c == '-' { ' ' } else { c });
        }
    }
    inline(&title)
}

/// A table of `rows`, one line per row; more than [`MAX_ROWS`] end in a line
/// that says how many are left out.
pub fn table(rows: &[Row], language: Language) -> String {
    let columns = columns(rows);
    if columns.is_empty() {
        return String::new();
    }
    let mut out = line(columns.iter().map(|key| title(key, language)));
    out.push_str(&line(columns.iter().map(|_| "---".to_owned())));
    for row in rows.iter().take(MAX_ROWS) {
        out.push_str(&line(columns.iter().map(|key| {
            row.get(key).map(|v| inline(&plain(v))).unwrap_or_default()
        })));
    }
    if rows.len() > MAX_ROWS {
        let left = rows.len() - MAX_ROWS;
        out.push('\n');
        out.push_str(&language.pick(format!("… and {left} more\n"), format!("… 외 {left}개\n")));
    }
    out
}

/// One object as a table of its fields.
pub fn fields(row: &Row, language: Language) -> String {
    let mut out =
        line([language.pick("Field", "항목"), language.pick("Value", "값")].map(str::to_owned));
    out.push_str(&line(["---", "---"].map(str::to_owned)));
    let known = |key: &str| {
        COLUMNS
            .iter()
            .position(|(name, ..)| *name == key)
            .unwrap_or(usize::MAX)
    };
    let mut entries: Vec<(&String, &Value)> = row.iter().filter(|(_, v)| !v.is_null()).collect();
    entries.sort_by(|a, b| known(a.0).cmp(&known(b.0)).then_with(|| a.0.cmp(b.0)));
    let left = entries.len().saturating_sub(MAX_ROWS);
    for (key, value) in entries.into_iter().take(MAX_ROWS) {
        out.push_str(&line([title(key, language), inline(&plain(value))]));
    }
    if left > 0 {
        out.push('\n');
        out.push_str(&language.pick(format!("… and {left} more\n"), format!("… 외 {left}개\n")));
    }
    out
}

fn line(cells: impl IntoIterator<Item = String>) -> String {
    let mut out = String::from("|");
    for cell in cells {
        out.push(' ');
        out.push_str(&cell);
        out.push_str(" |");
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rows(count: usize) -> Vec<Row> {
        (0..count)
            .map(|i| row(&json!({"name": format!("rg-{i}")})))
            .collect()
    }

    #[test]
    fn known_columns_come_first() {
        let rows = [
            row(
                &json!({"zebra": 1, "location": "koreacentral", "name": "vm1", "id": "/subscriptions/s/resourceGroups/rg-dev/providers/x/y/vm1",
                "properties": {"provisioningState": "Succeeded", "deep": {"a": 1}}, "sku": {"name": "Standard_LRS"}, "tags": {"env": "dev"}}),
            ),
            row(&json!({"name": "vm|2", "location": null})),
        ];
        assert_eq!(
            table(&rows, Language::English),
            "| Name | Resource group | Location | Provisioning | SKU | Zebra |\n\
             | --- | --- | --- | --- | --- | --- |\n\
             | vm1 | rg-dev | koreacentral | Succeeded | Standard_LRS | 1 |\n\
             | vm\\|2 |  |  |  |  |  |\n"
        );
    }

    #[test]
    fn a_group_does_not_lie_in_itself() {
        let group = row(&json!({"name": "rg-dev", "id": "/subscriptions/s/resourceGroups/rg-dev"}));
        assert_eq!(
            table(&[group], Language::Korean),
            "| 이름 |\n| --- |\n| rg-dev |\n"
        );
    }

    #[test]
    fn fifty_rows_are_shown() {
        for (count, lines, more) in [(49, 51, false), (50, 52, false), (51, 54, true)] {
            let text = table(&rows(count), Language::English);
            assert_eq!(text.lines().count(), lines, "{count}");
            assert_eq!(text.contains("… and 1 more"), more, "{count}");
        }
    }
}
