//! P4, P7 and P2: chat turns per second at 32 clients, the CPU of one turn, and
//! the handler's memory before and after.
//!
//! Every client has conversations of ten turns, asks over a connection of its own
//! and reads each streamed answer to its end. Rounds of the product alternate
//! with rounds that ask the model backend directly and with rounds of a route
//! that does nothing behind the same proxy, with as many clients.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::task::LocalSet;

use super::first_token::ask_directly;
use crate::client::{Connection, Request};
use crate::failure::{Done, Failure};
use crate::figures::{Bar, Note, Row, Samples, Yardstick};
use crate::person::Person;
use crate::stack::{Place, Stack};
use crate::usage::{cpu_seconds, resident_mb};

pub const CLIENTS: usize = 32;
const ROUNDS: usize = 6;
const ROUND: Duration = Duration::from_secs(3);
const YARDSTICK_ROUND: Duration = Duration::from_secs(1);
const WARM_UP: Duration = Duration::from_secs(4);

/// Turns of one conversation; making it counts as part of its turns.
const PER_CONVERSATION: usize = 10;

/// Who asks. All in all five people of two tenants.
const PEOPLE: [&str; 5] = ["alice", "bob", "carol", "dave", "eve"];

/// Until memory has settled.
const SETTLE: Duration = Duration::from_secs(3);

pub async fn measure(place: &Place) -> Done<Vec<Row>> {
    let mut stack = Stack::prepare(place).await?;
    let host = stack.start_host("all").await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let idle_mb = resident_mb(stack.handler_pid(host)?)?;
    let nothing = Stack::of_nothing(place).await?;
    let measured = Load {
        stack: &stack,
        nothing: &nothing,
        idle_mb,
    };
    LocalSet::new()
        .run_until(measured.rows())
        .await
        .map_err(|failure| stack.explain(failure))
}

struct Load<'a> {
    stack: &'a Stack,
    nothing: &'a Stack,
    idle_mb: f64,
}

/// CPU seconds so far of everybody who takes part.
#[derive(Clone, Copy)]
struct Cpu {
    handler: f64,
    host: f64,
    model: f64,
    own: f64,
}

impl Load<'_> {
    async fn rows(&self) -> Done<Vec<Row>> {
        let mut people = Vec::new();
        for number in 0..CLIENTS {
            people.push(self.stack.person(PEOPLE[number % PEOPLE.len()], 0).await?);
        }
        let mut straight = connections(self.stack.model_address()?).await?;
        let mut through = connections(self.nothing.address(0)?).await?;
        let nothing_pid = self.nothing.handler_pid(0)?;
        (people, _) = turns(people, WARM_UP).await?;
        let (mut rate, mut backend, mut proxied) = <(Samples, Samples, Samples)>::default();
        let (mut cpu, mut host, mut model, mut own) =
            <(Samples, Samples, Samples, Samples)>::default();
        let mut nothing_cpu = Samples::default();
        let mut all = Samples::default();
        for round in 0..ROUNDS {
            let before = self.cpu()?;
            let since = Instant::now();
            let done;
            (people, done) = turns(people, ROUND).await?;
            let seconds = since.elapsed().as_secs_f64();
            let after = self.cpu()?;
            let count = count(&done);
            rate.push(count / seconds);
            cpu.push((after.handler - before.handler) * 1e3 / count);
            host.push((after.host - before.host) * 1e3 / count);
            model.push((after.model - before.model) * 1e3 / count);
            own.push((after.own - before.own) * 1e3 / count);
            all.extend(&done);
            let answers;
            (straight, answers) = answers_directly(straight, YARDSTICK_ROUND).await?;
            backend.push(answers / YARDSTICK_ROUND.as_secs_f64());
            let before = cpu_seconds(nothing_pid)?;
            let calls;
            (through, calls) = calls_of(through, "/api/nothing", &[], YARDSTICK_ROUND).await?;
            proxied.push(calls / YARDSTICK_ROUND.as_secs_f64());
            nothing_cpu.push((cpu_seconds(nothing_pid)? - before) * 1e3 / calls);
            eprintln!("  round {}: {:.0} turns/s", round + 1, count / seconds);
        }
        tokio::time::sleep(SETTLE).await;
        let pid = self.stack.handler_pid(0)?;
        let after_mb = resident_mb(pid)?;
        let nothing_mb = resident_mb(nothing_pid)?;
        let beside = Yardstick {
            name: "axum that does nothing, after its load".to_owned(),
            figure: nothing_mb,
            unit: "MB",
            quantiles: None,
        };
        let memory = |id, name: &str, figure, bar| Row {
            id,
            name: name.to_owned(),
            figure,
            unit: "MB",
            bar: Bar::AtMost(bar),
            quantiles: None,
            yardsticks: vec![beside.clone()],
            notes: Vec::new(),
        };
        Ok(vec![
            memory("P2", "memory of the idle handler", self.idle_mb, 30.0),
            memory("P2", "memory after the load of P4", after_mb, 60.0),
            Row {
                id: "P4",
                name: format!("chat turns/s at {CLIENTS} clients, 20-chunk answer stored"),
                figure: rate.median(),
                unit: "/s",
                bar: Bar::AtLeast(500.0),
                quantiles: Some(rate.quantiles()),
                yardsticks: vec![
                    Yardstick::median("the backend directly", "/s", &backend),
                    Yardstick::median("nothing behind the same proxy", "/s", &proxied),
                ],
                notes: vec![
                    Note::new("turn p50", all.median(), "ms"),
                    Note::new("turn p99", all.quantile(0.99), "ms"),
                ],
            },
            Row {
                id: "P7",
                name: "CPU of the handler per chat turn".to_owned(),
                figure: cpu.median(),
                unit: "ms",
                bar: Bar::AtMost(1.5),
                quantiles: Some(cpu.quantiles()),
                yardsticks: vec![Yardstick::median(
                    "axum that does nothing, per request",
                    "ms",
                    &nothing_cpu,
                )],
                notes: vec![
                    Note::new("host stand-in", host.median(), "ms"),
                    Note::new("model backend", model.median(), "ms"),
                    Note::new("client", own.median(), "ms"),
                ],
            },
        ])
    }

    fn cpu(&self) -> Done<Cpu> {
        let model = self
            .stack
            .model
            .as_ref()
            .map_or(0, super::super::programs::Program::pid);
        Ok(Cpu {
            handler: cpu_seconds(self.stack.handler_pid(0)?)?,
            host: cpu_seconds(self.stack.host_pid(0)?)?,
            model: cpu_seconds(model)?,
            own: cpu_seconds(std::process::id())?,
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn count(samples: &Samples) -> f64 {
    samples.len() as f64
}

/// All `people` chat for `time`; gives them back, and the ms of each turn.
async fn turns(people: Vec<Person>, time: Duration) -> Done<(Vec<Person>, Samples)> {
    let until = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for mut person in people {
        tasks.spawn_local(async move {
            let mut times = Samples::default();
            while Instant::now() < until {
                let conversation = person.new_conversation().await?;
                for _ in 0..PER_CONVERSATION {
                    if Instant::now() >= until {
                        break;
                    }
                    let streamed = person.ask(&conversation, "How are you today?").await?;
                    times.push(streamed.end);
                }
            }
            Ok((person, times))
        });
    }
    let mut samples = Samples::default();
    let mut people = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        let (person, times) = joined(ended)?;
        people.push(person);
        samples.extend(&times);
    }
    Ok((people, samples))
}

fn joined<T>(ended: Result<Done<T>, tokio::task::JoinError>) -> Done<T> {
    ended.map_err(|error| Failure::answer("a client", error))?
}

pub async fn connections(address: std::net::SocketAddr) -> Done<Vec<Connection>> {
    let mut connections = Vec::new();
    for _ in 0..CLIENTS {
        connections.push(Connection::open(address).await?);
    }
    Ok(connections)
}

async fn answers_directly(
    connections: Vec<Connection>,
    time: Duration,
) -> Done<(Vec<Connection>, f64)> {
    let until = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for mut connection in connections {
        tasks.spawn_local(async move {
            let mut answers = 0.0;
            while Instant::now() < until {
                ask_directly(&mut connection).await?;
                answers += 1.0;
            }
            Ok((connection, answers))
        });
    }
    collect(tasks).await
}

/// The same GET over all connections for `time`; gives the number of answers.
pub async fn calls_of(
    connections: Vec<Connection>,
    path: &'static str,
    headers: &[String],
    time: Duration,
) -> Done<(Vec<Connection>, f64)> {
    let until = Instant::now() + time;
    let headers: Rc<[String]> = headers.into();
    let mut tasks = JoinSet::new();
    for mut connection in connections {
        let headers = Rc::clone(&headers);
        tasks.spawn_local(async move {
            let mut answers = 0.0;
            while Instant::now() < until {
                let request = Request {
                    method: "GET",
                    path,
                    headers: &headers,
                    body: "",
                };
                let (status, _) = connection.call(&request).await?;
                if status != 200 {
                    return Err(Failure::answer(path, status));
                }
                answers += 1.0;
            }
            Ok((connection, answers))
        });
    }
    collect(tasks).await
}

async fn collect(mut tasks: JoinSet<Done<(Connection, f64)>>) -> Done<(Vec<Connection>, f64)> {
    let mut connections = Vec::new();
    let mut all = 0.0;
    while let Some(ended) = tasks.join_next().await {
        let (connection, answers) = joined(ended)?;
        connections.push(connection);
        all += answers;
    }
    Ok((connections, all))
}
