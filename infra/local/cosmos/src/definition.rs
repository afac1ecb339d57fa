//! What a container is: `containers.json`, or a file of the same shape.

use serde::Deserialize;
use serde_json::{Value, json};

/// The product's containers.
const PRODUCT: &str = include_str!("../containers.json");

/// A container.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// Paths of its partition key, outermost first.
    pub partition_key: Vec<String>,
    /// Path whose values are unique in a logical partition.
    #[serde(default)]
    pub unique_key: Option<String>,
    /// Whether items may carry a time to live (`defaultTtl` -1).
    #[serde(default)]
    pub has_ttl: bool,
    /// Whether items are created and never changed or deleted. On Azure that is the
    /// caller's role.
    #[serde(default)]
    pub is_create_only: bool,
    /// Properties that are indexed.
    #[serde(default)]
    pub indexed: Vec<String>,
}

/// The product's containers, or those that `text` defines.
pub fn read(text: Option<&str>) -> Result<Vec<Definition>, serde_json::Error> {
    serde_json::from_str(text.unwrap_or(PRODUCT))
}

impl Definition {
    /// As the emulator takes it, which is how Cosmos takes it.
    pub(crate) fn properties(&self) -> Value {
        let paths = |property: &String| json!({"path": format!("/{property}/?")});
        let included: Vec<Value> = self.indexed.iter().map(paths).collect();
        let unique: Vec<Value> = self
            .unique_key
            .iter()
            .map(|path| json!({"paths": [path]}))
            .collect();
        let mut properties = json!({
            "id": self.name,
            "partitionKey": {
                "paths": self.partition_key,
                "kind": if self.partition_key.len() > 1 { "MultiHash" } else { "Hash" },
                "version": 2,
            },
            "indexingPolicy": {
                "indexingMode": "consistent",
                "automatic": true,
                "includedPaths": included,
                "excludedPaths": [{"path": "/*"}],
            },
            "uniqueKeyPolicy": {"uniqueKeys": unique},
        });
        if self.has_ttl {
            properties["defaultTtl"] = json!(-1);
        }
        properties
    }
}
