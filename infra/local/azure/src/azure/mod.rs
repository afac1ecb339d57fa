//! The Azure side: Resource Manager and Key Vault behind one TLS-terminating proxy.

mod arm;
mod caller;
mod effect;
mod listen;
mod reply;
mod vault;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, USER_AGENT};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use serde_json::Value;

pub use listen::serve_proxy;

use crate::directory::Principal;
use crate::faults::When;
use crate::random;
use crate::requests::{Facts, Kind};
use crate::world::{World, suffer};
use caller::Service;
use reply::{AzureError, Reply};

/// Resource Manager's host.
pub const ARM_HOST: &str = "management.azure.com";
/// What every key vault's host ends with.
pub const VAULT_SUFFIX: &str = ".vault.azure.net";

/// Largest request body: ARM's own limit is 4 MiB, no tool sends a tenth of this.
const LARGEST_BODY: usize = 1024 * 1024;

/// A request whose caller is known.
pub struct Call {
    pub method: Method,
    pub host: String,
    pub path: String,
    /// The path's parts, decoded, without empty ones.
    pub parts: Vec<String>,
    pub query: Vec<(String, String)>,
    pub body: Bytes,
    pub caller: &'static Principal,
    /// The `uti` of the caller's token.
    pub token_id: String,
    pub correlation_id: String,
    pub client_request_id: Option<String>,
}

impl Call {
    /// A query parameter; Azure compares their names without regard to case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value, AzureError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            AzureError::bad_request(
                "InvalidRequestContent",
                format!(
                    "The request content was invalid and could not be deserialized: '{error}'."
                ),
            )
        })
    }
}

/// Answers one request that arrived for `host` through the proxy.
pub async fn answer(
    world: Arc<World>,
    host: Arc<str>,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let started_ms = world.clock.now_ms();
    let header = |name: &str| text(&head.headers, name);
    let correlation_id = header("x-ms-correlation-request-id").unwrap_or_else(random::guid);
    let client_request_id = header("x-ms-client-request-id");
    let service = if &*host == ARM_HOST {
        Service::ResourceManager
    } else {
        Service::KeyVault
    };
    let caller = caller::identify(&world, service, header(AUTHORIZATION.as_str()).as_deref());
    let body = Limited::new(body, LARGEST_BODY)
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes);
    let path = head.uri.path().to_owned();

    let mut facts = Facts {
        method: Some(head.method.to_string()),
        host: Some(host.to_string()),
        path: Some(path.clone()),
        query: head.uri.query().map(ToOwned::to_owned),
        client_request_id: client_request_id.clone(),
        correlation_id: Some(correlation_id.clone()),
        user_agent: header(USER_AGENT.as_str()),
        graph_query: arm::graph_query(&path, body.as_deref().unwrap_or_default()),
        ..Facts::default()
    };
    if let Ok((principal, token_id)) = &caller {
        facts.user = Some(principal.name.to_owned());
        facts.tid = Some(principal.tenant.to_owned());
        facts.oid = Some(principal.oid.to_owned());
        facts.token_id = Some(token_id.clone());
    }
    let seq = world.log(Kind::Request, facts);

    let fault = world.faults.strike(head.method.as_str(), &host, &path);
    let mut forced = suffer(fault.as_ref(), When::Before).await;
    let mut reply = Reply::empty(StatusCode::OK);
    if forced.is_none() {
        let outcome = match (caller, body) {
            (Err(refusal), _) => Err(refusal),
            (_, Err(_)) => Err(AzureError::too_large()),
            (Ok((caller, token_id)), Ok(body)) => {
                let call = Call {
                    method: head.method,
                    host: host.to_string(),
                    parts: parts(&path),
                    path,
                    query: query(head.uri.query().unwrap_or_default()),
                    body,
                    caller,
                    token_id,
                    correlation_id: correlation_id.clone(),
                    client_request_id: client_request_id.clone(),
                };
                match service {
                    Service::ResourceManager => arm::answer(&world, &call),
                    Service::KeyVault => vault::answer(&world, &call),
                }
            }
        };
        reply = outcome.unwrap_or_else(|error| error.into_reply(service));
        forced = suffer(fault.as_ref(), When::After).await;
    }
    if let Some(status) = forced {
        reply = AzureError::ordered(status).into_reply(service);
    }
    world.requests.finish(
        seq,
        reply.status.as_u16(),
        world.clock.now_ms() - started_ms,
    );
    finish(reply, &correlation_id, client_request_id.as_deref())
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(ToOwned::to_owned)
}

fn parts(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|part| !part.is_empty())
        .map(|part| decode(part).unwrap_or_else(|| part.to_owned()))
        .collect()
}

fn decode(part: &str) -> Option<String> {
    // A path's `+` is a plus: guard it from the form decoder.
    let guarded = format!("v={}", part.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(guarded.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
}

fn query(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

fn finish(
    reply: Reply,
    correlation_id: &str,
    client_request_id: Option<&str>,
) -> Response<Full<Bytes>> {
    let request_id = random::guid();
    let body = reply
        .body
        .map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
    let mut builder = Response::builder()
        .status(reply.status)
        .header("cache-control", "no-cache")
        .header("x-ms-request-id", &request_id)
        .header("x-ms-correlation-request-id", correlation_id)
        .header("x-ms-routing-request-id", format!("SANDBOX:{request_id}"));
    if let Some(id) = client_request_id {
        builder = builder.header("x-ms-client-request-id", id);
    }
    if !body.is_empty() {
        builder = builder.header(CONTENT_TYPE, "application/json; charset=utf-8");
    }
    for (name, value) in reply.headers {
        builder = builder.header(name, value);
    }
    builder.body(Full::new(body)).unwrap_or_else(|_| {
        let mut broken = Response::new(Full::new(Bytes::new()));
        *broken.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        broken
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_parts_are_decoded_one_by_one() {
        assert_eq!(parts("/a//b%2Fc/d+e%20f/"), ["a", "b/c", "d+e f"]);
    }
}
