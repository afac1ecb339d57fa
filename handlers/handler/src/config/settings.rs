//! Single settings: present, well formed, known.

use std::collections::BTreeMap;

use reqwest::Url;

use super::identity::IDENTITY_PREFIX;
use super::queue::QUEUE_CONNECTION;
use super::{PREFIX, VARIABLES};

/// The `AZIMUTH_*` variables, those of host and platform that we read too, and the
/// faults found so far.
pub(super) struct Settings {
    values: BTreeMap<String, String>,
    hosts: BTreeMap<String, String>,
    faults: Vec<String>,
}

impl Settings {
    pub(super) fn new(environment: impl IntoIterator<Item = (String, String)>) -> Self {
        let (values, others): (BTreeMap<String, String>, BTreeMap<String, String>) = environment
            .into_iter()
            .partition(|(name, _)| name.starts_with(PREFIX));
        let hosts = others
            .into_iter()
            .filter(|(name, _)| {
                name.starts_with(QUEUE_CONNECTION) || name.starts_with(IDENTITY_PREFIX)
            })
            .collect();
        let faults = values
            .keys()
            .filter(|name| !VARIABLES.contains(&name.as_str()))
            .map(|name| match nearest(name) {
                Some(known) => format!("{name} is not a setting; did you mean {known}?"),
                None => format!("{name} is not a setting"),
            })
            .collect();
        Self {
            values,
            hosts,
            faults,
        }
    }

    /// The same for a reader of some settings: what is unknown is told by who reads all.
    pub(super) fn of_some(environment: &[(String, String)]) -> Self {
        Self {
            faults: Vec::new(),
            ..Self::new(environment.iter().cloned())
        }
    }

    pub(super) fn into_faults(self) -> Vec<String> {
        self.faults
    }

    pub(super) fn fault(&mut self, text: String) {
        self.faults.push(text);
    }

    /// A setting that may be left out; empty counts as left out.
    pub(super) fn optional(&self, name: &str) -> Option<String> {
        debug_assert!(VARIABLES.contains(&name), "{name}");
        self.values
            .get(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    /// A setting of the Functions host, or of the platform.
    pub(super) fn of_the_host(&self, name: &str) -> Option<String> {
        self.hosts.get(name).cloned()
    }

    /// The same; empty counts as left out.
    pub(super) fn of_the_platform(&self, name: &str) -> Option<String> {
        self.of_the_host(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    /// A setting that must be there.
    pub(super) fn required(&mut self, name: &str, what: &str) -> Option<String> {
        let value = self.optional(name);
        if value.is_none() {
            self.fault(format!("{name} is missing: {what}"));
        }
        value
    }

    /// A list, separated by commas.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        self.optional(name)
            .map(|value| {
                value
                    .split(',')
                    .map(|part| part.trim().to_owned())
                    .filter(|part| !part.is_empty())
                    .collect()
            })
            .unwrap_or_default()
    }

    /// A list with at least one entry.
    pub(super) fn required_list(&mut self, name: &str, what: &str) -> Vec<String> {
        let list = self.list(name);
        if list.is_empty() {
            self.fault(format!("{name} is missing: {what}"));
        }
        list
    }

    /// A list of `tenant=…` with something for each of some tenants, by tenant in lower
    /// case. Faults show nothing of what may be a secret.
    pub(super) fn by_tenant(&mut self, name: &str, form: &str) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for entry in self.list(name) {
            let parts = entry.split_once('=').map(|(a, b)| (a.trim(), b.trim()));
            let Some((tenant, value)) = parts.filter(|(a, b)| !a.is_empty() && !b.is_empty())
            else {
                self.fault(format!("{name} must be {form}, comma separated"));
                continue;
            };
            let tenant = tenant.to_ascii_lowercase();
            if found.insert(tenant.clone(), value.to_owned()).is_some() {
                self.fault(format!("{name} names the tenant {tenant} twice"));
            }
        }
        found
    }

    /// A URL: https, or http to this machine only.
    pub(super) fn check_url(&mut self, name: &str, url: &str) {
        if !is_allowed(url) {
            self.fault(format!(
                "{name} must be an https URL (plain http only to 127.0.0.1): {url}"
            ));
        }
    }

    /// The same for a URL that is itself a secret.
    pub(super) fn check_secret_url(&mut self, name: &str, url: &str) {
        if !is_allowed(url) {
            self.fault(format!(
                "{name} must hold https URLs (plain http only to 127.0.0.1)"
            ));
        }
    }

    /// A URL with the place holder `{tid}`.
    pub(super) fn check_template(&mut self, name: &str, url: &str) {
        self.check_url(name, url);
        if !url.contains("{tid}") {
            self.fault(format!(
                "{name} must contain {{tid}} where the tenant id goes: {url}"
            ));
        }
    }

    /// A whole number in a range.
    pub(super) fn number(&mut self, name: &str, default: usize, range: (usize, usize)) -> usize {
        let Some(text) = self.optional(name) else {
            return default;
        };
        match text.parse::<usize>() {
            Ok(value) if (range.0..=range.1).contains(&value) => value,
            _ => {
                self.fault(format!(
                    "{name} must be a whole number from {} to {}: {text}",
                    range.0, range.1
                ));
                default
            }
        }
    }

    /// One of a few words.
    pub(super) fn choice(&mut self, name: &str, words: &[&str]) -> String {
        let default = words.first().copied().unwrap_or_default().to_owned();
        match self.optional(name) {
            None => default,
            Some(word) if words.contains(&word.as_str()) => word,
            Some(word) => {
                self.fault(format!(
                    "{name} must be one of {}: {word}",
                    words.join(", ")
                ));
                default
            }
        }
    }
}

fn is_allowed(url: &str) -> bool {
    let Ok(parsed) = Url::parse(url) else {
        return false;
    };
    let is_bare = parsed.username().is_empty() && parsed.password().is_none();
    is_bare && (parsed.scheme() == "https" || is_on_this_machine(url))
}

/// Whether an http(s) URL leads to this machine only.
pub(super) fn is_on_this_machine(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
    })
}

/// The known name that differs in the fewest letters, if it is close at all.
fn nearest(name: &str) -> Option<&'static str> {
    VARIABLES
        .into_iter()
        .map(|known| (distance(name, known), known))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, known)| known)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}
