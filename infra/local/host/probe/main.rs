//! The handler of the contract tests. It writes everything that reaches it to
//! `$PROBE_DIR/events.jsonl` and answers as `$PROBE_DIR/rules.json` tells it;
//! both are files, so they outlive a killed probe.
//!
//! `rules.json` maps a path to a rule (see [`rule::Rule`]); `start.json` is what
//! to do before listening.

#![expect(
    clippy::unwrap_used,
    reason = "a broken probe must end its test, and has nobody to report to"
)]

mod answer;
mod events;
mod rule;

use std::env;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::exit;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use events::Events;
use rule::Start;

/// What all requests share.
struct Probe {
    dir: PathBuf,
    events: Events,
    /// Ends the listener; the process goes on.
    unlisten: CancellationToken,
}

#[tokio::main]
async fn main() {
    let dir = PathBuf::from(env::var("PROBE_DIR").unwrap());
    let probe = Arc::new(Probe {
        events: Events::append(&dir),
        dir,
        unlisten: CancellationToken::new(),
    });
    let variables: serde_json::Map<_, _> = env::vars()
        .map(|(name, value)| (name, value.into()))
        .collect();
    probe.events.write(&json!({
        "event": "start",
        "pid": std::process::id(),
        "arguments": env::args().skip(1).collect::<Vec<_>>(),
        "directory": env::current_dir().unwrap(),
        "environment": variables,
    }));
    let start = Start::read(&probe.dir);
    for line in &start.stdout {
        println!("{line}");
    }
    for line in &start.stderr {
        eprintln!("{line}");
    }
    if let Some(code) = start.exit {
        exit(code);
    }
    if start.silent {
        std::future::pending::<()>().await;
    }
    tokio::spawn(tell_signals(Arc::clone(&probe)));
    listen(probe).await;
    std::future::pending::<()>().await;
}

/// Records the signals that a friendlier host would send, and goes on.
async fn tell_signals(probe: Arc<Probe>) {
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    let mut interrupt = signal(SignalKind::interrupt()).unwrap();
    loop {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        probe.events.write(&json!({"event": "signal"}));
    }
}

async fn listen(probe: Arc<Probe>) {
    let port: u16 = env::var("FUNCTIONS_CUSTOMHANDLER_PORT")
        .unwrap()
        .parse()
        .unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .unwrap();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted.unwrap().0,
            () = probe.unlisten.cancelled() => return,
        };
        let (serving, unlisten) = (Arc::clone(&probe), probe.unlisten.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| answer::answer(Arc::clone(&serving), request));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                _ = connection => {}
                () = unlisten.cancelled() => {}
            }
        });
    }
}
