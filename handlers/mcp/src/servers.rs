//! The tool servers of this installation, read from the `mcpServers` form that
//! Claude Desktop and VS Code use. Nothing is guessed: an unknown field, a
//! missing command or a contradiction is an error that names the field.

mod elsewhere;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use azimuth_domain::tool::{EffectClass, is_server_name};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::egress::allow::AllowList;
use crate::remote::Remote;
use crate::secrets;
use crate::unique::UniqueMap;

/// One configured tool server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// Name in the configuration, `[a-z0-9-]{1,32}`.
    pub name: String,
    /// Where it runs.
    pub runs: Runs,
    /// Whose identity the process gets.
    pub identity: Identity,
    /// Effect class of each tool that may be used; a tool not named stays
    /// unclassified. Empty for a server with a built-in catalogue.
    pub tools: BTreeMap<String, EffectClass>,
    /// Hosts that it may reach, as [patterns](crate::egress::allow::AllowList::parse), and
    /// for one that is reached by URL, that we may; `None`: those of Azure where it acts
    /// as its user, the host of its URL, else none.
    pub hosts: Option<Vec<String>>,
}

/// Where a tool server runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runs {
    /// On this machine, a process for each person.
    Here(Program),
    /// Somewhere else, with a session for each person.
    Elsewhere(Remote),
}

/// A tool server that runs on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Absolute path of the program. It may be missing when the configuration is
    /// read; a call then says so. Its mode may be lost (see `programs.rs`).
    pub command: PathBuf,
    /// Its arguments, passed on as they are, never through a shell. The process runs
    /// in the work folder of [`crate::Options`].
    pub args: Vec<String>,
    /// Environment variables of the process beside the fixed few. `${NAME}` is
    /// not expanded; a value may name a secret.
    pub env: BTreeMap<String, String>,
    /// Folders, by absolute path, that it may write to beside one of its own.
    pub writes: Vec<PathBuf>,
}

/// Whose identity a server process acts under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// The asker's own: the process gets tokens from the broker.
    User,
    /// None of ours: whatever it reaches, it reaches for everybody alike.
    None,
}

/// What of the handler's own environment a server process may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostEnvironment {
    /// `PATH`; also where a bare command name is looked up.
    pub path: String,
    /// `HOME`; given to servers without a user's identity only, since a home
    /// folder holds somebody's sign-ins.
    pub home: Option<String>,
}

/// Why a configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct ConfigError {
    /// Path of the field, `mcpServers.azure.command` for instance.
    pub field: String,
    /// What is wrong with it and what is allowed.
    pub problem: String,
}

impl ConfigError {
    fn at(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            problem: problem.into(),
        }
    }
}

/// Set by the pool itself; a configuration must not.
pub(crate) const RESERVED: [&str; 11] = [
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "AZURE_TOKEN_CREDENTIALS",
    "LANG",
    "TMPDIR",
    "ALL_PROXY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "DOTNET_EnableDiagnostics",
    "NODE_USE_ENV_PROXY",
];

const TOP_LEVEL: [&str; 2] = ["mcpServers", "servers"];

/// Reads a configuration. The top-level key is `mcpServers`, or `servers` as in
/// VS Code's `mcp.json`. The order of the file is kept. A command with a slash is
/// relative to `folder`, the file's own, which must be absolute.
pub fn parse_servers(
    json: &str,
    folder: &Path,
    host: &HostEnvironment,
) -> Result<Vec<ServerConfig>, ConfigError> {
    let top: UniqueMap<Box<RawValue>> = serde_json::from_str(json)
        .map_err(|error| ConfigError::at("(document)", format!("is not a JSON object: {error}")))?;
    if let Some((other, _)) = top
        .0
        .iter()
        .find(|(key, _)| !TOP_LEVEL.contains(&key.as_str()))
    {
        return Err(ConfigError::at(other, "unknown field; expected mcpServers"));
    }
    let mut given = top.0.into_iter();
    let Some((top_name, entries)) = given.next() else {
        return Err(ConfigError::at("mcpServers", "is missing"));
    };
    if let Some((second, _)) = given.next() {
        return Err(ConfigError::at(
            second,
            "give either mcpServers or servers, not both",
        ));
    }
    let entries: UniqueMap<Value> = serde_json::from_str(entries.get()).map_err(|error| {
        ConfigError::at(
            &top_name,
            format!("must be an object of servers by name: {error}"),
        )
    })?;
    entries
        .0
        .into_iter()
        .map(|(name, value)| {
            let path = format!("{top_name}.{name}");
            server(&path, name, value, Places { folder, host })
        })
        .collect()
}

/// Where programs are looked for.
#[derive(Clone, Copy)]
struct Places<'a> {
    folder: &'a Path,
    host: &'a HostEnvironment,
}

fn server(
    path: &str,
    name: String,
    value: Value,
    places: Places<'_>,
) -> Result<ServerConfig, ConfigError> {
    if !is_server_name(&name) {
        return Err(ConfigError::at(
            path,
            "a server's name is 1 to 32 characters of a-z, 0-9 and -",
        ));
    }
    let Value::Object(mut fields) = value else {
        return Err(ConfigError::at(path, "must be an object"));
    };
    let at = |field: &str| format!("{path}.{field}");
    let kind = fields.remove("type");
    let runs = if let Some(url) = fields.remove("url") {
        if crate::catalogue::is_built_in(&name) {
            return Err(ConfigError::at(at("url"), "this server is a program"));
        }
        Runs::Elsewhere(elsewhere::read(path, kind.as_ref(), &url, &mut fields)?)
    } else {
        Runs::Here(program(path, kind.as_ref(), &mut fields, places)?)
    };
    let identity = match fields.remove("identity") {
        None => Identity::None,
        Some(Value::String(text)) if text == "none" => Identity::None,
        Some(Value::String(text)) if text == "user" && matches!(runs, Runs::Here(_)) => {
            Identity::User
        }
        Some(Value::String(text)) if text == "user" => {
            return Err(ConfigError::at(
                at("identity"),
                "a server that is reached by URL gets nobody's identity",
            ));
        }
        Some(_) => {
            return Err(ConfigError::at(
                at("identity"),
                "must be \"user\" or \"none\"",
            ));
        }
    };
    let tools = match fields.remove("tools") {
        None => BTreeMap::new(),
        Some(_) if crate::catalogue::is_built_in(&name) => {
            return Err(ConfigError::at(
                at("tools"),
                "the tools of this server are classified by the built-in catalogue",
            ));
        }
        Some(Value::Object(map)) => effects(&at("tools"), map)?,
        Some(_) => return Err(ConfigError::at(at("tools"), "must be an object")),
    };
    let hosts = match fields.remove("hosts") {
        None => None,
        Some(Value::Array(items)) => Some(hosts(&at("hosts"), items)?),
        Some(_) => return Err(ConfigError::at(at("hosts"), "must be a list of strings")),
    };
    if let Some(unknown) = fields.keys().next() {
        let expected = match runs {
            Runs::Here(_) => {
                "unknown field; expected type, command, args, env, identity, tools, hosts or writes"
            }
            Runs::Elsewhere(_) => {
                "unknown field; expected type, url, headers, oauth, identity, tools or hosts"
            }
        };
        return Err(ConfigError::at(at(unknown), expected));
    }
    if let (Runs::Elsewhere(remote), Some(hosts)) = (&runs, &hosts) {
        elsewhere::check_hosts(remote, hosts).map_err(|why| ConfigError::at(at("hosts"), why))?;
    }
    Ok(ServerConfig {
        name,
        runs,
        identity,
        tools,
        hosts,
    })
}

fn program(
    path: &str,
    kind: Option<&Value>,
    fields: &mut Map<String, Value>,
    places: Places<'_>,
) -> Result<Program, ConfigError> {
    let at = |field: &str| format!("{path}.{field}");
    if kind.is_some_and(|kind| kind != "stdio") {
        return Err(ConfigError::at(
            at("type"),
            "must be \"stdio\", or \"http\" with a url",
        ));
    }
    let command = match fields.remove("command") {
        Some(Value::String(text)) => resolve(&at("command"), &text, places)?,
        Some(_) => return Err(ConfigError::at(at("command"), "must be a string")),
        None => return Err(ConfigError::at(at("command"), "is missing")),
    };
    let args = match fields.remove("args") {
        None => Vec::new(),
        Some(Value::Array(items)) => strings(&at("args"), items)?,
        Some(_) => return Err(ConfigError::at(at("args"), "must be a list of strings")),
    };
    let env = environment(&at("env"), fields.remove("env"))?;
    let writes = match fields.remove("writes") {
        None => Vec::new(),
        Some(Value::Array(items)) => folders(&at("writes"), items)?,
        Some(_) => return Err(ConfigError::at(at("writes"), "must be a list of strings")),
    };
    Ok(Program {
        command,
        args,
        env,
        writes,
    })
}

fn hosts(path: &str, items: Vec<Value>) -> Result<Vec<String>, ConfigError> {
    let patterns = strings(path, items)?;
    match AllowList::parse(&patterns) {
        Ok(_) => Ok(patterns),
        Err(error) => Err(ConfigError::at(path, error.to_string())),
    }
}

fn folders(path: &str, items: Vec<Value>) -> Result<Vec<PathBuf>, ConfigError> {
    let paths = strings(path, items)?.into_iter().map(PathBuf::from);
    let one = |(i, folder): (usize, PathBuf)| {
        if folder.is_absolute() && folder != Path::new("/") {
            return Ok(folder);
        }
        Err(ConfigError::at(
            format!("{path}[{i}]"),
            "must be the absolute path of a folder, and not /",
        ))
    };
    paths.enumerate().map(one).collect()
}

fn strings(path: &str, items: Vec<Value>) -> Result<Vec<String>, ConfigError> {
    let one = |(i, item): (usize, Value)| match item {
        Value::String(text) if !text.contains('\0') => Ok(text),
        _ => Err(ConfigError::at(
            format!("{path}[{i}]"),
            "must be a string without NUL",
        )),
    };
    items.into_iter().enumerate().map(one).collect()
}

fn environment(path: &str, value: Option<Value>) -> Result<BTreeMap<String, String>, ConfigError> {
    let map = match value {
        None => return Ok(BTreeMap::new()),
        Some(Value::Object(map)) => map,
        Some(_) => return Err(ConfigError::at(path, "must be an object of strings")),
    };
    map.into_iter()
        .map(|(name, value)| {
            let field = format!("{path}.{name}");
            if name.is_empty() || name.contains(['=', '\0']) {
                return Err(ConfigError::at(
                    field,
                    "is no name of an environment variable",
                ));
            }
            if RESERVED.iter().any(|r| r.eq_ignore_ascii_case(&name)) {
                return Err(ConfigError::at(field, "is set by Azimuth itself"));
            }
            match value {
                Value::String(text) if secrets::read(&text) == secrets::Value::Malformed => {
                    Err(ConfigError::at(field, secrets::NO_NAME))
                }
                Value::String(text) if !text.contains('\0') => Ok((name, text)),
                _ => Err(ConfigError::at(field, "must be a string without NUL")),
            }
        })
        .collect()
}

fn effects(
    path: &str,
    map: Map<String, Value>,
) -> Result<BTreeMap<String, EffectClass>, ConfigError> {
    map.into_iter()
        .map(|(tool, value)| {
            serde_json::from_value(value)
                .map(|class| (tool.clone(), class))
                .map_err(|_| {
                    ConfigError::at(
                        format!("{path}.{tool}"),
                        "must be \"read_only\", \"mutating\" or \"destructive\"",
                    )
                })
        })
        .collect()
}

fn resolve(field: &str, command: &str, places: Places<'_>) -> Result<PathBuf, ConfigError> {
    if command.is_empty() || command.contains('\0') {
        return Err(ConfigError::at(field, "must name a program"));
    }
    if command.contains('/') {
        // An absolute path stays as it is.
        return Ok(places.folder.join(command));
    }
    let path = &places.host.path;
    path.split(':')
        .map(Path::new)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(command))
        .find(|file| is_program(file))
        .ok_or_else(|| {
            ConfigError::at(
                field,
                format!("{command} is not on PATH; install it or give its path"),
            )
        })
}

/// Whether `file` is a regular file that somebody may execute.
pub(crate) fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests;
