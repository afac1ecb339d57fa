//! Tool servers that the administrators of a tenant added. Whether one may be started is
//! decided where it is started.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::canonical::{canonical_json, sha256_hex};
use crate::principal::UserKey;
use crate::time::Timestamp;

/// Most servers that a tenant may add.
pub const MAX_ADDED_SERVERS: usize = 16;

/// A tool server of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddedServer {
    /// Name, `[a-z0-9-]{1,32}`.
    pub name: String,
    /// Its program; `None` where it is reached by URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Its arguments, as they are.
    #[serde(default)]
    pub args: Vec<String>,
    /// Its environment; no value is a secret, but it may name one.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Where it is reached; `None` where it is a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Headers of what is sent there, by name; no value is a secret, but it may name one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Who gives a token for what is reached by URL; `None`: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth: Option<ServerOAuth>,
    /// Hosts that it may reach, as patterns.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// When it was added or changed last.
    pub at: Timestamp,
    /// By whom.
    pub by: UserKey,
    /// Their display name then.
    pub by_name: Option<String>,
    /// Why, in their words.
    pub reason: String,
}

/// Who gives a token for a server, the same for everybody (OAuth, client credentials).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerOAuth {
    /// Where tokens are given.
    pub token_url: String,
    /// Who we are there.
    pub client_id: String,
    /// The name of our secret there, `@keyvault:name`.
    pub client_secret: String,
    /// What the token is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// The tool servers that a tenant added, by name, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddedServers {
    servers: Vec<AddedServer>,
}

/// An added server together with whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantServer {
    /// The tenant.
    pub tenant: String,
    /// The server.
    pub server: AddedServer,
}

impl AddedServers {
    /// Reads a document; the error is for the log.
    pub fn read(text: &str) -> Result<Self, String> {
        let read: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let is_in_order = read.servers.is_sorted_by(|a, b| a.name < b.name);
        is_in_order
            .then_some(read)
            .ok_or_else(|| "the servers are out of order".to_owned())
    }

    /// The server of that name.
    pub fn get(&self, name: &str) -> Option<&AddedServer> {
        self.servers.iter().find(|server| server.name == name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &AddedServer> {
        self.servers.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.servers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    /// The same with `server` in the place of the one of its name.
    #[must_use]
    pub fn with(self, server: AddedServer) -> Self {
        let mut servers = self.without(&server.name).servers;
        let at = servers.partition_point(|other| other.name < server.name);
        servers.insert(at, server);
        Self { servers }
    }

    /// The same without the server of that name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.servers.retain(|server| server.name != name);
        self
    }
}

impl TenantServer {
    /// Tells it from every other server, and from itself as it was before it was changed:
    /// what processes, their passes and their offers go by.
    pub fn key(&self) -> String {
        let AddedServer {
            name,
            command,
            args,
            env,
            url,
            headers,
            oauth,
            hosts,
            ..
        } = &self.server;
        let what = match (url, oauth) {
            (None, _) => json!([self.tenant, command, args, env, hosts]),
            (Some(url), None) => json!([self.tenant, {"url": url, "headers": headers}, hosts]),
            (Some(url), Some(oauth)) => {
                let there = json!({"url": url, "headers": headers, "oauth": oauth});
                json!([self.tenant, there, hosts])
            }
        };
        let what = canonical_json(&what);
        format!("{name}@{}", &sha256_hex(what)[..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(name: &str, argument: &str) -> AddedServer {
        AddedServer {
            name: name.to_owned(),
            command: Some("/bin/x".to_owned()),
            args: vec![argument.to_owned()],
            env: BTreeMap::new(),
            url: None,
            headers: BTreeMap::new(),
            oauth: None,
            hosts: Vec::new(),
            at: Timestamp(1),
            by: UserKey::new("t", "o"),
            by_name: None,
            reason: "a test".to_owned(),
        }
    }

    #[test]
    fn servers_are_in_order_and_each_is_there_once() {
        let two = AddedServers::default()
            .with(server("b", "1"))
            .with(server("a", "1"))
            .with(server("b", "2"));
        let found: Vec<(&str, &str)> = two
            .iter()
            .map(|s| (s.name.as_str(), s.args[0].as_str()))
            .collect();
        assert_eq!(found, [("a", "1"), ("b", "2")]);
        let text = serde_json::to_string(&two).unwrap_or_default();
        assert_eq!(AddedServers::read(&text), Ok(two.clone()));
        assert!(AddedServers::read(&text.replace("\"a\"", "\"c\"")).is_err());
        assert_eq!(two.without("a").len(), 1);
    }

    #[test]
    fn a_server_that_is_changed_or_anothers_is_another() {
        let key = |tenant: &str, name: &str, argument: &str| {
            TenantServer {
                tenant: tenant.to_owned(),
                server: server(name, argument),
            }
            .key()
        };
        let first = key("t", "a", "1");
        for other in [key("u", "a", "1"), key("t", "b", "1"), key("t", "a", "2")] {
            assert_ne!(other, first);
        }
        assert_eq!(key("t", "a", "1"), first);
        let oauth = |scope: &str| ServerOAuth {
            token_url: "u".to_owned(),
            client_id: "c".to_owned(),
            client_secret: "@keyvault:s".to_owned(),
            scope: Some(scope.to_owned()),
        };
        let there = |url: &str, header: &str, scope: Option<&str>| {
            let server = AddedServer {
                oauth: scope.map(oauth),
                command: None,
                url: Some(url.to_owned()),
                headers: BTreeMap::from([("x-area".to_owned(), header.to_owned())]),
                ..server("a", "1")
            };
            TenantServer {
                tenant: "t".to_owned(),
                server,
            }
            .key()
        };
        let keys = [
            there("u", "1", None),
            there("v", "1", None),
            there("u", "2", None),
            there("u", "1", Some("read")),
            there("u", "1", Some("write")),
            first,
        ];
        let different: std::collections::BTreeSet<&String> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
    }
}
