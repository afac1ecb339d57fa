//! P5: a person's list, 60 of 200 conversations, at 32 clients.

use std::time::Duration;

use tokio::task::LocalSet;

use super::load::{CLIENTS, calls_of, connections};
use crate::failure::Done;
use crate::figures::{Bar, Note, Row, Samples, Yardstick};
use crate::stack::{Place, Stack};
use crate::usage::cpu_seconds;

const CONVERSATIONS: usize = 200;
const PATH: &str = "/api/v1/conversations?limit=60";
const ROUNDS: usize = 6;
const ROUND: Duration = Duration::from_secs(2);

pub async fn measure(place: &Place) -> Done<Row> {
    let stack = Stack::start(place).await?;
    let nothing = Stack::of_nothing(place).await?;
    LocalSet::new()
        .run_until(measured(&stack, &nothing))
        .await
        .map_err(|failure| stack.explain(failure))
}

async fn measured(stack: &Stack, nothing: &Stack) -> Done<Row> {
    let mut alice = stack.person("alice", 0).await?;
    for _ in 0..CONVERSATIONS {
        alice.new_conversation().await?;
    }
    let page = alice.get(PATH).await?;
    let items = page["items"].as_array().map_or(0, Vec::len);
    if items != 60 {
        return Err(crate::failure::Failure::answer(
            PATH,
            format!("{items} items"),
        ));
    }
    let mut people = connections(stack.address(0)?).await?;
    let mut through = connections(nothing.address(0)?).await?;
    let mut straight = connections(nothing.handler_address(0)?).await?;
    let handler = stack.handler_pid(0)?;
    let headers = [alice.authorization().to_owned()];
    let seconds = ROUND.as_secs_f64();
    (people, _) = calls_of(people, PATH, &headers, ROUND).await?;
    let (mut rate, mut proxied, mut direct, mut cpu) =
        <(Samples, Samples, Samples, Samples)>::default();
    for _ in 0..ROUNDS {
        let before = cpu_seconds(handler)?;
        let answers;
        (people, answers) = calls_of(people, PATH, &headers, ROUND).await?;
        rate.push(answers / seconds);
        cpu.push((cpu_seconds(handler)? - before) * 1e3 / answers);
        let answers;
        (through, answers) = calls_of(through, "/api/nothing", &[], ROUND).await?;
        proxied.push(answers / seconds);
        let answers;
        (straight, answers) = calls_of(straight, "/api/nothing", &[], ROUND).await?;
        direct.push(answers / seconds);
    }
    Ok(Row {
        id: "P5",
        name: format!("list 60 of {CONVERSATIONS} conversations, requests/s at {CLIENTS} clients"),
        figure: rate.median(),
        unit: "/s",
        bar: Bar::AtLeast(3000.0),
        quantiles: Some(rate.quantiles()),
        yardsticks: vec![
            Yardstick::median("nothing behind the same proxy", "/s", &proxied),
            Yardstick::median("nothing, directly", "/s", &direct),
        ],
        notes: vec![Note::new(
            "CPU of the handler per request",
            cpu.median(),
            "ms",
        )],
    })
}
