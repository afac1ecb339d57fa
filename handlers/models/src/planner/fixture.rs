//! Tools for the planner's tests: the pinned Azure catalogue, as it ships.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::needless_pass_by_value,
    reason = "tests spell properties with json!"
)]

use std::sync::LazyLock;

use azimuth_domain::search::ToolIndex;
use azimuth_domain::tool::{Availability, EffectClass, ScopeParameters, ToolRef, ToolSpec};
use azimuth_ports::model::OfferedTool;
use serde_json::{Value, json};

static CATALOGUE: LazyLock<Vec<ToolSpec>> = LazyLock::new(|| {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../mcp/catalogue/azure-3.0.0.json"
    );
    let mut file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    file["tools"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .map(|tool| {
            tool["tool"] = json!({"server": "azure", "name": tool["name"].take()});
            tool["availability"] = json!("enabled");
            tool["secret"] = json!(tool["secret"] == true);
            serde_json::from_value(tool.take()).unwrap()
        })
        .collect()
});

static INDEX: LazyLock<ToolIndex> = LazyLock::new(|| ToolIndex::new(&CATALOGUE));

/// A tool of the catalogue.
pub fn tool(name: &str) -> ToolSpec {
    CATALOGUE
        .iter()
        .find(|t| t.tool.name == name)
        .unwrap()
        .clone()
}

/// The tools that the product offers for a conversation.
pub fn offered(user_texts: &[&str]) -> Vec<OfferedTool> {
    INDEX
        .offer(user_texts, 8)
        .into_iter()
        .map(|hit| offer(CATALOGUE[hit.index].clone(), hit.score))
        .collect()
}

/// A tool as it is offered.
pub fn offer(spec: ToolSpec, score: f32) -> OfferedTool {
    OfferedTool {
        name: spec.tool.name.clone(),
        spec,
        score,
    }
}

/// A tool of another server.
pub fn spec(name: &str, properties: Value, required: &[&str]) -> ToolSpec {
    ToolSpec {
        tool: ToolRef::new("everything", name),
        description: format!("The tool {name}."),
        input_schema: json!({"type": "object", "properties": properties, "required": required}),
        hash: String::new(),
        effect: EffectClass::ReadOnly,
        secret: false,
        argument_rules: Vec::new(),
        scope: ScopeParameters::default(),
        target_parameter: None,
        preview: None,
        availability: Availability::Enabled,
        shared_identity: false,
        enabled_by_name: false,
    }
}
