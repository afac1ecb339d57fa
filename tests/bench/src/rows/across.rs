//! P12: from the store of an event by one process to its arrival at a reader of
//! another process.
//!
//! One host serves HTTP, another runs `execute-tool`; they share nothing but the
//! files. People call a tool that takes 300 ms and read the turn's events over the
//! HTTP host. Each event carries the time at which it was made; both clocks are
//! this machine's.

use std::time::{SystemTime, UNIX_EPOCH};

use azimuth_domain::time::Timestamp;
use serde_json::json;
use tokio::task::{JoinSet, LocalSet};

use super::tool_call::wait_for_tools;
use crate::failure::{Done, Failure};
use crate::figures::{Bar, Note, Row, Samples};
use crate::person::Person;
use crate::stack::{Place, Stack};

const PEOPLE: [&str; 3] = ["alice", "carol", "dave"];
const CALLS: usize = 40;

/// Events that the executing process stores.
const ITS_EVENTS: [&str; 2] = ["tool_call_started", "tool_call_finished"];

pub async fn measure(place: &Place) -> Done<Row> {
    let mut stack = Stack::prepare(place).await?;
    stack.start_host("http").await?;
    stack.start_host("function:execute-tool").await?;
    LocalSet::new()
        .run_until(measured(&stack))
        .await
        .map_err(|failure| stack.explain(failure))
}

async fn measured(stack: &Stack) -> Done<Row> {
    let mut tasks = JoinSet::new();
    for name in PEOPLE {
        let mut person = stack.person(name, 0).await?;
        wait_for_tools(&mut person).await?;
        tasks.spawn_local(async move {
            let mut times = Samples::default();
            for number in 0..CALLS {
                let turn = person
                    .call_tool("bench/echo", &json!({"text": "x", "pause_ms": 300}))
                    .await?;
                let took = arrivals(&mut person, &turn).await?;
                // The first call starts the person's own tool server.
                if number > 0 {
                    times.extend(&took);
                }
            }
            Ok::<_, Failure>(times)
        });
    }
    let mut all = Samples::default();
    while let Some(ended) = tasks.join_next().await {
        let times = ended.map_err(|error| Failure::answer("a reader", error))??;
        all.extend(&times);
    }
    Ok(Row {
        id: "P12",
        name: "event stored by one process → sent by another, p95".to_owned(),
        figure: all.quantile(0.95),
        unit: "ms",
        bar: Bar::AtMost(400.0),
        quantiles: Some(all.quantiles()),
        yardsticks: Vec::new(),
        notes: vec![Note::new("p50", all.median(), "ms")],
    })
}

/// Reads the turn's events to their end; how late each of the other process came.
async fn arrivals(person: &mut Person, turn: &str) -> Done<Samples> {
    let mut times = Samples::default();
    person
        .events(turn, |event, data| {
            if !ITS_EVENTS.contains(&event) {
                return;
            }
            let at = data["at"].as_str().and_then(Timestamp::parse_rfc3339);
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            if let (Some(at), Ok(now)) = (at, now) {
                #[expect(clippy::cast_precision_loss, reason = "a time of this century")]
                times.push(now.as_secs_f64() * 1e3 - at.0 as f64);
            }
        })
        .await?;
    if times.len() != ITS_EVENTS.len() {
        return Err(Failure::answer(turn, format!("{} events", times.len())));
    }
    Ok(times)
}
