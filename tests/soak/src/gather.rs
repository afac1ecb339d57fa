//! After the run: waits until everything is over, and reads what there is to read.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use azimuth_stack::client::{Connection, Request};
use azimuth_stack::failure::{Done, Failure};
use serde_json::Value;
use tokio::process::Command;
use tokio::time::sleep;

use crate::api::Ask;
use crate::book::{Asked, Place};
use crate::fleet::SWEEP;
use crate::judge::{Record, Seen, open_ended};
use crate::ledger;
use crate::world::World;

/// How long accepted turns may take once nothing strikes any more.
pub const TURNS_END_WITHIN: Duration = Duration::from_mins(6);
/// The sweeper closes an open whose call was lost after ten minutes.
const AUDIT_CLOSES_WITHIN: Duration = Duration::from_mins(12);
const LOOK_EVERY: Duration = Duration::from_millis(500);
const SWEEP_EVERY: Duration = Duration::from_secs(15);

/// What a run left.
pub struct Gathered {
    pub book: Vec<(Asked, Seen)>,
    pub records: Vec<Record>,
    pub effects: Vec<(Place, String)>,
    /// Opens that only the sweeper closed.
    pub closed_late: usize,
    /// What `handler audit verify` says, where it does not hold.
    pub verify: Result<String, String>,
}

/// Waits until every turn has ended, [`World::deadline`] at the latest.
pub async fn turns_end(world: &World) {
    while Instant::now() < world.deadline.get() {
        let open = {
            let book = world.book.borrow();
            book.asked
                .iter()
                .filter(|turn| turn.ended.is_none())
                .count()
        };
        if open == 0 {
            return;
        }
        sleep(LOOK_EVERY).await;
    }
}

pub async fn gather(world: &World, handler: &Path) -> Done<Gathered> {
    let closed_late = audit_closes(world, handler).await?;
    let asked = world.book.borrow().asked.clone();
    let mut book = Vec::with_capacity(asked.len());
    for turn in asked {
        let seen = look(world, &turn).await?;
        book.push((turn, seen));
    }
    Ok(Gathered {
        book,
        records: records(world, handler).await?,
        effects: effects(world).await?,
        closed_late,
        verify: verify(world, handler).await?,
    })
}

async fn look(world: &World, turn: &Asked) -> Done<Seen> {
    let token = world.token(turn.person).await?;
    let state = get(world, &token, &format!("/turns/{}", turn.turn)).await?;
    let events = get(
        world,
        &token,
        &format!("/turns/{}/events?after=0", turn.turn),
    )
    .await?;
    let path = format!("/conversations/{}/messages?limit=100", turn.conversation);
    let messages = get(world, &token, &path).await?;
    let messages = messages["items"].as_array().cloned().unwrap_or_default();
    Ok(Seen::of(&state, &events, &messages, &turn.turn))
}

/// Null for what is not there.
async fn get(world: &World, token: &str, path: &str) -> Done<Value> {
    let deadline = Instant::now() + Duration::from_mins(1);
    match world.api.call(&Ask::get(token, path), deadline).await {
        Some(reply) if reply.status == 200 => Ok(reply.body),
        Some(reply) if reply.status == 404 => Ok(Value::Null),
        other => Err(Failure::answer(path, format!("{other:?}"))),
    }
}

async fn effects(world: &World) -> Done<Vec<(Place, String)>> {
    let told = world.sandbox.get("/sandbox/effects").await?;
    let mut effects: Vec<(Place, String)> = told["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|effect| effect["resource_id"].as_str()?.rsplit('/').next())
        .map(|name| (Place::Azure, name.to_owned()))
        .collect();
    let entries = ledger::entries(&world.ledger).into_iter();
    effects.extend(entries.map(|name| (Place::Ledger, name)));
    Ok(effects)
}

/// Has the sweeper run until every open has its close; how many had to wait for it.
async fn audit_closes(world: &World, handler: &Path) -> Done<usize> {
    let since = Instant::now();
    let mut late = 0;
    loop {
        let records = records(world, handler).await?;
        let open = open_ended(&records).len();
        late = late.max(open);
        if open == 0 || since.elapsed() > AUDIT_CLOSES_WITHIN {
            return Ok(late);
        }
        if since.elapsed() < LOOK_EVERY {
            eprintln!("{open} audit records wait for the sweeper, up to ten minutes");
        }
        sweep(world).await?;
        sleep(SWEEP_EVERY).await;
    }
}

/// Starts the timer function, as the host's admin API does.
async fn sweep(world: &World) -> Done {
    let Some(info) = world.fleet.info(SWEEP) else {
        return Ok(());
    };
    let mut host = Connection::open(info.api).await?;
    let (status, _) = host
        .call(&Request {
            method: "POST",
            path: "/admin/functions/sweep",
            headers: &[],
            body: "{\"input\": \"\"}",
        })
        .await?;
    match status {
        202 => Ok(()),
        status => Err(Failure::answer("/admin/functions/sweep", status)),
    }
}

async fn records(world: &World, handler: &Path) -> Done<Vec<Record>> {
    let output = audit(world, handler, "export").await?;
    if !output.status.success() {
        return Err(Failure::answer("audit export", told(&output)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter_map(Record::of).collect())
}

async fn verify(world: &World, handler: &Path) -> Done<Result<String, String>> {
    let output = audit(world, handler, "verify").await?;
    let told = told(&output);
    Ok(if output.status.success() {
        Ok(told)
    } else {
        Err(told)
    })
}

async fn audit(world: &World, handler: &Path, what: &str) -> Done<Output> {
    Command::new(handler)
        .args(["audit", what, "--data"])
        .arg(&world.data)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(Failure::file(handler))
}

fn told(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text.trim().to_owned()
}
