//! The whole path on real parts: host stand-in, handler, queue, the real Azure
//! MCP Server, sandbox Azure. Only Azure itself is not real.

mod approvals;
mod audit;
mod first_answers;
mod injections;
mod many_people;
mod package;
mod poison;
mod recovery;
mod second_server;
mod sign_in;
mod standalone;
mod tenants;
mod upgrade;

use std::time::Duration;

use azimuth_tests::person::Person;
use azimuth_tests::stack::Stack;
use azimuth_tests::waiting::until;
use serde_json::Value;

/// A turn that starts a server process takes some seconds of CPU on this path.
const TURN: Duration = Duration::from_mins(2);

/// The approval that a turn waits for: id and digest.
async fn approval_of(person: &Person, turn: &str) -> (String, String) {
    person.wait_for(turn, &["waiting"], TURN).await;
    let pending = person.get("/v1/approvals?state=pending").await;
    let found = pending.body["items"]
        .as_array()
        .expect("approvals")
        .iter()
        .find(|a| a["turn_id"] == turn)
        .unwrap_or_else(|| panic!("no approval of {turn} in {}", pending.body))
        .clone();
    let text = |field: &str| found[field].as_str().expect("text").to_owned();
    (text("id"), text("digest"))
}

/// Effects of the sandbox on this resource.
async fn effects_on(stack: &Stack, resource: &str) -> Vec<Value> {
    stack
        .effects()
        .await
        .into_iter()
        .filter(|e| {
            e["resource_id"].as_str().is_some_and(|id| {
                id.to_ascii_lowercase()
                    .ends_with(&resource.to_ascii_lowercase())
            })
        })
        .collect()
}

/// The one call of `tool` in a turn.
fn call_of<'a>(turn: &'a Value, tool: &str) -> &'a Value {
    let found: Vec<&Value> = turn["calls"]
        .as_array()
        .expect("calls")
        .iter()
        .filter(|c| c["tool"] == tool)
        .collect();
    assert_eq!(found.len(), 1, "calls of {tool} in {turn}");
    found[0]
}

/// Waits until the call's own request is at Azure, which has been made slow: killed
/// earlier, the handler would not have begun it, and the delay would meet the next
/// attempt.
async fn reaches_azure(stack: &Stack, method: &str, path: &str) {
    until(&format!("{method} {path} is under way"), || async {
        let requests = stack.requests().await;
        requests
            .iter()
            .any(|r| {
                r["method"] == method
                    && r["status"].is_null()
                    && r["path"].as_str().is_some_and(|p| p.contains(path))
            })
            .then_some(())
    })
    .await;
}
