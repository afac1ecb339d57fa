//! Where somebody wants to go, read strictly: what two readers could read differently is
//! refused.

use std::fmt;
use std::net::IpAddr;

use url::Host as AnyHost;

/// Longest host, as DNS has it.
const MAX_HOST: usize = 253;

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The host.
    pub host: Host,
    /// Its port, never 0.
    pub port: u16,
}

/// A host in its one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A name: lower case, ASCII, without a dot at its end.
    Name(String),
    /// An address, in whatever form it was written.
    Address(IpAddr),
}

/// What is asked for is not `host:port`; the text is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoTarget(&'static str);

impl Target {
    /// Reads `host:port`; an address of IPv6 stands in brackets. Addresses of IPv4 are
    /// read as browsers and libraries read them, decimal, octal and hexadecimal forms
    /// included, so that none of those is taken for a name.
    pub fn parse(authority: &str) -> Result<Self, NoTarget> {
        let (host, port) = authority
            .rsplit_once(':')
            .ok_or(NoTarget("the port is missing"))?;
        let is_number = (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
        let port = Some(port)
            .filter(|_| is_number)
            .and_then(|port| port.parse().ok())
            .filter(|port| *port != 0)
            .ok_or(NoTarget("the port is none"))?;
        Ok(Self {
            host: Host::parse(host)?,
            port,
        })
    }
}

impl Host {
    /// Reads one host without a port.
    pub fn parse(text: &str) -> Result<Self, NoTarget> {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
        if text.is_empty() || !text.bytes().all(is_plain) {
            return Err(NoTarget("the host has letters that no host has"));
        }
        match AnyHost::parse(text).map_err(|_| NoTarget("the host is none"))? {
            AnyHost::Ipv4(address) => Ok(Self::Address(address.into())),
            AnyHost::Ipv6(address) => Ok(Self::Address(address.into())),
            AnyHost::Domain(name) => {
                let name = name.strip_suffix('.').unwrap_or(&name);
                let is_label = |label: &str| (1..=63).contains(&label.len());
                if name.len() > MAX_HOST || !name.split('.').all(is_label) {
                    return Err(NoTarget("the host is none"));
                }
                Ok(Self::Name(name.to_owned()))
            }
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}
