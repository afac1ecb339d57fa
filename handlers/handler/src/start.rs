//! What every long-lived face of the binary begins with.

use std::future::Future;
use std::net::SocketAddr;
use std::process::ExitCode;

use axum::serve::{Listener, ListenerExt};
use azimuth_app::log_writer::CleanLines;
use tokio::net::{TcpListener, TcpStream};
use tracing_subscriber::EnvFilter;

use crate::config::{self, Config};
use crate::wire::{self, Wired};

/// Exit code of a start that a setting prevents (`EX_CONFIG`).
pub const MISCONFIGURED: u8 = 78;

/// The configuration; every fault is told, and the exit code is for the caller.
pub fn configuration() -> Result<Config, ExitCode> {
    let tell = |faults: &dyn std::fmt::Display| {
        eprintln!("{faults}");
        ExitCode::from(MISCONFIGURED)
    };
    // The log is a setting, so nothing runs yet that could resolve the others.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| tell(&error))?;
    let environment = runtime
        .block_on(config::resolve(std::env::vars().collect()))
        .map_err(|faults| tell(&faults))?;
    Config::read(environment).map_err(|faults| tell(&faults))
}

/// Starts the log, and runs `work` to its end.
pub fn run(config: &Config, work: impl Future<Output = ExitCode>) -> ExitCode {
    if let Err(error) = start_log(&config.log) {
        eprintln!("AZIMUTH_LOG is not a filter: {error}");
        return ExitCode::from(MISCONFIGURED);
    }
    match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => {
            eprintln!("the runtime cannot be started: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A listener on `address`.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, ExitCode> {
    TcpListener::bind(address).await.map_err(|error| {
        eprintln!("the handler cannot listen on {address}: {error}");
        ExitCode::FAILURE
    })
}

/// The product with its adapters; what prevents that is told.
pub async fn wired(config: &Config) -> Result<Wired, ExitCode> {
    wire::wire(config).await.map_err(|error| {
        eprintln!("{error}");
        ExitCode::from(MISCONFIGURED)
    })
}

/// Without it a small event waits for the acknowledgement of the one before, which
/// the other side delays by 40 ms.
pub fn undelayed(listener: TcpListener) -> impl Listener<Io = TcpStream, Addr = SocketAddr> {
    listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection sends with delay");
        }
    })
}

/// Returns when this process is asked to end.
pub async fn interrupted() {
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

/// JSON lines on standard output, which the host passes on as they are.
fn start_log(filter: &str) -> Result<(), String> {
    // What tool servers say and are told is no business of the log.
    let filter = EnvFilter::try_new(format!("{filter},rmcp=warn")).map_err(|e| e.to_string())?;
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(|| CleanLines(std::io::stdout()))
        .try_init()
        .map_err(|e| e.to_string())
}
