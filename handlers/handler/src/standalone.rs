//! The handler without a Functions host, for containers: HTTP, queues and timer in one
//! process.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use azimuth_app::routes;
use azimuth_app::standalone::{Pace, Standalone};
use clap::Args;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::start::{self, interrupted};
use crate::wire::Wired;

/// How long answers that are being sent may take when all work is done. A stream of
/// events ends in the middle; its reader goes on with another process.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Where to listen.
#[derive(Debug, Args)]
pub struct Options {
    /// Address of the API (`/api/…`); a container listens on 0.0.0.0. Port 0 takes a free
    /// one, which the log tells.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
}

impl Options {
    /// Runs until SIGTERM or SIGINT, and then until all work is finished or handed back,
    /// which takes at most half a minute. Success is an end that was asked for.
    pub fn run(&self) -> ExitCode {
        let config = match start::configuration() {
            Ok(config) => config,
            Err(code) => return code,
        };
        start::run(&config, serve(&config, self.listen))
    }
}

async fn serve(config: &Config, address: SocketAddr) -> ExitCode {
    let listener = match start::listen(address).await {
        Ok(listener) => listener,
        Err(code) => return code,
    };
    let Wired {
        mut parts,
        tools,
        background,
    } = match start::wired(config).await {
        Ok(wired) => wired,
        Err(code) => return code,
    };
    // Everybody who reaches the port would reach them.
    parts.config.triggers = false;
    if let Ok(address) = listener.local_addr() {
        tracing::info!(port = address.port(), %address, "the handler listens, standalone");
    }
    let stop = CancellationToken::new();
    let standalone = Standalone::new(
        parts.engine.clone(),
        parts.queue.clone(),
        parts.audit_signer.clone(),
        Pace::default(),
    );
    let tasks = TaskTracker::new();
    let mut work = tasks.spawn(standalone.run(stop.clone()));
    let service = routes::router(parts).into_make_service();
    let server = axum::serve(start::undelayed(listener), service)
        .with_graceful_shutdown(stop.clone().cancelled_owned());
    let mut server = tasks.spawn(server.into_future());
    let code = {
        let mut beside = std::pin::pin!(background.run());
        tokio::select! {
            ended = &mut server => {
                tracing::error!(?ended, "the listener ended");
                ExitCode::FAILURE
            }
            () = &mut beside => ExitCode::FAILURE,
            () = interrupted() => {
                tracing::info!("asked to end: nothing new is taken");
                stop.cancel();
                tokio::select! {
                    _ = &mut work => {}
                    () = &mut beside => {}
                }
                // What they wait for longer is a stream of events.
                let _answered = tokio::time::timeout(LAST_ANSWERS, &mut server).await;
                ExitCode::SUCCESS
            }
        }
    };
    work.abort();
    server.abort();
    tasks.close();
    tasks.wait().await;
    tools.shutdown().await;
    background.finish().await;
    tracing::info!("ended");
    code
}
