//! Reads the command line, starts the sandbox, waits for its end.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use azimuth_sandbox::clock::Clock;
use azimuth_sandbox::{Options, Sandbox};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// A sandbox Azure on loopback: Entra, Resource Manager, Resource Graph and Key Vault.
#[derive(Parser)]
#[command(name = "azimuth-sandbox")]
struct Arguments {
    /// Where state, keys and sandbox.json are kept.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Control port on 127.0.0.1; 0 takes the last run's if it is free, else any.
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// How long a long-running operation of Azure takes, in milliseconds.
    #[arg(long, value_name = "N", default_value_t = 400)]
    operation_ms: u32,
    /// End when standard input is closed, so that a test's sandbox never outlives the test.
    #[arg(long)]
    until_stdin_eof: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()),
        )
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let code = runtime.block_on(run(arguments));
    runtime.shutdown_timeout(Duration::from_millis(200));
    code
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    tracing::error!(error = %error, "the sandbox cannot run");
    ExitCode::FAILURE
}

async fn run(arguments: Arguments) -> ExitCode {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return ExitCode::FAILURE;
    };
    let options = Options {
        data: arguments.data.clone(),
        port: arguments.port,
        operation_ms: arguments.operation_ms,
        clock: Clock::System,
    };
    let sandbox = match Sandbox::start(options).await {
        Ok(sandbox) => sandbox,
        Err(error) => return fail(&error),
    };
    let (control, proxy) = (sandbox.control, sandbox.proxy);
    println!(
        "sandbox ready control=http://{control} proxy=http://{proxy} data={}",
        arguments.data.display()
    );

    let eof = arguments.until_stdin_eof.then(stdin_eof);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = async { match eof { Some(eof) => { let _ = eof.await; } None => std::future::pending().await } } => {}
    }
    sandbox.stop().await;
    ExitCode::SUCCESS
}

/// Resolves when standard input has ended. A thread of its own, since a blocked read would hold up
/// the runtime's end.
fn stdin_eof() -> oneshot::Receiver<()> {
    let (ended, eof) = oneshot::channel();
    std::thread::spawn(move || {
        let mut sink = [0_u8; 256];
        while matches!(std::io::stdin().lock().read(&mut sink), Ok(count) if count > 0) {}
        let _ = ended.send(());
    });
    eof
}
