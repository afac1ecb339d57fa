//! The store's containers: as the handler needs them, and as they would be made.

use serde::Deserialize;
use serde_json::Value;

use super::names::{HANDLER, Names, strings};
use super::plan::Plan;

/// Cosmos DB's own role of this name may do everything with items.
const EVERYTHING_WITH_ITEMS: &str = "/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002";

/// A container, as the handler tells it and as it would be made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Container {
    pub name: String,
    pub partition_key: Vec<String>,
    pub unique_key: Option<String>,
    pub has_ttl: bool,
    pub is_append_only: bool,
    /// Properties that are indexed, in the order of the alphabet.
    pub indexed: Vec<String>,
}

/// The containers of a plan. What is no description of one is a finding.
pub fn made(plan: &Plan, findings: &mut Vec<String>) -> Vec<Container> {
    let mut found = Vec::new();
    for values in plan.resources("azurerm_cosmosdb_sql_container") {
        let name = values["name"].as_str().unwrap_or_default().to_owned();
        let uniques = values["unique_key"].as_array().into_iter().flatten();
        let uniques: Vec<String> = uniques
            .map(|key| strings(&key["paths"]).join(","))
            .collect();
        if values["partition_key_kind"] != "MultiHash" {
            findings.push(format!(
                "the container {name:?} has no hierarchical partition key"
            ));
        }
        let rights = rights(plan, &name);
        let [is_append_only] = rights.as_slice() else {
            findings.push(format!(
                "the app has {} roles for the items of the container {name:?}, not 1",
                rights.len()
            ));
            continue;
        };
        found.push(Container {
            partition_key: strings(&values["partition_key_paths"]),
            unique_key: (!uniques.is_empty()).then(|| uniques.join("; ")),
            has_ttl: values["default_ttl"] == -1,
            is_append_only: *is_append_only,
            indexed: indexed(values),
            name,
        });
    }
    found
}

/// Properties whose paths are included; another path is told as it is.
fn indexed(container: &Value) -> Vec<String> {
    let policies = container["indexing_policy"].as_array();
    let included = policies
        .into_iter()
        .flatten()
        .filter_map(|policy| policy["included_path"].as_array())
        .flatten()
        .filter_map(|included| included["path"].as_str());
    let property = |path: &str| {
        let inner = path.strip_prefix('/').and_then(|p| p.strip_suffix("/?"));
        inner.unwrap_or(path).to_owned()
    };
    let mut indexed: Vec<String> = included.map(property).collect();
    indexed.sort_unstable();
    indexed
}

/// For each role that is assigned for a container's items, whether it is a narrow one.
fn rights(plan: &Plan, container: &str) -> Vec<bool> {
    let scope = format!("/colls/{container}");
    plan.resources("azurerm_cosmosdb_sql_role_assignment")
        .filter(|values| {
            values["scope"]
                .as_str()
                .is_some_and(|at| at.ends_with(&scope))
        })
        .filter_map(|values| values["role_definition_id"].as_str())
        .map(|role| !role.ends_with(EVERYTHING_WITH_ITEMS))
        .collect()
}

/// `place` makes every container as the handler needs it, and no other. There are
/// two such places: Terraform, and the emulator's seed.
pub fn findings(place: &str, made: &[Container], told: &[Container]) -> Vec<String> {
    let names = |containers: &[Container]| -> Vec<String> {
        let names = containers.iter().map(|container| &container.name);
        names.cloned().collect()
    };
    let in_place = Names::of(place, names(made));
    let mut findings = in_place.differences("the container", &Names::of(HANDLER, names(told)));
    for told in told {
        let made = made.iter().find(|made| made.name == told.name);
        if let Some(made) = made.filter(|made| *made != told) {
            findings.push(format!(
                "the container {:?} in {place} is not as the handler needs it:\n      {place}: {}\n      handler: {}",
                told.name,
                made.told(),
                told.told()
            ));
        }
    }
    findings
}

impl Container {
    fn told(&self) -> String {
        format!(
            "partition key {:?}, unique key {:?}, {}, {}, index [{}]",
            self.partition_key,
            self.unique_key.as_deref().unwrap_or("none"),
            if self.has_ttl {
                "items may end"
            } else {
                "items stay"
            },
            if self.is_append_only {
                "append only"
            } else {
                "every operation"
            },
            self.indexed.join(" "),
        )
    }
}
