//! What the handler is told about the sandbox: environment variables and the
//! file of tool servers.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::emulators::Connections;
use super::sandbox::SandboxDescription;
use crate::app::tool_server::ARGUMENTS;

/// Variables of our tools. The handler refuses names it does not know.
const TOOLS_ONLY: [&str; 16] = [
    "AZIMUTH_AZMCP",
    "AZIMUTH_CHROMIUM",
    "AZIMUTH_CORPORA",
    "AZIMUTH_CRASH_ALL",
    "AZIMUTH_CRASH_OFFSET",
    "AZIMUTH_EVERYTHING",
    "AZIMUTH_GALLERY_DIR",
    "AZIMUTH_SEED",
    "AZIMUTH_SEEDS",
    "AZIMUTH_SHOW",
    "AZIMUTH_TEST_APP",
    "AZIMUTH_TEST_BIN_DIR",
    "AZIMUTH_TEST_FORMER",
    "AZIMUTH_TEST_PACKAGE",
    "AZIMUTH_TEST_STORAGE",
    "AZIMUTH_XTASK",
];

const CORS_ORIGINS: &str = "AZIMUTH_CORS_ORIGINS";

/// What stands for real Azure inside the sandbox's proxy, and only there.
const ARM_URL: &str = "https://management.azure.com";
/// The emulator's database; and a key, because the client wants one: the emulator lets
/// in whoever reaches it.
const COSMOS_DATABASE: &str = "azimuth";
const COSMOS_KEY: &str = "YW55";

const TOKEN_AUDIENCES: &str = "https://management.azure.com,https://vault.azure.net";

/// What `dev` decides, beside the sandbox.
#[derive(Debug)]
pub struct Choices<'a> {
    pub data: &'a Path,
    pub servers_file: &'a Path,
    /// Where queues and store are; what is not there is in files of `data`.
    pub connections: &'a Connections,
    /// Where a portal is served from.
    pub portal_origin: Option<&'a str>,
    pub model: Option<&'a str>,
}

/// The environment of the host, which hands it to the handler.
#[derive(Debug, PartialEq, Eq)]
pub struct HostEnvironment {
    pub variables: BTreeMap<String, String>,
    /// Names that were set and do not count, for a line to the person.
    pub overruled: Vec<String>,
}

/// The caller's environment, with what describes the sandbox. The caller's own
/// value of any other variable stands.
pub fn host_environment(
    own: impl IntoIterator<Item = (String, String)>,
    sandbox: &SandboxDescription,
    choices: &Choices<'_>,
) -> HostEnvironment {
    let mut variables: BTreeMap<String, String> = own
        .into_iter()
        .filter(|(name, _)| !TOOLS_ONLY.contains(&name.as_str()))
        .collect();
    let mut overruled = Vec::new();
    for (name, value) in fixed(sandbox, choices) {
        let former = variables.insert(name.to_owned(), value.clone());
        if former.is_some_and(|former| former != value && !former.is_empty()) {
            overruled.push(name.to_owned());
        }
    }
    variables
        .entry("AZIMUTH_MCP_SERVERS".to_owned())
        .or_insert_with(|| choices.servers_file.display().to_string());
    if let Some(origin) = choices.portal_origin {
        let own = variables.get(CORS_ORIGINS).map(String::as_str);
        let origins = with_portal(own.unwrap_or_default(), origin);
        variables.insert(CORS_ORIGINS.to_owned(), origins);
    }
    HostEnvironment {
        variables,
        overruled,
    }
}

fn fixed(sandbox: &SandboxDescription, choices: &Choices<'_>) -> Vec<(&'static str, String)> {
    let template = |url: &str| url.replace("{tenant}", "{tid}");
    let tenants: Vec<&str> = sandbox
        .tenants
        .iter()
        .map(|tenant| tenant.tid.as_str())
        .collect();
    let Connections { queues, cosmos } = choices.connections;
    let form = |connection: &Option<String>| {
        let is_azure = connection.is_some();
        if is_azure { "azure" } else { "embedded" }.to_owned()
    };
    let account = queues.as_deref().unwrap_or("UseDevelopmentStorage=true");
    let mut fixed = vec![
        ("AZIMUTH_STORAGE", form(cosmos)),
        ("AZIMUTH_QUEUE", form(queues)),
        // Nobody's own storage account.
        ("AzureWebJobsStorage", account.to_owned()),
        ("AZIMUTH_DATA_DIR", choices.data.display().to_string()),
        ("AZIMUTH_AUTH_ISSUER", template(&sandbox.issuer)),
        (
            "AZIMUTH_AUTH_JWKS_URL",
            format!("{}/{{tid}}/discovery/v2.0/keys", sandbox.control),
        ),
        ("AZIMUTH_AUTH_AUDIENCE", sandbox.client_id.clone()),
        ("AZIMUTH_AUTH_TENANTS", tenants.join(",")),
        ("AZIMUTH_AUTH_CLIENTS", sandbox.portal_client_id.clone()),
        ("AZIMUTH_TOKEN_URL", template(&sandbox.token_endpoint)),
        ("AZIMUTH_CLIENT_ID", sandbox.client_id.clone()),
        ("AZIMUTH_CLIENT_SECRET", sandbox.client_secret.clone()),
        ("AZIMUTH_TOKEN_AUDIENCES", TOKEN_AUDIENCES.to_owned()),
        ("AZIMUTH_ARM_URL", ARM_URL.to_owned()),
        ("AZIMUTH_EGRESS_PROXY", sandbox.proxy.clone()),
        ("AZIMUTH_EGRESS_CA_FILE", sandbox.ca_file.clone()),
        // Without it the Azure SDK asks a metadata address off this machine.
        ("COSMOS_DISABLE_IMDS", "1".to_owned()),
    ];
    if let Some(url) = cosmos {
        fixed.extend([
            ("AZIMUTH_COSMOS_URL", url.clone()),
            ("AZIMUTH_COSMOS_DATABASE", COSMOS_DATABASE.to_owned()),
            ("AZIMUTH_COSMOS_KEY", COSMOS_KEY.to_owned()),
        ]);
    }
    if let Some(model) = choices.model {
        fixed.push(("AZIMUTH_DEFAULT_MODEL", model.to_owned()));
    }
    fixed
}

/// The origins of a setting, and those of the portal: the one that is printed
/// and the one that people type.
fn with_portal(own: &str, portal: &str) -> String {
    let typed = portal.replace("//127.0.0.1:", "//localhost:");
    let mut origins: Vec<&str> = own.split(',').map(str::trim).collect();
    origins.retain(|origin| !origin.is_empty());
    for origin in [portal, typed.as_str()] {
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    origins.join(",")
}

/// The file of tool servers: the real Azure MCP Server, which reaches nothing
/// but the sandbox, under the asker's identity.
pub fn servers(azure_mcp: &Path, bundle_folder: &Path, sandbox: &SandboxDescription) -> Value {
    json!({"mcpServers": {"azure": {
        "command": azure_mcp,
        "args": ARGUMENTS,
        "env": {
            "SSL_CERT_FILE": sandbox.ca_file,
            // No other root certificate counts.
            "SSL_CERT_DIR": "/nonexistent",
            "DOTNET_BUNDLE_EXTRACT_BASE_DIR": bundle_folder,
            "AZURE_MCP_COLLECT_TELEMETRY": "false",
            "AZURE_MCP_COLLECT_TELEMETRY_MICROSOFT": "false",
        },
        "identity": "user",
    }}})
}

#[cfg(test)]
pub mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    pub fn sandbox() -> SandboxDescription {
        serde_json::from_value(json!({
            "control": "http://127.0.0.1:1", "authority": "http://127.0.0.1:1",
            "api_scope": "api://api/access_as_user", "issuer": "http://127.0.0.1:1/{tenant}/v2.0",
            "token_endpoint": "http://127.0.0.1:1/{tenant}/oauth2/v2.0/token",
            "proxy": "http://127.0.0.1:2", "ca_file": "/data/ca.pem",
            "client_id": "api", "client_secret": "no-secret", "portal_client_id": "portal",
            "tenants": [{"name": "A", "tid": "t1"}, {"name": "B", "tid": "t2"}],
            "users": [], "pid": 7, "more": "is ignored",
        }))
        .unwrap()
    }

    fn environment(own: &[(&str, &str)], model: Option<&str>) -> HostEnvironment {
        environment_on(&Connections::default(), own, model)
    }

    fn environment_on(
        connections: &Connections,
        own: &[(&str, &str)],
        model: Option<&str>,
    ) -> HostEnvironment {
        let choices = Choices {
            data: Path::new("/data"),
            servers_file: Path::new("/data/mcp.json"),
            connections,
            portal_origin: Some("http://127.0.0.1:4280"),
            model,
        };
        let own = own
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        host_environment(own, &sandbox(), &choices)
    }

    #[test]
    fn the_sandbox_is_described_with_the_place_holder_of_the_handler() {
        let made = environment(&[], None);
        let value = |name: &str| made.variables[name].as_str();
        assert_eq!(
            value("AZIMUTH_AUTH_ISSUER"),
            "http://127.0.0.1:1/{tid}/v2.0"
        );
        assert_eq!(
            value("AZIMUTH_AUTH_JWKS_URL"),
            "http://127.0.0.1:1/{tid}/discovery/v2.0/keys"
        );
        assert_eq!(
            value("AZIMUTH_TOKEN_URL"),
            "http://127.0.0.1:1/{tid}/oauth2/v2.0/token"
        );
        assert_eq!(value("AZIMUTH_AUTH_TENANTS"), "t1,t2");
        assert_eq!(value("AZIMUTH_MCP_SERVERS"), "/data/mcp.json");
        assert_eq!(
            value(CORS_ORIGINS),
            "http://127.0.0.1:4280,http://localhost:4280"
        );
        assert!(!made.variables.contains_key("AZIMUTH_DEFAULT_MODEL"));
        assert!(made.overruled.is_empty());
    }

    #[test]
    fn the_callers_environment_reaches_the_handler() {
        let own = [
            ("AZIMUTH_MODEL_NAME", "m"),
            ("AZIMUTH_MCP_SERVERS", "/mine.json"),
            ("AZIMUTH_DEFAULT_MODEL", "planner"),
            ("AZIMUTH_COLOUR", "typing mistakes too"),
            ("AZIMUTH_CORPORA", "not for the handler"),
            ("AZIMUTH_DATA_DIR", "/elsewhere"),
            ("PATH", "/bin"),
        ];
        let made = environment(&own, Some("m"));
        let value = |name: &str| made.variables.get(name).map(String::as_str);
        assert_eq!(value("AZIMUTH_MODEL_NAME"), Some("m"));
        assert_eq!(value("AZIMUTH_MCP_SERVERS"), Some("/mine.json"));
        assert_eq!(value("AZIMUTH_DEFAULT_MODEL"), Some("m"));
        assert_eq!(value("AZIMUTH_COLOUR"), Some("typing mistakes too"));
        assert_eq!(value("AZIMUTH_CORPORA"), None);
        assert_eq!(value("PATH"), Some("/bin"));
        assert_eq!(
            made.overruled,
            ["AZIMUTH_DATA_DIR", "AZIMUTH_DEFAULT_MODEL"]
        );
    }

    #[test]
    fn nobodys_own_storage_account_is_used() {
        let own = [("AzureWebJobsStorage", "AccountName=mine")];
        let made = environment(&own, None);
        assert_eq!(made.variables["AZIMUTH_QUEUE"], "embedded");
        assert_eq!(
            made.variables["AzureWebJobsStorage"],
            "UseDevelopmentStorage=true"
        );
        assert_eq!(made.overruled, ["AzureWebJobsStorage"]);
    }

    #[test]
    fn the_store_is_where_the_emulator_listens() {
        let value = |made: &HostEnvironment, name: &str| made.variables.get(name).cloned();
        let files = environment(&[], None);
        assert_eq!(value(&files, "AZIMUTH_STORAGE").unwrap(), "embedded");
        assert_eq!(value(&files, "AZIMUTH_COSMOS_URL"), None);
        let connections = Connections {
            queues: Some("AccountName=a".to_owned()),
            cosmos: Some("http://127.0.0.1:9".to_owned()),
        };
        let azure = environment_on(&connections, &[], None);
        for (name, expected) in [
            ("AZIMUTH_STORAGE", "azure"),
            ("AZIMUTH_QUEUE", "azure"),
            ("AzureWebJobsStorage", "AccountName=a"),
            ("AZIMUTH_COSMOS_URL", "http://127.0.0.1:9"),
            ("AZIMUTH_COSMOS_DATABASE", "azimuth"),
        ] {
            assert_eq!(value(&azure, name).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn the_portal_s_origins_join_the_caller_s() {
        let own = "https://mine.example, http://localhost:4280";
        let made = environment(&[(CORS_ORIGINS, own)], None);
        assert_eq!(
            made.variables[CORS_ORIGINS],
            "https://mine.example,http://localhost:4280,http://127.0.0.1:4280"
        );
        assert!(made.overruled.is_empty());
    }

    #[test]
    fn the_azure_server_acts_as_the_asker_and_reaches_the_sandbox_only() {
        let servers = servers(Path::new("/c/azmcp"), Path::new("/c/dotnet"), &sandbox());
        let azure = &servers["mcpServers"]["azure"];
        assert_eq!(azure["identity"], "user");
        assert_eq!(azure["command"], "/c/azmcp");
        assert_eq!(azure["env"]["SSL_CERT_DIR"], "/nonexistent");
    }
}
