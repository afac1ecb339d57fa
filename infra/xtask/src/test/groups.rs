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
/// Reads published injections.
pub const ISOLATION: &str = "isolation";
/// Runs the real Azure MCP Server.
pub const END_TO_END: &str = "e2e";
/// The same tests, with everything kept as on Azure.
pub const END_TO_END_AZURE: &str = "e2e-azure";
/// Not made of Rust's test programs: see [`super::portal`].
pub const PORTAL: &str = "portal";

#[derive(Debug, PartialEq, Eq)]
pub struct Group {
    pub name: &'static str,
    /// Packages all of whose test programs run; of the suite's package all but
    /// the suite.
    pub packages: &'static [&'static str],
    /// Its module of the suite.
    pub suite_module: Option<&'static str>,
    /// Whether it starts Azurite.
    pub needs_azurite: bool,
    /// Whether it starts the Cosmos DB emulator.
    pub needs_cosmos: bool,
}

/// In the order of a full run: what fails fast comes first.
pub const GROUPS: [Group; 15] = [
    group(CHECK).of(&["xtask", "azimuth-bench", "azimuth-soak", "azimuth-stack"]),
    group("domain").of(&["azimuth-domain"]),
    group("model").of(&["azimuth-sim"]),
    group(CONFORMANCE)
        .of(&[
            "azimuth-ports",
            "azimuth-embedded",
            "azimuth-azure",
            emulator::PACKAGE,
        ])
        .on_azurite()
        .on_cosmos(),
    group("authz").of(&["azimuth-app"]),
    group("api").of(&[SUITE_PACKAGE]).in_suite("api"),
    group("turns").in_suite("turns"),
    group("crash").in_suite("crash").on_cosmos(),
    group("azure").in_suite("azure").on_cosmos(),
    group(ISOLATION).in_suite(ISOLATION),
    group("audit").in_suite("audit"),
    group("wire")
        .of(&[
            "azimuth-host",
            "azimuth-sandbox",
            "azimuth-web",
            "azimuth-models",
            "azimuth-mcp",
            "azimuth-handler",
        ])
        .on_azurite(),
    group(END_TO_END).in_suite(END_TO_END).on_azurite(),
    group(END_TO_END_AZURE)
        .in_suite(END_TO_END)
        .on_azurite()
        .on_cosmos(),
    group(PORTAL),
];

const fn group(name: &'static str) -> Group {
    Group {
        name,
        packages: &[],
        suite_module: None,
        needs_azurite: false,
        needs_cosmos: false,
    }
}

/// The groups that a command line asks for.
pub fn chosen(name: Option<&str>, is_quick: bool) -> Result<Vec<&'static Group>, Failure> {
    let Some(name) = name else {
        return Ok(GROUPS
            .iter()
            .filter(|group| !(is_quick && group.is_end_to_end()))
            .collect());
    };
    let names: Vec<&str> = GROUPS.iter().map(|group| group.name).collect();
    let found = GROUPS.iter().find(|group| group.name == name);
    let group = found.ok_or_else(|| {
        Failure::refused(
            format!("there is no test group {name:?}"),
            format!("Groups: {}", names.join(", ")),
        )
    })?;
    if is_quick && group.is_end_to_end() {
        return Err(Failure::refused(
            format!("--quick leaves {name} out"),
            "Give one of them.",
        ));
    }
    Ok(vec![group])
}

impl Group {
    const fn of(mut self, packages: &'static [&'static str]) -> Self {
        self.packages = packages;
        self
    }

    const fn in_suite(mut self, module: &'static str) -> Self {
        self.suite_module = Some(module);
        self
    }

    const fn on_azurite(mut self) -> Self {
        self.needs_azurite = true;
        self
    }

    const fn on_cosmos(mut self) -> Self {
        self.needs_cosmos = true;
        self
    }

    /// Whether it runs the whole product as processes.
    pub fn is_end_to_end(&self) -> bool {
        self.suite_module == Some(END_TO_END)
    }

    /// Whether Rust's test programs are part of it.
    pub fn has_programs(&self) -> bool {
        self.suite_module.is_some() || !self.packages.is_empty()
    }

    /// Whether this test of a test program is part of it.
    pub fn has_test(&self, package: &str, target: &str, test: &str) -> bool {
        if package == SUITE_PACKAGE && target == SUITE {
            return self.has_suite_test(test);
        }
        self.packages.contains(&package)
    }

    /// Whether this test of the suite is part of it.
    pub fn has_suite_test(&self, test: &str) -> bool {
        let module = test.split_once("::").map(|(module, _)| module);
        module.is_some() && module == self.suite_module
    }

    /// Packages that must be compiled for it. The product's own package is always
    /// among them: it decides which features of shared crates are on, and what is
    /// tested must be what runs.
    pub fn built_packages(&self) -> Vec<&'static str> {
        let mut packages = self.packages.to_vec();
        packages.extend(self.suite_module.map(|_| SUITE_PACKAGE));
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
        if !GROUPS.iter().any(|group| group.has_suite_test(test)) {
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
        for name in [END_TO_END, END_TO_END_AZURE] {
            assert!(!names(None, true).contains(&name));
            assert!(chosen(Some(name), true).is_err());
        }
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
