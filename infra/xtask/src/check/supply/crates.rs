//! Crates, as cargo resolves them for the machines that we build on.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use serde::Deserialize;

use super::{RULES, Rules, spdx};
use crate::failure::Failure;
use crate::repository::{Repository, cargo, not_started};

/// The one of `deny.toml`.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// What cargo tells of the packages of the lock file.
#[derive(Debug, Deserialize)]
pub struct Resolved {
    packages: Vec<Package>,
    resolve: Graph,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    /// `None` for a package of ours.
    source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    req: String,
    path: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Graph {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
}

/// Asks cargo, which needs no network for it where the crates are there.
pub fn resolved(repository: &Repository) -> Result<Resolved, Failure> {
    let output = cargo()
        .args(["metadata", "--locked", "--format-version", "1"])
        .args(["--filter-platform", TARGET])
        .current_dir(&repository.root)
        .stderr(Stdio::inherit())
        .output()
        .map_err(not_started("cargo"))?;
    serde_json::from_slice(&output.stdout).map_err(|error| {
        Failure::refused(
            format!("cargo metadata: {error}"),
            "Is Cargo.lock as the manifests have it?",
        )
    })
}

/// What is not as the rules have it.
pub(super) fn findings(resolved: &Resolved, rules: &Rules) -> Vec<String> {
    let used: BTreeSet<&str> = resolved
        .resolve
        .nodes
        .iter()
        .map(|n| n.id.as_str())
        .collect();
    let packages: Vec<&Package> = resolved
        .packages
        .iter()
        .filter(|package| used.contains(package.id.as_str()))
        .collect();
    let mut findings = Vec::new();
    for package in &packages {
        let of = format!("{} {}", package.name, package.version);
        let licence = package.license.as_deref().unwrap_or_default();
        if !spdx::is_met(licence, &rules.licences) {
            findings.push(format!("{of}: the licence {licence:?} is not in {RULES}"));
        }
        if let Some(source) = &package.source {
            let registry = source.strip_prefix("registry+");
            if !registry.is_some_and(|from| rules.registries.iter().any(|known| known == from)) {
                findings.push(format!("{of} comes from {source}"));
            }
        } else {
            let any = package.dependencies.iter();
            let any = any.filter(|wanted| wanted.req == "*" && wanted.path.is_none());
            findings.extend(any.map(|wanted| format!("{of} takes any version of {}", wanted.name)));
        }
    }
    findings.extend(doubled(&packages, &rules.older));
    findings
}

/// Crates in several versions that the rules do not name, and what they name for nothing.
fn doubled(packages: &[&Package], older: &[String]) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut spare: BTreeSet<&String> = older.iter().collect();
    for package in packages {
        let named = format!("{}@{}", package.name, package.version);
        if let Some(known) = older.iter().find(|known| **known == named) {
            spare.remove(known);
            continue;
        }
        let of_name = versions.entry(&package.name).or_default();
        of_name.push(package.version.clone());
    }
    let many = versions
        .into_iter()
        .filter(|(_, versions)| versions.len() > 1);
    let many = many.map(|(name, versions)| {
        format!(
            "{name} is there as {}; [bans] in {RULES}",
            versions.join(" and ")
        )
    });
    let spare = spare.into_iter();
    many.chain(spare.map(|named| format!("{named} of {RULES} is not there any more")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str = "registry+https://r";

    fn package(name: &str, version: &str, licence: Option<&str>, source: Option<&str>) -> Package {
        Package {
            id: format!("{name}@{version}"),
            name: name.to_owned(),
            version: version.to_owned(),
            license: licence.map(ToOwned::to_owned),
            source: source.map(ToOwned::to_owned),
            dependencies: Vec::new(),
        }
    }

    fn found(packages: Vec<Package>, older: &[&str]) -> Vec<String> {
        let nodes = packages.iter().map(|p| Node { id: p.id.clone() }).collect();
        let rules = Rules {
            licences: vec!["MIT".to_owned()],
            registries: vec!["https://r".to_owned()],
            older: older.iter().map(|&one| one.to_owned()).collect(),
        };
        let resolve = Graph { nodes };
        findings(&Resolved { packages, resolve }, &rules)
    }

    #[test]
    fn what_is_as_it_should_be_is_not_named() {
        let ours = package("ours", "0.1.0", Some("MIT"), None);
        let theirs = |version| package("theirs", version, Some("MIT"), Some(REGISTRY));
        let all = vec![ours, theirs("1.0.0"), theirs("2.0.0")];
        assert_eq!(found(all, &["theirs@1.0.0"]), [""; 0]);
    }

    #[test]
    fn what_is_not_is_named_once() {
        let mut ours = package("ours", "0.1.0", Some("MIT"), None);
        ours.dependencies.push(Dependency {
            name: "theirs".to_owned(),
            req: "*".to_owned(),
            path: None,
        });
        for (package, older) in [
            (
                package("a", "1.0.0", Some("GPL-3.0"), Some(REGISTRY)),
                vec![],
            ),
            (package("a", "1.0.0", None, Some(REGISTRY)), vec![]),
            (
                package("a", "1.0.0", Some("MIT"), Some("git+https://r")),
                vec![],
            ),
            (
                package("a", "1.0.0", Some("MIT"), Some("registry+https://other")),
                vec![],
            ),
            (
                package("a", "1.0.0", Some("MIT"), Some(REGISTRY)),
                vec!["a@0.9.0"],
            ),
            (ours, vec![]),
        ] {
            let of = format!("{package:?}");
            assert_eq!(found(vec![package], &older).len(), 1, "{of}");
        }
        let theirs = |version| package("theirs", version, Some("MIT"), Some(REGISTRY));
        assert_eq!(found(vec![theirs("1.0.0"), theirs("2.0.0")], &[]).len(), 1);
    }
}
