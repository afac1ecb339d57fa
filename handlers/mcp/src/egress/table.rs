//! Destinations that are refused, in every spelling that somebody tried on somebody:
//! by the list alone, and by the proxy, which then has connected to nobody.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::Ordering;

use super::allow::Verdict;
use super::target::Target;
use super::tests::{Names, Rig};
use super::*;

/// What the server may reach; `{p}` is a port of this machine where somebody listens.
const ALLOWED: [&str; 5] = [
    "management.azure.com",
    "*.vault.test",
    "*.vault.test:{p}",
    "xn--mnchen-3ya.test",
    "named.test:{p}",
];

/// Refused for what is written there.
const REFUSED: &[&str] = &[
    // This machine, in every spelling of its address.
    "127.0.0.1:{p}",
    "127.0.0.1.:{p}",
    "127.1:{p}",
    "127.0.1:{p}",
    "127.255.255.254:{p}",
    "2130706433:{p}",
    "02130706433:{p}",
    "017700000001:{p}",
    "0x7f000001:{p}",
    "0X7F000001:{p}",
    "0x7f.0.0.1:{p}",
    "0x7f.1:{p}",
    "0177.0.0.1:{p}",
    "0177.0.0.01:{p}",
    "00000177.1:{p}",
    "127.0.0.0x1:{p}",
    "0x7f.0x0.0x0.0x1:{p}",
    "0:{p}",
    "0.0.0.0:{p}",
    "0x0:{p}",
    "00:{p}",
    "localhost:{p}",
    "LOCALHOST:{p}",
    "localhost.:{p}",
    "localhost.localdomain:{p}",
    "ip6-localhost:{p}",
    "[::1]:{p}",
    "[::]:{p}",
    "[0:0:0:0:0:0:0:1]:{p}",
    "[0000:0000:0000:0000:0000:0000:0000:0001]:{p}",
    "[::127.0.0.1]:{p}",
    "[::ffff:127.0.0.1]:{p}",
    "[::ffff:7f00:1]:{p}",
    "[::FFFF:7F00:0001]:{p}",
    "[0:0:0:0:0:ffff:127.0.0.1]:{p}",
    "[64:ff9b::7f00:1]:{p}",
    "[2002:7f00:1::]:{p}",
    "[::1%25lo]:{p}",
    "[::1%lo]:{p}",
    "::1:{p}",
    // What hands out credentials.
    "169.254.169.254:80",
    "169.254.169.254:443",
    "2852039166:80",
    "0xa9fea9fe:80",
    "0xA9.0xFE.0xA9.0xFE:80",
    "0251.0376.0251.0376:80",
    "169.254.43518:80",
    "169.16689662:80",
    "[::ffff:169.254.169.254]:80",
    "[::ffff:a9fe:a9fe]:80",
    "[64:ff9b::a9fe:a9fe]:80",
    "[2002:a9fe:a9fe::]:80",
    "[fd00:ec2::254]:80",
    "[fe80::a9fe:a9fe]:80",
    "168.63.129.16:80",
    "168.63.129.16:32526",
    "100.100.100.200:80",
    "metadata.google.internal:80",
    "metadata.azure.internal:80",
    "instance-data.ec2.internal:80",
    // Other networks.
    "10.0.0.1:443",
    "10.1:443",
    "172.16.0.1:443",
    "192.168.0.1:443",
    "192.168.257:443",
    "3232235521:443",
    "0xc0a80001:443",
    "100.64.0.1:443",
    "198.18.0.1:443",
    "224.0.0.1:443",
    "255.255.255.255:443",
    "[fc00::1]:443",
    "[fe80::1]:443",
    "[ff02::1]:443",
    "8.8.8.8:443",
    "[2606:4700::1111]:443",
    // A name on the list, and more around it.
    "evil.test:443",
    "management.azure.com:80",
    "management.azure.com:8443",
    "management.azure.com:0",
    "management.azure.com:65536",
    "management.azure.com:443443",
    "management.azure.com:",
    "management.azure.com:+443",
    "management.azure.com:0x1bb",
    "management.azure.com:443:{p}",
    "management.azure.com",
    "management.azure.com..:443",
    ".management.azure.com:443",
    "management..azure.com:443",
    "management.azure.com.evil.test:443",
    "xmanagement.azure.com:443",
    "management-azure.com:443",
    "management.azure.co:443",
    "vault.test:443",
    ".vault.test:443",
    "evilvault.test:443",
    "kv.vault.test.evil.test:443",
    "kv.vault.test:444",
    // Somebody before or behind the host.
    "management.azure.com@evil.test:443",
    "management.azure.com:443@evil.test:443",
    "user:pass@management.azure.com:443",
    "@management.azure.com:443",
    "evil.test#management.azure.com:443",
    "evil.test?management.azure.com:443",
    "evil.test/management.azure.com:443",
    "evil.test\\management.azure.com:443",
    "evil.test,management.azure.com:443",
    "evil.test;management.azure.com:443",
    "http://management.azure.com:443",
    "//management.azure.com:443",
    // Letters that stand for others.
    "%6d%61nagement.azure.com:443",
    "management%2eazure.com:443",
    "management.azure.com%00.evil.test:443",
    "management.azure.com%0d%0a:443",
    "127%2e0%2e0%2e1:{p}",
    "%31%32%37.0.0.1:{p}",
    "mаnagement.azure.com:443",
    "management。azure。com:443",
    "ⓜanagement.azure.com:443",
    "１２７.0.0.1:{p}",
    "①②⑦.⓪.⓪.①:{p}",
    "127。0。0。1:{p}",
    "münchen.test:443",
    "xn--managment-g1a.azure.com:443",
    "xn--zzzzzz.azure.com:443",
    "*.vault.test:443",
    "*:443",
    "[management.azure.com]:443",
    "[127.0.0.1]:{p}",
    "999.999.999.999:{p}",
    "256.1.1.1:{p}",
    "127.0.0.1.nip.io:{p}",
    "",
    ":443",
    ":",
];

/// On the list, whatever they are written like.
const ON_THE_LIST: &[&str] = &[
    "management.azure.com:443",
    "MANAGEMENT.Azure.Com:443",
    "management.azure.com.:443",
    "kv.vault.test:443",
    "KV.VAULT.TEST:443",
    "a.b.c.vault.test:443",
    "xn--mnchen-3ya.test:443",
    "XN--MNCHEN-3YA.test:443",
    "management.azure.com:0443",
];

/// Where names on the list lead, and must not.
const CLOSED: &[&str] = &[
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.8.8.8",
    "168.63.129.16",
    "169.254.169.254",
    "172.31.255.255",
    "192.0.0.1",
    "192.168.1.1",
    "198.19.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2001::1",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
];

fn list(port: u16) -> AllowList {
    AllowList::parse(ALLOWED.map(|p| p.replace("{p}", &port.to_string()))).unwrap()
}

#[test]
fn the_list_decides_every_spelling() {
    let list = list(4321);
    assert!(REFUSED.len() + ON_THE_LIST.len() + CLOSED.len() >= 150);
    for text in REFUSED {
        let text = text.replace("{p}", "4321");
        let verdict = Target::parse(&text).map(|target| list.decide(&target));
        assert!(
            matches!(verdict, Err(_) | Ok(Verdict::Refused)),
            "{text}: {verdict:?}"
        );
    }
    for text in ON_THE_LIST {
        let target = Target::parse(text).unwrap();
        assert_eq!(list.decide(&target), Verdict::Public, "{text}");
    }
    for address in CLOSED {
        let target = Target::parse("kv.vault.test:443").unwrap();
        let address = address.parse().unwrap();
        assert!(
            allow::refusal(Verdict::Public, &target, address).is_some(),
            "{address}"
        );
    }
    for (host, verdict) in [
        ("named.test:4321", Verdict::Named),
        ("kv.vault.test:4321", Verdict::Public),
        ("named.test:443", Verdict::Refused),
    ] {
        assert_eq!(
            list.decide(&Target::parse(host).unwrap()),
            verdict,
            "{host}"
        );
    }
}

#[tokio::test]
async fn the_proxy_connects_to_none_of_them() {
    let names: Names = CLOSED
        .iter()
        .enumerate()
        .map(|(n, address)| (format!("n{n}.vault.test"), vec![address.parse().unwrap()]))
        .chain([("named.test".to_owned(), vec!["127.0.0.1".parse().unwrap()])])
        .collect();
    let rig = Rig::start(names).await;
    let pass = rig.pass(1, &ALLOWED);
    for text in REFUSED {
        for head in [
            format!("CONNECT {text} HTTP/1.1\r\nhost: management.azure.com\r\n\r\n"),
            format!("GET http://{text}/ HTTP/1.1\r\nhost: management.azure.com\r\n\r\n"),
        ] {
            let status = rig.status(&pass, &head).await;
            // "management.azure.com" with and without a port means two places.
            assert!(matches!(status, 400 | 403), "{head} {status}");
        }
    }
    for (n, address) in CLOSED.iter().enumerate() {
        for port in ["443", "{p}"] {
            let head = format!("CONNECT n{n}.vault.test:{port} HTTP/1.1\r\nhost: x\r\n\r\n");
            assert_eq!(rig.status(&pass, &head).await, 403, "{address}");
        }
    }
    assert_eq!(rig.came.load(Ordering::SeqCst), 0);
    let head = "CONNECT named.test:{p} HTTP/1.1\r\nhost: x\r\n\r\n";
    assert_eq!(rig.status(&pass, head).await, 200);
    assert_eq!(rig.came.load(Ordering::SeqCst), 1, "who may, does");
    rig.end().await;
}

#[test]
fn a_pattern_that_says_too_much_or_nothing_is_none() {
    use allow::PatternError::{Form, TooMany, TooWide};
    for (pattern, error) in [
        ("", Form),
        ("*", Form),
        ("*.", Form),
        ("*.com", TooWide),
        ("*.com:443", TooWide),
        ("*.*.com", Form),
        ("a.*.com", Form),
        ("*.10.0.0.1", Form),
        ("https://a.test", Form),
        ("a.test/path", Form),
        ("a.test:0", Form),
        ("a.test:*", Form),
        ("user@a.test", Form),
        ("a b.test", Form),
        ("münchen.test", Form),
    ] {
        assert_eq!(AllowList::parse([pattern]), Err(error), "{pattern}");
    }
    for n in [allow::MAX_PATTERNS - 1, allow::MAX_PATTERNS] {
        assert!(AllowList::parse(vec!["a.test"; n]).is_ok());
    }
    let many = vec!["a.test"; allow::MAX_PATTERNS + 1];
    assert_eq!(AllowList::parse(many), Err(TooMany));
    let written = AllowList::parse([
        "A.Test",
        "*.B.test:8443",
        "[::1]:9",
        "[fd00::1]",
        "0x7f.1:80",
    ]);
    let patterns: Vec<String> = written.unwrap().patterns().collect();
    assert_eq!(
        patterns,
        [
            "a.test:443",
            "*.b.test:8443",
            "[::1]:9",
            "[fd00::1]:443",
            "127.0.0.1:80"
        ]
    );
}
