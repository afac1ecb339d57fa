//! P8: event streams held open at once.
//!
//! Each stream is that of a turn of its own, which waits for an approval. Two
//! processes hold most of them through the proxy. The proxy needs two sockets for
//! each, and a process may have 20,000 files here: the last few hundred go straight
//! to the same handler. What counts is the handler's memory once every stream has
//! carried its events and then a heartbeat, none having ended.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinSet, LocalSet};

use super::tool_call::wait_for_tools;
use crate::client::{Connection, Request};
use crate::failure::{Done, Failure};
use crate::figures::{Bar, Note, Row, Yardstick, ms_since};
use crate::person::contains;
use crate::programs::{Program, end_with_stdin, write_whole};
use crate::stack::{Place, Stack};
use crate::usage::{cpu_seconds, open_files, resident_mb};

const STREAMS: usize = 10_000;
/// Streams of each process that holds some through the proxy.
const PROXIED: usize = 4_900;

/// Who makes turns and opens streams at a time.
const AT_ONCE: usize = 16;

/// Over this time the CPU of held streams is measured.
const HELD: Duration = Duration::from_secs(10);

/// A client process that holds streams.
#[derive(Debug, Args)]
pub struct Hold {
    /// `{address, authorization, turns}`
    order: PathBuf,
    /// Where to tell that all are open, and then that all had a heartbeat
    opened: PathBuf,
    beaten: PathBuf,
}

pub async fn measure(place: &Place) -> Done<Row> {
    let stack = Stack::start(place).await?;
    LocalSet::new()
        .run_until(measured(place, &stack))
        .await
        .map_err(|failure| stack.explain(failure))
}

async fn measured(place: &Place, stack: &Stack) -> Done<Row> {
    let mut alice = stack.person("alice", 0).await?;
    wait_for_tools(&mut alice).await?;
    let handler = stack.handler_pid(0)?;
    let idle_mb = resident_mb(handler)?;
    let turns = waiting_turns(stack).await?;
    let before_mb = resident_mb(handler)?;
    let since = Instant::now();
    let mut holders = Vec::new();
    let by_proxy = stack.address(0)?;
    let straight = stack.handler_address(0)?;
    for (number, turns) in turns.chunks(PROXIED).enumerate() {
        let address = if turns.len() == PROXIED {
            by_proxy
        } else {
            straight
        };
        let file = |what: &str| stack.file(&format!("hold-{number}-{what}.json"));
        write_whole(
            &file("order"),
            &json!({
                "address": address.to_string(),
                "authorization": alice.authorization(),
                "turns": turns,
            }),
        )?;
        let mut command = std::process::Command::new(&place.own);
        command
            .arg("hold")
            .args([file("order"), file("opened"), file("beaten")]);
        let log = stack.file(&format!("hold-{number}.log"));
        holders.push((
            Program::start("hold", command, &log)?,
            file("opened"),
            file("beaten"),
        ));
    }
    for (holder, opened, _) in &mut holders {
        holder.wrote(opened).await?;
    }
    let opening_s = ms_since(since) / 1e3;
    let before = cpu_seconds(handler)?;
    tokio::time::sleep(HELD).await;
    let cpu = (cpu_seconds(handler)? - before) / HELD.as_secs_f64();
    let mut beating = 0;
    for (holder, _, beaten) in &mut holders {
        let told = holder.wrote(beaten).await?;
        beating += told["alive"].as_u64().unwrap_or(0);
    }
    if beating != STREAMS as u64 {
        return Err(Failure::answer(
            "the streams",
            format!("{beating} are open"),
        ));
    }
    let held_mb = resident_mb(handler)?;
    let host_mb = resident_mb(stack.host_pid(0)?)?;
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let (files, streams) = (open_files(handler) as f64, STREAMS as f64);
    Ok(Row {
        id: "P8",
        name: format!("memory of the handler with {STREAMS} open event streams"),
        figure: held_mb,
        unit: "MB",
        bar: Bar::AtMost(300.0),
        quantiles: None,
        yardsticks: vec![Yardstick {
            name: "the same handler before the first stream".to_owned(),
            figure: before_mb,
            unit: "MB",
            quantiles: None,
        }],
        notes: vec![
            Note::new("idle", idle_mb, "MB"),
            Note::new("per stream", (held_mb - before_mb) * 1e3 / streams, "kB"),
            Note::new("open files of the handler", files, ""),
            Note::new("host stand-in", host_mb, "MB"),
            Note::new("all opened in", opening_s, "s"),
            Note::new("CPU while held", cpu * 100.0, "% of a core"),
        ],
    })
}

/// Turns that wait for an approval, made over a few connections.
async fn waiting_turns(stack: &Stack) -> Done<Vec<String>> {
    let mut tasks = JoinSet::new();
    for _ in 0..AT_ONCE {
        let mut person = stack.person("alice", 0).await?;
        tasks.spawn_local(async move {
            let mut turns = Vec::new();
            for _ in 0..STREAMS / AT_ONCE {
                let arguments = json!({"text": "x"});
                turns.push(person.call_tool("bench/change", &arguments).await?);
            }
            Ok::<_, Failure>(turns)
        });
    }
    let mut all = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        all.extend(ended.map_err(|error| Failure::answer("a client", error))??);
    }
    Ok(all)
}

/// What a stream of a holder tells.
enum Sign {
    Opened,
    Beaten,
    Ended(String),
}

/// The program: opens the streams, reads them for ever, tells how it stands.
pub async fn hold(hold: Hold) -> Done {
    end_with_stdin();
    LocalSet::new().run_until(held(hold)).await
}

async fn held(hold: Hold) -> Done {
    let text = std::fs::read(&hold.order).map_err(Failure::file(&hold.order))?;
    let order: Value = serde_json::from_slice(&text).unwrap_or_default();
    let address = order["address"].as_str().unwrap_or_default();
    let address: std::net::SocketAddr = address
        .parse()
        .map_err(|error| Failure::answer("the order", error))?;
    let authorization: Rc<str> = order["authorization"].as_str().unwrap_or_default().into();
    let turns: Vec<&str> = order["turns"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let (tell, mut signs) = mpsc::unbounded_channel();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    for turn in &turns {
        let path = format!("/api/v1/turns/{turn}/events");
        let (tell, places) = (tell.clone(), Arc::clone(&places));
        let authorization = Rc::clone(&authorization);
        tokio::task::spawn_local(async move {
            let ended = one(address, &authorization, &path, &tell, places).await;
            let reason = ended.map_or_else(|failure| failure.to_string(), |()| "ended".to_owned());
            let _ = tell.send(Sign::Ended(reason));
        });
    }
    let (mut opened, mut beaten) = (0, 0);
    while let Some(sign) = signs.recv().await {
        match sign {
            Sign::Opened => opened += 1,
            Sign::Beaten => beaten += 1,
            Sign::Ended(reason) => return Err(Failure::answer("a stream", reason)),
        }
        if opened == turns.len() && beaten == 0 {
            write_whole(&hold.opened, &json!({"alive": opened}))?;
        }
        if opened == turns.len() && beaten == turns.len() {
            write_whole(&hold.opened, &json!({"alive": opened}))?;
            write_whole(&hold.beaten, &json!({"alive": beaten}))?;
        }
    }
    Ok(())
}

async fn one(
    address: std::net::SocketAddr,
    authorization: &str,
    path: &str,
    tell: &mpsc::UnboundedSender<Sign>,
    places: Arc<Semaphore>,
) -> Done {
    let place = places.acquire().await;
    let mut connection = Connection::open(address).await?;
    let status = connection
        .send(&Request {
            method: "GET",
            path,
            headers: &[authorization.to_owned()],
            body: "",
        })
        .await?;
    let mut place = Some(place);
    let (mut opened, mut beaten) = (false, false);
    while let Some(piece) = connection.piece().await? {
        if !opened && contains(piece, b"event: approval_required") {
            opened = true;
            place.take();
            let _ = tell.send(Sign::Opened);
        }
        if !beaten && contains(piece, b": heartbeat") {
            beaten = true;
            let _ = tell.send(Sign::Beaten);
        }
    }
    Err(Failure::answer(path, status))
}
