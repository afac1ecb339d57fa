//! The tests of Rust targets, read from their sources: names as libtest prints them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::repository::Metadata;

/// A test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RustTest {
    pub package: String,
    /// Name of the library, binary or integration test.
    pub target: String,
    /// `module::name`.
    pub name: String,
    pub file: PathBuf,
}

/// Every test of the workspace but those that a macro writes.
pub fn read(metadata: &Metadata) -> Result<Vec<RustTest>, Failure> {
    let mut tests = Vec::new();
    for package in &metadata.packages {
        for target in &package.targets {
            let crate_root = Module {
                folder: folder_of(&target.src_path),
                path: Vec::new(),
                file: target.src_path.clone(),
            };
            let mut waiting = vec![crate_root];
            while let Some(module) = waiting.pop() {
                let text = fs::read_to_string(&module.file)
                    .map_err(Failure::file("read", &module.file))?;
                let read = Source::read(&text);
                tests.extend(read.tests.into_iter().map(|name| RustTest {
                    package: package.name.clone(),
                    target: target.name.clone(),
                    name: module.path_of(&name).join("::"),
                    file: module.file.clone(),
                }));
                waiting.extend(read.modules.iter().filter_map(|inner| module.child(inner)));
            }
        }
    }
    Ok(tests)
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).to_owned()
}

/// A file of a crate.
struct Module {
    path: Vec<String>,
    file: PathBuf,
    /// Where its own modules lie.
    folder: PathBuf,
}

impl Module {
    fn path_of(&self, within: &[String]) -> Vec<String> {
        self.path.iter().chain(within).cloned().collect()
    }

    /// The file of a module that is declared here; `None` when there is none, as for a
    /// declaration inside a text.
    fn child(&self, declared: &Declared) -> Option<Self> {
        let (name, around) = declared.path.split_last()?;
        let mut folder = self.folder.clone();
        folder.extend(around);
        let own = folder.join(name);
        let candidates = match &declared.file {
            Some(file) => vec![folder_of(&self.file).join(file)],
            None => vec![folder.join(format!("{name}.rs")), own.join("mod.rs")],
        };
        let file = candidates.into_iter().find(|file| file.is_file())?;
        let is_named = declared.file.is_none();
        Some(Self {
            path: self.path_of(&declared.path),
            folder: if is_named { own } else { folder_of(&file) },
            file,
        })
    }
}

/// A module in a file of its own.
#[derive(Debug, PartialEq, Eq)]
struct Declared {
    path: Vec<String>,
    /// What a `#[path = "…"]` above it says.
    file: Option<String>,
}

/// What is needed of a source; it is formatted, so that a block ends with the
/// indentation that it began with.
#[derive(Debug, Default, PartialEq, Eq)]
struct Source {
    /// Module path and name of each.
    tests: Vec<Vec<String>>,
    modules: Vec<Declared>,
}

impl Source {
    fn read(text: &str) -> Self {
        let mut found = Self::default();
        // Indentation and name of the inline modules around.
        let mut around: Vec<(usize, String)> = Vec::new();
        let mut is_test = false;
        let mut file = None;
        for line in text.lines() {
            let code = line.trim_start();
            let indentation = line.len() - code.len();
            let path = |name: &str| -> Vec<String> {
                let outer = around.iter().map(|(_, name)| name.clone());
                outer.chain([name.to_owned()]).collect()
            };
            if is_test_attribute(code) {
                is_test = true;
            } else if let Some(named) = code.strip_prefix("#[path = \"") {
                file = named.split('"').next().map(ToOwned::to_owned);
            } else if let Some(name) = function(code) {
                if std::mem::take(&mut is_test) {
                    found.tests.push(path(name));
                }
            } else if let Some(name) = module(code, " {") {
                around.push((indentation, name.to_owned()));
            } else if let Some(name) = module(code, ";") {
                found.modules.push(Declared {
                    path: path(name),
                    file: file.take(),
                });
            } else if code == "}" && around.last().is_some_and(|(at, _)| *at == indentation) {
                around.pop();
            }
        }
        found
    }
}

fn is_test_attribute(code: &str) -> bool {
    code == "#[test]" || code.starts_with("#[tokio::test]") || code.starts_with("#[tokio::test(")
}

/// The name of the function that begins here.
fn function(code: &str) -> Option<&str> {
    let code = code.strip_prefix("pub ").unwrap_or(code);
    let code = code.strip_prefix("async ").unwrap_or(code);
    let name = code.strip_prefix("fn ")?.split(['(', '<']).next()?;
    is_name(name).then_some(name)
}

/// The name of the module that is declared here with this end.
fn module<'a>(code: &'a str, end: &str) -> Option<&'a str> {
    let code = match code.strip_prefix("pub") {
        Some(rest) => rest
            .trim_start_matches("(crate)")
            .trim_start_matches("(super)")
            .trim_start(),
        None => code,
    };
    let name = code.strip_prefix("mod ")?.strip_suffix(end)?;
    is_name(name).then_some(name)
}

pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::repository::{Package, Target};

    #[test]
    fn tests_have_the_names_that_libtest_prints() {
        let text = concat!(
            "mod apart;\n#[path = \"../rig/mod.rs\"]\nmod rig;\nfn helper() {}\n",
            "#[tokio::test(start_paused = true)]\n#[expect(unused)]\nasync fn at_the_top() {\n}\n",
            "#[cfg(test)]\nmod tests {\n    mod deep {\n        #[test]\n        fn within() {\n        }\n    }\n",
            "    mod filed;\n    #[test]\n    fn in_tests() {}\n    fn none() {}\n}\n",
            "#[tokio::test]\nasync fn after() {}\n",
        );
        let read = Source::read(text);
        let names: Vec<String> = read.tests.iter().map(|path| path.join("::")).collect();
        assert_eq!(
            names,
            [
                "at_the_top",
                "tests::deep::within",
                "tests::in_tests",
                "after"
            ]
        );
        let declared = |path: &str, file: Option<&str>| Declared {
            path: path.split("::").map(ToOwned::to_owned).collect(),
            file: file.map(ToOwned::to_owned),
        };
        assert_eq!(
            read.modules,
            [
                declared("apart", None),
                declared("rig", Some("../rig/mod.rs")),
                declared("tests::filed", None)
            ]
        );
    }

    #[test]
    fn modules_are_followed_as_the_compiler_does() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let test = |name: &str| format!("#[test]\nfn {name}() {{}}\n");
        for (file, text) in [
            (
                "suite.rs",
                format!("mod turns;\nmod gone;\n{}", test("top")),
            ),
            ("turns/mod.rs", format!("mod lost;\n{}", test("a"))),
            ("turns/lost.rs", format!("mod deeper;\n{}", test("b"))),
            ("turns/lost/deeper.rs", test("c")),
            ("turns/unused.rs", test("d")),
        ] {
            let file = root.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let metadata = Metadata {
            packages: vec![Package {
                name: "azimuth-tests".into(),
                manifest_path: root.join("Cargo.toml"),
                dependencies: Vec::new(),
                targets: vec![Target {
                    name: "suite".into(),
                    src_path: root.join("suite.rs"),
                }],
            }],
            target_directory: root.join("target"),
        };
        let mut names: Vec<String> = read(&metadata)
            .unwrap()
            .into_iter()
            .map(|test| test.name)
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                "top",
                "turns::a",
                "turns::lost::b",
                "turns::lost::deeper::c"
            ]
        );
    }
}
