//! Addresses that no name may lead a tool server to: this machine, the network that it
//! stands in, the services that hand out credentials, and every form of IPv6 that hides
//! an address of IPv4.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// What IANA's registry of special addresses (RFC 6890) does not call global, and what
/// Azure keeps for itself.
const CLOSED_V4: [(Ipv4Net, &str); 18] = [
    (v4(0, 0, 0, 0, 8), "this network"),
    (v4(10, 0, 0, 0, 8), "private"),
    (v4(100, 64, 0, 0, 10), "shared by a carrier"),
    (v4(127, 0, 0, 0, 8), "loopback"),
    (v4(168, 63, 129, 16, 32), "Azure's own services"),
    (v4(169, 254, 0, 0, 16), "link-local"),
    (v4(172, 16, 0, 0, 12), "private"),
    (v4(192, 0, 0, 0, 24), "reserved"),
    (v4(192, 0, 2, 0, 24), "for documentation"),
    (v4(192, 31, 196, 0, 24), "reserved"),
    (v4(192, 52, 193, 0, 24), "reserved"),
    (v4(192, 88, 99, 0, 24), "a relay"),
    (v4(192, 168, 0, 0, 16), "private"),
    (v4(198, 18, 0, 0, 15), "for benchmarks"),
    (v4(198, 51, 100, 0, 24), "for documentation"),
    (v4(203, 0, 113, 0, 24), "for documentation"),
    (v4(224, 0, 0, 0, 4), "multicast"),
    (v4(240, 0, 0, 0, 4), "reserved"),
];

/// Outside of it nothing of IPv6 is global: loopback, unique local and link-local
/// addresses, multicast, mapped addresses, NAT64.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);

/// What is closed inside of [`GLOBAL_V6`].
const CLOSED_V6: [(Ipv6Net, &str); 4] = [
    (v6(0x2001, 0, 0, 23), "reserved, or a tunnel"),
    (v6(0x2001, 0x0db8, 0, 32), "for documentation"),
    (v6(0x2002, 0, 0, 16), "a tunnel"),
    (v6(0x3fff, 0, 0, 20), "for documentation"),
];

/// Services that hand out credentials or answer for the machine. Only who names the
/// address itself reaches them.
const METADATA: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254)),
];

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// Why the address is closed, in a word or two; `None` for one that is on the public
/// internet.
pub fn closed(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => CLOSED_V4
            .iter()
            .find(|(network, _)| network.contains(&address))
            .map(|(_, why)| *why),
        IpAddr::V6(address) if !GLOBAL_V6.contains(&address) => Some("not global"),
        IpAddr::V6(address) => CLOSED_V6
            .iter()
            .find(|(network, _)| network.contains(&address))
            .map(|(_, why)| *why),
    }
}

/// Whether no name may lead there, not even one that may lead to a private address.
pub fn is_never_named(address: IpAddr) -> bool {
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_multicast(),
        IpAddr::V6(address) => {
            address.is_unicast_link_local()
                || address.is_multicast()
                || hidden(address).is_some_and(|v4| is_never_named(IpAddr::V4(v4)))
        }
    };
    is_link_local || METADATA.contains(&address)
}

/// The address of IPv4 inside a mapped, translated (NAT64) or tunnelled (6to4) one.
fn hidden(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = address.octets();
    let at = |start: usize| {
        Ipv4Addr::new(
            octets[start],
            octets[start + 1],
            octets[start + 2],
            octets[start + 3],
        )
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, _, _]
        | [0, 0, 0, 0, 0xffff, 0, _, _]
        | [0x0064, 0xff9b, ..] => Some(at(12)),
        [0x2002, ..] => Some(at(2)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_edges_of_every_network_are_where_they_should_be() {
        for open in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "168.63.129.17",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "20.50.2.1",
            "2603:1030::1",
            "2a00::1",
            "2001:200::1",
            "2003::1",
        ] {
            assert_eq!(closed(address(open)), None, "{open}");
        }
        for shut in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.0.0",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.0",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::8.8.8.8",
            "64:ff9b::808:808",
            "64:ff9b:1::808:808",
            "100::1",
            "fc00::1",
            "fd00:ec2::254",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "1fff::1",
            "4000::1",
        ] {
            assert!(closed(address(shut)).is_some(), "{shut}");
        }
    }

    #[test]
    fn credentials_are_reached_by_no_name_in_whatever_form() {
        for never in [
            "169.254.169.254",
            "169.254.1.1",
            "168.63.129.16",
            "100.100.100.200",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "224.0.0.1",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "::ffff:0:169.254.169.254",
        ] {
            assert!(is_never_named(address(never)), "{never}");
        }
        for may in ["127.0.0.1", "10.1.2.3", "::1", "fd12::1", "::ffff:10.0.0.1"] {
            assert!(!is_never_named(address(may)), "{may}");
        }
    }
}
