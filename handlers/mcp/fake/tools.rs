//! What the fake server offers.

#![expect(
    clippy::disallowed_methods,
    reason = "it tells what environment it was given"
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{Server, complain};

const NAMES: [&str; 23] = [
    "echo",
    "whoami",
    "token",
    "slow",
    "hang",
    "crash",
    "die_silently",
    "farewell",
    "garbage",
    "line",
    "big",
    "fail",
    "refuse",
    "consent",
    "ask",
    "form",
    "meet",
    "change",
    "late",
    "switch",
    "try",
    "grow",
    "page",
];

pub(crate) fn list(server: &Server) -> Vec<Value> {
    if server.flag("--azure") {
        return azure();
    }
    let file_says = server
        .value("--changed-if")
        .is_some_and(|f| std::path::Path::new(f).exists());
    let changed = file_says || server.switched.load(Ordering::SeqCst);
    NAMES
        .iter()
        .filter(|name| !(changed && **name == "grow"))
        .map(|name| {
            let text = if changed && *name == "echo" {
                "Echoes all."
            } else {
                "Echoes."
            };
            json!({
                "name": name,
                "description": text,
                "inputSchema": {"type": "object", "properties": {"n": {"type": "integer"}}},
                "annotations": {"readOnlyHint": true},
            })
        })
        .collect()
}

/// The built-in catalogue, as a server that is what it was.
fn azure() -> Vec<Value> {
    let file = azimuth_mcp::catalogue::azure();
    let tools = file.map(|file| file.tools).unwrap_or_default().into_iter();
    tools
        .map(|tool| {
            json!({
                "name": tool.name,
                "description": tool.description,
                "inputSchema": tool.input_schema,
            })
        })
        .collect()
}

pub(crate) fn call(server: &Server, id: &Value, params: &Value) {
    let calls = server.calls.fetch_add(1, Ordering::SeqCst) + 1;
    let name = params["name"].as_str().unwrap_or_default();
    let arguments = &params["arguments"];
    let n = arguments["n"].as_u64().unwrap_or(0);
    server.log(&format!("call {name} {} {n}", std::process::id()));
    let text = match name {
        "echo" => arguments.to_string(),
        "whoami" => whoami(),
        "token" => token(arguments["resource"].as_str().unwrap_or_default()),
        "slow" | "change" => {
            std::thread::sleep(Duration::from_millis(n));
            format!("slept {n}")
        }
        "hang" => loop {
            std::thread::park();
        },
        "crash" => {
            complain("out of cheese");
            std::process::exit(42);
        }
        "farewell" => {
            let text = "f".repeat(usize::try_from(n).unwrap_or(0));
            server.answer(id, &json!({"content": [{"type": "text", "text": text}]}));
            std::process::exit(0);
        }
        "die_silently" => std::process::abort(),
        "garbage" => {
            server.write_raw(b"warn: not JSON\n\n{\"half\": \n\xff\xfe\n[1,2]\n\"text\"\n");
            "after garbage".to_owned()
        }
        "line" => {
            server.write_raw("x".repeat(usize::try_from(n).unwrap_or(0)).as_bytes());
            server.write_raw(b"\n");
            "after a line".to_owned()
        }
        "big" => "b".repeat(usize::try_from(n).unwrap_or(0)),
        "fail" => {
            let status = format!("{{\"status\":{n},\"message\":\"no\"}}");
            let text = arguments["text"].as_str().unwrap_or(&status);
            let result = json!({"content": [{"type": "text", "text": text}], "isError": true});
            return server.answer(id, &result);
        }
        "refuse" => {
            let message = arguments["text"].as_str().unwrap_or("bad arguments");
            let error = json!({"code": -arguments["n"].as_i64().unwrap_or(0), "message": message});
            return server.write(&json!({"jsonrpc": "2.0", "id": id, "error": error}));
        }
        "consent" | "ask" | "keyvault_secret_get" | "group_list" => ask_consent(server),
        "meet" => meet(server, n),
        "late" => {
            wait(Duration::from_secs(20), || {
                server.cancelled.load(Ordering::SeqCst)
            });
            let next = || server.calls.load(Ordering::SeqCst) > calls;
            wait(Duration::from_millis(n), next);
            let answer = ask_consent(server);
            server.log(&format!("late {answer}"));
            answer
        }
        "form" => {
            let roots = server.ask("roots/list", &json!({}));
            let sampling = server.ask(
                "sampling/createMessage",
                &json!({"messages": [], "maxTokens": 1}),
            );
            let other = elicit(server, &json!({"password": {"type": "string"}}));
            format!(
                "{other} {} {}",
                roots["error"]["code"], sampling["error"]["code"]
            )
        }
        "switch" => {
            server.switched.store(true, Ordering::SeqCst);
            server.write(&json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}));
            "switched".to_owned()
        }
        "try" => crate::attempt::attempt(arguments),
        // What lies in the folder of `--pages` under this name.
        "page" => {
            let folder = server.value("--pages").unwrap_or_default();
            let name = arguments["name"].as_str().unwrap_or_default();
            std::fs::read_to_string(std::path::Path::new(folder).join(name)).unwrap_or_default()
        }
        "grow" => {
            let size = usize::try_from(n).unwrap_or(0) * 1024 * 1024;
            // Every page is written, so that it is resident; never freed.
            let hoard = vec![1_u8; size].leak();
            format!("grew to {}", hoard.len())
        }
        other => format!("no tool {other}"),
    };
    server.answer(id, &json!({"content": [{"type": "text", "text": text}]}));
}

/// Answers once `n` calls of it are here at the same time.
fn meet(server: &Server, n: u64) -> String {
    server.met.fetch_add(1, Ordering::SeqCst);
    let all = wait(Duration::from_secs(10), || {
        server.met.load(Ordering::SeqCst) >= n
    });
    if all { "met" } else { "alone" }.to_owned()
}

fn wait(limit: Duration, condition: impl Fn() -> bool) -> bool {
    let end = Instant::now() + limit;
    while !condition() {
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

fn ask_consent(server: &Server) -> String {
    elicit(
        server,
        &json!({"decision": {"type": "string", "enum": ["accept", "reject"]}}),
    )
}

fn elicit(server: &Server, properties: &Value) -> String {
    let schema = json!({"type": "object", "properties": properties});
    let params = json!({"mode": "form", "message": "Sure?", "requestedSchema": schema});
    let answer = server.ask("elicitation/create", &params);
    format!(
        "{} {}",
        answer["result"]["action"], answer["result"]["content"]
    )
}

fn whoami() -> String {
    let environment: std::collections::BTreeMap<String, String> = std::env::vars().collect();
    let arguments: Vec<String> = std::env::args().collect();
    json!({
        "pid": std::process::id(),
        "group": rustix::process::getpgrp().as_raw_nonzero().get(),
        "args": arguments,
        "folder": std::env::current_dir().unwrap_or_default(),
        "env": environment,
    })
    .to_string()
}

/// Asks for a token as an Azure SDK does on App Service.
fn token(resource: &str) -> String {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let endpoint = variable("IDENTITY_ENDPOINT");
    let address = endpoint
        .trim_start_matches("http://")
        .split('/')
        .next()
        .unwrap_or_default();
    let header = variable("IDENTITY_HEADER");
    let request = format!(
        "GET /msi/token?api-version=2019-08-01&resource={resource} HTTP/1.1\r\nhost: {address}\r\n\
         X-IDENTITY-HEADER: {header}\r\nconnection: close\r\n\r\n"
    );
    let mut answer = String::new();
    let asked = TcpStream::connect(address).and_then(|mut stream| {
        stream.write_all(request.as_bytes())?;
        stream.read_to_string(&mut answer)
    });
    match asked {
        Ok(_) => answer
            .split("\r\n\r\n")
            .nth(1)
            .unwrap_or_default()
            .to_owned(),
        Err(error) => format!("no answer: {error}"),
    }
}
