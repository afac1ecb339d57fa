//! From HTTP to the emulator and back.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use azure_core::http::{AsyncRawResponse, Method as CoreMethod, Request as CoreRequest};
use azure_data_cosmos_driver::in_memory_emulator::InMemoryEmulatorHttpClient;
use tokio::net::TcpListener;
use url::Url;

use crate::access::Access;
use crate::answer::NoAnswer;
use crate::definition::Definition;
use crate::faults::{self, Faults};
use crate::rules::Rules;

/// Longest request, bytes: above every limit that the rules or the emulator know.
const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// Everything a request meets.
pub struct Front {
    emulator: Arc<InMemoryEmulatorHttpClient>,
    base: Url,
    access: Access,
    faults: Faults,
    rules: Rules,
}

impl Front {
    pub fn new(
        emulator: Arc<InMemoryEmulatorHttpClient>,
        base: Url,
        access: Access,
        containers: Vec<Definition>,
    ) -> Self {
        Self {
            emulator,
            base,
            access,
            faults: Faults::default(),
            rules: Rules::new(containers),
        }
    }

    /// Until it is aborted.
    pub async fn serve(self, listener: TcpListener) {
        let router = Router::new().fallback(dispatch).with_state(Arc::new(self));
        // It ends only with the process or its task.
        let _ended = axum::serve(listener, router).await;
    }

    async fn answer(&self, request: Request) -> Result<Response, NoAnswer> {
        let (head, body) = request.into_parts();
        let body = to_bytes(body, MAX_REQUEST_BYTES)
            .await
            .map_err(|_| NoAnswer::TooLong)?;
        let path = head.uri.path();
        if path == faults::PATH {
            return Ok(self.faults.set(&body));
        }
        self.access.check(&head.headers)?;
        let target = head
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        if let Some(container) = items(path) {
            if let Some(fault) = self.faults.next(container, &body) {
                return Ok(fault);
            }
            self.rules
                .check(container, &head.method, &head.headers, &body)?;
        }
        self.ask(&head.method, target, &head.headers, &body).await
    }

    async fn ask(
        &self,
        method: &Method,
        target: &str,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<Response, NoAnswer> {
        let url = self.base.join(target.trim_start_matches('/'));
        let url = url.map_err(|_| NoAnswer::Malformed("path"))?;
        let method = method.as_str().parse::<CoreMethod>();
        let method = method.map_err(|_| NoAnswer::Malformed("method"))?;
        let mut request = CoreRequest::new(url, method);
        for (name, value) in headers {
            let value = value.to_str().map_err(|_| NoAnswer::Malformed("header"))?;
            request
                .headers_mut()
                .insert(name.as_str().to_owned(), value.to_owned());
        }
        if !body.is_empty() {
            request.set_body(body.to_vec());
        }
        let answer = self.emulator.execute_request(&request).await;
        returned(answer.map_err(|error| failed(&error))?).await
    }
}

async fn dispatch(State(front): State<Arc<Front>>, request: Request) -> Response {
    front
        .answer(request)
        .await
        .unwrap_or_else(IntoResponse::into_response)
}

/// The container whose items a path names: `/dbs/{}/colls/{container}/docs[/…]`.
fn items(path: &str) -> Option<&str> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match parts[..] {
        ["dbs", _, "colls", container, "docs", ..] => Some(container),
        _ => None,
    }
}

fn failed(error: &dyn std::fmt::Display) -> NoAnswer {
    NoAnswer::Failed(error.to_string())
}

async fn returned(answer: AsyncRawResponse) -> Result<Response, NoAnswer> {
    let answer = answer.try_into_raw_response().await;
    let answer = answer.map_err(|error| failed(&error))?;
    let mut response = Response::builder().status(u16::from(answer.status()));
    for (name, value) in answer.headers().iter() {
        response = response.header(name.as_str(), value.as_str());
    }
    let body = Body::from(answer.body().as_ref().to_vec());
    response.body(body).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_the_items_of_a_container() {
        for (path, expected) in [
            ("/", None),
            ("/dbs/d", None),
            ("/dbs/d/colls/c", None),
            ("/dbs/d/colls/c/pkranges", None),
            ("/dbs/d/colls/c/docs", Some("c")),
            ("/dbs/d/colls/c/docs/i", Some("c")),
        ] {
            assert_eq!(items(path), expected, "{path}");
        }
    }
}
