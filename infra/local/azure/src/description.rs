//! `sandbox.json`: where the sandbox listens and who lives in it, for the tools that start it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::azure::VAULT_SUFFIX;
use crate::certificates::ca_file;
use crate::directory::{
    API_CLIENT, API_CLIENT_SECRET, API_SCOPE, APIS, Api, IDENTITY_HEADER, PORTAL_CLIENT,
    PRODUCT_VAULT, Principal, SUBSCRIPTIONS, TENANTS, Tenant, USERS, subscription,
};
use crate::keys::write_private;

/// The file's path under `--data`.
pub fn file(dir: &Path) -> PathBuf {
    dir.join("sandbox.json")
}

/// Ports of the last run (control, proxy), which the next one takes again when they are free, so
/// that a restart does not cut off who still knows them.
pub fn former_ports(dir: &Path) -> Option<(u16, u16)> {
    let known: Value = serde_json::from_str(&fs::read_to_string(file(dir)).ok()?).ok()?;
    let port = |name: &str| {
        let (_, port) = known[name].as_str()?.rsplit_once(':')?;
        port.parse().ok()
    };
    Some((port("control")?, port("proxy")?))
}

/// Writes the file (0600: it holds the client's secret) in one step, so that a reader never sees
/// half of it.
pub fn write(dir: &Path, control: SocketAddr, proxy: SocketAddr) -> std::io::Result<()> {
    let mut text = serde_json::to_string_pretty(&body(dir, control, proxy))?;
    text.push('\n');
    write_private(&file(dir), &text)
}

fn body(dir: &Path, control: SocketAddr, proxy: SocketAddr) -> Value {
    let base = format!("http://{control}");
    let tenants: Vec<Value> = TENANTS
        .iter()
        .map(|tenant| {
            json!({
                "name": tenant.name,
                "tid": tenant.id,
                "domain": tenant.domain,
                "issuer": format!("{base}/{}/v2.0", tenant.id),
                "own_client_id": own(tenant).map(|api| api.client),
                "own_client_secret": own(tenant).map(|api| api.secret),
            })
        })
        .collect();
    let subscriptions: Vec<Value> = SUBSCRIPTIONS
        .iter()
        .map(|known| json!({"name": known.name, "id": known.id, "tid": known.tenant}))
        .collect();
    json!({
        "control": base,
        "authority": base,
        "issuer": format!("{base}/{{tenant}}/v2.0"),
        "token_endpoint": format!("{base}/{{tenant}}/oauth2/v2.0/token"),
        "proxy": format!("http://{proxy}"),
        "ca_file": ca_file(dir),
        "client_id": API_CLIENT,
        "client_secret": API_CLIENT_SECRET,
        "api_scope": format!("api://{API_CLIENT}/{API_SCOPE}"),
        "portal_client_id": PORTAL_CLIENT,
        "identity_endpoint": format!("{base}/msi/token"),
        "identity_header": IDENTITY_HEADER,
        "key_vault": format!("https://{PRODUCT_VAULT}{VAULT_SUFFIX}/"),
        "tenants": tenants,
        "subscriptions": subscriptions,
        "users": USERS.iter().map(user).collect::<Vec<_>>(),
        "pid": std::process::id(),
    })
}

/// Its own application of our API, which may serve it in the place of the common one.
fn own(tenant: &Tenant) -> Option<&'static Api> {
    APIS.iter().find(|api| api.tenant == Some(tenant.id))
}

fn user(user: &Principal) -> Value {
    let access: Vec<Value> = user
        .access
        .iter()
        .map(|(id, access)| {
            let name = subscription(id).map(|known| known.name);
            json!({"id": id, "name": name, "role": access.name()})
        })
        .collect();
    json!({
        "name": user.name,
        "display_name": user.display_name,
        "upn": user.upn,
        "tid": user.tenant,
        "oid": user.oid,
        "roles": user.roles,
        "subscriptions": access,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_ports_of_the_last_run_are_found_again() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(former_ports(dir.path()), None);
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        write(dir.path(), at(7), at(8)).unwrap();
        assert_eq!(former_ports(dir.path()), Some((7, 8)));
        let mode = file(dir.path()).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(file(dir.path()), "{").unwrap();
        assert_eq!(former_ports(dir.path()), None);
    }
}
