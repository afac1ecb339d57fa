//! Headers that the configuration of a server may give, and what becomes of them.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::secrets::Secrets;

/// Longest value, bytes.
const MAX_VALUE: usize = 8 * 1024;

/// What the transport sets itself, and what no request has.
const OURS: [&str; 16] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "host",
    "keep-alive",
    "last-event-id",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Whether no configuration may give this header.
fn is_ours(name: &str) -> bool {
    OURS.contains(&name) || name.starts_with("mcp-") || name.starts_with("proxy-")
}

/// Why a header cannot be given; its name must be in lower case.
pub(crate) fn check(name: &str, value: &str) -> Result<(), &'static str> {
    if name
        .parse::<HeaderName>()
        .map_or(true, |read| read.as_str() != name)
    {
        return Err("must be named in lower case, by letters, digits and -");
    }
    if is_ours(name) {
        return Err("is set by Azimuth itself");
    }
    if value.len() > MAX_VALUE || HeaderValue::from_str(value).is_err() {
        return Err("must be at most 8 KiB of text on one line");
    }
    Ok(())
}

/// The headers with secrets in the place of their names; the error is for people.
pub(super) async fn resolve(
    headers: &BTreeMap<String, String>,
    secrets: &Secrets,
) -> Result<HeaderMap, String> {
    let mut resolved = HeaderMap::new();
    for (name, value) in headers {
        let value = secrets.in_place_of(value).await?;
        let read = (
            name.parse::<HeaderName>(),
            HeaderValue::from_str(value.expose()),
        );
        let (Ok(header), Ok(mut value)) = read else {
            return Err(format!("The header {name} cannot be sent."));
        };
        value.set_sensitive(true);
        resolved.insert(header, value);
    }
    Ok(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_protocol_and_cookies_go_by_cannot_be_chosen() {
        for name in [
            "host",
            "cookie",
            "content-length",
            "mcp-session-id",
            "mcp-protocol-version",
            "proxy-authorization",
            "transfer-encoding",
            "X-Upper",
            "a b",
            "a:",
            "",
        ] {
            assert!(check(name, "x").is_err(), "{name}");
        }
        for value in ["a\r\nb: c", "a\nb", "\0", "\u{7f}"] {
            assert!(check("x-area", value).is_err(), "{value:?}");
        }
        assert_eq!(check("authorization", "@keyvault:files"), Ok(()));
        assert_eq!(check("x-area", ""), Ok(()));
    }
}
