//! Query strings: strict, with the parameter's name in the problem.

use axum::extract::{FromRequestParts, Query as AxumQuery};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::{Code, Problem};

/// The query string as `T`, which refuses what it does not know.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        AxumQuery::<T>::try_from_uri(&parts.uri)
            .map(|AxumQuery(query)| Self(query))
            .map_err(|rejection| refusal(&rejection.body_text()))
    }
}

/// `text` is axum's: `Failed to deserialize query string: limit: invalid digit …`
/// or `…: unknown field `x`, expected …`.
fn refusal(text: &str) -> Problem {
    let reason = text
        .strip_prefix("Failed to deserialize query string: ")
        .unwrap_or("it cannot be read");
    let problem = Problem::new(Code::QueryInvalid);
    let name = match reason.split_once(": ") {
        Some((path, _)) if is_name(path) => Some(path),
        _ => reason.split('`').nth(1).filter(|name| is_name(name)),
    };
    match name {
        Some(name) => problem
            .detail(format!(
                "The parameter {name} is unknown, doubled or has no valid value."
            ))
            .parameter(name.to_owned()),
        None => problem,
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        #[serde(rename = "limit")]
        _limit: Option<u32>,
    }

    async fn read(uri: &str) -> Result<Query<Wanted>, Problem> {
        let (mut parts, ()) = http::Request::builder()
            .uri(uri)
            .body(())
            .unwrap()
            .into_parts();
        Query::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn the_problem_names_the_parameter() {
        assert!(read("/x?limit=5").await.is_ok());
        for (uri, name) in [
            ("/x?limit=five", "limit"),
            ("/x?limit=", "limit"),
            ("/x?size=5", "size"),
        ] {
            let problem = read(uri).await.unwrap_err();
            assert_eq!(problem.code(), Code::QueryInvalid, "{uri}");
            assert_eq!(
                problem.document("r").parameter.as_deref(),
                Some(name),
                "{uri}"
            );
        }
    }
}
