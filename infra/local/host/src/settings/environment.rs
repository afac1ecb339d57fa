use std::collections::BTreeMap;

use super::LocalSettings;

/// The host's environment variables, which are also its application settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The process's own variables win over `Values` of `local.settings.json`.
    pub fn new(process: BTreeMap<String, String>, local: &LocalSettings) -> Self {
        let mut variables = local.values.clone();
        variables.extend(process);
        // `func start` forces this.
        variables.insert("AZURE_FUNCTIONS_ENVIRONMENT".into(), "Development".into());
        Self(variables)
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn is_true(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Replaces each `%NAME%`; `missing` says what stands for an unset one.
    pub fn expand<E>(
        &self,
        text: &str,
        mut missing: impl FnMut(&str) -> Result<String, E>,
    ) -> Result<String, E> {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            let Some((name, tail)) = after.split_once('%').filter(|(name, _)| !name.is_empty())
            else {
                break;
            };
            expanded.push_str(before);
            match self.get(name) {
                Some(value) => expanded.push_str(value),
                None => expanded.push_str(&missing(name)?),
            }
            rest = tail;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }
}
