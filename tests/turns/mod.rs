//! What becomes of a question: streams, calls, approvals, waits, repairs, losses.

mod always_allowed;
mod approvals;
mod branches;
mod cancel;
mod console;
mod fairness;
mod grants;
mod limits;
mod notices;
mod openai;
mod order;
mod outages;
mod outcomes;
mod places;
mod policy;
mod previews;
mod quotas;
mod recovery;
mod repair;
mod replay;
mod revocation;
mod secrets;
mod sign_in;
mod stalls;
mod standalone;
mod strangers;
mod streaming;
mod tags;
mod tampering;
mod tool_pins;

use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::ids::{CallId, TurnId};
use azimuth_ports::model::ChatModel;
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::sse::Event;
use serde_json::Value;

/// How long a turn may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A product with this model, and alice in it.
async fn product(model: Arc<dyn ChatModel>) -> (TestApp, Person) {
    let app = TestApp::start(AppShape::with(model)).await;
    let alice = app.person("alice").await;
    (app, alice)
}

/// Names of events, in order.
fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.name.as_str()).collect()
}

/// Outcomes of a turn's calls, in order.
fn outcomes(turn: &Value) -> Vec<&str> {
    turn["calls"]
        .as_array()
        .expect("calls")
        .iter()
        .map(|call| call["outcome"].as_str().unwrap_or("open"))
        .collect()
}

/// The first approval of a turn: id and digest.
fn approval(turn: &Value) -> (String, String) {
    let approval = &turn["calls"][0]["approval"];
    let text = |field: &str| approval[field].as_str().expect(field).to_owned();
    (text("approval_id"), text("digest"))
}

fn turn_id(id: &str) -> TurnId {
    TurnId::parse(id).expect("a turn's id")
}

fn call_id(turn: &Value, index: usize) -> CallId {
    let id = turn["calls"][index]["call_id"].as_str().expect("a call");
    CallId::parse(id).expect("a call's id")
}

/// Asks in a new conversation and waits for one of these states.
async fn ask_until(person: &Person, text: &str, states: &[&str]) -> Value {
    let conversation = person.converse().await;
    let turn = person.ask(&conversation, text).await;
    person.wait_for(&turn, states, PATIENCE).await
}
