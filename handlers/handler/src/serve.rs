//! The custom handler: a loopback listener where the Functions host expects it.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use azimuth_app::notices::ApprovalNotices;
use azimuth_app::routes;
use tracing_subscriber::EnvFilter;

use crate::config::Config;
use crate::wire::{self, Wired};

/// Where the host tells its port.
const PORT_VARIABLE: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";

/// How often the handler looks whether its host is still there. A host that dies
/// hard leaves its handler behind; nobody would ever talk to it again.
const PARENT_CHECK: Duration = Duration::from_secs(1);

/// Runs until the host ends it. Never returns success: the host takes exit code 0
/// for a handler that has nothing to do any more.
pub fn run() -> ExitCode {
    let config = match Config::read(std::env::vars()) {
        Ok(config) => config,
        Err(faults) => {
            eprintln!("{faults}");
            return ExitCode::from(78);
        }
    };
    let port = std::env::vars()
        .find(|(name, _)| name == PORT_VARIABLE)
        .and_then(|(_, value)| value.parse::<u16>().ok());
    let Some(port) = port else {
        eprintln!(
            "{PORT_VARIABLE} is missing: the Functions host sets it. Run `cargo xtask dev`, or `func start --script-root dist/app`."
        );
        return ExitCode::from(78);
    };
    if let Err(error) = start_log(&config.log) {
        eprintln!("AZIMUTH_LOG is not a filter: {error}");
        return ExitCode::from(78);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the runtime cannot be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(serve(config, port))
}

/// What the handler serves, for `cargo xtask check`.
pub fn contract() -> String {
    serde_json::json!({
        "triggers": routes::TRIGGERS,
        "settings": crate::config::VARIABLES,
        "connection": crate::config::QUEUE_CONNECTION,
        "openapi": serde_json::from_str::<serde_json::Value>(&routes::openapi_json()).unwrap_or_default(),
    })
    .to_string()
}

async fn serve(config: Config, port: u16) -> ExitCode {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = match tokio::net::TcpListener::bind(address).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("the handler cannot listen on {address}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let Wired {
        parts,
        tools,
        digest_writer,
        notices,
    } = match wire::wire(&config).await {
        Ok(wired) => wired,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(78);
        }
    };
    tracing::info!(port, "the handler listens");
    // Without it a small event waits for the acknowledgement of the one before,
    // which the host's side delays by 40 ms.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection sends with delay");
        }
    });
    // Served as it is, a router is built anew for every connection: 20 kB each.
    let service = routes::router(parts).into_make_service();
    let server = async move { axum::serve(listener, service).await };
    let code = tokio::select! {
        ended = server => {
            tracing::error!(?ended, "the listener ended");
            ExitCode::FAILURE
        }
        () = digest_writer.run() => ExitCode::FAILURE,
        () = told(notices) => ExitCode::FAILURE,
        () = interrupted() => ExitCode::from(130),
        () = orphaned() => {
            eprintln!("the host is gone; the handler ends");
            ExitCode::from(3)
        }
    };
    tools.shutdown().await;
    digest_writer.finish().await;
    code
}

/// Never returns.
async fn told(notices: Option<Arc<ApprovalNotices>>) {
    match notices {
        Some(notices) => notices.run().await,
        None => std::future::pending().await,
    }
}

async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
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

/// JSON lines on standard output, which the host passes on as they are.
fn start_log(filter: &str) -> Result<(), String> {
    // What tool servers say and are told is no business of the log.
    let filter = EnvFilter::try_new(format!("{filter},rmcp=warn")).map_err(|e| e.to_string())?;
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(std::io::stdout)
        .try_init()
        .map_err(|e| e.to_string())
}
