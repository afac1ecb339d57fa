//! Packages of npm, by their lock files. What vulnerabilities are known of them is not
//! looked at: that needs a network.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::{Rules, spdx};
use crate::failure::Failure;

/// Folders with a lock file.
const FOLDERS: [&str; 6] = [
    "static-web",
    "static-web/gen",
    "tests/azurite",
    "tests/portal",
    "tests/portal/lighthouse",
    "tests/servers",
];

/// Licences beside those of crates: what builds and tests may have, and what a portal
/// hands on unchanged.
const ALSO: [&str; 6] = [
    "0BSD",
    "BSD-2-Clause",
    "BlueOak-1.0.0",
    // Files keep it; we change none of them.
    "MPL-2.0",
    "Python-2.0",
    "Unlicense",
];

/// Packages whose licence is no expression, and what it is.
const READ: [(&str, &str); 3] = [
    // Public domain, or MIT: whichever one likes.
    (
        "uri-templates",
        "http://geraintluff.github.io/tv4/LICENSE.txt",
    ),
    // MIT for what was there before, Apache 2.0 for what is new.
    (
        "@modelcontextprotocol/server-everything",
        "SEE LICENSE IN LICENSE",
    ),
    // It names none; its file LICENSE is BSD with three clauses.
    ("parse-cache-control", ""),
];

/// Packages that may run a script when they are installed.
const SCRIPTS: [&str; 0] = [];

/// Of the file as npm 7 and later write it.
#[derive(Deserialize)]
struct Lock {
    packages: BTreeMap<String, Package>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Package {
    license: Option<String>,
    integrity: Option<String>,
    resolved: Option<String>,
    /// Comes inside of another, whose hash covers it.
    in_bundle: bool,
    has_install_script: bool,
}

/// What is not as it should be.
pub(super) fn findings(root: &Path, rules: &Rules) -> Result<Vec<String>, Failure> {
    let mut allowed = rules.licences.clone();
    allowed.extend(ALSO.map(ToOwned::to_owned));
    let mut findings = Vec::new();
    for folder in FOLDERS {
        let file = root.join(folder).join("package-lock.json");
        let text = std::fs::read(&file).map_err(Failure::file("read", &file))?;
        let lock: Lock = serde_json::from_slice(&text).map_err(|error| {
            Failure::refused(
                format!("{}: {error}", file.display()),
                "npm install --package-lock-only writes it anew.",
            )
        })?;
        let found = lock.packages.iter().flat_map(|(place, package)| {
            let found = judge(place, package, &allowed);
            found
                .into_iter()
                .map(move |what| format!("{folder}/{place}: {what}"))
        });
        findings.extend(found);
    }
    Ok(findings)
}

/// `place` is below the folder; our own package has none.
fn judge(place: &str, package: &Package, allowed: &[String]) -> Vec<String> {
    let Some((_, name)) = place.rsplit_once("node_modules/") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let licence = package.license.as_deref().unwrap_or_default();
    if !spdx::is_met(licence, allowed) && !READ.contains(&(name, licence)) {
        found.push(format!("the licence {licence:?} is not allowed"));
    }
    let is_hashed = |hash: &String| hash.starts_with("sha512-");
    if !package.in_bundle && !package.integrity.as_ref().is_some_and(is_hashed) {
        found.push("it is not pinned by a hash (SHA-512)".to_owned());
    }
    let elsewhere = package.resolved.as_ref();
    let elsewhere = elsewhere.filter(|from| !from.starts_with("https://registry.npmjs.org/"));
    found.extend(elsewhere.map(|from| format!("it comes from {from}")));
    if package.has_install_script && !SCRIPTS.contains(&name) {
        found.push("it runs a script when it is installed".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(package: &serde_json::Value) -> usize {
        let package: Package = serde_json::from_value(package.clone()).unwrap_or_default();
        judge(
            "node_modules/a/node_modules/b",
            &package,
            &["MIT".to_owned()],
        )
        .len()
    }

    #[test]
    fn a_package_is_licensed_hashed_and_does_nothing_when_installed() {
        let good = serde_json::json!({"license": "MIT", "integrity": "sha512-x"});
        assert_eq!(found(&good), 0);
        for (name, value) in [
            ("license", serde_json::json!("GPL-3.0")),
            ("license", serde_json::Value::Null),
            ("integrity", serde_json::json!("sha1-x")),
            ("integrity", serde_json::Value::Null),
            (
                "resolved",
                serde_json::json!("git+ssh://git@host.example/b"),
            ),
            ("hasInstallScript", serde_json::json!(true)),
        ] {
            let mut bad = good.clone();
            bad[name] = value;
            assert_eq!(found(&bad), 1, "{bad}");
        }
        let bundled = serde_json::json!({"license": "MIT", "inBundle": true});
        assert_eq!(found(&bundled), 0);
        let ours = Package::default();
        assert!(judge("", &ours, &[]).is_empty());
    }
}
