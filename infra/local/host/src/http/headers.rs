//! Which headers pass the proxy (YARP's default transforms).

use std::net::IpAddr;

use http::header::{
    CONNECTION, EXPECT, HOST, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue};

use crate::invocation::{HOST_VERSION, HOST_VERSION_HEADER, INVOCATION_ID_HEADER, traceparent};

/// Overwritten by the host, so that a client cannot forge them.
const MS_INVOCATION_ID: &str = "x-ms-invocation-id";

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_HOST: &str = "x-forwarded-host";
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Turns a client's headers into the ones for the handler. `Host` is left to
/// the HTTP client, which writes the handler's address.
pub fn to_handler(headers: &mut HeaderMap, client: IpAddr, invocation_id: &str) {
    drop_hop_by_hop(headers);
    // The host has answered it by reading the body.
    headers.remove(EXPECT);
    let host = headers.remove(HOST);
    append(headers, FORWARDED_FOR, Some(client.to_string()));
    let host = host.and_then(|host| host.to_str().map(str::to_owned).ok());
    append(headers, FORWARDED_HOST, host);
    append(headers, FORWARDED_PROTO, Some("http".to_owned()));
    set(headers, INVOCATION_ID_HEADER, invocation_id);
    set(headers, MS_INVOCATION_ID, invocation_id);
    set(headers, HOST_VERSION_HEADER, HOST_VERSION);
    // Guess: the proxy's HTTP client goes on with the caller's trace, as .NET's
    // does by default.
    let parent = headers
        .get("traceparent")
        .and_then(|value| value.to_str().ok());
    let trace = traceparent(parent);
    set(headers, "traceparent", &trace);
}

/// Removes what belongs to one connection: the standard list and what
/// `Connection` names.
pub fn drop_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in [
        CONNECTION,
        TRANSFER_ENCODING,
        UPGRADE,
        TE,
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
    ] {
        headers.remove(name);
    }
    for name in [
        "keep-alive",
        "proxy-connection",
        "proxy-authentication-info",
        "alt-svc",
    ] {
        headers.remove(name);
    }
}

/// Appends to a list header, in one line.
fn append(headers: &mut HeaderMap, name: &'static str, value: Option<String>) {
    let known = headers.get_all(name).iter().filter_map(|v| v.to_str().ok());
    let all: Vec<String> = known.map(str::to_owned).chain(value).collect();
    if !all.is_empty() {
        set(headers, name, &all.join(", "));
    }
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    // Every value here is made of header text already.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
