#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::servers::{Identity, Program, Runs};
use azimuth_domain::tool::tool_hash;
use serde_json::json;

fn config() -> ServerConfig {
    ServerConfig {
        name: AZURE.into(),
        runs: Runs::Here(Program {
            command: "/azmcp".into(),
            args: vec![],
            env: BTreeMap::new(),
            writes: vec![],
        }),
        identity: Identity::User,
        tools: BTreeMap::new(),
        hosts: None,
    }
}

fn specs() -> Vec<ToolSpec> {
    built_in_specs(&config(), azure().unwrap(), azure_previews().unwrap())
}

fn tool(name: &str) -> ToolSpec {
    specs()
        .into_iter()
        .find(|s| s.tool.name == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn every_pinned_hash_fits_its_text() {
    let file = azure().unwrap();
    assert_eq!(
        (file.server.as_str(), file.version.as_str()),
        ("azure", "3.0.0")
    );
    assert_eq!(file.tools.len(), 404);
    assert!(AZURE_CATALOGUE.len() < 1_000_000);
    for tool in &file.tools {
        assert_eq!(
            tool_hash(&tool.name, &tool.description, &tool.input_schema),
            tool.hash
        );
    }
    assert!(file.tools.is_sorted_by(|a, b| a.name < b.name));
}

#[test]
fn the_effects_that_matter_most_are_what_they_should_be() {
    for (name, effect) in [
        ("group_list", EffectClass::ReadOnly),
        ("subscription_list", EffectClass::ReadOnly),
        ("storage_account_get", EffectClass::ReadOnly),
        ("storage_account_create", EffectClass::Mutating),
        ("compute_vm_power-state", EffectClass::Mutating),
        ("compute_vm_delete", EffectClass::Destructive),
        ("compute_vmss_delete", EffectClass::Destructive),
        ("keyvault_secret_get", EffectClass::ReadOnly),
        ("keyvault_secret_create", EffectClass::Mutating),
        ("communication_email_send", EffectClass::Destructive),
        ("postgres_database_query", EffectClass::Destructive),
        ("mysql_database_query", EffectClass::Destructive),
        (
            "sreagent_threads_investigate_yolo",
            EffectClass::Destructive,
        ),
        (
            "storagesync_registeredserver_unregister",
            EffectClass::Destructive,
        ),
    ] {
        assert_eq!(tool(name).effect, effect, "{name}");
    }
    for spec in specs() {
        let name = &spec.tool.name;
        assert!(
            !name.ends_with("_delete") || spec.effect == EffectClass::Destructive,
            "{name}"
        );
    }
}

#[test]
fn how_many_tools_fall_into_each_class_is_known() {
    let all = specs();
    let count = |effect: EffectClass| all.iter().filter(|s| s.effect == effect).count();
    let classes = EffectClass::ReadOnly;
    assert_eq!(
        (
            count(classes),
            count(EffectClass::Mutating),
            count(EffectClass::Destructive)
        ),
        (227, 75, 102)
    );
    let local = |s: &&ToolSpec| s.availability == Availability::NeedsLocalMachine;
    assert_eq!(all.iter().filter(local).count(), 21);
}

#[test]
fn secrets_are_flagged_by_what_is_shown_not_by_the_servers_hint() {
    let secret = |name: &str, arguments: Value| tool(name).classify(&arguments).secret;
    assert!(!secret("keyvault_secret_get", json!({"vault": "kv"})));
    assert!(secret(
        "keyvault_secret_get",
        json!({"vault": "kv", "secret": "db"})
    ));
    assert!(secret("keyvault_secret_create", json!({"vault": "kv"})));
    assert!(secret(
        "appservice_webapp_settings_get-appsettings",
        json!({})
    ));
    assert!(!secret("compute_vm_delete", json!({"vm-name": "vm"})));
    assert!(!secret("compute_disk_delete", json!({"disk-name": "d"})));
    assert!(!secret("compute_vm_create", json!({"vm-name": "vm"})));
    assert!(secret(
        "compute_vm_create",
        json!({"vm-name": "vm", "admin-password": "x"})
    ));
    assert!(!secret("storage_account_create", json!({"account": "a"})));
    assert!(!secret("insights_get", json!({})));
}

#[test]
fn what_may_ask_for_consent_is_what_the_server_says_writes_or_is_sensitive() {
    let file = azure().unwrap();
    assert_eq!(file.tools.iter().filter(|tool| tool.prompts).count(), 179);
    let asking_reads: Vec<&str> = file
        .tools
        .iter()
        .filter(|tool| tool.prompts && tool.effect == EffectClass::ReadOnly)
        .map(|tool| tool.name.as_str())
        .collect();
    assert_eq!(
        asking_reads,
        [
            "appservice_webapp_settings_get-appsettings",
            "insights_get",
            "keyvault_secret_get"
        ]
    );
    let prompting = prompting(&config(), &file);
    assert_eq!(prompting.len(), 179);
    for (name, asks) in [
        ("keyvault_secret_get", true),
        ("storage_account_create", true),
        ("compute_vm_delete", true),
        ("storage_account_get", false),
        ("group_list", false),
    ] {
        assert_eq!(
            prompting.contains(&ToolRef::new(AZURE, name)),
            asks,
            "{name}"
        );
    }
}

#[test]
fn scope_and_target_come_from_the_schema() {
    let create = tool("storage_account_create");
    let arguments = json!({"account": "stdemo1", "resource-group": "rg-dev", "subscription": "s"});
    assert_eq!(
        create.target(&arguments).as_deref(),
        Some("s/rg-dev/stdemo1")
    );
    assert_eq!(create.scope.tenant.as_deref(), Some("tenant"));
    assert_eq!(
        tool("keyvault_secret_get").target_parameter.as_deref(),
        Some("vault")
    );
    assert_eq!(
        tool("compute_vm_power-state").target_parameter.as_deref(),
        Some("vm-name")
    );
    assert_eq!(tool("group_list").target_parameter, None);
}

#[test]
fn tools_that_touch_the_executors_machine_are_off() {
    for name in [
        "storage_blob_upload",
        "extension_cli_install",
        "sreagent_connectors_create_mcp",
    ] {
        assert_eq!(
            tool(name).availability,
            Availability::NeedsLocalMachine,
            "{name}"
        );
    }
    assert_eq!(tool("group_list").availability, Availability::Enabled);
}

#[test]
fn the_version_follows_classes_but_not_what_one_process_found_out() {
    let version =
        |specs: Vec<ToolSpec>| assemble(&BTreeMap::from([("azure".into(), specs)])).version;
    let plain = version(specs());
    let with = |change: &dyn Fn(&mut ToolSpec)| {
        let mut all = specs();
        change(&mut all[0]);
        version(all)
    };
    assert_eq!(with(&|s| s.availability = Availability::Changed), plain);
    assert_ne!(with(&|s| s.availability = Availability::SwitchedOff), plain);
    assert_ne!(with(&|s| s.effect = EffectClass::Destructive), plain);
    assert_ne!(with(&|s| s.secret = true), plain);
    assert_ne!(with(&|s| s.hash.push('0')), plain);
}

#[test]
fn every_preview_names_a_read_and_arguments_that_exist() {
    let previews = azure_previews().unwrap();
    assert!(!previews.is_empty());
    for (name, rule) in previews {
        let called = tool(&name);
        let read = tool(&rule.read);
        assert_ne!(called.effect, EffectClass::ReadOnly, "{name}");
        assert_eq!(read.effect, EffectClass::ReadOnly, "{name}");
        let has = |spec: &ToolSpec, argument: &str| {
            assert!(
                spec.input_schema["properties"].get(argument).is_some(),
                "{} has no argument {argument}",
                spec.tool
            );
        };
        for argument in &rule.arguments {
            has(&called, argument);
            has(&read, argument);
        }
        for argument in rule.with.keys() {
            has(&read, argument);
        }
        for field in &rule.fields {
            assert!(field.from.is_some() || field.argument.is_some());
            if let Some(argument) = &field.argument {
                has(&called, argument);
            }
        }
        if let Some(undo) = &rule.undo {
            has(&tool(&undo.tool), &undo.argument);
            assert!(rule.fields.iter().any(|field| field.name == undo.field));
        }
        assert_eq!(called.preview.as_ref(), Some(&rule));
    }
}
