//! What a tool of the Azure MCP Server may do, decided by us. The server's own
//! hints are where we start; the tables below correct them. A hint is believed
//! in one direction only: what claims to write is never called read-only.

use azimuth_domain::tool::{ArgumentRule, EffectClass, ScopeParameters, tool_hash};
use serde::Deserialize;
use serde_json::Value;

use super::PinnedTool;

/// A tool as `tools/list` gives it (MCP 2025-11-25, and the server's `_meta`).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedTool {
    /// Name.
    pub name: String,
    /// Text for people and models.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of the arguments.
    pub input_schema: Value,
    /// Hints of the specification.
    #[serde(default)]
    pub annotations: Hints,
    /// Hints of this server.
    #[serde(default, rename = "_meta")]
    pub meta: MetaHints,
}

/// Hints about the effect; both missing means: it writes and may destroy.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hints {
    /// Claims to change nothing.
    #[serde(default)]
    pub read_only_hint: bool,
    /// Claims that it may destroy.
    pub destructive_hint: Option<bool>,
}

/// Hints in `_meta`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct MetaHints {
    /// The server asks for consent first. It does not say that a secret is shown:
    /// virtual machine and disk tools carry it too.
    #[serde(default, rename = "SecretHint")]
    pub secret: bool,
    /// Reads or writes files of the machine it runs on, or runs programs there.
    #[serde(default, rename = "LocalRequiredHint")]
    pub local_required: bool,
}

/// Marked destructive by the server, but they only create or change in a way
/// that can be taken back.
const MUTATING: &[&str] = &[
    "advisor_recommendation_update",
    "appconfig_kv_set",
    "appservice_webapp_change-state",
    "azurebackup_policy_create",
    "azurebackup_protecteditem_protect",
    "azurebackup_protecteditem_undelete",
    "azurebackup_resourceguard_create",
    "azurebackup_vault_create",
    "azurebackup_vault_privateendpoint_create",
    "compute_disk_create",
    "compute_vm_create",
    "compute_vm_power-state",
    "compute_vm_update",
    "compute_vmss_create",
    "fileshares_fileshare_create",
    "fileshares_fileshare_snapshot_create",
    "fileshares_fileshare_snapshot_update",
    "keyvault_certificate_create",
    "keyvault_key_create",
    "keyvault_secret_create",
    "loadtesting_test_create",
    "loadtesting_testresource_create",
    "loadtesting_testrun_createorupdate",
    "managedlustre_fs_create",
    "monitor_webtests_createorupdate",
    "redis_create",
    "resiliency_drill_create",
    "resiliency_recoveryplan_create",
    "resiliency_usageplan_create",
    "resiliency_usageplan_enrollment_create",
    "sql_db_create",
    "sql_server_create",
    "storage_account_create",
    "storage_blob_container_create",
    "storagesync_service_create",
    "storagesync_syncgroup_create",
    "workbooks_create",
    "workbooks_update",
];

/// Not marked destructive, yet what they do cannot be taken back, approves
/// things by itself, or depends on free text that can say "drop".
const DESTRUCTIVE: &[&str] = &[
    "communication_email_send",
    "communication_sms_send",
    "eventgrid_events_publish",
    "kusto_query",
    "sreagent_threads_investigate_yolo",
    "sreagent_workflows_apply",
];

/// Not marked as needing the local machine, yet they read environment variables
/// of the server process by a name that the caller chooses.
const READS_THE_ENVIRONMENT: &[&str] = &[
    "sreagent_connectors_create_mcp",
    "sreagent_incidents_setup_pagerduty",
    "sreagent_incidents_setup_servicenow",
];

/// Their result or arguments always hold a secret value.
const SECRET: &[&str] = &[
    "appservice_webapp_settings_get-appsettings",
    "keyvault_secret_create",
];

/// Arguments that hold a secret value wherever they are given.
const SECRET_ARGUMENTS: &[&str] = &[
    "admin-password",
    "administrator-password",
    "certificate-data",
    "connection-string",
    "password",
    "setting-value",
    "user-data",
];

/// Arguments of single tools that hold one.
const CARRYING_ARGUMENTS: &[(&str, &str)] = &[("keyvault_secret_create", "value")];

/// Names of secrets: with one of them given, the value is shown.
const REVEALING_ARGUMENTS: &[(&str, &str)] = &[("keyvault_secret_get", "secret")];

/// Parameters that name the thing worked on, the closest first.
const TARGETS: &[&str] = &[
    "vm-name",
    "vmss-name",
    "disk-name",
    "account",
    "vault",
    "server",
    "app",
    "function-app",
    "cluster",
    "cluster-uri",
    "registry",
    "namespace",
    "hub-name",
    "topic",
    "ledger",
    "filesystem-name",
    "test-resource-name",
    "datadog-resource",
    "webtest-resource",
    "workspace",
    "agent",
    "health-model",
    "hostpool",
    "instance",
    "recoveryplan",
    "drill",
    "usage-plan",
    "goal-assignment",
    "service-group",
    "resource-guard",
    "workbook-id",
    "workbook-ids",
    "recommendation-id",
    "file-share-name",
    "resource-name",
    "resource-id",
    "resourceId",
    "resource",
    "signalr",
    "endpoint",
    "scope",
    "service",
    "name",
];

/// The pin of one tool.
pub fn pin(tool: &ListedTool) -> PinnedTool {
    let name = tool.name.as_str();
    let has = |parameter: &str| tool.input_schema["properties"].get(parameter).is_some();
    let named = |parameter: &str| has(parameter).then(|| parameter.to_owned());
    PinnedTool {
        name: tool.name.clone(),
        hash: tool_hash(name, &tool.description, &tool.input_schema),
        effect: effect(tool),
        secret: SECRET.contains(&name),
        argument_rules: secret_rules(name, &has),
        scope: ScopeParameters {
            subscription: named("subscription"),
            resource_group: named("resource-group"),
            tenant: named("tenant"),
        },
        target_parameter: TARGETS.iter().copied().find(|p| has(p)).map(str::to_owned),
        // The raw hints, not our classes: by them the server decides whether it asks
        // (by `SecretHint` and `destructiveHint` in 3.0.0; any write is on the safe side).
        prompts: tool.meta.secret || !tool.annotations.read_only_hint,
        local_required: tool.meta.local_required || READS_THE_ENVIRONMENT.contains(&name),
        description: tool.description.clone(),
        input_schema: tool.input_schema.clone(),
    }
}

fn effect(tool: &ListedTool) -> EffectClass {
    let name = tool.name.as_str();
    let removes = name.ends_with("_delete") || name.ends_with("_unregister");
    if removes || name.ends_with("_database_query") || DESTRUCTIVE.contains(&name) {
        EffectClass::Destructive
    } else if tool.annotations.read_only_hint {
        EffectClass::ReadOnly
    } else if MUTATING.contains(&name) || tool.annotations.destructive_hint == Some(false) {
        EffectClass::Mutating
    } else {
        EffectClass::Destructive
    }
}

fn secret_rules(name: &str, has: &dyn Fn(&str) -> bool) -> Vec<ArgumentRule> {
    let carried = SECRET_ARGUMENTS
        .iter()
        .copied()
        .filter(|argument| has(argument));
    let of_this = |table: &'static [(&'static str, &'static str)]| {
        table
            .iter()
            .filter(move |(tool, _)| *tool == name)
            .map(|(_, argument)| *argument)
    };
    let rule = |argument: &str, carries| ArgumentRule {
        argument: argument.to_owned(),
        equals: Vec::new(),
        effect: None,
        secret: Some(true),
        carries,
    };
    let revealed = of_this(REVEALING_ARGUMENTS).map(|argument| rule(argument, false));
    let carried = of_this(CARRYING_ARGUMENTS)
        .chain(carried)
        .map(|argument| rule(argument, true));
    revealed.chain(carried).collect()
}

/// Names in the tables above that no tool has: a slip of the pen, or a tool that
/// a newer server no longer offers.
pub fn unknown_names(tools: &[ListedTool]) -> Vec<&'static str> {
    let known = |name: &str| tools.iter().any(|tool| tool.name == name);
    [MUTATING, DESTRUCTIVE, READS_THE_ENVIRONMENT, SECRET]
        .concat()
        .into_iter()
        .filter(|name| !known(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn listed(name: &str, annotations: &Value) -> ListedTool {
        serde_json::from_value(json!({
            "name": name,
            "inputSchema": {"type": "object", "properties": {}},
            "annotations": annotations,
        }))
        .unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_hint_can_raise_the_danger_but_not_hide_it() {
        let read = json!({"readOnlyHint": true, "destructiveHint": false});
        let write = json!({"readOnlyHint": false, "destructiveHint": false});
        let destroy = json!({"readOnlyHint": false, "destructiveHint": true});
        for (name, hints, expected) in [
            ("thing_get", &read, EffectClass::ReadOnly),
            ("thing_delete", &read, EffectClass::Destructive),
            ("pg_database_query", &read, EffectClass::Destructive),
            ("kusto_query", &read, EffectClass::Destructive),
            ("thing_set", &write, EffectClass::Mutating),
            ("thing_delete", &write, EffectClass::Destructive),
            ("communication_sms_send", &write, EffectClass::Destructive),
            ("thing_set", &destroy, EffectClass::Destructive),
            ("storage_account_create", &destroy, EffectClass::Mutating),
            ("thing_set", &json!({}), EffectClass::Destructive),
            (
                "thing_set",
                &json!({"readOnlyHint": false}),
                EffectClass::Destructive,
            ),
        ] {
            assert_eq!(effect(&listed(name, hints)), expected, "{name} {hints}");
        }
    }
}
