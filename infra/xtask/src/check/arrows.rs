//! What may import what (ARCHITECTURE.md), from the packages' manifests.

use crate::repository::Package;

/// A package and the packages of ours that it may depend on. What is not in the
/// list is not allowed.
const ARROWS: [(&str, &[&str]); 20] = [
    ("azimuth-domain", &[]),
    ("azimuth-ports", &["azimuth-domain"]),
    ("azimuth-app", &["azimuth-domain", "azimuth-ports"]),
    ("azimuth-azure", &["azimuth-domain", "azimuth-ports"]),
    ("azimuth-embedded", &["azimuth-domain", "azimuth-ports"]),
    ("azimuth-mcp", &["azimuth-domain", "azimuth-ports"]),
    ("azimuth-models", &["azimuth-domain", "azimuth-ports"]),
    // The only one that sees every adapter.
    (
        "azimuth-handler",
        &[
            "azimuth-domain",
            "azimuth-ports",
            "azimuth-app",
            "azimuth-azure",
            "azimuth-embedded",
            "azimuth-mcp",
            "azimuth-models",
        ],
    ),
    (
        "azimuth-host",
        &["azimuth-ports", "azimuth-azure", "azimuth-embedded"],
    ),
    ("azimuth-sandbox", &[]),
    // Nobody depends on it: it carries Microsoft's emulator.
    ("azimuth-cosmos", &[]),
    ("azimuth-web", &[]),
    // Names features; nobody depends on it.
    ("azimuth-united", &["azimuth-ports", "azimuth-mcp"]),
    ("xtask", &[]),
    // Nobody depends on the tests, so they may use whatever they test, but the
    // binaries only as programs.
    (
        "azimuth-tests",
        &[
            "azimuth-domain",
            "azimuth-ports",
            "azimuth-app",
            "azimuth-azure",
            "azimuth-embedded",
            "azimuth-fuzz",
            "azimuth-mcp",
            "azimuth-models",
            "azimuth-sandbox",
            "azimuth-stack",
        ],
    ),
    // What reads bytes of others, as functions of bytes.
    (
        "azimuth-fuzz",
        &[
            "azimuth-domain",
            "azimuth-ports",
            "azimuth-app",
            "azimuth-embedded",
            "azimuth-mcp",
        ],
    ),
    (
        "azimuth-bench",
        &[
            "azimuth-domain",
            "azimuth-ports",
            "azimuth-app",
            "azimuth-embedded",
            "azimuth-mcp",
            "azimuth-stack",
        ],
    ),
    // Puts messages into the queue as anybody might who can reach it; everything
    // else it meets as a program.
    (
        "azimuth-soak",
        &[
            "azimuth-domain",
            "azimuth-ports",
            "azimuth-embedded",
            "azimuth-stack",
        ],
    ),
    // Starts programs and asks them.
    ("azimuth-stack", &[]),
    // Model checking of the turn machine, which is pure.
    ("azimuth-sim", &["azimuth-domain"]),
];

/// Crates whose types stop in the packages that own them.
const OWNED: [(&str, &[&str]); 9] = [
    ("cedar-policy", &["azimuth-app"]),
    ("azure_core", &["azimuth-azure", "azimuth-cosmos"]),
    ("azure_data_cosmos", &["azimuth-azure"]),
    ("azure_data_cosmos_driver", &["azimuth-cosmos"]),
    ("azure_identity", &["azimuth-azure"]),
    ("azure_storage_queue", &["azimuth-azure"]),
    ("landlock", &["azimuth-mcp"]),
    ("rmcp", &["azimuth-mcp"]),
    // The tests edit a file as an attacker would; the benchmarks fill one.
    (
        "rusqlite",
        &["azimuth-embedded", "azimuth-tests", "azimuth-bench"],
    ),
];

/// The domain is pure: no async, no I/O, no clock of its own, no randomness.
const NOT_IN_THE_DOMAIN: [&str; 10] = [
    "async-trait",
    "axum",
    "futures",
    "getrandom",
    "rand",
    "reqwest",
    "rustix",
    "tokio",
    "tracing",
    "uuid",
];

/// Each violation names its edge. Only normal dependencies count: what a test
/// of a package uses is not part of it.
pub fn findings(packages: &[Package]) -> Vec<String> {
    let is_ours = |name: &str| packages.iter().any(|package| package.name == name);
    let mut findings = Vec::new();
    for package in packages {
        let name = package.name.as_str();
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == name) else {
            findings.push(format!(
                "{name} has no place among the arrows (infra/xtask/src/check/arrows.rs)"
            ));
            continue;
        };
        let normal = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind.is_none());
        for dependency in normal {
            let to = dependency.name.as_str();
            if is_ours(to) && !allowed.contains(&to) {
                findings.push(format!("{name} -> {to} is against the arrows"));
            }
            if name == "azimuth-domain" && NOT_IN_THE_DOMAIN.contains(&to) {
                findings.push(format!("{name} -> {to}: the domain is pure"));
            }
            if let Some((_, owners)) = OWNED.iter().find(|(owned, _)| *owned == to)
                && !owners.contains(&name)
            {
                findings.push(format!(
                    "{name} -> {to} belongs to {} only",
                    owners.join(", ")
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::Dependency;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        Package {
            name: name.into(),
            manifest_path: "Cargo.toml".into(),
            dependencies: dependencies
                .iter()
                .map(|(name, kind)| Dependency {
                    name: (*name).into(),
                    kind: kind.map(Into::into),
                })
                .collect(),
            targets: Vec::new(),
        }
    }

    #[test]
    fn an_edge_that_is_not_in_the_table_is_named() {
        let packages = [
            package("azimuth-domain", &[("serde", None)]),
            package("azimuth-ports", &[("azimuth-domain", None)]),
            package(
                "azimuth-app",
                &[("azimuth-ports", None), ("azimuth-embedded", None)],
            ),
            package("azimuth-embedded", &[("azimuth-ports", None)]),
        ];
        assert_eq!(
            findings(&packages),
            ["azimuth-app -> azimuth-embedded is against the arrows"]
        );
    }

    #[test]
    fn what_only_tests_use_does_not_count() {
        let packages = [
            package("azimuth-embedded", &[]),
            package("azimuth-app", &[("azimuth-embedded", Some("dev"))]),
        ];
        assert!(findings(&packages).is_empty());
    }

    #[test]
    fn a_new_package_needs_a_place() {
        assert_eq!(findings(&[package("azimuth-new", &[])]).len(), 1);
    }

    #[test]
    fn an_impure_domain_and_a_leaking_sdk_are_named() {
        let packages = [
            package("azimuth-domain", &[("tokio", None)]),
            package("azimuth-app", &[("rusqlite", None)]),
        ];
        assert_eq!(
            findings(&packages),
            [
                "azimuth-domain -> tokio: the domain is pure",
                "azimuth-app -> rusqlite belongs to azimuth-embedded, azimuth-tests, azimuth-bench only",
            ]
        );
    }

    #[test]
    fn every_arrow_ends_at_a_package_with_a_place() {
        for (from, allowed) in ARROWS {
            for to in allowed {
                assert!(ARROWS.iter().any(|(name, _)| name == to), "{from} -> {to}");
            }
        }
    }
}
