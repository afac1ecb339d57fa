//! The tool servers that a tenant added.

pub mod delete_added_server;
pub mod get_added_server;
pub mod list_added_servers;
pub mod put_added_server;

use std::collections::BTreeMap;

use azimuth_domain::tool_servers::{AddedServer, ServerOAuth};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::http::moment::Moment;

/// A tool server that the tenant added. What its variables and headers hold is not told.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AddedServerView {
    /// Its name.
    pub name: String,
    /// Its program; null where it is reached by URL.
    pub command: Option<String>,
    /// Its arguments.
    pub args: Vec<String>,
    /// Names of its variables.
    pub env: Vec<String>,
    /// Where it is reached; null where it is a program.
    pub url: Option<String>,
    /// Names of the headers that are sent there.
    pub headers: Vec<String>,
    /// Who gives a token for it; null: nobody.
    pub oauth: Option<OAuthView>,
    /// Hosts that it may reach, as patterns.
    pub hosts: Vec<String>,
    /// When it was added or changed last.
    #[schema(value_type = String, format = DateTime)]
    pub at: Moment,
    /// Object id of whoever did.
    pub by: String,
    /// Their display name then.
    pub by_name: Option<String>,
    /// Why.
    pub reason: String,
}

/// Who gives a token for a tool server. Which secret it takes is not told.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OAuthView {
    /// Where tokens are given.
    pub token_url: String,
    /// The id of the client there.
    pub client_id: String,
    /// What the token is for; null: whatever is the default there.
    pub scope: Option<String>,
}

impl From<&ServerOAuth> for OAuthView {
    fn from(oauth: &ServerOAuth) -> Self {
        Self {
            token_url: oauth.token_url.clone(),
            client_id: oauth.client_id.clone(),
            scope: oauth.scope.clone(),
        }
    }
}

impl From<&AddedServer> for AddedServerView {
    fn from(server: &AddedServer) -> Self {
        Self {
            name: server.name.clone(),
            command: server.command.clone(),
            args: server.args.clone(),
            env: server.env.keys().cloned().collect(),
            url: server.url.clone(),
            headers: server.headers.keys().cloned().collect(),
            oauth: server.oauth.as_ref().map(OAuthView::from),
            hosts: server.hosts.clone(),
            at: server.at.into(),
            by: server.by.oid.clone(),
            by_name: server.by_name.clone(),
            reason: server.reason.clone(),
        }
    }
}

/// A server as the audit keeps it.
fn told(server: &AddedServer) -> Value {
    let names = |map: &BTreeMap<String, String>| {
        let one = |name: &String| (name.clone(), Value::from("(not told)"));
        Value::Object(map.keys().map(one).collect())
    };
    match &server.url {
        Some(url) => json!({
            "url": url,
            "headers": names(&server.headers),
            "oauth": server.oauth.as_ref().map(OAuthView::from),
        }),
        None => json!({
            "command": server.command,
            "args": server.args,
            "env": names(&server.env),
            "hosts": server.hosts,
        }),
    }
}
