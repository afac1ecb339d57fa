//! P3: time to the first token above the model backend itself.
//!
//! One person asks, one question after the other; after each, the backend is
//! asked directly over a connection of the same kind, and a route that does
//! nothing behind the same proxy is called. Both times run from the request to
//! the first text.

use std::time::Instant;

use serde_json::json;

use crate::client::{Connection, Request};
use crate::failure::{Done, Failure};
use crate::figures::{Bar, Note, Row, Samples, Yardstick, ms_since};
use crate::model;
use crate::rows::commit::Commits;
use crate::stack::{Place, Stack};

const QUESTIONS: usize = 300;

/// Before it counts: connections, caches, the first tokens of Azure.
const WARM_UP: usize = 60;

/// Questions of one conversation.
const PER_CONVERSATION: usize = 10;

pub async fn measure(place: &Place) -> Done<Row> {
    let stack = Stack::start(place).await?;
    let nothing = Stack::of_nothing(place).await?;
    measured(place, &stack, &nothing)
        .await
        .map_err(|failure| stack.explain(failure))
}

async fn measured(place: &Place, stack: &Stack, nothing: &Stack) -> Done<Row> {
    let mut alice = stack.person("alice", 0).await?;
    let mut direct = Connection::open(stack.model_address()?).await?;
    let mut idle = Connection::open(nothing.address(0)?).await?;
    let mut commits = Commits::open(place)?;
    let (mut product, mut backend, mut proxied, mut above, mut commit) = Default::default();
    let mut conversation = String::new();
    for number in 0..WARM_UP + QUESTIONS {
        if number % PER_CONVERSATION == 0 {
            conversation = alice.new_conversation().await?;
        }
        let streamed = alice.ask(&conversation, "How are you today?").await?;
        let straight = ask_directly(&mut direct).await?;
        let since = Instant::now();
        idle.call(&Request {
            method: "GET",
            path: "/api/nothing",
            headers: &[],
            body: "",
        })
        .await?;
        let through = ms_since(since);
        let stored = commits.one()?;
        if number >= WARM_UP {
            Samples::push(&mut product, streamed.first_text);
            Samples::push(&mut backend, straight);
            Samples::push(&mut proxied, through);
            Samples::push(&mut commit, stored);
            Samples::push(&mut above, streamed.first_text - straight);
        }
    }
    Ok(Row {
        id: "P3",
        name: "time to first token above the model backend, p50".to_owned(),
        figure: above.median(),
        unit: "ms",
        bar: Bar::AtMost(3.0),
        quantiles: Some(above.quantiles()),
        yardsticks: vec![
            Yardstick::median("one SQLite commit", "ms", &commit),
            Yardstick::median("the backend directly", "ms", &backend),
            Yardstick::median("nothing behind the same proxy", "ms", &proxied),
        ],
        notes: vec![Note::new("through the product", product.median(), "ms")],
    })
}

/// Milliseconds to the first text of the backend itself.
pub async fn ask_directly(connection: &mut Connection) -> Done<f64> {
    let body = json!({
        "model": model::NAME, "stream": true,
        "messages": [{"role": "user", "content": "How are you today?"}],
    })
    .to_string();
    let since = Instant::now();
    let status = connection
        .send(&Request {
            method: "POST",
            path: model::PATH,
            headers: &[],
            body: &body,
        })
        .await?;
    let mut first = None;
    while connection.piece().await?.is_some() {
        first.get_or_insert_with(|| ms_since(since));
    }
    match (status, first) {
        (200, Some(first)) => Ok(first),
        _ => Err(Failure::answer("the model backend", status)),
    }
}
