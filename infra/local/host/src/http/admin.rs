//! `POST /admin/functions/{name}`: the host's own way to start a function that
//! is not an HTTP function, used by tests so that they need not wait for a timer.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::{Map, Value};

use super::body::AnswerBody;
use super::forward::answer;
use crate::invocation::{Invoker, Sys, manual_envelope};
use crate::settings::{Function, Trigger};
use crate::timer::{TimerStatus, timer_envelope};

const PREFIX: &str = "/admin/functions/";

/// Longest body of an admin request, in bytes.
const MAX_BODY_BYTES: usize = 1 << 20;

/// The admin endpoint. No key is asked for, as with `func start`.
#[derive(Debug)]
pub struct Admin {
    pub functions: Vec<Function>,
    pub invoker: Arc<Invoker>,
}

impl Admin {
    /// 202 once the invocation is under way; 400 for a body that is not
    /// `{"input": "…"}`; 404 for what there is not.
    pub async fn answer(&self, request: Request<Incoming>) -> Response<AnswerBody> {
        let Some(function) = self.find(request.uri().path()) else {
            return answer(StatusCode::NOT_FOUND);
        };
        if request.method() != Method::POST {
            return answer(StatusCode::METHOD_NOT_ALLOWED);
        }
        let Some(input) = read_input(request.into_body()).await else {
            return answer(StatusCode::BAD_REQUEST);
        };
        let sys = Sys::new(&function.name);
        let envelope = match &function.trigger {
            Trigger::Queue(trigger) => manual_envelope(trigger, &input, &sys),
            Trigger::Timer(trigger) => {
                let status = trigger.use_monitor.then(|| TimerStatus {
                    last: None,
                    next: trigger.schedule.next_after(sys.utc_now),
                });
                timer_envelope(&trigger.binding, status, false, &sys)
            }
            // Never found: see `find`.
            Trigger::Http(_) => return answer(StatusCode::NOT_FOUND),
        };
        let (invoker, name) = (Arc::clone(&self.invoker), function.name.clone());
        tokio::spawn(async move {
            // The invoker has logged a failure; nobody waits for the result.
            let _ = invoker.invoke(&name, &envelope).await;
        });
        answer(StatusCode::ACCEPTED)
    }

    fn find(&self, path: &str) -> Option<&Function> {
        let name = path
            .get(..PREFIX.len())
            .filter(|prefix| prefix.eq_ignore_ascii_case(PREFIX))
            .map(|_| path[PREFIX.len()..].trim_end_matches('/'))?;
        self.functions.iter().find(|function| {
            function.name.eq_ignore_ascii_case(name)
                && !matches!(function.trigger, Trigger::Http(_))
        })
    }
}

async fn read_input(body: Incoming) -> Option<String> {
    let bytes: Bytes = Limited::new(body, MAX_BODY_BYTES)
        .collect()
        .await
        .ok()?
        .to_bytes();
    let mut body: Map<String, Value> = serde_json::from_slice(&bytes).ok()?;
    match body.remove("input") {
        None | Some(Value::Null) => Some(String::new()),
        Some(Value::String(text)) => Some(text),
        Some(_) => None,
    }
}
