use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Environment, Function, HostJson, LocalSettings, SettingsError, Trigger};

/// A script root as the host serves it.
#[derive(Debug, Clone)]
pub struct ScriptRoot {
    /// Absolute.
    pub path: PathBuf,
    pub host: HostJson,
    pub local: LocalSettings,
    pub environment: Environment,
    /// By name, case not regarded: the order in which routes are tried.
    pub functions: Vec<Function>,
}

impl ScriptRoot {
    pub fn read(
        root: &Path,
        process_environment: BTreeMap<String, String>,
    ) -> Result<Self, SettingsError> {
        let unreadable = |source| SettingsError::Unreadable {
            file: root.to_owned(),
            source,
        };
        let path = fs::canonicalize(root).map_err(unreadable)?;
        let host = HostJson::read(&path)?;
        let local = LocalSettings::read(&path)?;
        let environment = Environment::new(process_environment, &local);
        let mut functions = Vec::new();
        for entry in fs::read_dir(&path).map_err(unreadable)? {
            let folder = entry.map_err(unreadable)?.path();
            let Some(name) = folder.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            if !folder.join("function.json").is_file() || !is_enabled(name, &host, &environment) {
                continue;
            }
            functions.extend(Function::read(
                &folder,
                name,
                &host.route_prefix,
                &environment,
            )?);
        }
        functions.sort_by_key(|function| function.name.to_ascii_lowercase());
        let has_http = functions
            .iter()
            .any(|function| matches!(function.trigger, Trigger::Http(_)));
        if has_http && !host.proxies_http {
            return Err(SettingsError::Setting {
                file: path.join("host.json"),
                setting: "customHandler.enableProxyingHttpRequest".into(),
                problem: "must be true: this stand-in host only proxies HTTP functions".into(),
            });
        }
        Ok(Self {
            path,
            host,
            local,
            environment,
            functions,
        })
    }
}

fn is_enabled(name: &str, host: &HostJson, environment: &Environment) -> bool {
    let listed = host.functions.as_ref().is_none_or(|listed| {
        listed
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(name))
    });
    listed && !environment.is_true(&format!("AzureWebJobs.{name}.Disabled"))
}
