//! `GET /v1/admin/health`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use azimuth_ports::tools::ServerHealth;
use serde::Serialize;
use utoipa::ToSchema;

use super::require_admin;
use crate::http::caller::Caller;
use crate::http::states::CatalogueState;
use crate::problem::{Answer, Code, Problem};

/// How long the tool servers may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// How the tool servers of this deployment are.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthView {
    /// The tool servers, as the process that answers runs them.
    pub servers: Vec<ServerHealthView>,
}

/// One tool server.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServerHealthView {
    /// Its name.
    pub name: String,
    /// Whether calls can be expected to work.
    pub ok: bool,
    /// What is wrong, or how many processes run.
    pub detail: String,
    /// Hosts that it may reach, as patterns with a port; none where the list is empty.
    pub hosts: Vec<String>,
    /// Whether the kernel holds its processes back, whatever they run.
    pub confinement: ConfinementView,
    /// Whether it writes only in folders of its own and reads nothing of the handler's.
    pub confines_files: bool,
    /// Whether it connects only to the proxy that judges hosts, and to the token broker.
    pub confines_connections: bool,
    /// Why not all of that is enforced; null when it is.
    pub confinement_detail: Option<String>,
}

/// Whether confinement is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfinementView {
    /// The kernel enforces all of it.
    Enforced,
    /// Some of it is only asked of the processes.
    Advisory,
}

/// The tool servers, what they may reach, and what holds them back.
#[utoipa::path(
    get,
    path = "/v1/admin/health",
    operation_id = "get_server_health",
    tag = "admin",
    responses((status = 200, body = HealthView))
)]
pub async fn handle(
    State(state): State<CatalogueState>,
    caller: Caller,
) -> Answer<Json<HealthView>> {
    require_admin(&caller)?;
    let Ok(found) = tokio::time::timeout(PATIENCE, state.servers.health()).await else {
        return Err(Problem::new(Code::Unavailable));
    };
    Ok(Json(HealthView {
        servers: found.into_iter().map(ServerHealthView::from).collect(),
    }))
}

impl From<ServerHealth> for ServerHealthView {
    fn from(found: ServerHealth) -> Self {
        let walls = found.confinement;
        Self {
            name: found.server,
            ok: found.ok,
            detail: found.detail,
            hosts: found.hosts,
            confinement: if walls.is_enforced() {
                ConfinementView::Enforced
            } else {
                ConfinementView::Advisory
            },
            confines_files: walls.files,
            confines_connections: walls.connections,
            confinement_detail: Some(walls.why).filter(|why| !why.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use azimuth_ports::tools::Confinement;

    use super::*;

    #[test]
    fn only_what_is_enforced_whole_is_called_enforced() {
        for (files, connections, expected) in [
            (true, true, ConfinementView::Enforced),
            (true, false, ConfinementView::Advisory),
            (false, true, ConfinementView::Advisory),
            (false, false, ConfinementView::Advisory),
        ] {
            let view = ServerHealthView::from(ServerHealth {
                server: "azure".to_owned(),
                ok: true,
                detail: String::new(),
                hosts: Vec::new(),
                confinement: Confinement {
                    files,
                    connections,
                    why: String::new(),
                },
            });
            assert_eq!(view.confinement, expected);
            assert_eq!(view.confinement_detail, None);
        }
    }
}
