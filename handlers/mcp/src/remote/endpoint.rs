//! The URL of a tool server, read strictly: what two readers could read differently is
//! refused.

use std::fmt;
use std::net::IpAddr;

use axum::http::uri::PathAndQuery;

use crate::egress::allow::Verdict;
use crate::egress::target::{Host, Target};

/// Longest URL, bytes.
const MAX_URL: usize = 2048;

/// An `https` URL, or an `http` one of this machine, in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    is_https: bool,
    target: Target,
    /// Path and query, as they were written.
    path: String,
}

/// The URL is none that a tool server may have; the text says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoEndpoint(&'static str);

impl Endpoint {
    /// Reads a URL: `https://host[:port][/path][?query]`, or `http://` with a loopback
    /// address. Nothing is decoded or put in order.
    pub fn parse(url: &str) -> Result<Self, NoEndpoint> {
        if url.len() > MAX_URL {
            return Err(NoEndpoint("must have at most 2048 bytes"));
        }
        if !url.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(NoEndpoint("must be ASCII without spaces"));
        }
        let (is_https, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(NoEndpoint("must begin with https://")),
        };
        if rest.contains(['\\', '#']) {
            return Err(NoEndpoint("must have neither a fragment nor a backslash"));
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(NoEndpoint("must have no user and no password"));
        }
        let has_port = authority
            .rsplit_once(':')
            .is_some_and(|(host, _)| !host.contains('[') || host.ends_with(']'));
        let default = if is_https { 443 } else { 80 };
        let target = if has_port {
            Target::parse(authority)
        } else {
            Target::parse(&format!("{authority}:{default}"))
        };
        let target = target.map_err(|_| NoEndpoint("must have a host, and a port that is one"))?;
        if !is_https && !is_loopback(&target.host) {
            return Err(NoEndpoint(
                "must begin with https://; http:// is for loopback addresses only",
            ));
        }
        let path = match path {
            path if path.starts_with('/') => path.to_owned(),
            path => format!("/{path}"),
        };
        if path
            .parse::<PathAndQuery>()
            .map_or(true, |read| read.as_str() != path)
        {
            return Err(NoEndpoint("must have a path and a query that can be sent"));
        }
        Ok(Self {
            is_https,
            target,
            path,
        })
    }

    /// Whether a list that says `verdict` about its target lets it be reached: without
    /// TLS it must name this very address and port.
    pub fn is_allowed(&self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Refused => false,
            Verdict::Public => self.is_https,
            Verdict::Named => true,
        }
    }

    /// Its host and port.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The [pattern](crate::egress::allow::AllowList::parse) of its target alone; only
    /// with a port of its own may that be an address that is not public.
    pub fn pattern(&self) -> String {
        match (self.is_https, self.target.port) {
            (true, 443) => self.target.host.to_string(),
            _ => self.target.to_string(),
        }
    }

    pub(super) fn is_https(&self) -> bool {
        self.is_https
    }

    /// Path and query.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// As the header `Host` has it.
    pub(super) fn authority(&self) -> String {
        match (self.is_https, self.target.port) {
            (true, 443) | (false, 80) => self.target.host.to_string(),
            _ => self.target.to_string(),
        }
    }
}

impl fmt::Display for Endpoint {
    /// Without the query, which may be nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        let path = self.path.split('?').next().unwrap_or_default();
        write!(f, "{scheme}://{}{path}", self.authority())
    }
}

fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Name(_) => false,
        Host::Address(IpAddr::V4(address)) => address.is_loopback(),
        Host::Address(IpAddr::V6(address)) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::egress::allow::AllowList;

    /// What a tenant may reach.
    const ALLOWED: [&str; 5] = [
        "mcp.test",
        "*.tools.test",
        "internal.test:8443",
        "127.0.0.1:9000",
        "[::1]:9000",
    ];

    const REFUSED: &[&str] = &[
        "",
        "mcp.test",
        "//mcp.test/",
        "https:mcp.test",
        "https:/mcp.test",
        "HTTPS://mcp.test/",
        "ftp://mcp.test/",
        "file:///etc/passwd",
        "unix:///run/x.sock",
        "ws://mcp.test/",
        "http://mcp.test/",
        "http://mcp.test:443/",
        "http://localhost:9000/",
        "http://internal.test:8443/",
        "https://",
        "https:///mcp",
        "https://:443/",
        "https://mcp.test:/",
        "https://mcp.test:0/",
        "https://mcp.test:65536/",
        "https://mcp.test:+443/",
        "https://mcp.test:8443/",
        "https://internal.test/",
        "https://evil.test/",
        "https://mcp.test.evil.test/",
        "https://xmcp.test/",
        "https://tools.test/",
        "https://eviltools.test/",
        "https://a.tools.test:8443/",
        "https://mcp.test@evil.test/",
        "https://evil.test@mcp.test/",
        "https://user:pass@mcp.test/",
        "https://@mcp.test/",
        "https://mcp.test/#part",
        "https://evil.test#mcp.test/",
        "https://evil.test?mcp.test/",
        "https://evil.test/mcp.test/",
        "https://evil.test\\@mcp.test/",
        "https:\\\\mcp.test/",
        "https://mcp.test\\.evil.test/",
        "https://mcp.test/a b",
        "https://mcp.test/<a>",
        "https://mcp.test/`a",
        " https://mcp.test/",
        "https://mcp.test/\r\nx: y",
        "https://mcp.test\t/",
        "https://mcp%2etest/",
        "https://mcp.test%00.evil.test/",
        "https://mcp。test/",
        "https://ⓜcp.test/",
        "https://*.tools.test/",
        "https://mcp..test/",
        "https://[mcp.test]/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/",
        "https://10.0.0.1/",
        "http://127.0.0.1/",
        "http://127.0.0.1:9001/",
        "http://127.0.0.2:9000/",
        "http://0.0.0.0:9000/",
        "http://169.254.169.254/",
        "http://[::ffff:127.0.0.1]:9000/",
    ];

    const TAKEN: &[(&str, &str)] = &[
        ("https://mcp.test", "https://mcp.test/"),
        ("https://mcp.test/", "https://mcp.test/"),
        ("https://MCP.Test/Api", "https://mcp.test/Api"),
        ("https://mcp.test./", "https://mcp.test/"),
        ("https://mcp.test:443/a/../b", "https://mcp.test/a/../b"),
        ("https://mcp.test?area=1", "https://mcp.test/"),
        (
            "https://mcp.test/mcp?to=http://x@y/",
            "https://mcp.test/mcp",
        ),
        ("https://a.tools.test/mcp", "https://a.tools.test/mcp"),
        ("https://internal.test:8443/", "https://internal.test:8443/"),
        ("http://127.0.0.1:9000/mcp", "http://127.0.0.1:9000/mcp"),
        ("http://[::1]:9000/", "http://[::1]:9000/"),
    ];

    #[test]
    fn a_url_is_taken_in_one_spelling_and_only_for_what_is_allowed() {
        let list = AllowList::parse(ALLOWED).unwrap();
        assert!(REFUSED.len() + TAKEN.len() >= 60);
        for url in REFUSED {
            let read = Endpoint::parse(url);
            let allowed = read
                .as_ref()
                .is_ok_and(|endpoint| endpoint.is_allowed(list.decide(endpoint.target())));
            assert!(!allowed, "{url}: {read:?}");
        }
        for (url, told) in TAKEN {
            let endpoint = Endpoint::parse(url).unwrap();
            assert!(endpoint.is_allowed(list.decide(endpoint.target())), "{url}");
            assert_eq!(&endpoint.to_string(), told, "{url}");
        }
        for (length, fits) in [(MAX_URL, true), (MAX_URL + 1, false)] {
            let url = format!("https://mcp.test/{}", "x".repeat(length - 17));
            assert_eq!(Endpoint::parse(&url).is_ok(), fits, "{length}");
        }
    }

    #[test]
    fn a_url_stands_for_its_own_host_alone_and_is_private_only_with_a_port() {
        for (url, pattern) in [
            ("https://mcp.test/mcp?x", "mcp.test"),
            ("https://mcp.test:8443/", "mcp.test:8443"),
            ("http://127.0.0.1/", "127.0.0.1:80"),
        ] {
            assert_eq!(Endpoint::parse(url).unwrap().pattern(), pattern);
        }
    }
}
