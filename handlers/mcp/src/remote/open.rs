//! The start of a session with a server that is reached by URL.

use std::time::Instant;

use axum::http::HeaderMap;
use rmcp::service::{ClientLifecycleMode, ClientServiceExt, RoleClient, RunningService};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::exchange::{Trust, Way};
use super::transport::{Health, HttpTransport};
use super::{Remote, headers};
use crate::client::Session;
use crate::egress::{EgressProxy, Pass};
use crate::limits::PoolLimits;
use crate::secrets::Secrets;
use crate::shown::shown;

/// What a session is opened with.
pub(crate) struct Open<'a> {
    pub(crate) remote: &'a Remote,
    pub(crate) secrets: &'a Secrets,
    pub(crate) proxy: EgressProxy,
    /// Ends with the session, and its connections with it.
    pub(crate) pass: Pass,
    pub(crate) trust: Trust,
    pub(crate) limits: &'a PoolLimits,
    pub(crate) tasks: TaskTracker,
}

/// An open session.
pub(crate) struct OpenSession {
    pub(crate) service: RunningService<RoleClient, Session>,
    pub(crate) session: Session,
    pub(crate) health: Health,
    /// When its token is used no more.
    pub(crate) until: Option<Instant>,
}

/// Opens a session. The error is a sentence that names the server; nothing is left open
/// then.
pub(crate) async fn open(open: Open<'_>) -> Result<OpenSession, String> {
    let endpoint = open.remote.endpoint.to_string();
    let fails = |why: &str| format!("The tool server {endpoint} {why}.");
    let opening = async {
        let mut headers: HeaderMap = headers::resolve(&open.remote.headers, open.secrets).await?;
        let health = Health::default();
        let way = Way {
            proxy: open.proxy,
            pass: open.pass,
            trust: open.trust,
            tasks: open.tasks,
        };
        let life = match &open.remote.grant {
            Some(grant) => grant.authorize(&way, open.secrets, &mut headers).await?,
            None => None,
        };
        let max = open.limits.max_line_bytes;
        let transport = HttpTransport::new(open.remote.clone(), headers, way, max, health.clone());
        let session = Session::default();
        let opened = session
            .clone()
            .serve_with_lifecycle(transport, ClientLifecycleMode::Initialize)
            .await;
        match (opened, health.fault()) {
            (Ok(service), _) => Ok(OpenSession {
                service,
                session,
                health,
                until: life.map(|life| Instant::now() + life),
            }),
            (Err(_), Some(fault)) => Err(fails(&format!("opened no session: {fault}"))),
            (Err(error), None) => {
                let why = shown(&error.to_string());
                Err(fails(&format!("opened no session: {why}")))
            }
        }
    };
    let opened = timeout(open.limits.start_timeout, opening).await;
    opened.unwrap_or_else(|_| {
        let seconds = open.limits.start_timeout.as_secs();
        Err(fails(&format!("did not answer within {seconds} s")))
    })
}
