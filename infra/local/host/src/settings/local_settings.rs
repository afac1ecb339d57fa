use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::section::{Section, SettingsError};

/// `local.settings.json` beside `host.json`; it need not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalSettings {
    /// Become environment variables unless the process has them already.
    pub values: BTreeMap<String, String>,
    /// `Host.LocalHttpPort`.
    pub http_port: Option<u16>,
}

impl LocalSettings {
    pub fn read(root: &Path) -> Result<Self, SettingsError> {
        let file = root.join("local.settings.json");
        if !file.exists() {
            return Ok(Self::default());
        }
        let mut settings = Section::read(&file)?;
        if settings.flag("IsEncrypted")? == Some(true) {
            return Err(settings.error("IsEncrypted", "encrypted settings are not supported"));
        }
        let mut values = BTreeMap::new();
        if let Some(value) = settings.take("Values") {
            let Value::Object(entries) = value else {
                return Err(settings.error("Values", "must be an object"));
            };
            for (name, value) in entries {
                let value = match value {
                    Value::String(text) => text,
                    Value::Number(number) => number.to_string(),
                    Value::Bool(true) => "True".to_owned(),
                    Value::Bool(false) => "False".to_owned(),
                    _ => {
                        return Err(settings.error(&format!("Values.{name}"), "must be a string"));
                    }
                };
                values.insert(name, value);
            }
        }
        let mut host = settings.section("Host")?;
        let http_port = host
            .number("LocalHttpPort", 1, 65_535)?
            .and_then(|port| u16::try_from(port).ok());
        // The handler answers preflight requests itself in local form.
        host.without_effect(&["CORS", "CORSCredentials"]);
        host.finish()?;
        settings.without_effect(&["ConnectionStrings"]);
        settings.finish()?;
        Ok(Self { values, http_port })
    }
}
