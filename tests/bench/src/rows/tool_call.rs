//! P6: what the product adds to a tool call.
//!
//! The call is accepted over the proxy of a host that listens to no queue, so that
//! its message can be delivered by us, to the handler, as a host delivers it. The
//! time of that invocation (policy, token, claim, audit open, the call by the
//! product's pool, result, audit close, turn) less the time of the same call of
//! the same server without the product is the overhead; both alternate.

use std::time::{Duration, Instant};

use azimuth_domain::ids::CallId;
use azimuth_domain::work::WorkItem;
use serde_json::{Value, json};

use crate::client::{Connection, Request};
use crate::failure::{Done, Failure};
use crate::figures::{Bar, Note, Row, Samples, Yardstick, ms_since};
use crate::person::Person;
use crate::rows::commit::Commits;
use crate::stack::{Place, Stack};
use crate::tool_client::ToolClient;

const CALLS: usize = 200;
const WARM_UP: usize = 40;
const TEXT: &str = "what a tool says";

/// Until the server's tools have been learned.
const LEARNING: Duration = Duration::from_secs(30);

pub async fn measure(place: &Place) -> Done<Row> {
    let mut stack = Stack::prepare(place).await?;
    stack.start_host("http").await?;
    measured(place, &stack)
        .await
        .map_err(|failure| stack.explain(failure))
}

async fn measured(place: &Place, stack: &Stack) -> Done<Row> {
    let mut alice = stack.person("alice", 0).await?;
    wait_for_tools(&mut alice).await?;
    let mut host = Connection::open(stack.handler_address(0)?).await?;
    let mut direct = ToolClient::start(&place.own).await?;
    let mut commits = Commits::open(place)?;
    let (mut above, mut server, mut whole, mut commit) =
        <(Samples, Samples, Samples, Samples)>::default();
    for number in 0..WARM_UP + CALLS {
        let turn = alice
            .call_tool("bench/echo", &json!({"text": TEXT}))
            .await?;
        let envelope = delivery(&mut alice, &turn).await?;
        let since = Instant::now();
        let (status, body) = host
            .call(&Request {
                method: "POST",
                path: "/execute-tool",
                headers: &[],
                body: &envelope,
            })
            .await?;
        let took = ms_since(since);
        if status != 200 {
            let body = String::from_utf8_lossy(&body).into_owned();
            return Err(Failure::answer("/execute-tool", format!("{status} {body}")));
        }
        let straight = direct.echo(TEXT).await?;
        let stored = commits.one()?;
        if number == 0 {
            check(&mut alice, &turn).await?;
        }
        if number >= WARM_UP {
            whole.push(took);
            server.push(straight);
            above.push(took - straight);
            commit.push(stored);
        }
    }
    Ok(Row {
        id: "P6",
        name: "tool call: own overhead above the MCP server's time, p50".to_owned(),
        figure: above.median(),
        unit: "ms",
        bar: Bar::AtMost(3.0),
        quantiles: Some(above.quantiles()),
        yardsticks: vec![
            Yardstick::median("one SQLite commit", "ms", &commit),
            Yardstick::median("the MCP server directly", "ms", &server),
        ],
        notes: vec![Note::new("the invocation", whole.median(), "ms")],
    })
}

/// A server's tools are known a moment after the handler's first start.
pub async fn wait_for_tools(person: &mut Person) -> Done {
    let since = Instant::now();
    loop {
        let tools = person.get("/api/v1/tools?q=echo").await?;
        let known = tools["items"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|tool| tool["name"] == "echo" || tool["tool"] == "echo");
        if known {
            return Ok(());
        }
        if since.elapsed() > LEARNING {
            return Err(Failure::answer("/api/v1/tools", tools));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The envelope in which a host delivers the message of the turn's one call.
async fn delivery(person: &mut Person, turn: &str) -> Done<String> {
    let state = person.get(&format!("/api/v1/turns/{turn}")).await?;
    let call = find_call(&state).and_then(|id| CallId::parse(&id));
    let call = call.ok_or_else(|| Failure::answer(turn, &state))?;
    let item = WorkItem::tool_call(&person.tid, &call);
    let item = serde_json::to_string(&item).map_err(|error| Failure::answer(turn, error))?;
    let quoted = Value::String(item).to_string();
    Ok(json!({
        "Data": {"item": quoted},
        "Metadata": {"DequeueCount": "1", "sys": {"MethodName": "execute-tool"}},
    })
    .to_string())
}

/// The id of the first call, wherever the turn's steps hold it.
fn find_call(value: &Value) -> Option<String> {
    match value {
        Value::Object(fields) => {
            let id = fields.get("call_id").or_else(|| fields.get("id"));
            let is_call = fields.contains_key("tool") && fields.contains_key("arguments");
            match id.and_then(Value::as_str) {
                Some(id) if is_call => Some(id.to_owned()),
                _ => fields.values().find_map(find_call),
            }
        }
        Value::Array(items) => items.iter().find_map(find_call),
        _ => None,
    }
}

/// That the call was really made.
async fn check(person: &mut Person, turn: &str) -> Done {
    let state = person.get(&format!("/api/v1/turns/{turn}")).await?;
    if state["status"] == "done" && state.to_string().contains(TEXT) {
        return Ok(());
    }
    Err(Failure::answer(turn, &state))
}
