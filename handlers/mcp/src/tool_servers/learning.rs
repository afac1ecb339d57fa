//! Learning what a server without a built-in catalogue offers: from its pin, or by
//! starting it once, without anybody's identity.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::timeout;

use super::Shared;
use crate::catalogue::pins::{self, LearnedTool, PinFile};
use crate::catalogue::{is_built_in, learned_specs};
use crate::servers::{Runs, ServerConfig};

/// Wait before the second attempt; doubled for each further one.
const FIRST_RETRY: Duration = Duration::from_secs(5);
const LAST_RETRY: Duration = Duration::from_mins(5);
/// How long the start of this process waits for a server elsewhere.
const PATIENCE_ELSEWHERE: Duration = Duration::from_secs(5);

/// One attempt for every server that needs it, all at once. Whatever fails goes on
/// in the background.
pub(super) async fn learn_all(shared: &Arc<Shared>) {
    let servers = shared
        .servers
        .values()
        .filter(|server| !is_built_in(&server.name));
    join_all(servers.map(|server| async {
        let first = attempt(shared, server);
        let is_known = match &server.runs {
            Runs::Here(_) => first.await,
            Runs::Elsewhere(_) => {
                let first = timeout(PATIENCE_ELSEWHERE, first).await;
                first.unwrap_or_else(|_| {
                    let problem = "it is slow to list its tools, and asked again".to_owned();
                    let mut known = shared.known();
                    known.problems.insert(server.name.clone(), problem);
                    false
                })
            }
        };
        if !is_known {
            let (weak, server) = (Arc::downgrade(shared), Arc::clone(server));
            let stopping = shared.stopping.clone();
            shared.tasks.spawn(async move {
                let mut wait = FIRST_RETRY;
                while timeout(wait, stopping.cancelled()).await.is_err() {
                    let Some(shared) = weak.upgrade() else { break };
                    if attempt(&shared, &server).await {
                        break;
                    }
                    wait = (wait * 2).min(LAST_RETRY);
                }
            });
        }
    }))
    .await;
}

async fn attempt(shared: &Shared, server: &ServerConfig) -> bool {
    let learned = learn(shared, server).await;
    let mut known = shared.known();
    match learned {
        Ok(pin) => {
            for name in server
                .tools
                .keys()
                .filter(|n| pin.tools.iter().all(|t| t.name != **n))
            {
                tracing::warn!(
                    server = server.name,
                    name,
                    "a configured tool is not offered"
                );
            }
            known.problems.remove(&server.name);
            known
                .tools
                .insert(server.name.clone(), learned_specs(server, pin));
            shared.publish(&known);
            true
        }
        Err(problem) => {
            tracing::warn!(
                server = server.name,
                problem,
                "the tools of a server are not known"
            );
            known.problems.insert(server.name.clone(), problem);
            false
        }
    }
}

async fn learn(shared: &Shared, server: &ServerConfig) -> Result<PinFile, String> {
    let launcher = shared.pool.launcher();
    let folder = launcher.work_dir.join("tools");
    if let Some(pin) = read(folder.clone(), server.name.clone()).await? {
        return Ok(pin);
    }
    let tools = list(shared, server, launcher.limits.start_timeout).await?;
    let pin = PinFile::new(&server.name, tools);
    let unique = hex::encode(&launcher.random.bytes32()[..8]);
    let written = tokio::task::spawn_blocking(move || pins::write_once(&folder, &pin, &unique));
    match written.await {
        Ok(Ok(pin)) => Ok(pin),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the pin could not be written".to_owned()),
    }
}

/// Starts the server without anybody's identity, and gives what it offers.
pub(super) async fn list(
    shared: &Shared,
    server: &ServerConfig,
    limit: Duration,
) -> Result<Vec<LearnedTool>, String> {
    let listing = async {
        let child = shared.pool.launcher().launch(server, None, None).await?;
        let tools = child.list_tools(limit).await;
        child.stop();
        child.gone().await;
        tools
    };
    let tools = tokio::select! {
        tools = timeout(limit, listing) => tools,
        () = shared.stopping.cancelled() => return Err("the handler is shutting down".to_owned()),
    };
    tools.map_err(|_| format!("it did not list its tools within {} s", limit.as_secs()))?
}

async fn read(folder: PathBuf, server: String) -> Result<Option<PinFile>, String> {
    match tokio::task::spawn_blocking(move || pins::read(&folder, &server)).await {
        Ok(pin) => pin.map_err(|error| error.to_string()),
        Err(_) => Err("the pin could not be read".to_owned()),
    }
}
