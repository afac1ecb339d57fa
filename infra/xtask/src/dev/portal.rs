//! The portal of an instance: the built folder, its server, and the
//! `/config.json` that makes it this instance's.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tokio::process::Command;

use super::description::write_json;
use super::private;
use super::sandbox::SandboxDescription;
use super::service::Service;
use super::{ports, readiness};
use crate::failure::Failure;
use crate::portal::SITE_CONFIG;
use crate::session::Session;

pub const WEB: &str = "azimuth-web";

const OPTION: &str = "--portal-port";

/// Whoever signs in decides the tenant.
const ANY_TENANT: &str = "organizations";

#[derive(Debug)]
pub struct Portal {
    /// Such as `http://127.0.0.1:4280`.
    pub origin: String,
    port: u16,
    /// Until the server takes the port: the host must know it before.
    reserved: Option<TcpListener>,
    /// The built folder.
    dist: PathBuf,
    /// What `/config.json` is answered with.
    config: PathBuf,
}

/// What the portal reads at its start.
#[derive(Debug, Serialize)]
struct PortalConfig<'a> {
    api_base: String,
    authority: String,
    client_id: &'a str,
    scope: String,
    realtime: &'static str,
}

impl Portal {
    /// `data`: folder of the instance.
    pub async fn prepare(
        session: &mut Session,
        port: u16,
        dist: PathBuf,
        data: &Path,
    ) -> Result<Self, Failure> {
        ports::wait_until_free(session, OPTION, port).await?;
        let (reserved, port) = ports::reserve(OPTION, port)?;
        let folder = data.join("portal");
        private::own_folder(&folder).map_err(Failure::file("create", &folder))?;
        Ok(Self {
            origin: format!("http://127.0.0.1:{port}"),
            port,
            reserved: Some(reserved),
            dist,
            config: folder.join("config.json"),
        })
    }

    /// Starts the server and waits until it answers. `api` is the host's origin.
    pub async fn start(
        &mut self,
        session: &mut Session,
        programs: &Path,
        logs: &Path,
        api: &str,
        sandbox: &SandboxDescription,
    ) -> Result<Service, Failure> {
        write_json(&self.config, &portal_config(api, sandbox))?;
        let mut command = Command::new(programs.join(WEB));
        command
            .arg("--root")
            .arg(&self.dist)
            .arg("--config")
            .arg(self.dist.join(SITE_CONFIG))
            .args(["--port", &self.port.to_string()])
            .arg("--overlay")
            .arg(format!("/config.json={}", self.config.display()))
            .arg("--origin")
            .arg(format!("API_ORIGIN={api}"))
            .arg("--origin")
            .arg(format!("AUTHORITY_ORIGIN={}", sandbox.authority));
        drop(self.reserved.take());
        ports::wait_until_free(session, OPTION, self.port).await?;
        let mut service = Service::start(WEB, command, logs)?;
        match readiness::wait_for_portal(session, &mut service, &self.origin).await {
            Ok(()) => Ok(service),
            Err(failure) => {
                service.stop().await;
                Err(failure)
            }
        }
    }
}

fn portal_config<'a>(api: &str, sandbox: &'a SandboxDescription) -> PortalConfig<'a> {
    PortalConfig {
        api_base: format!("{api}/api"),
        authority: format!("{}/{ANY_TENANT}/v2.0", sandbox.authority),
        client_id: &sandbox.portal_client_id,
        scope: format!("openid profile offline_access {}", sandbox.api_scope),
        realtime: "sse",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::dev::environment::tests::sandbox;

    #[test]
    fn the_portal_is_told_where_it_is() {
        let sandbox = sandbox();
        let config = portal_config("http://127.0.0.1:7071", &sandbox);
        assert_eq!(
            serde_json::to_value(config).unwrap(),
            serde_json::json!({
                "api_base": "http://127.0.0.1:7071/api",
                "authority": "http://127.0.0.1:1/organizations/v2.0",
                "client_id": "portal",
                "scope": "openid profile offline_access api://api/access_as_user",
                "realtime": "sse",
            })
        );
    }
}
