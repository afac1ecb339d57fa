//! The custom handler: a loopback listener where the Functions host expects it.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use azimuth_app::auth::verifier::VerifierSettings;
use azimuth_app::routes;
use azimuth_azure::cosmos::CONTAINERS;
use azimuth_domain::principal::Role;
use azimuth_domain::work::{TOOL_CALLS_QUEUE, TURNS_QUEUE};

use crate::config::Config;
use crate::start::{self, interrupted};
use crate::wire::Wired;

/// Where the host tells its port.
const PORT_VARIABLE: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";

/// How often the handler looks whether its host is still there. A host that dies
/// hard leaves its handler behind; nobody would ever talk to it again.
const PARENT_CHECK: Duration = Duration::from_secs(1);

/// Runs until the host ends it. Never returns success: the host takes exit code 0
/// for a handler that has nothing to do any more.
pub fn run() -> ExitCode {
    let config = match start::configuration() {
        Ok(config) => config,
        Err(code) => return code,
    };
    let port = std::env::vars()
        .find(|(name, _)| name == PORT_VARIABLE)
        .and_then(|(_, value)| value.parse::<u16>().ok());
    let Some(port) = port else {
        eprintln!(
            "{PORT_VARIABLE} is missing: the Functions host sets it. Run `cargo xtask dev`, or `func start --script-root dist/app`."
        );
        return ExitCode::from(start::MISCONFIGURED);
    };
    start::run(&config, serve(&config, port))
}

/// What the handler serves, for `cargo xtask check`.
pub fn contract() -> String {
    serde_json::json!({
        "triggers": routes::TRIGGERS,
        "queues": [TOOL_CALLS_QUEUE, TURNS_QUEUE],
        "containers": CONTAINERS,
        "roles": Role::ALL,
        "scope": VerifierSettings::SCOPE,
        "settings": crate::config::VARIABLES.as_slice(),
        "connection": crate::config::QUEUE_CONNECTION,
        "openapi": serde_json::from_str::<serde_json::Value>(&routes::openapi_json()).unwrap_or_default(),
    })
    .to_string()
}

async fn serve(config: &Config, port: u16) -> ExitCode {
    let listener = match start::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await {
        Ok(listener) => listener,
        Err(code) => return code,
    };
    let Wired {
        parts,
        tools,
        background,
    } = match start::wired(config).await {
        Ok(wired) => wired,
        Err(code) => return code,
    };
    tracing::info!(port, "the handler listens");
    let listener = start::undelayed(listener);
    // Served as it is, a router is built anew for every connection: 20 kB each.
    let service = routes::router(parts).into_make_service();
    let server = async move { axum::serve(listener, service).await };
    let code = tokio::select! {
        ended = server => {
            tracing::error!(?ended, "the listener ended");
            ExitCode::FAILURE
        }
        () = background.run() => ExitCode::FAILURE,
        () = interrupted() => ExitCode::from(130),
        () = orphaned() => {
            eprintln!("the host is gone; the handler ends");
            ExitCode::from(3)
        }
    };
    tools.shutdown().await;
    background.finish().await;
    code
}

async fn orphaned() {
    let host = rustix::process::getppid();
    let mut tick = tokio::time::interval(PARENT_CHECK);
    loop {
        tick.tick().await;
        if rustix::process::getppid() != host {
            return;
        }
    }
}
