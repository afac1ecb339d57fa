//! The tool servers that a tenant added.

pub mod delete_added_server;
pub mod get_added_server;
pub mod list_added_servers;
pub mod put_added_server;

use std::collections::BTreeMap;

use azimuth_domain::tool_servers::AddedServer;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::http::moment::Moment;

/// A tool server that the tenant added. What its variables hold is not told.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AddedServerView {
    /// Its name.
    pub name: String,
    /// Its program.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Names of its variables.
    pub env: Vec<String>,
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

impl From<&AddedServer> for AddedServerView {
    fn from(server: &AddedServer) -> Self {
        Self {
            name: server.name.clone(),
            command: server.command.clone(),
            args: server.args.clone(),
            env: server.env.keys().cloned().collect(),
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
    let env: BTreeMap<&str, &str> = server
        .env
        .keys()
        .map(|name| (name.as_str(), "(not told)"))
        .collect();
    json!({"command": server.command, "args": server.args, "env": env, "hosts": server.hosts})
}
