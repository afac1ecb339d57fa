//! What Terraform would make.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::failure::Failure;

/// Every resource of a plan, and its outputs.
#[derive(Debug, Deserialize)]
pub struct Plan {
    #[serde(default)]
    resource_changes: Vec<Resource>,
    #[serde(default)]
    output_changes: BTreeMap<String, Change>,
}

#[derive(Debug, Deserialize)]
struct Resource {
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    change: Change,
}

#[derive(Debug, Deserialize)]
struct Change {
    /// As it would be afterwards; what only Azure knows is missing.
    #[serde(default)]
    after: Value,
}

impl Plan {
    pub fn read(value: Value) -> Result<Self, Failure> {
        serde_json::from_value(value).map_err(|error| {
            Failure::refused(
                format!("a plan of terraform cannot be read: {error}"),
                "Is it a version whose output has changed?",
            )
        })
    }

    /// Arguments of every resource of a kind, such as `azurerm_storage_queue`.
    pub fn resources<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.resource_changes
            .iter()
            .filter(move |resource| resource.mode == "managed" && resource.kind == kind)
            .map(|resource| &resource.change.after)
    }

    /// `Null` when there is no such output.
    pub fn output(&self, name: &str) -> &Value {
        self.output_changes
            .get(name)
            .map_or(&Value::Null, |change| &change.after)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;

    #[test]
    fn resources_are_found_by_kind_and_data_is_not_made() {
        let resource = |mode: &str, kind: &str, name: &str| json!({"mode": mode, "type": kind, "change": {"after": {"name": name}}});
        let plan = Plan::read(json!({
            "resource_changes": [
                resource("managed", "a", "1"), resource("data", "a", "2"), resource("managed", "b", "3"),
            ],
            "output_changes": {"o": {"after": "x"}},
        }))
        .unwrap();
        let names: Vec<&Value> = plan.resources("a").map(|values| &values["name"]).collect();
        assert_eq!(names, ["1"]);
        assert_eq!(plan.output("o"), "x");
        assert_eq!(plan.output("p"), &Value::Null);
    }
}
