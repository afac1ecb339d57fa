//! Reads the configuration setting by setting, so that every complaint names the
//! setting, and nothing that the file says is ignored silently.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A setting that cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {problem}")]
pub struct SettingError {
    /// Such as `routes[2].headers`.
    pub setting: String,
    pub problem: String,
}

/// One JSON object of the file. A setting is taken by name; what nobody took is
/// an error at [`Section::finish`].
#[derive(Debug)]
pub struct Section {
    path: String,
    settings: Map<String, Value>,
}

impl Section {
    pub fn root(value: Value) -> Result<Self, SettingError> {
        Self::of(String::new(), value)
    }

    fn of(path: String, value: Value) -> Result<Self, SettingError> {
        match value {
            Value::Object(settings) => Ok(Self { path, settings }),
            _ => Err(SettingError {
                setting: if path.is_empty() {
                    "(root)".into()
                } else {
                    path
                },
                problem: "must be an object".into(),
            }),
        }
    }

    /// The complaint that setting `name` of this section has `problem`.
    pub fn error(&self, name: &str, problem: impl Into<String>) -> SettingError {
        SettingError {
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
        self.settings.remove(name)
    }

    /// `None` when it is absent.
    pub fn section(&mut self, name: &str) -> Result<Option<Self>, SettingError> {
        self.take(name)
            .map(|value| Self::of(self.full_name(name), value))
            .transpose()
    }

    pub fn sections(&mut self, name: &str) -> Result<Vec<Self>, SettingError> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .into_iter()
                .enumerate()
                .map(|(at, item)| Self::of(format!("{}[{at}]", self.full_name(name)), item))
                .collect(),
            Some(_) => Err(self.error(name, "must be a list")),
        }
    }

    pub fn text(&mut self, name: &str) -> Result<Option<String>, SettingError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.error(name, "must be a string")),
        }
    }

    pub fn texts(&mut self, name: &str) -> Result<Option<Vec<String>>, SettingError> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let texts = value.as_array().and_then(|items| {
            let texts = items
                .iter()
                .map(|item| item.as_str().map(ToOwned::to_owned));
            texts.collect()
        });
        match texts {
            Some(texts) => Ok(Some(texts)),
            None => Err(self.error(name, "must be a list of strings")),
        }
    }

    /// A whole number, also one that is written as a string.
    pub fn number(&mut self, name: &str) -> Result<Option<u64>, SettingError> {
        let number = match self.take(name) {
            None => return Ok(None),
            Some(Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_u64(),
        };
        match number {
            Some(number) => Ok(Some(number)),
            None => Err(self.error(name, "must be a whole number")),
        }
    }

    /// Every setting of the section as a string.
    pub fn into_texts(self) -> Result<BTreeMap<String, String>, SettingError> {
        let mut texts = BTreeMap::new();
        for (name, value) in &self.settings {
            let Value::String(text) = value else {
                return Err(self.error(name, "must be a string"));
            };
            texts.insert(name.clone(), text.clone());
        }
        Ok(texts)
    }

    pub fn names(&self) -> Vec<String> {
        self.settings.keys().cloned().collect()
    }

    /// Refuses what the real service knows and this stand-in does not do.
    pub fn refuse(&self, names: &[&str]) -> Result<(), SettingError> {
        match names.iter().find(|name| self.settings.contains_key(**name)) {
            None => Ok(()),
            Some(name) => Err(self.error(name, "is not supported by this stand-in")),
        }
    }

    /// Refuses whatever nobody took.
    pub fn finish(self) -> Result<(), SettingError> {
        match self.settings.keys().next() {
            None => Ok(()),
            Some(name) => Err(self.error(name, "is not a known setting")),
        }
    }
}
