//! What a server might try that it should not, and how that ends.

#![expect(
    clippy::disallowed_methods,
    reason = "it uses the environment that it was given"
)]

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use serde_json::Value;

/// Does the one thing that `arguments` name: `{"write": path}`, `{"read": path}`,
/// `{"connect": "ip:port"}`, `{"listen": "ip:port"}`, `{"run": script}` or `{"proxy":
/// "host:port"}`. The answer is `done`, or what went wrong.
pub(crate) fn attempt(arguments: &Value) -> String {
    let Some((what, on)) = arguments
        .as_object()
        .and_then(|map| map.iter().next())
        .and_then(|(what, on)| Some((what.as_str(), on.as_str()?)))
    else {
        return "nothing to do".to_owned();
    };
    let done = match what {
        "write" => std::fs::write(on, "x"),
        "read" => std::fs::read(on).map(drop),
        "connect" => TcpStream::connect(on).map(drop),
        "listen" => TcpListener::bind(on).map(drop),
        "run" => run(on),
        "proxy" => return through_proxy(on).unwrap_or_else(|error| error.to_string()),
        _ => Err(io::ErrorKind::Unsupported.into()),
    };
    match done {
        Ok(()) => "done".to_owned(),
        Err(error) => format!("{:?}", error.kind()),
    }
}

fn run(script: &str) -> io::Result<()> {
    let ended = Command::new("/bin/sh").args(["-c", script]).output()?;
    if ended.status.success() {
        Ok(())
    } else {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

/// The status line of a `CONNECT` as a client makes it that honours `HTTPS_PROXY`.
fn through_proxy(target: &str) -> io::Result<String> {
    let url = std::env::var("HTTPS_PROXY").unwrap_or_default();
    let (pair, address) = url
        .trim_start_matches("http://")
        .split_once('@')
        .ok_or(io::ErrorKind::InvalidInput)?;
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pair);
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "CONNECT {target} HTTP/1.1\r\nhost: {target}\r\nproxy-authorization: Basic {encoded}\r\n\r\n"
    )?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    Ok(String::from_utf8_lossy(&head).trim().to_owned())
}
