//! What Cosmos DB holds and the emulator does not: rights to create only, and the
//! characters of an id (learn.microsoft.com/azure/cosmos-db/concepts-limits).

use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use crate::answer::Refusal;
use crate::definition::Definition;

/// An id, bytes.
const MAX_ID_BYTES: usize = 1023;

/// What a request does with items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Create,
    Change,
    Batch,
    Read,
    Query,
    /// How a query would be asked of several partitions.
    Plan,
}

#[derive(Debug)]
pub struct Rules {
    containers: Vec<Definition>,
}

impl Rules {
    pub fn new(containers: Vec<Definition>) -> Self {
        Self { containers }
    }

    /// Whether a request for items of `container` may reach the emulator.
    pub fn check(
        &self,
        container: &str,
        method: &Method,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(), Refusal> {
        let action = action(method, headers);
        let container = self.containers.iter().find(|c| c.name == container);
        if container.is_some_and(|container| container.is_create_only)
            && matches!(action, Action::Change | Action::Batch)
        {
            return Err(FORBIDDEN);
        }
        if matches!(action, Action::Create | Action::Change) && names_bad_id(body) {
            return Err(BAD_ID);
        }
        Ok(())
    }
}

/// Whether a request for items changes any.
pub fn writes(method: &Method, headers: &HeaderMap) -> bool {
    let action = action(method, headers);
    matches!(action, Action::Create | Action::Change | Action::Batch)
}

const FORBIDDEN: Refusal = Refusal {
    status: StatusCode::FORBIDDEN,
    code: "Forbidden",
    message: "The given request cannot be authorized: items of this container are only created.",
};
const BAD_ID: Refusal = Refusal {
    status: StatusCode::BAD_REQUEST,
    code: "BadRequest",
    message: "The id is too long or holds one of / \\ ? #",
};

/// By its headers.
pub fn action(method: &Method, headers: &HeaderMap) -> Action {
    let is = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
    };
    let asks = ["x-ms-documentdb-isquery", "x-ms-documentdb-query"];
    match *method {
        Method::GET => Action::Read,
        Method::POST if is("x-ms-cosmos-is-query-plan-request") => Action::Plan,
        Method::POST if asks.into_iter().any(is) => Action::Query,
        Method::POST if is("x-ms-cosmos-is-batch-request") => Action::Batch,
        Method::POST if !is("x-ms-documentdb-is-upsert") => Action::Create,
        _ => Action::Change,
    }
}

/// What is no JSON is refused by the emulator.
fn names_bad_id(body: &[u8]) -> bool {
    let item: Value = serde_json::from_slice(body).unwrap_or_default();
    item["id"]
        .as_str()
        .is_some_and(|id| id.len() > MAX_ID_BYTES || id.contains(['/', '\\', '?', '#']))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;
    use crate::definition;

    fn rules() -> Rules {
        Rules::new(definition::read(None).unwrap())
    }

    #[test]
    fn records_are_created_and_nothing_else() {
        let rules = rules();
        let mut upsert = HeaderMap::new();
        upsert.insert("x-ms-documentdb-is-upsert", "True".parse().unwrap());
        let mut batch = HeaderMap::new();
        batch.insert("x-ms-cosmos-is-batch-request", "true".parse().unwrap());
        let none = HeaderMap::new();
        for (method, headers) in [
            (Method::PUT, &none),
            (Method::DELETE, &none),
            (Method::POST, &upsert),
            (Method::POST, &batch),
        ] {
            let checked = rules.check("audit", &method, headers, b"{}");
            assert_eq!(checked, Err(FORBIDDEN), "{method}");
            assert_eq!(rules.check("users", &method, headers, b"{}"), Ok(()));
        }
        let mut query = HeaderMap::new();
        query.insert("x-ms-documentdb-isquery", "true".parse().unwrap());
        for headers in [&none, &query] {
            let checked = rules.check("audit", &Method::POST, headers, b"{}");
            assert_eq!(checked, Ok(()));
        }
    }

    #[test]
    fn an_id_has_its_characters_and_its_length() {
        let rules = rules();
        let create = |id: &str| {
            let body = json!({"id": id}).to_string();
            rules.check("users", &Method::POST, &HeaderMap::new(), body.as_bytes())
        };
        let longest = "x".repeat(MAX_ID_BYTES);
        for id in ["a:b", "값", &longest] {
            assert_eq!(create(id), Ok(()), "{id}");
        }
        let longer = "x".repeat(MAX_ID_BYTES + 1);
        for id in ["a/b", "a\\b", "a?b", "a#b", &longer] {
            assert_eq!(create(id), Err(BAD_ID), "{id}");
        }
    }
}
