//! Which tests belong to which group. Every test program of the workspace
//! belongs to one, so that none is forgotten.

use crate::emulator;
use crate::failure::Failure;

/// Holds the tests that go through the outer API.
pub const SUITE_PACKAGE: &str = "azimuth-tests";
pub const SUITE: &str = "suite";
/// What the suite is written with; its own tests are few.
const SUITE_LIBRARY: &str = "azimuth_tests";
const PRODUCT_PACKAGE: &str = "azimuth-handler";

/// Not made of test programs only: see [`crate::check`].
pub const CHECK: &str = "check";
/// Runs the adapters to Azure against the stand-ins.
pub const CONFORMANCE: &str = "conformance";
/// Runs the real Azure MCP Server.
pub const END_TO_END: &str = "e2e";
/// Not made of Rust's test programs: see [`super::portal`].
pub const PORTAL: &str = "portal";

#[derive(Debug, PartialEq, Eq)]
pub struct Group {
    pub name: &'static str,
    /// Packages all of whose test programs run; of the suite's package all but
    /// the suite.
    pub packages: &'static [&'static str],
    /// Whether the suite has a module of this name.
    pub is_in_suite: bool,
    /// Whether it starts Azurite.
    pub needs_azurite: bool,
    /// Whether it starts the Cosmos DB emulator.
    pub needs_cosmos: bool,
}

/// In the order of a full run: what fails fast comes first.
pub const GROUPS: [Group; 13] = [
    group(
        CHECK,
        &["xtask", "azimuth-bench", "azimuth-soak", "azimuth-stack"],
        false,
    ),
    group("domain", &["azimuth-domain"], false),
    group("model", &["azimuth-sim"], false),
    group(
        CONFORMANCE,
        &[
            "azimuth-ports",
            "azimuth-embedded",
            "azimuth-azure",
            emulator::PACKAGE,
        ],
        false,
    )
    .on_azurite()
    .on_cosmos(),
    group("authz", &["azimuth-app"], false),
    group("api", &[SUITE_PACKAGE], true),
    group("turns", &[], true),
    group("crash", &[], true).on_cosmos(),
    group("isolation", &[], true),
    group("audit", &[], true),
    group(
        "wire",
        &[
            "azimuth-host",
            "azimuth-sandbox",
            "azimuth-web",
            "azimuth-models",
            "azimuth-mcp",
            "azimuth-handler",
        ],
        false,
    )
    .on_azurite(),
    group(END_TO_END, &[], true).on_azurite(),
    group(PORTAL, &[], false),
];

const fn group(name: &'static str, packages: &'static [&'static str], is_in_suite: bool) -> Group {
    Group {
        name,
        packages,
        is_in_suite,
        needs_azurite: false,
        needs_cosmos: false,
    }
}

/// The groups that a command line asks for.
pub fn chosen(name: Option<&str>, is_quick: bool) -> Result<Vec<&'static Group>, Failure> {
    let Some(name) = name else {
        return Ok(GROUPS
            .iter()
            .filter(|group| !(is_quick && group.name == END_TO_END))
            .collect());
    };
    if is_quick && name == END_TO_END {
        return Err(Failure::refused(
            format!("--quick leaves {END_TO_END} out"),
            "Give one of them.",
        ));
    }
    let names: Vec<&str> = GROUPS.iter().map(|group| group.name).collect();
    GROUPS
        .iter()
        .find(|group| group.name == name)
        .map(|group| vec![group])
        .ok_or_else(|| {
            Failure::refused(
                format!("there is no test group {name:?}"),
                format!("Groups: {}", names.join(", ")),
            )
        })
}

impl Group {
    const fn on_azurite(mut self) -> Self {
        self.needs_azurite = true;
        self
    }

    const fn on_cosmos(mut self) -> Self {
        self.needs_cosmos = true;
        self
    }

    /// Whether Rust's test programs are part of it.
    pub fn has_programs(&self) -> bool {
        self.is_in_suite || !self.packages.is_empty()
    }

    /// Whether this test of a test program is part of it.
    pub fn has_test(&self, package: &str, target: &str, test: &str) -> bool {
        if package == SUITE_PACKAGE && target == SUITE {
            let module = test.split("::").next();
            return self.is_in_suite && module == Some(self.name);
        }
        self.packages.contains(&package)
    }

    /// Packages that must be compiled for it. The product's own package is always
    /// among them: it decides which features of shared crates are on, and what is
    /// tested must be what runs.
    pub fn built_packages(&self) -> Vec<&'static str> {
        let mut packages = self.packages.to_vec();
        packages.extend(self.is_in_suite.then_some(SUITE_PACKAGE));
        packages.push(PRODUCT_PACKAGE);
        packages.sort_unstable();
        packages.dedup();
        packages
    }
}

/// What belongs to no group: test programs by package and target, modules of the
/// suite.
pub fn forgotten(programs: &[(&str, &str)], suite_tests: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for (package, target) in programs {
        let has_group = GROUPS.iter().any(|group| group.packages.contains(package));
        let is_beside_the_suite =
            *package == SUITE_PACKAGE && ![SUITE, SUITE_LIBRARY].contains(target);
        if !has_group || is_beside_the_suite {
            findings.push(format!(
                "the tests {target} of {package} belong to no group"
            ));
        }
    }
    for test in suite_tests {
        let module = test.split("::").next().unwrap_or(test);
        let has_group = GROUPS
            .iter()
            .any(|group| group.is_in_suite && group.name == module && test.contains("::"));
        if !has_group {
            findings.push(format!("{test} of the suite belongs to no group"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn names(name: Option<&str>, is_quick: bool) -> Vec<&'static str> {
        chosen(name, is_quick)
            .unwrap()
            .iter()
            .map(|group| group.name)
            .collect()
    }

    #[test]
    fn a_full_run_begins_with_the_check_and_ends_with_the_browser() {
        let all = names(None, false);
        assert_eq!((all.first(), all.last()), (Some(&CHECK), Some(&PORTAL)));
        assert_eq!(all.len(), GROUPS.len());
    }

    #[test]
    fn quick_leaves_the_real_server_out() {
        assert!(!names(None, true).contains(&END_TO_END));
        assert!(chosen(Some(END_TO_END), true).is_err());
        // What needs no browser of it.
        assert!(names(None, true).contains(&PORTAL));
    }

    #[test]
    fn what_is_tested_alone_has_the_features_of_the_product() {
        for group in &GROUPS {
            assert!(group.built_packages().contains(&PRODUCT_PACKAGE));
        }
    }

    #[test]
    fn an_unknown_group_gets_the_list() {
        assert_eq!(names(Some("wire"), true), ["wire"]);
        let told = chosen(Some("wires"), false).unwrap_err().to_string();
        for group in &GROUPS {
            assert!(told.contains(group.name), "{told}");
        }
    }

    #[test]
    fn a_test_without_a_group_is_found() {
        let known = [("azimuth-app", "azimuth_app"), (SUITE_PACKAGE, SUITE)];
        assert!(forgotten(&known, &["api::a::b", "e2e::c"]).is_empty());
        let unknown = [("azimuth-new", "azimuth_new"), (SUITE_PACKAGE, "more")];
        assert_eq!(
            forgotten(&unknown, &["apis::a", "api"]),
            [
                "the tests azimuth_new of azimuth-new belong to no group",
                "the tests more of azimuth-tests belong to no group",
                "apis::a of the suite belongs to no group",
                "api of the suite belongs to no group",
            ]
        );
    }
}
