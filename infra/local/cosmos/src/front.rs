//! From HTTP to the emulator and back.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use azure_core::http::{AsyncRawResponse, Method as CoreMethod, Request as CoreRequest};
use tokio::net::TcpListener;
use url::Url;

use crate::access::Access;
use crate::account::{Account, EMPTY_PATH};
use crate::answer::NoAnswer;
use crate::definition::Definition;
use crate::faults::{self, Asked, Faults};
use crate::ledger::{self, Exchange, Ledger};
use crate::rules::{self, Rules};

/// Longest request, bytes: above every limit that the rules or the emulator know.
const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// Everything a request meets.
pub struct Front {
    account: Arc<Account>,
    base: Url,
    access: Access,
    faults: Faults,
    ledger: Ledger,
    rules: Rules,
}

impl Front {
    pub fn new(
        account: Arc<Account>,
        base: Url,
        access: Access,
        containers: Vec<Definition>,
    ) -> Self {
        Self {
            account,
            base,
            access,
            faults: Faults::default(),
            ledger: Ledger::default(),
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
        if path == ledger::PATH {
            return Ok(self.ledger.answer(&head.method));
        }
        if path == EMPTY_PATH {
            self.account.empty().await.map_err(|error| failed(&error))?;
            self.ledger.empty();
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        self.access.check(&head.headers)?;
        let target = head
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        let Some(container) = items(path) else {
            let answer = self.ask(&head.method, target, &head.headers, &body).await?;
            return answer.response();
        };
        let writes = rules::writes(&head.method, &head.headers);
        let asked = Asked {
            container,
            writes,
            body: &body,
        };
        if let Some(fault) = self.faults.next(asked) {
            return Ok(fault);
        }
        self.rules
            .check(container, &head.method, &head.headers, &body)?;
        let answer = self.ask(&head.method, target, &head.headers, &body).await?;
        self.ledger.enter(&Exchange {
            container,
            method: &head.method,
            headers: &head.headers,
            asked: &body,
            status: answer.status,
            answer_headers: &answer.headers,
            answered: &answer.body,
        });
        answer.response()
    }

    async fn ask(
        &self,
        method: &Method,
        target: &str,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<Answer, NoAnswer> {
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
        let answer = self.account.emulator().execute_request(&request).await;
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

/// What the emulator says.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn response(self) -> Result<Response, NoAnswer> {
        let mut response = Response::new(Body::from(self.body));
        let status = StatusCode::from_u16(self.status);
        *response.status_mut() = status.map_err(|error| failed(&error))?;
        *response.headers_mut() = self.headers;
        Ok(response)
    }
}

async fn returned(answer: AsyncRawResponse) -> Result<Answer, NoAnswer> {
    let answer = answer.try_into_raw_response().await;
    let answer = answer.map_err(|error| failed(&error))?;
    let mut headers = HeaderMap::new();
    for (name, value) in answer.headers().iter() {
        let name = HeaderName::try_from(name.as_str()).map_err(|error| failed(&error))?;
        let value = HeaderValue::try_from(value.as_str()).map_err(|error| failed(&error))?;
        headers.append(name, value);
    }
    Ok(Answer {
        status: u16::from(answer.status()),
        headers,
        body: answer.body().as_ref().to_vec(),
    })
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
