//! Reads a JSON file setting by setting, so that every complaint names the
//! file and the setting, and nothing that the file says is ignored silently.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use super::timespan;

/// Why the script root cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("{}: cannot be read: {source}", file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("{}: is not JSON: {source}", file.display())]
    NotJson {
        file: PathBuf,
        source: serde_json::Error,
    },
    #[error("{}: {setting}: {problem}", file.display())]
    Setting {
        file: PathBuf,
        setting: String,
        problem: String,
    },
}

/// One JSON object of a file. A setting is taken by name (as in .NET, case does
/// not matter); what nobody took is an error at [`Section::finish`].
#[derive(Debug)]
pub struct Section {
    file: PathBuf,
    path: String,
    settings: Map<String, Value>,
}

impl Section {
    pub fn read(file: &Path) -> Result<Self, SettingsError> {
        let text = fs::read_to_string(file).map_err(|source| SettingsError::Unreadable {
            file: file.to_owned(),
            source,
        })?;
        let value =
            serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|source| {
                SettingsError::NotJson {
                    file: file.to_owned(),
                    source,
                }
            })?;
        Self::of(file, String::new(), value)
    }

    fn of(file: &Path, path: String, value: Value) -> Result<Self, SettingsError> {
        match value {
            Value::Object(settings) => Ok(Self {
                file: file.to_owned(),
                path,
                settings,
            }),
            other => Err(SettingsError::Setting {
                file: file.to_owned(),
                setting: if path.is_empty() {
                    "(root)".to_owned()
                } else {
                    path
                },
                problem: format!("must be an object, not {other}"),
            }),
        }
    }

    /// The complaint that setting `name` of this section has `problem`.
    pub fn error(&self, name: &str, problem: impl Into<String>) -> SettingsError {
        SettingsError::Setting {
            file: self.file.clone(),
            setting: self.full_name(name),
            problem: problem.into(),
        }
    }

    fn full_name(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    pub fn take(&mut self, name: &str) -> Option<Value> {
        let key = self
            .settings
            .keys()
            .find(|key| key.eq_ignore_ascii_case(name))?
            .clone();
        self.settings.remove(&key).filter(|value| !value.is_null())
    }

    /// An absent section reads as an empty one.
    pub fn section(&mut self, name: &str) -> Result<Self, SettingsError> {
        let value = self.take(name).unwrap_or_else(|| Value::Object(Map::new()));
        Self::of(&self.file, self.full_name(name), value)
    }

    pub fn sections(&mut self, name: &str) -> Result<Vec<Self>, SettingsError> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .into_iter()
                .enumerate()
                .map(|(at, item)| {
                    Self::of(&self.file, format!("{}[{at}]", self.full_name(name)), item)
                })
                .collect(),
            Some(_) => Err(self.error(name, "must be a list")),
        }
    }

    pub fn text(&mut self, name: &str) -> Result<Option<String>, SettingsError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.error(name, "must be a string")),
        }
    }

    pub fn required_text(&mut self, name: &str) -> Result<String, SettingsError> {
        self.text(name)?
            .filter(|text| !text.trim().is_empty())
            .ok_or_else(|| self.error(name, "is missing"))
    }

    pub fn texts(&mut self, name: &str) -> Result<Option<Vec<String>>, SettingsError> {
        let problem = "must be a list of strings";
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(items)) => items
                .into_iter()
                .map(|item| match item {
                    Value::String(text) => Ok(text),
                    _ => Err(self.error(name, problem)),
                })
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(self.error(name, problem)),
        }
    }

    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, SettingsError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(self.error(name, "must be true or false")),
        }
    }

    /// A whole number from `least` to `most`.
    pub fn number(
        &mut self,
        name: &str,
        least: u32,
        most: u32,
    ) -> Result<Option<u32>, SettingsError> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => value
                .as_u64()
                .and_then(|number| u32::try_from(number).ok())
                .filter(|number| (least..=most).contains(number))
                .map(Some)
                .ok_or_else(|| {
                    self.error(
                        name,
                        format!("{value} is not a whole number from {least} to {most}"),
                    )
                }),
        }
    }

    pub fn duration(&mut self, name: &str) -> Result<Option<Duration>, SettingsError> {
        self.text(name)?
            .map(|text| {
                timespan::parse(&text).ok_or_else(|| {
                    self.error(name, format!("{text:?} is not a time span hh:mm:ss"))
                })
            })
            .transpose()
    }

    /// Accepts settings that have no effect on what a handler sees locally.
    pub fn without_effect(&mut self, names: &[&str]) {
        for name in names {
            let _ = self.take(name);
        }
    }

    /// Refuses whatever nobody took.
    pub fn finish(self) -> Result<(), SettingsError> {
        match self.settings.keys().next() {
            None => Ok(()),
            Some(name) => Err(self.error(name, "is not supported by this stand-in host")),
        }
    }
}
