//! The hosts of Azure, by the audience of the tokens that open them. A host without a
//! token for it is of no use, so nothing else is on the list.

/// The audience's host, and the hosts that it stands for. The audience itself is always
/// among them.
const DATA_PLANES: [(&str, &[&str]); 14] = [
    ("vault.azure.net", &["*.vault.azure.net"]),
    ("managedhsm.azure.net", &["*.managedhsm.azure.net"]),
    (
        "storage.azure.com",
        &[
            "*.blob.core.windows.net",
            "*.dfs.core.windows.net",
            "*.file.core.windows.net",
            "*.queue.core.windows.net",
            "*.table.core.windows.net",
        ],
    ),
    ("cosmos.azure.com", &["*.documents.azure.com"]),
    ("azconfig.io", &["*.azconfig.io"]),
    ("search.azure.com", &["*.search.windows.net"]),
    ("servicebus.azure.net", &["*.servicebus.windows.net"]),
    ("eventgrid.azure.net", &["*.eventgrid.azure.net"]),
    ("kusto.kusto.windows.net", &["*.kusto.windows.net"]),
    ("api.loganalytics.io", &["api.loganalytics.azure.com"]),
    (
        "metrics.monitor.azure.com",
        &["*.metrics.monitor.azure.com"],
    ),
    (
        "cognitiveservices.azure.com",
        &["*.cognitiveservices.azure.com", "*.openai.azure.com"],
    ),
    ("ai.azure.com", &["*.services.ai.azure.com"]),
    ("containerregistry.azure.net", &["*.azurecr.io"]),
];

/// Patterns of what a server may reach that acts as its user: the hosts of those
/// audiences, and Resource Manager where it is configured to be.
pub fn destinations(audiences: &[String], resource_manager: &str) -> Vec<String> {
    let mut patterns = Vec::new();
    let hosts = audiences.iter().filter_map(|audience| authority(audience));
    for host in hosts.chain(authority(resource_manager)) {
        let planes = DATA_PLANES.iter().find(|(audience, _)| *audience == host);
        patterns.push(host);
        patterns.extend(
            planes
                .into_iter()
                .flat_map(|(_, planes)| planes.iter().map(|&plane| plane.to_owned())),
        );
    }
    patterns.sort();
    patterns.dedup();
    patterns
}

/// Host of a URL, with the port where one is written.
fn authority(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let host = url.host_str()?.to_owned();
    let port = match url.port() {
        Some(port) => Some(port),
        None if url.scheme() == "http" => Some(80),
        None => None,
    };
    Some(port.map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::super::allow::AllowList;
    use super::*;

    #[test]
    fn who_gets_tokens_for_vaults_reaches_vaults_and_nothing_else() {
        let audiences = ["https://management.azure.com", "https://vault.azure.net/"];
        let found = destinations(&audiences.map(str::to_owned), "http://127.0.0.1:8080/");
        assert_eq!(
            found,
            [
                "*.vault.azure.net",
                "127.0.0.1:8080",
                "management.azure.com",
                "vault.azure.net"
            ]
        );
    }

    #[test]
    fn every_pattern_of_the_table_can_be_used() {
        let all = DATA_PLANES.iter().flat_map(|(_, planes)| planes.iter());
        let list = AllowList::parse(all).unwrap();
        assert!(list.patterns().all(|p| p.ends_with(":443")));
        let hosts = DATA_PLANES.map(|(host, _)| host);
        AllowList::parse(hosts).unwrap();
    }
}
