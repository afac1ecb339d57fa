//! The tools as pinned: what this product believes about each tool, and the
//! hash by which it notices that a tool is no longer the one it knew.

pub mod pins;
pub mod rules;

use std::collections::BTreeMap;

use azimuth_domain::canonical::sha256_hex;
use azimuth_domain::preview::PreviewRule;
use azimuth_domain::tool::{
    ArgumentRule, Availability, EffectClass, ScopeParameters, ToolRef, ToolSpec,
};
use azimuth_ports::tools::Catalogue;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::servers::ServerConfig;

/// The server whose catalogue is built in.
const AZURE: &str = "azure";
/// Made by `cargo run -p azimuth-mcp --example pin_catalogue`.
const AZURE_CATALOGUE: &str = include_str!("../../catalogue/azure-3.0.0.json");

/// One tool of a catalogue file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedTool {
    /// Name at the server.
    pub name: String,
    /// Effect class without regard to arguments.
    pub effect: EffectClass,
    /// Secret flag without regard to arguments.
    #[serde(default, skip_serializing_if = "is_false")]
    pub secret: bool,
    /// Changes by argument.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub argument_rules: Vec<ArgumentRule>,
    /// Where it works.
    pub scope: ScopeParameters,
    /// Parameter that names the thing worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_parameter: Option<String>,
    /// Whether the server may ask the user for consent before it runs the tool.
    #[serde(default, skip_serializing_if = "is_false")]
    pub prompts: bool,
    /// Whether it needs the disk or the environment of the machine it runs on.
    #[serde(default, skip_serializing_if = "is_false")]
    pub local_required: bool,
    /// Hash of name, description and schema.
    pub hash: String,
    /// Text for people and models.
    pub description: String,
    /// JSON Schema of the arguments.
    pub input_schema: Value,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A catalogue file: `{"server", "version", "tools": [one line each]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueFile {
    /// Name of the server in the configuration.
    pub server: String,
    /// Version of the server that was listed.
    pub version: String,
    /// Its tools, by name.
    pub tools: Vec<PinnedTool>,
}

/// Which read tells what a call of a built-in tool would do; written by hand.
const AZURE_PREVIEWS: &str = include_str!("../../catalogue/previews.json");

/// Whether the tools of that server are in the built-in catalogue.
pub fn is_built_in(server: &str) -> bool {
    server == AZURE
}

/// The built-in catalogue of the Azure MCP Server.
pub fn azure() -> serde_json::Result<CatalogueFile> {
    serde_json::from_str(AZURE_CATALOGUE)
}

/// Which reads tell what calls of the Azure MCP Server would do, by the tool called.
pub fn azure_previews() -> serde_json::Result<BTreeMap<String, PreviewRule>> {
    serde_json::from_str(AZURE_PREVIEWS)
}

/// The tools of the built-in catalogue, as a server named `azure` has them.
pub fn azure_tools() -> serde_json::Result<Vec<ToolSpec>> {
    Ok(specs(AZURE, azure()?, azure_previews()?))
}

/// The tools of a server with a built-in catalogue, as configured.
pub(crate) fn built_in_specs(
    config: &ServerConfig,
    file: CatalogueFile,
    previews: BTreeMap<String, PreviewRule>,
) -> Vec<ToolSpec> {
    specs(&config.name, file, previews)
}

fn specs(
    server: &str,
    file: CatalogueFile,
    mut previews: BTreeMap<String, PreviewRule>,
) -> Vec<ToolSpec> {
    let spec = |tool: PinnedTool| ToolSpec {
        preview: previews.remove(&tool.name),
        tool: ToolRef::new(server, tool.name),
        description: tool.description,
        input_schema: tool.input_schema,
        hash: tool.hash,
        effect: tool.effect,
        secret: tool.secret,
        argument_rules: tool.argument_rules,
        scope: tool.scope,
        target_parameter: tool.target_parameter,
        availability: if tool.local_required {
            Availability::NeedsLocalMachine
        } else {
            Availability::Enabled
        },
        shared_identity: false,
        enabled_by_name: false,
    };
    file.tools.into_iter().map(spec).collect()
}

/// The tools of a server with a built-in catalogue that may ask for consent.
pub(crate) fn prompting(config: &ServerConfig, file: &CatalogueFile) -> Vec<ToolRef> {
    let prompting = file.tools.iter().filter(|tool| tool.prompts);
    prompting
        .map(|tool| ToolRef::new(&config.name, tool.name.clone()))
        .collect()
}

/// The tools of a server that was pinned at its first start, classified by the
/// `tools` of its configuration entry.
pub(crate) fn learned_specs(config: &ServerConfig, pinned: pins::PinFile) -> Vec<ToolSpec> {
    let spec = |tool: pins::LearnedTool| {
        let class = config.tools.get(&tool.name).copied();
        ToolSpec {
            tool: ToolRef::new(&config.name, tool.name),
            description: tool.description,
            input_schema: tool.input_schema,
            hash: tool.hash,
            effect: class.unwrap_or(EffectClass::Destructive),
            secret: false,
            argument_rules: Vec::new(),
            scope: ScopeParameters::default(),
            target_parameter: None,
            preview: None,
            availability: match class {
                Some(_) => Availability::Enabled,
                None => Availability::Unclassified,
            },
            shared_identity: false,
            enabled_by_name: class.is_some(),
        }
    };
    pinned.tools.into_iter().map(spec).collect()
}

/// One catalogue of the tools of all servers. Its version covers everything that
/// an approval relies on: names, hashes and classes. What a process finds out
/// later about a tool (`Changed`) is left out, so that all processes with one
/// configuration agree about the version.
pub(crate) fn assemble(by_server: &BTreeMap<String, Vec<ToolSpec>>) -> Catalogue {
    let mut tools: Vec<ToolSpec> = by_server.values().flatten().cloned().collect();
    tools.sort_by(|a, b| a.tool.cmp(&b.tool));
    let line = |spec: &ToolSpec| {
        let enabled = matches!(
            spec.availability,
            Availability::Enabled | Availability::Changed
        );
        let rules = serde_json::json!([spec.argument_rules, spec.preview]);
        let effect = spec.effect.as_str();
        format!(
            "{} {} {effect} {} {enabled} {rules}",
            spec.tool, spec.hash, spec.secret
        )
    };
    let lines: Vec<String> = tools.iter().map(line).collect();
    Catalogue {
        version: sha256_hex(lines.join("\n")),
        tools,
        ..Catalogue::default()
    }
}

#[cfg(test)]
mod tests;
