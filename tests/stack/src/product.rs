//! The product's folder and its settings, as `cargo xtask app` and `dev` make them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::failure::{Done, Failure};

/// As `cargo xtask app` does: `host.json`, the functions flat, the handler.
pub fn lay_out(root: &Path, handler: &Path, app: &Path) -> Done {
    let copy = |from: &Path, to: &Path| fs::copy(from, to).map(drop).map_err(Failure::file(from));
    fs::create_dir_all(app).map_err(Failure::file(app))?;
    copy(&root.join("host.json"), &app.join("host.json"))?;
    copy(
        &root.join("local.settings.example.json"),
        &app.join("local.settings.json"),
    )?;
    let functions = root.join("functions");
    for entry in fs::read_dir(&functions).map_err(Failure::file(&functions))? {
        let from = entry.map_err(Failure::file(&functions))?.path();
        let to = app.join(from.file_name().unwrap_or_default());
        fs::create_dir(&to).map_err(Failure::file(&to))?;
        copy(&from.join("function.json"), &to.join("function.json"))?;
    }
    let program = app.join("handler");
    copy(handler, &program)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))
        .map_err(Failure::file(&program))
}

/// The handler's variables where the sandbox (its `sandbox.json`) is Azure.
/// `servers` is the `mcpServers` file.
pub fn handler_environment(sandbox: &Value, data: &Path, servers: &Path) -> Vec<(String, String)> {
    let text = |field: &str| sandbox[field].as_str().unwrap_or_default().to_owned();
    let authority = text("authority");
    let tenants: Vec<&str> = sandbox["tenants"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|tenant| tenant["tid"].as_str())
        .collect();
    [
        ("AZIMUTH_QUEUE", "embedded".to_owned()),
        // Nobody's own storage account.
        (
            "AzureWebJobsStorage",
            "UseDevelopmentStorage=true".to_owned(),
        ),
        ("AZIMUTH_DATA_DIR", data.display().to_string()),
        ("AZIMUTH_AUTH_ISSUER", format!("{authority}/{{tid}}/v2.0")),
        (
            "AZIMUTH_AUTH_JWKS_URL",
            format!("{authority}/{{tid}}/discovery/v2.0/keys"),
        ),
        ("AZIMUTH_AUTH_AUDIENCE", text("client_id")),
        ("AZIMUTH_AUTH_TENANTS", tenants.join(",")),
        ("AZIMUTH_AUTH_CLIENTS", text("portal_client_id")),
        (
            "AZIMUTH_TOKEN_URL",
            format!("{authority}/{{tid}}/oauth2/v2.0/token"),
        ),
        ("AZIMUTH_CLIENT_ID", text("client_id")),
        ("AZIMUTH_CLIENT_SECRET", text("client_secret")),
        ("AZIMUTH_ARM_URL", "https://management.azure.com".to_owned()),
        (
            "AZIMUTH_TOKEN_AUDIENCES",
            "https://management.azure.com,https://vault.azure.net".to_owned(),
        ),
        ("AZIMUTH_EGRESS_PROXY", text("proxy")),
        ("AZIMUTH_EGRESS_CA_FILE", text("ca_file")),
        ("AZIMUTH_MCP_SERVERS", servers.display().to_string()),
        ("AZIMUTH_LOG", "info".to_owned()),
        ("COSMOS_DISABLE_IMDS", "1".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// The entry of `mcpServers` with which the Azure MCP Server (`program`) talks to
/// the sandbox only. It unpacks itself beside the program, once for all runs.
pub fn azure_server(sandbox: &Value, program: &Path) -> Value {
    let bundle = program.with_file_name("bundle");
    json!({
        "command": program,
        "args": ["server", "start", "--mode", "all", "--disable-proxy-tools", "--disable-caching"],
        "env": {
            "SSL_CERT_FILE": sandbox["ca_file"],
            "SSL_CERT_DIR": "/nonexistent",
            "DOTNET_BUNDLE_EXTRACT_BASE_DIR": bundle,
        },
        "identity": "user",
    })
}
