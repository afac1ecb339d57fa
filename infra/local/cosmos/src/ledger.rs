//! What was done with items since the account was empty, and what it would cost:
//! `GET /_azimuth/charges`, and `DELETE` to begin anew. The emulator charges an operation of a batch one unit,
//! whatever its size; here each is counted by itself.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::rules::{self, Action};
use crate::units::{self, Deed};

/// Where it is asked for.
pub const PATH: &str = "/_azimuth/charges";

/// Status of an operation of a batch that was not tried because another failed. It
/// costs nothing here.
const FAILED_DEPENDENCY: u16 = 424;

/// An answer's charge, as the emulator says.
const CHARGE: &str = "x-ms-request-charge";

/// One request for items, with its answer.
pub struct Exchange<'a> {
    pub container: &'a str,
    pub method: &'a Method,
    pub headers: &'a HeaderMap,
    pub asked: &'a [u8],
    pub status: u16,
    pub answer_headers: &'a HeaderMap,
    pub answered: &'a [u8],
}

/// What was done, by container, kind of item and deed.
type Lines = BTreeMap<(String, String, Deed), Line>;

#[derive(Debug, Default)]
pub struct Ledger(Mutex<Lines>);

/// Sums over operations of one kind.
#[derive(Debug, Default, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    operations: u32,
    /// Of what was written or read.
    kilobytes: f64,
    /// Request units that the emulator charged.
    charged: f64,
    /// The same with every operation of a batch charged as if it were alone.
    alone: f64,
    /// By published figures.
    estimate: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    container: &'a str,
    item: &'a str,
    deed: &'static str,
    #[serde(flatten)]
    line: &'a Line,
}

/// An operation of a batch.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    operation_type: String,
    #[serde(default)]
    resource_body: Value,
}

impl Ledger {
    /// Forgets everything.
    pub fn empty(&self) {
        self.lines().clear();
    }

    /// All lines, as JSON; without any after `DELETE`.
    pub fn answer(&self, method: &Method) -> Response {
        if method == Method::DELETE {
            self.empty();
        }
        let lines = self.lines();
        let told = lines.iter().map(|((container, item, deed), line)| Told {
            container,
            item,
            deed: deed.name(),
            line,
        });
        Json(told.collect::<Vec<_>>()).into_response()
    }

    /// Enters a request and its answer.
    pub fn enter(&self, exchange: &Exchange<'_>) {
        let charge = exchange.answer_headers.get(CHARGE);
        let charge = charge.and_then(|charge| charge.to_str().ok()?.parse().ok());
        let charge: f64 = charge.unwrap_or_default();
        let (asked, answered) = (exchange.asked, exchange.answered);
        let deed = match rules::action(exchange.method, exchange.headers) {
            Action::Batch => return self.enter_batch(exchange, charge),
            Action::Plan => return,
            Action::Create => Deed::Create,
            Action::Change if exchange.method == Method::DELETE => Deed::Delete,
            // An upsert of what was not there.
            Action::Change if exchange.status == 201 => Deed::Create,
            Action::Change => Deed::Replace,
            Action::Query => Deed::Query,
            Action::Read => Deed::Read,
        };
        let (body, item) = match deed {
            Deed::Create | Deed::Replace => (asked, kind(&value(asked))),
            Deed::Read => (answered, kind(&value(answered))),
            Deed::Delete => (&[][..], String::new()),
            Deed::Query => (answered, String::new()),
        };
        self.add(exchange.container, item, deed, body.len(), charge, charge);
    }

    fn enter_batch(&self, exchange: &Exchange<'_>, charge: f64) {
        let parts: Vec<Part> = serde_json::from_slice(exchange.asked).unwrap_or_default();
        let results = value(exchange.answered);
        let is_tried = |place: usize| results[place]["statusCode"] != FAILED_DEPENDENCY;
        let tried = (0..parts.len()).filter(|place| is_tried(*place)).count();
        let all = f64::from(u32::try_from(tried.max(1)).unwrap_or(u32::MAX));
        for (place, part) in parts.iter().enumerate() {
            if !is_tried(place) {
                continue;
            }
            let is_new = results[place]["statusCode"] == 201;
            let deed = match part.operation_type.as_str() {
                "Create" => Deed::Create,
                "Upsert" if is_new => Deed::Create,
                "Read" => Deed::Read,
                "Delete" => Deed::Delete,
                _ => Deed::Replace,
            };
            let bytes = part.resource_body.to_string().len();
            let properties = part
                .resource_body
                .as_object()
                .map_or(0, serde_json::Map::len);
            let alone = deed.emulated(bytes, properties);
            let item = kind(&part.resource_body);
            self.add(exchange.container, item, deed, bytes, charge / all, alone);
        }
    }

    fn add(
        &self,
        container: &str,
        item: String,
        deed: Deed,
        bytes: usize,
        charged: f64,
        alone: f64,
    ) {
        let mut lines = self.lines();
        let line = lines.entry((container.to_owned(), item, deed)).or_default();
        line.operations += 1;
        line.kilobytes += units::kilobytes(bytes);
        line.charged += charged;
        line.alone += alone;
        line.estimate += deed.estimate(bytes);
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn value(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

/// What the product calls its kind.
fn kind(item: &Value) -> String {
    item["item"].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use axum::body::to_bytes;
    use serde_json::json;

    use super::*;

    fn enter(ledger: &Ledger, marker: &'static str, asked: &Value, answered: &Value, charge: &str) {
        let mut headers = HeaderMap::new();
        headers.insert(marker, "True".parse().unwrap());
        let mut answer_headers = HeaderMap::new();
        answer_headers.insert(CHARGE, charge.parse().unwrap());
        ledger.enter(&Exchange {
            container: "conversations",
            method: &Method::POST,
            headers: &headers,
            asked: asked.to_string().as_bytes(),
            status: 200,
            answer_headers: &answer_headers,
            answered: answered.to_string().as_bytes(),
        });
    }

    async fn told(ledger: &Ledger, method: &Method) -> Value {
        let body = ledger.answer(method).into_body();
        serde_json::from_slice(&to_bytes(body, 10_000).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn every_operation_of_a_batch_is_entered_under_its_kind() {
        let ledger = Ledger::default();
        let batch = json!([
            {"operationType": "Replace", "id": "t", "resourceBody": {"item": "turn"}},
            {"operationType": "Create", "resourceBody": {"item": "event"}},
            {"operationType": "Upsert", "resourceBody": {"item": "message"}},
        ]);
        let results = json!([{"statusCode": 200}, {"statusCode": 201}, {"statusCode": 201}]);
        enter(
            &ledger,
            "x-ms-cosmos-is-batch-request",
            &batch,
            &results,
            "3",
        );
        let query = json!({"query": "SELECT"});
        let answer = json!({"Documents": []});
        enter(&ledger, "x-ms-documentdb-isquery", &query, &answer, "2.5");
        let lines = told(&ledger, &Method::GET).await;
        let line = |place: usize| {
            let line = &lines[place];
            let name = [&line["item"], &line["deed"]].map(|name| name.as_str().unwrap());
            let units = ["charged", "alone", "estimate"].map(|name| line[name].as_f64().unwrap());
            (name, units.map(|units| format!("{units:.2}")))
        };
        let units = |units: [&str; 3]| units.map(str::to_owned);
        assert_eq!(line(0), (["", "query"], units(["2.50", "2.50", "5.00"])));
        assert_eq!(
            line(1),
            (["event", "create"], units(["1.00", "6.10", "5.85"]))
        );
        assert_eq!(
            line(2),
            (["message", "create"], units(["1.00", "6.10", "5.85"]))
        );
        assert_eq!(
            line(3),
            (["turn", "replace"], units(["1.00", "9.00", "10.80"]))
        );
        assert_eq!(told(&ledger, &Method::DELETE).await, json!([]));
    }

    #[tokio::test]
    async fn what_a_refused_batch_did_not_try_is_not_entered() {
        let ledger = Ledger::default();
        let batch = json!([
            {"operationType": "Replace", "id": "t", "resourceBody": {"item": "turn"}},
            {"operationType": "Create", "resourceBody": {"item": "event"}},
        ]);
        let results = json!([{"statusCode": 412}, {"statusCode": 424}]);
        enter(
            &ledger,
            "x-ms-cosmos-is-batch-request",
            &batch,
            &results,
            "1.5",
        );
        let lines = told(&ledger, &Method::GET).await;
        assert_eq!(lines.as_array().map(Vec::len), Some(1));
        assert_eq!(
            (&lines[0]["item"], &lines[0]["charged"]),
            (&json!("turn"), &json!(1.5))
        );
    }
}
