//! S12: what others notice of somebody who asks for ten times what they may have.
//!
//! Bob asks questions, reads his conversations and runs a tool, one after the other.
//! In every second round alice beside him sends ten times her limit of requests, of turns
//! and of tool calls that take a while, from several connections. Rounds alternate, so
//! that a busy machine slows both kinds.

use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::Notify;
use tokio::task::{JoinSet, LocalSet};

use super::tool_call::wait_for_tools;
use crate::failure::{Done, Failure};
use crate::figures::{Bar, Row, Samples, Yardstick, ms_since};
use crate::person::Person;
use crate::stack::{Place, Stack};

/// Of each kind.
const ROUNDS: usize = 6;
/// What bob does in one: so many questions with as many reads, and tool calls.
const QUESTIONS: usize = 40;
const CALLS: usize = 3;
/// Alice's limit, and her connections, each with a tenth of ten times that.
const REQUESTS_PER_MINUTE: u64 = 600;
const TURNS_PER_MINUTE: u64 = 60;
const CONNECTIONS: u64 = 10;
/// How long her tool calls take.
const HER_CALL_MS: u64 = 500;
/// How much longer others may wait than without her.
const SLOWER: f64 = 1.2;
/// How long a tool call of others may wait for an executor.
const STARTS_WITHIN_MS: f64 = 5_000.0;

/// What bob saw.
#[derive(Default)]
struct Seen {
    reads: Samples,
    first_texts: Samples,
    starts: Samples,
}

pub async fn measure(place: &Place) -> Done<Vec<Row>> {
    let mut stack = Stack::prepare(place).await?;
    stack.set("AZIMUTH_QUOTAS", "on");
    stack.start_host("all").await?;
    LocalSet::new()
        .run_until(measured(&stack))
        .await
        .map_err(|failure| stack.explain(failure))
}

async fn measured(stack: &Stack) -> Done<Vec<Row>> {
    let mut dave = stack.person("dave", 0).await?;
    let operator = json!({
        "requests_per_minute": REQUESTS_PER_MINUTE, "turns_per_minute": TURNS_PER_MINUTE,
    });
    let limits = json!({"roles": {"operator": operator}, "reason": "a measurement"});
    dave.put("/api/v1/admin/quotas", &limits).await?;
    let mut bob = stack.person("bob", 0).await?;
    wait_for_tools(&mut bob).await?;
    round(&mut bob).await?;
    let (mut quiet, mut beside) = (Seen::default(), Seen::default());
    for _ in 0..ROUNDS {
        quiet.extend(&round(&mut bob).await?);
        let crowd = Crowd::begin(stack).await?;
        beside.extend(&round(&mut bob).await?);
        crowd.end().await?;
    }
    let slower = |name: &str, beside: &Samples, quiet: &Samples| Row {
        id: "S12",
        name: format!("{name}, p95 beside somebody at ten times their limit"),
        figure: beside.quantile(0.95),
        unit: "ms",
        bar: Bar::AtMost(SLOWER * quiet.quantile(0.95)),
        quantiles: Some(beside.quantiles()),
        yardsticks: vec![Yardstick {
            name: "without them, p95".to_owned(),
            figure: quiet.quantile(0.95),
            unit: "ms",
            quantiles: Some(quiet.quantiles()),
        }],
        notes: Vec::new(),
    };
    Ok(vec![
        slower("a request", &beside.reads, &quiet.reads),
        slower(
            "time to the first token",
            &beside.first_texts,
            &quiet.first_texts,
        ),
        Row {
            id: "S12",
            name: "a tool call of others starts, longest".to_owned(),
            figure: beside.starts.quantile(1.0),
            unit: "ms",
            bar: Bar::AtMost(STARTS_WITHIN_MS),
            quantiles: Some(beside.starts.quantiles()),
            yardsticks: vec![Yardstick::median("without them", "ms", &quiet.starts)],
            notes: Vec::new(),
        },
    ])
}

impl Seen {
    fn extend(&mut self, other: &Self) {
        self.reads.extend(&other.reads);
        self.first_texts.extend(&other.first_texts);
        self.starts.extend(&other.starts);
    }
}

async fn round(bob: &mut Person) -> Done<Seen> {
    let mut seen = Seen::default();
    let conversation = bob.new_conversation().await?;
    for _ in 0..QUESTIONS {
        let since = Instant::now();
        bob.get("/api/v1/conversations").await?;
        seen.reads.push(ms_since(since));
        let streamed = bob.ask(&conversation, "How are you today?").await?;
        seen.first_texts.push(streamed.first_text);
    }
    for _ in 0..CALLS {
        let since = Instant::now();
        let turn = bob
            .call_tool("bench/echo", &json!({"text": "mine"}))
            .await?;
        let mut started = None;
        let note = |event: &str, _: &_| {
            if event == "tool_call_started" {
                started.get_or_insert_with(|| ms_since(since));
            }
        };
        bob.events(&turn, note).await?;
        let started = started.ok_or_else(|| Failure::answer(&turn, "its call never started"))?;
        seen.starts.push(started);
    }
    Ok(seen)
}

/// Alice, ten times over.
struct Crowd {
    done: Rc<Notify>,
    tasks: JoinSet<Done>,
}

impl Crowd {
    async fn begin(stack: &Stack) -> Done<Self> {
        let done = Rc::new(Notify::new());
        let mut tasks = JoinSet::new();
        for number in 0..CONNECTIONS {
            let mut alice = stack.person("alice", 0).await?;
            let done = Rc::clone(&done);
            tasks.spawn_local(async move {
                tokio::select! {
                    () = done.notified() => Ok(()),
                    failed = pester(&mut alice, number) => failed,
                }
            });
        }
        Ok(Self { done, tasks })
    }

    async fn end(mut self) -> Done {
        self.done.notify_waiters();
        while let Some(ended) = self.tasks.join_next().await {
            ended.map_err(|error| Failure::answer("alice", error))??;
        }
        Ok(())
    }
}

/// Whatever she is answered: most of it is refused.
async fn pester(alice: &mut Person, number: u64) -> Done {
    let pause = Duration::from_millis(60_000 * CONNECTIONS / (10 * REQUESTS_PER_MINUTE));
    let asks_every = REQUESTS_PER_MINUTE / TURNS_PER_MINUTE;
    for request in number.. {
        if request % asks_every == 0 {
            let arguments = json!({"text": "hers", "pause_ms": HER_CALL_MS});
            let call = json!({"arguments": arguments});
            alice
                .try_post("/api/v1/tools/bench/echo/calls", &call)
                .await?;
        } else {
            alice.raw_get("/api/v1/conversations").await?;
        }
        tokio::time::sleep(pause).await;
    }
    Ok(())
}
