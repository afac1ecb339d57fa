//! A run from its first process to its verdict.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use azimuth_stack::failure::{Done, Failure};
use azimuth_stack::machine::Machine;
use azimuth_stack::product::{azure_server, handler_environment, lay_out};
use azimuth_stack::sandbox::Sandbox;
use clap::Args;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::api::Ask;
use crate::asker::{PEOPLE, ask_on};
use crate::chaos::{Round, rage};
use crate::fleet::{Fleet, HTTP};
use crate::gather::{Gathered, TURNS_END_WITHIN, gather, turns_end};
use crate::judge::judge;
use crate::ledger;
use crate::random::Chance;
use crate::report::{ACCEPTED, Report};
use crate::watch::{Lives, watch};
use crate::world::World;

/// How long Azure's long operations take.
const OPERATION_MS: u32 = 300;
/// How long Azure is silent after a change took effect: a kill then leaves a change
/// that nobody knows of.
const SILENT_AFTER_CHANGE_MS: u64 = 700;
/// Tool servers are learned at the first start.
const LEARNING: Duration = Duration::from_mins(2);
/// Nothing strikes until so many turns have ended: by then tool servers run, whose
/// first start is no recovery.
const CALM_TURNS: usize = 4 * PEOPLE.len();
const CALM: Duration = Duration::from_mins(4);

#[derive(Debug, Args)]
pub struct Run {
    /// For how long the product is struck
    #[arg(long, default_value_t = 20.0)]
    minutes: f64,
    /// Of the plan; drawn when it is not given
    #[arg(long)]
    seed: Option<u64>,
    /// Where to write everything that was seen
    #[arg(long)]
    json: Option<PathBuf>,
    /// The repository
    #[arg(long)]
    root: PathBuf,
    /// Folder of the built programs
    #[arg(long)]
    programs: PathBuf,
    /// The Azure MCP Server
    #[arg(long)]
    azmcp: PathBuf,
    /// Where databases and logs are to lie
    #[arg(long)]
    pub scratch: PathBuf,
    /// Keep databases and logs of a run that was good, too
    #[arg(long)]
    pub keep: bool,
}

/// Whether the product kept its promises. `folder` is empty, and outlives everything
/// that is started here.
pub async fn run(run: &Run, folder: &Path) -> Done<bool> {
    let seed = run.seed.unwrap_or_else(drawn);
    let machine = Machine::describe(&run.scratch, &run.root);
    eprintln!("seed {seed}; databases and logs in {}", folder.display());
    let report = struck(run, seed, machine, folder).await?;
    report.print();
    if let Some(file) = &run.json {
        report.write(file)?;
    }
    Ok(report.is_good())
}

async fn struck(run: &Run, seed: u64, machine: Machine, folder: &Path) -> Done<Report> {
    let world = Rc::new(start(run, folder).await?);
    let lives = Rc::new(RefCell::new(Lives::default()));
    let began = Instant::now();
    // Its end is a failure.
    let tended = world.fleet.tend();
    let watched = watch(&world, &lives);
    let handler = folder.join("app/handler");
    let struck = strike_and_gather(run, seed, &world, &handler);
    let (rounds, gathered) = tokio::select! {
        failure = tended => return Err(failure),
        () = watched => return Err(Failure::answer("the watch", "it ended")),
        done = struck => done.map_err(|failure| world.fleet.explain(HTTP, &failure))?,
    };
    let mut verdict = judge(&gathered.book, &gathered.records, &gathered.effects);
    verdict.other.append(&mut world.book.borrow_mut().findings);
    let verify = gathered.verify.clone().unwrap_or_else(|told| {
        verdict.audit.push(told.clone());
        told
    });
    let growth = lives.borrow().growth();
    Ok(Report {
        machine,
        seed,
        minutes: began.elapsed().as_secs_f64() / 60.0,
        rounds,
        counts: counts(&world, &gathered),
        verdict,
        growth,
        verify,
    })
}

async fn start(run: &Run, folder: &Path) -> Done<World> {
    let data = folder.join("data");
    fs::create_dir(&data).map_err(Failure::file(&data))?;
    let sandbox = Sandbox::start(&run.programs, folder, OPERATION_MS).await?;
    for method in ["PUT", "POST", "DELETE"] {
        let matches = json!({"method": method, "host_contains": "management.azure.com"});
        let fault = json!({"match": matches, "when": "after", "delay_ms": SILENT_AFTER_CHANGE_MS});
        sandbox.post("/sandbox/faults", &fault).await?;
    }
    let ledger_file = folder.join("ledger.txt");
    let own = std::env::current_exe().map_err(Failure::io("this program"))?;
    let servers = folder.join("mcp.json");
    let entries = json!({"mcpServers": {
        "azure": azure_server(&sandbox.description, &run.azmcp),
        ledger::SERVER: ledger::entry(&own, &ledger_file),
    }});
    fs::write(&servers, entries.to_string()).map_err(Failure::file(&servers))?;
    let mut environment = handler_environment(&sandbox.description, &data, &servers);
    // More is destroyed here than an hour's budget holds.
    environment.push(("AZIMUTH_QUOTAS".to_owned(), "off".to_owned()));
    let app = folder.join("app");
    lay_out(&run.root, &run.programs.join("handler"), &app)?;
    let fleet = Fleet::start(&run.programs, &app, folder, environment).await?;
    Ok(World::new(sandbox, Rc::new(fleet), data, ledger_file))
}

async fn strike_and_gather(
    run: &Run,
    seed: u64,
    world: &Rc<World>,
    handler: &Path,
) -> Done<(Vec<Round>, Gathered)> {
    let mut chance = Chance::of(seed);
    tools_are_known(world).await?;
    let length = Duration::from_secs_f64(run.minutes * 60.0);
    world
        .deadline
        .set(Instant::now() + CALM + length + TURNS_END_WITHIN);
    let mut people = tokio::task::JoinSet::new();
    for number in 0..PEOPLE.len() {
        people.spawn_local(ask_on(Rc::clone(world), number, chance.fork()));
    }
    all_have_begun(world).await;
    let mut rounds = Vec::new();
    rage(world, chance, Instant::now() + length, &mut rounds).await;
    eprintln!("nothing strikes any more; waiting until everything has ended");
    world.asks.set(false);
    // From the last blow, however long its recovery took.
    world.deadline.set(Instant::now() + TURNS_END_WITHIN);
    while let Some(person) = people.join_next().await {
        person.map_err(|error| Failure::answer("somebody who asks", error))??;
    }
    turns_end(world).await;
    Ok((rounds, gather(world, handler).await?))
}

async fn all_have_begun(world: &World) {
    let since = Instant::now();
    let ended = || {
        let book = world.book.borrow();
        book.asked
            .iter()
            .filter(|turn| turn.ended.is_some())
            .count()
    };
    while ended() < CALM_TURNS && since.elapsed() < CALM {
        sleep(Duration::from_millis(200)).await;
    }
}

/// The tools of servers are known a moment after the first start.
async fn tools_are_known(world: &World) -> Done {
    let token = world.token("alice").await?;
    let deadline = Instant::now() + LEARNING;
    for (search, tool) in [
        ("entry", "entry_add"),
        ("storage", "storage_account_create"),
    ] {
        loop {
            let path = format!("/tools?q={search}");
            let reply = world.api.call(&Ask::get(&token, &path), deadline).await;
            let body = reply.map_or(Value::Null, |reply| reply.body);
            if body.to_string().contains(tool) {
                break;
            }
            if Instant::now() > deadline {
                return Err(Failure::answer("/tools", body));
            }
            sleep(Duration::from_millis(200)).await;
        }
    }
    Ok(())
}

fn counts(world: &World, gathered: &Gathered) -> Vec<(String, u64)> {
    let mut ends: BTreeMap<String, u64> = BTreeMap::new();
    let mut outcomes: BTreeMap<String, u64> = BTreeMap::new();
    for (_, seen) in &gathered.book {
        let end = seen
            .status
            .clone()
            .unwrap_or_else(|| "unknown to the API".to_owned());
        *ends.entry(format!("of them {end}")).or_default() += 1;
        for call in &seen.calls {
            let outcome = call.outcome.as_deref().unwrap_or("open");
            *outcomes.entry(format!("calls {outcome}")).or_default() += 1;
        }
    }
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let mut counts = vec![
        ("requests".to_owned(), world.api.requests.get()),
        ("repeats of them".to_owned(), world.api.repeated.get()),
        (ACCEPTED.to_owned(), number(gathered.book.len())),
    ];
    counts.extend(ends);
    counts.extend(outcomes);
    counts.extend([
        (
            "changes that happened".to_owned(),
            number(gathered.effects.len()),
        ),
        (
            "audit records of calls".to_owned(),
            number(gathered.records.len()),
        ),
        (
            "opens that the sweeper closed".to_owned(),
            number(gathered.closed_late),
        ),
        (
            "instances replaced".to_owned(),
            u64::from(world.fleet.replaced()),
        ),
    ]);
    counts
}

/// Any; it is printed.
fn drawn() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(1, |since| since.as_secs())
}
