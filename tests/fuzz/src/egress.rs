//! The list of hosts that a tool server may reach. The first line is where it wants to
//! go, each further one a pattern.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use azimuth_mcp::egress::allow::{AllowList, Verdict, refusal};
use azimuth_mcp::egress::target::{Host, Target};

/// Addresses that somebody's name server may answer with.
const ANSWERS: [IpAddr; 8] = [
    IpAddr::V4(Ipv4Addr::new(20, 50, 2, 1)),
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V4(Ipv4Addr::new(10, 1, 2, 3)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0xa9fe, 0xa9fe)),
    IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1)),
];

/// Credentials and the machine itself: of these only the first may be reached by a name.
const NEVER_NAMED: [IpAddr; 4] = [ANSWERS[3], ANSWERS[4], ANSWERS[6], ANSWERS[7]];

pub fn run(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let authority = lines.next().unwrap_or_default();
    let patterns: Vec<&str> = lines.collect();
    let Ok(target) = Target::parse(authority) else {
        return false;
    };
    assert_one_spelling(authority, &target);
    let nothing = AllowList::default();
    assert_eq!(nothing.decide(&target), Verdict::Refused);
    AllowList::parse(&patterns).is_ok_and(|list| judge(&list, &patterns, &target))
}

/// Whoever reads what we understood understands the same.
fn assert_one_spelling(authority: &str, target: &Target) {
    assert_eq!(Target::parse(&target.to_string()).as_ref(), Ok(target));
    let (host, port) = authority.rsplit_once(':').unwrap();
    assert_eq!(port.parse(), Ok(target.port));
    match &target.host {
        Host::Name(name) => {
            assert!(name.parse::<IpAddr>().is_err(), "{name}");
            assert_eq!(host.trim_end_matches('.').to_ascii_lowercase(), *name);
        }
        Host::Address(IpAddr::V6(address)) => {
            let inside = host.trim_start_matches('[').trim_end_matches(']');
            assert_eq!(inside.parse(), Ok(*address), "{host}");
        }
        Host::Address(IpAddr::V4(address)) => {
            // Octal, hexadecimal and short forms are read as libraries read them; the
            // usual form means what it says.
            if let Ok(usual) = host.trim_end_matches('.').parse::<Ipv4Addr>() {
                assert_eq!(usual, *address, "{host}");
            }
        }
    }
}

fn judge(list: &AllowList, patterns: &[&str], target: &Target) -> bool {
    let verdict = list.decide(target);
    if verdict != Verdict::Refused {
        // What administrators are shown allows it as well.
        let shown: Vec<String> = list.patterns().collect();
        let again = AllowList::parse(&shown).unwrap();
        assert_ne!(again.decide(target), Verdict::Refused, "{shown:?}");
    }
    let own = match target.host {
        Host::Address(address) => Some(address),
        Host::Name(_) => None,
    };
    let answers = own.map_or(ANSWERS.to_vec(), |address| vec![address]);
    let reached: Vec<IpAddr> = answers
        .into_iter()
        .filter(|address| refusal(verdict, target, *address).is_none())
        .collect();
    match verdict {
        Verdict::Refused => assert!(reached.is_empty(), "{target} reaches {reached:?}"),
        Verdict::Public => {
            assert!(
                reached.iter().all(|address| is_public(*address)),
                "{target} reaches {reached:?}"
            );
        }
        Verdict::Named if own.is_none() => assert!(
            !reached.iter().any(|address| NEVER_NAMED.contains(address)),
            "{target} reaches {reached:?}"
        ),
        Verdict::Named => {}
    }
    if let (Host::Name(name), false) = (&target.host, verdict == Verdict::Refused) {
        let says = |pattern: &&str| says(pattern, name);
        assert!(patterns.iter().any(says), "{target} is on no list");
    }
    !reached.is_empty()
}

/// Whether the pattern's own letters allow this name, whatever its port.
fn says(pattern: &str, name: &str) -> bool {
    let host = pattern
        .rsplit_once(':')
        .map_or(pattern, |(host, _)| host)
        .trim_end_matches('.')
        .to_ascii_lowercase();
    match host.strip_prefix("*.") {
        Some(suffix) => name
            .strip_suffix(suffix)
            .is_some_and(|front| front.len() > 1 && front.ends_with('.')),
        None => host == name,
    }
}

/// By the standard library's own words.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_broadcast()
                || address.is_documentation()
                || address == Ipv4Addr::new(168, 63, 129, 16))
        }
        IpAddr::V6(address) => {
            !(address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.to_ipv4().is_some())
        }
    }
}
