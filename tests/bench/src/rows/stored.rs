//! P9: list and message page with 1,000,000 conversations in the store.
//!
//! Two products run side by side, one over a store of 1,000,000 conversations (200
//! of each of 5,000 people), one over 1,000. People come one after the other, each
//! read for the first time, at the one and at the other: the first 60 of the list,
//! and a page of 50 messages of the newest conversation.

use std::time::Instant;

use azimuth_domain::principal::UserKey;

use crate::failure::{Done, Failure};
use crate::figures::{Bar, Note, Row, Samples, Yardstick, ms_since};
use crate::person::Person;
use crate::seed;
use crate::stack::{Place, Stack};

const MANY: usize = 1_000_000;
const FEW: usize = 1_000;

/// People who are read.
const READERS: usize = 300;

#[derive(Default)]
struct Times {
    list: Samples,
    messages: Samples,
}

pub async fn measure(place: &Place) -> Done<Vec<Row>> {
    let (many, filling_s) = full(place, MANY).await?;
    let (few, _) = full(place, FEW).await?;
    measured(&many, &few, filling_s)
        .await
        .map_err(|failure| many.explain(failure))
}

async fn full(place: &Place, conversations: usize) -> Done<(Stack, f64)> {
    let mut stack = Stack::prepare(place).await?;
    let since = Instant::now();
    let (_, claims) = stack.token("alice", None).await?;
    let tid = claims["tid"].as_str().unwrap_or_default();
    seed::fill(&stack.data(), tid, conversations)?;
    let took = since.elapsed().as_secs_f64();
    stack.start_host("all").await?;
    Ok((stack, took))
}

async fn measured(many: &Stack, few: &Stack, filling_s: f64) -> Done<Vec<Row>> {
    let (mut large, mut small) = <(Times, Times)>::default();
    let step = MANY / seed::PER_PERSON / READERS;
    for number in 0..READERS {
        read(many, number * step, &mut large).await?;
        read(few, number % (FEW / seed::PER_PERSON), &mut small).await?;
    }
    let file = many.data().join("azimuth.sqlite");
    let bytes = std::fs::metadata(&file)
        .map_err(Failure::file(&file))?
        .len();
    let row = |what: &str, large: &Samples, small: &Samples| Row {
        id: "P9",
        name: format!("{what} with {MANY} conversations stored, p99"),
        figure: large.quantile(0.99),
        unit: "ms",
        bar: Bar::AtMost(10.0),
        quantiles: Some(large.quantiles()),
        yardsticks: vec![Yardstick {
            name: format!("the same with {FEW}, p99"),
            figure: small.quantile(0.99),
            unit: "ms",
            quantiles: Some(small.quantiles()),
        }],
        notes: vec![
            Note::new(format!("p50 with {FEW}"), small.median(), "ms"),
            #[expect(clippy::cast_precision_loss, reason = "a size")]
            Note::new("the file", bytes as f64 / 1e9, "GB"),
            Note::new("filled in", filling_s, "s"),
        ],
    };
    Ok(vec![
        row("60 of a list", &large.list, &small.list),
        row("page of 50 messages", &large.messages, &small.messages),
    ])
}

async fn read(stack: &Stack, number: usize, times: &mut Times) -> Done {
    let oid = seed::oid(number);
    let (token, claims) = stack.token("alice", Some(&oid)).await?;
    let mut person = Person::connect(stack.address(0)?, &token, &claims).await?;
    // Makes the person's record, which is no part of a list.
    person.get("/api/v1/settings").await?;
    let user = UserKey::new(&person.tid, &oid);
    let conversation = seed::newest(&user);
    let messages = format!(
        "/api/v1/conversations/{}/messages?limit=50",
        conversation.as_str()
    );
    times
        .list
        .push(page(&mut person, "/api/v1/conversations?limit=60", 60).await?);
    times.messages.push(page(&mut person, &messages, 50).await?);
    Ok(())
}

async fn page(person: &mut Person, path: &str, items: usize) -> Done<f64> {
    let since = Instant::now();
    let (status, body) = person.raw_get(path).await?;
    let took = ms_since(since);
    let answer: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let found = answer["items"].as_array().map_or(0, Vec::len);
    if status == 200 && found == items {
        return Ok(took);
    }
    Err(Failure::answer(path, format!("{status}, {found} items")))
}
