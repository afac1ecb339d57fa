//! The hosts that a tool server may reach.

use std::fmt;
use std::net::IpAddr;

use super::address::{closed, is_never_named};
use super::target::{Host, Target};

/// The port of a pattern that names none.
const HTTPS: u16 = 443;
/// Most patterns of one list.
pub const MAX_PATTERNS: usize = 64;

/// Patterns of hosts; empty allows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowList(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    host: PatternHost,
    port: u16,
    /// Whether the port was written out.
    names_port: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PatternHost {
    Exact(Host),
    /// Every name that ends with this one and has more in front of it; begins with a dot.
    Below(String),
}

/// A pattern that cannot be used; the text says what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Not of the form.
    #[error("must be host, host:port or *.suffix, optionally with a port (443 without)")]
    Form,
    /// `*.com` for instance.
    #[error("must have two labels behind *. at least")]
    TooWide,
    /// Too many.
    #[error("at most {MAX_PATTERNS} hosts")]
    TooMany,
}

/// What the list says about a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// On the list. Whatever addresses it has must be on the public internet.
    Public,
    /// This very host and port are named, so its addresses may be private ones too.
    Named,
    /// Not on the list.
    Refused,
}

impl AllowList {
    /// Reads patterns: `host`, `host:port`, `*.suffix` and `*.suffix:port`; a host may
    /// be an address. Without a port 443 is meant, and then only addresses on the public
    /// internet are.
    pub fn parse<T: AsRef<str>>(
        patterns: impl IntoIterator<Item = T>,
    ) -> Result<Self, PatternError> {
        let read: Result<Vec<Pattern>, PatternError> = patterns
            .into_iter()
            .map(|text| Pattern::parse(text.as_ref()))
            .collect();
        read.and_then(|list| {
            (list.len() <= MAX_PATTERNS)
                .then_some(Self(list))
                .ok_or(PatternError::TooMany)
        })
    }

    /// What it says about `target`.
    pub fn decide(&self, target: &Target) -> Verdict {
        let mut verdict = Verdict::Refused;
        for pattern in self.0.iter().filter(|p| p.port == target.port) {
            match (&pattern.host, &target.host) {
                (PatternHost::Exact(host), asked) if host == asked => {
                    if pattern.names_port {
                        return Verdict::Named;
                    }
                    verdict = Verdict::Public;
                }
                (PatternHost::Below(suffix), Host::Name(name)) if is_below(name, suffix) => {
                    verdict = Verdict::Public;
                }
                _ => {}
            }
        }
        verdict
    }

    /// The patterns as they are written.
    pub fn patterns(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(ToString::to_string)
    }
}

/// Why no connection to `address` may be made for `target`; `None` lets it be made. The
/// only connections are those to addresses that were asked about here.
pub fn refusal(verdict: Verdict, target: &Target, address: IpAddr) -> Option<&'static str> {
    match (verdict, &target.host) {
        (Verdict::Refused, _) => Some("not on the list"),
        (Verdict::Named, Host::Address(named)) if *named == address => None,
        (Verdict::Named, _) => {
            is_never_named(address).then_some("an address that no name may lead to")
        }
        (Verdict::Public, _) => closed(address),
    }
}

fn is_below(name: &str, suffix: &str) -> bool {
    name.len() > suffix.len() && name.ends_with(suffix)
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, PatternError> {
        // Of `[::1]` the last colon is inside.
        let has_port = text
            .rsplit_once(':')
            .is_some_and(|(host, _)| !host.contains('[') || host.ends_with(']'));
        let with_port = if has_port {
            text.to_owned()
        } else {
            format!("{text}:{HTTPS}")
        };
        if let Some(suffix) = with_port.strip_prefix("*.") {
            let Target { host, port } = Target::parse(suffix).map_err(|_| PatternError::Form)?;
            let Host::Name(name) = host else {
                return Err(PatternError::Form);
            };
            if !name.contains('.') {
                return Err(PatternError::TooWide);
            }
            return Ok(Self {
                host: PatternHost::Below(format!(".{name}")),
                port,
                names_port: has_port,
            });
        }
        let Target { host, port } = Target::parse(&with_port).map_err(|_| PatternError::Form)?;
        Ok(Self {
            host: PatternHost::Exact(host),
            port,
            names_port: has_port,
        })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            PatternHost::Exact(host) => write!(f, "{host}:{}", self.port),
            PatternHost::Below(suffix) => write!(f, "*{suffix}:{}", self.port),
        }
    }
}
