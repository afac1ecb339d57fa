//! Resource Graph: `POST /providers/Microsoft.ResourceGraph/resources`.
//!
//! Form: <https://learn.microsoft.com/rest/api/azureresourcegraph/resourcegraph/resources/resources>.

use serde_json::{Value, json};

use super::super::Call;
use super::super::reply::{AzureError, Reply};
use super::kql::Query;
use crate::directory::{SUBSCRIPTIONS, Subscription};
use crate::resource::Resource;
use crate::world::World;

/// Rows of one page when the client says nothing.
const PAGE: usize = 1000;

pub fn query(world: &World, call: &Call) -> Result<Reply, AzureError> {
    let body = call.json()?;
    let text = body["query"].as_str().unwrap_or_default();
    let query = Query::parse(text).map_err(|reason| {
        let message =
            format!("The sandbox's Resource Graph cannot run this query: {reason}. Query: {text}");
        AzureError::bad_request("BadRequest", message)
    })?;
    let scope = visible(call, &body["subscriptions"])?;
    let rows: Vec<Value> = world.store.read(world.clock.now_ms(), |state| {
        let rows = scope.iter().flat_map(|home| state.of_subscription(home.id));
        query.run(rows.map(Resource::to_graph_row))
    });

    let number = |name: &str, default: usize| {
        body["options"][name]
            .as_u64()
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(default)
    };
    let total = rows.len();
    let page: Vec<Value> = rows
        .into_iter()
        .skip(number("$skip", 0))
        .take(number("$top", PAGE))
        .collect();
    let truncated = number("$skip", 0) + page.len() < total;
    Ok(Reply::ok(json!({
        "totalRecords": total,
        "count": page.len(),
        "data": page,
        "facets": [],
        "resultTruncated": if truncated { "true" } else { "false" },
    })))
}

/// The asked-for subscriptions that the caller may read; with none asked for, all of them.
fn visible(call: &Call, asked: &Value) -> Result<Vec<&'static Subscription>, AzureError> {
    let asked: Option<Vec<&str>> = asked
        .as_array()
        .filter(|list| !list.is_empty())
        .map(|list| list.iter().filter_map(Value::as_str).collect());
    let found: Vec<&Subscription> = SUBSCRIPTIONS
        .iter()
        .filter(|known| {
            known.tenant == call.caller.tenant && call.caller.access_to(known.id).is_some()
        })
        .filter(|known| {
            asked
                .as_ref()
                .is_none_or(|list| list.iter().any(|id| id.eq_ignore_ascii_case(known.id)))
        })
        .collect();
    if found.is_empty() {
        let message = "There must be at least one subscription that is eligible to contain resources. \
            Given: no subscription that the caller may read.";
        return Err(AzureError::bad_request(
            "NoValidSubscriptionsInQueryRequest",
            message,
        ));
    }
    Ok(found)
}
