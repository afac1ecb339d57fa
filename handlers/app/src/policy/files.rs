//! Policies as files with tests of their own: every `*.cedar` of a folder is a part of
//! one tenant's policies, every `*.test.json` a list of calls with what is expected of
//! them. What is forbidden everywhere is added, as it is for a tenant.
//!
//! ```json
//! {"cases": [{
//!   "name": "operators create what they agree to",
//!   "roles": ["operator"],
//!   "tool": "azure/storage_account_create",
//!   "arguments": {"subscription": "00000000-0000-4000-8000-0000000000b2"},
//!   "tags": ["env", "env=prod"],
//!   "at": "2026-11-26T12:00:00Z",
//!   "expect": "approval:asker"
//! }]}
//! ```
//!
//! `expect` is `allow`, `approval:asker`, `approval:another` or `deny:` with a reason.
//! `tool` is a name of the catalogue, or an object that says what the tool is like.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use azimuth_domain::policy::{ApprovalBy, Decision, Mode};
use azimuth_domain::principal::{Role, UserKey};
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::{Availability, EffectClass, ScopeParameters, ToolRef, ToolSpec};
use azimuth_ports::tools::Catalogue;
use serde::Deserialize;
use serde_json::{Value, json};

use super::request::PolicyInput;
use super::set::{BUILT_IN_FORBIDS, PolicySet};
use super::tags::KnownTags;
use super::text;

/// The moment of a case that names none: a Thursday, noon in UTC.
const NOON: Timestamp = Timestamp(1_795_694_400_000);
/// Whose tenant the cases are in.
const TENANT: &str = "00000000-0000-4000-8000-000000000001";

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFault {
    /// The file, or the folder.
    pub path: PathBuf,
    /// Line; `None` for the file as a whole.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.line {
            Some(line) => write!(f, "{path}:{line}: {}", self.message),
            None => write!(f, "{path}: {}", self.message),
        }
    }
}

/// What a folder holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FolderReport {
    /// Files with policies.
    pub files: usize,
    /// Cases that were tried.
    pub cases: usize,
    /// What is wrong; nothing when all holds.
    pub faults: Vec<FileFault>,
}

/// A file of cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    cases: Vec<Case>,
}

/// A call, and what is expected of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    roles: BTreeSet<Role>,
    tool: CaseTool,
    #[serde(default)]
    arguments: Option<Value>,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    tainted: bool,
    /// Of what the call works on, as policies see them; left out, nobody knows them.
    #[serde(default)]
    tags: Option<BTreeSet<String>>,
    #[serde(default)]
    at: Option<String>,
    expect: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CaseTool {
    Named(String),
    Described(Description),
}

/// A tool that no catalogue need have; it has the usual parameters for its place.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    #[serde(default = "azure")]
    server: String,
    #[serde(default = "some_tool")]
    name: String,
    effect: EffectClass,
    #[serde(default)]
    secret: bool,
    #[serde(default = "enabled")]
    availability: Availability,
    #[serde(default = "usual_scope")]
    scope: ScopeParameters,
    #[serde(default)]
    shared_identity: bool,
    #[serde(default)]
    enabled_by_name: bool,
}

fn azure() -> String {
    "azure".to_owned()
}

fn some_tool() -> String {
    "some_tool".to_owned()
}

fn enabled() -> Availability {
    Availability::Enabled
}

fn usual_scope() -> ScopeParameters {
    ScopeParameters {
        subscription: Some("subscription".to_owned()),
        resource_group: Some("resource-group".to_owned()),
        tenant: Some("tenant".to_owned()),
    }
}

impl Description {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            tool: ToolRef::new(&self.server, &self.name),
            description: String::new(),
            input_schema: json!({"type": "object"}),
            hash: String::new(),
            effect: self.effect,
            secret: self.secret,
            argument_rules: Vec::new(),
            scope: self.scope.clone(),
            target_parameter: Some("resource-id".to_owned()),
            preview: None,
            availability: self.availability,
            shared_identity: self.shared_identity,
            enabled_by_name: self.enabled_by_name,
        }
    }
}

/// Checks every policy and runs every case of a folder, with the tools of `catalogue`.
/// The error says that something cannot be read.
pub fn check_folder(folder: &Path, catalogue: &Catalogue) -> io::Result<FolderReport> {
    let mut report = FolderReport::default();
    let mut texts = Vec::new();
    for (path, text) in files(folder, ".cedar")? {
        report.files += 1;
        if text == BUILT_IN_FORBIDS {
            continue;
        }
        if let Err(faults) = text::check(&text) {
            report.faults.extend(faults.iter().map(|fault| FileFault {
                path: path.clone(),
                line: Some(fault.line),
                message: format!("column {}: {}", fault.column, fault.message),
            }));
        }
        texts.push(text);
    }
    if report.files == 0 {
        report
            .faults
            .push(whole(folder, "there is no *.cedar file"));
    }
    if !report.faults.is_empty() {
        return Ok(report);
    }
    // Together they are one text of a tenant, with its limits.
    let set = match PolicySet::of_tenant(&texts.join("\n")) {
        Ok(set) => set,
        Err(faults) => {
            let told = faults
                .iter()
                .map(|fault| whole(folder, &format!("the files together: {}", fault.message)));
            report.faults.extend(told);
            return Ok(report);
        }
    };
    for (path, text) in files(folder, ".test.json")? {
        match serde_json::from_str::<Cases>(&text) {
            Err(error) => report.faults.push(FileFault {
                path,
                line: Some(error.line()),
                message: format!("these are no cases: {error}"),
            }),
            Ok(Cases { cases }) => {
                for case in cases {
                    report.cases += 1;
                    if let Err(message) = case.run(&set, catalogue) {
                        report.faults.push(FileFault {
                            path: path.clone(),
                            line: line_of(&text, &case.name),
                            message: format!("{:?} {message}", case.name),
                        });
                    }
                }
            }
        }
    }
    Ok(report)
}

impl Case {
    fn run(&self, set: &PolicySet, catalogue: &Catalogue) -> Result<(), String> {
        let described;
        let tool = match &self.tool {
            CaseTool::Described(description) => {
                described = description.spec();
                &described
            }
            CaseTool::Named(name) => {
                let found = catalogue.tools.iter().find(|t| t.tool.to_string() == *name);
                found.ok_or_else(|| format!("names the tool {name:?}, which no catalogue has"))?
            }
        };
        let at = match &self.at {
            None => NOON,
            Some(text) => Timestamp::parse_rfc3339(text)
                .ok_or_else(|| format!("has {text:?}, which is no moment"))?,
        };
        let empty = json!({});
        let decision = set.decide(&PolicyInput {
            user: &UserKey::new(TENANT, "somebody"),
            roles: &self.roles,
            tool,
            arguments: self.arguments.as_ref().unwrap_or(&empty),
            mode: self.mode,
            tainted: self.tainted,
            tags: match &self.tags {
                Some(tags) => KnownTags::Exactly(tags),
                None => KnownTags::Nothing,
            },
            at,
        });
        let got = in_words(&decision);
        if got == self.expect {
            Ok(())
        } else {
            Err(format!("expects {:?} and gets {got:?}", self.expect))
        }
    }
}

fn in_words(decision: &Decision) -> String {
    match decision {
        Decision::Allow => "allow".to_owned(),
        Decision::RequireApproval {
            by: ApprovalBy::Asker,
        } => "approval:asker".to_owned(),
        Decision::RequireApproval {
            by: ApprovalBy::AnotherApprover,
        } => "approval:another".to_owned(),
        Decision::Deny { reason } => format!("deny:{}", reason.code()),
    }
}

/// Files of the folder whose name ends so, by name.
fn files(folder: &Path, ending: &str) -> io::Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let fits = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().ends_with(ending));
        if fits && path.is_file() {
            let text = fs::read_to_string(&path)?;
            found.push((path, text));
        }
    }
    found.sort();
    Ok(found)
}

fn whole(path: &Path, message: &str) -> FileFault {
    FileFault {
        path: path.to_owned(),
        line: None,
        message: message.to_owned(),
    }
}

/// Where a case begins, as far as its name tells.
fn line_of(text: &str, name: &str) -> Option<usize> {
    let offset = text.find(&json!(name).to_string())?;
    Some(text[..offset].matches('\n').count() + 1)
}

#[cfg(test)]
mod tests;
