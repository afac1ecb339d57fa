//! What the sandbox tells of itself in `sandbox.json`.

use std::fs;
use std::path::Path;

use serde::Deserialize;

/// Where the sandbox listens and who lives in it.
#[derive(Debug, Clone, Deserialize)]
pub struct SandboxDescription {
    /// Control port, which is also the identity provider.
    pub control: String,
    /// Where people sign in; a tenant, or `organizations`, stands behind it.
    pub authority: String,
    /// The delegated permission of our API.
    pub api_scope: String,
    /// With `{tenant}`.
    pub issuer: String,
    /// With `{tenant}`.
    pub token_endpoint: String,
    pub proxy: String,
    pub ca_file: String,
    pub client_id: String,
    pub client_secret: String,
    pub portal_client_id: String,
    pub tenants: Vec<Tenant>,
    pub users: Vec<User>,
    pub pid: u32,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Tenant {
    pub name: String,
    pub tid: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct User {
    pub name: String,
    pub tid: String,
    pub roles: Vec<String>,
    pub subscriptions: Vec<Subscription>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Subscription {
    pub name: Option<String>,
    /// Azure role on it.
    pub role: String,
}

impl SandboxDescription {
    /// `None` while there is none that can be read.
    pub fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(folder.join("sandbox.json")).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// One line for each account, as a table.
    pub fn accounts(&self) -> String {
        let rows: Vec<[String; 4]> = self
            .users
            .iter()
            .map(|user| {
                let tenant = self.tenants.iter().find(|tenant| tenant.tid == user.tid);
                let subscriptions: Vec<String> = user
                    .subscriptions
                    .iter()
                    .map(|held| format!("{} ({})", held.name.as_deref().unwrap_or("?"), held.role))
                    .collect();
                [
                    user.name.clone(),
                    tenant.map_or_else(String::new, |tenant| tenant.name.clone()),
                    user.roles.join(", "),
                    subscriptions.join(", "),
                ]
            })
            .collect();
        table(
            &["account", "tenant", "roles", "subscriptions"].map(String::from),
            &rows,
        )
    }
}

fn table(head: &[String; 4], rows: &[[String; 4]]) -> String {
    let all = || std::iter::once(head).chain(rows);
    let width = |column: usize| all().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 4] = std::array::from_fn(width);
    let mut text = String::new();
    for row in all() {
        let line: Vec<String> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str("  ");
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let row = |a: &str, b: &str| [a.into(), b.into(), "c".into(), "d".into()];
        assert_eq!(
            table(&row("a", "b"), &[row("alice", "x"), row("bob", "yy")]),
            "  a      b   c  d\n  alice  x   c  d\n  bob    yy  c  d\n"
        );
    }
}
