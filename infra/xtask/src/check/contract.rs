//! What the handler serves against what the files say: functions, settings.

use std::collections::BTreeSet;
use std::process::Stdio;

use serde::Deserialize;
use serde_json::Value;
use tokio::process::Command;

use super::terraform::Container;
use crate::app::{self, Function, functions::Trigger};
use crate::failure::Failure;
use crate::repository::{Metadata, Repository, not_started};
use crate::session::Session;

/// Where the names of our own variables begin.
pub const PREFIX: &str = "AZIMUTH_";

/// What `handler contract` prints.
#[derive(Debug, Deserialize)]
pub struct HandlerContract {
    /// Names of the functions that no person calls.
    pub triggers: Vec<String>,
    /// Queues that it fills; each has a poison queue.
    pub queues: Vec<String>,
    /// The store's containers, as they must have been made.
    pub containers: Vec<Container>,
    /// What a person can be.
    pub roles: Vec<String>,
    /// What a token must permit.
    pub scope: String,
    /// Every variable that the handler reads.
    pub settings: Vec<String>,
    /// The host's setting that tells the handler where the queues are.
    pub connection: String,
    /// The API's `OpenAPI` document.
    pub openapi: Value,
}

pub async fn ask_handler(
    session: &mut Session,
    repository: &Repository,
    metadata: &Metadata,
) -> Result<HandlerContract, Failure> {
    app::build(session, repository, &app::PROGRAM_PACKAGES, false).await?;
    let output = Command::new(metadata.programs(false).join("handler"))
        .arg("contract")
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(not_started("handler"))?;
    if !output.status.success() {
        return Err(Failure::Ended {
            command: "handler contract".into(),
            status: output.status,
        });
    }
    serde_json::from_slice(&output.stdout).map_err(|error| {
        Failure::refused(
            format!("handler contract: {error}"),
            "What it must print is HandlerContract in infra/xtask/src/check/contract.rs.",
        )
    })
}

/// The function folders and the router's trigger routes are the same names, and
/// one catch-all takes everything else.
pub fn route_findings(functions: &[Function], triggers: &[String]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut catch_alls = 0;
    for function in functions {
        let name = &function.name;
        match &function.trigger {
            Trigger::Http { route } if route.as_deref() == Some("{*path}") => catch_alls += 1,
            Trigger::Http { route } => findings.push(format!(
                "functions/{name}: the route {route:?} is not the catch-all {{*path}}"
            )),
            _ if triggers.contains(name) => {}
            _ => findings.push(format!("functions/{name}: the router has no such trigger")),
        }
    }
    if catch_alls != 1 {
        findings.push(format!(
            "{catch_alls} functions catch all HTTP requests, not 1"
        ));
    }
    for trigger in triggers {
        if !functions.iter().any(|function| function.name == *trigger) {
            findings.push(format!(
                "the router's trigger {trigger} has no folder functions/{trigger}"
            ));
        }
    }
    findings
}

/// The host polls the queues that the handler writes to.
pub fn connection_findings(functions: &[Function], connection: &str) -> Vec<String> {
    functions
        .iter()
        .filter_map(|function| match &function.trigger {
            Trigger::Queue {
                connection: named, ..
            } if named != connection => Some(format!(
                "functions/{}: its connection is {named}, the handler's is {connection}",
                function.name
            )),
            _ => None,
        })
        .collect()
}

/// Each queue has somebody who ends what nobody could work on.
pub fn poison_findings(functions: &[Function]) -> Vec<String> {
    let queues: BTreeSet<&str> = functions
        .iter()
        .filter_map(|function| match &function.trigger {
            Trigger::Queue { queue, .. } => Some(queue.as_str()),
            Trigger::Http { .. } | Trigger::Timer => None,
        })
        .collect();
    queues
        .iter()
        .filter(|queue| !queue.ends_with("-poison"))
        .filter(|queue| !queues.contains(format!("{queue}-poison").as_str()))
        .map(|queue| format!("no function listens to {queue}-poison"))
        .collect()
}

/// The handler, the example file and README's table know the same variables.
pub fn setting_findings(known: &[String], example: &Value, readme: &str) -> Vec<String> {
    let known: BTreeSet<&str> = known.iter().map(String::as_str).collect();
    let example: BTreeSet<&str> = example["Values"]
        .as_object()
        .into_iter()
        .flat_map(|values| values.keys())
        .map(String::as_str)
        .filter(|name| name.starts_with(PREFIX))
        .collect();
    let readme = names_in_table(readme);
    let mut findings = Vec::new();
    for (place, names) in [
        ("local.settings.example.json", &example),
        ("README.md's table", &readme),
    ] {
        for name in known.difference(names) {
            findings.push(format!("{name} is missing in {place}"));
        }
        for name in names.difference(&known) {
            findings.push(format!("{name} in {place} is not a setting of the handler"));
        }
    }
    findings
}

/// The variables in the first column of tables.
fn names_in_table(text: &str) -> BTreeSet<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix('|')?.split('|').next())
        .flat_map(|cell| cell.split('`'))
        .filter(|part| part.starts_with(PREFIX))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, trigger: Trigger) -> Function {
        Function {
            name: name.into(),
            folder: name.into(),
            trigger,
        }
    }

    fn queue(queue: &str) -> Trigger {
        Trigger::Queue {
            queue: queue.into(),
            connection: "S".into(),
        }
    }

    fn catch_all() -> Function {
        function(
            "api",
            Trigger::Http {
                route: Some("{*path}".into()),
            },
        )
    }

    #[test]
    fn folders_and_routes_must_be_the_same() {
        let functions = [catch_all(), function("sweep", Trigger::Timer)];
        assert!(route_findings(&functions, &["sweep".into()]).is_empty());
        assert_eq!(
            route_findings(&functions, &["sweeps".into()]),
            [
                "functions/sweep: the router has no such trigger",
                "the router's trigger sweeps has no folder functions/sweeps",
            ]
        );
        assert_eq!(route_findings(&functions[1..], &["sweep".into()]).len(), 1);
    }

    #[test]
    fn the_host_must_poll_where_the_handler_writes() {
        let functions = [catch_all(), function("a", queue("turns"))];
        assert!(connection_findings(&functions, "S").is_empty());
        assert_eq!(
            connection_findings(&functions, "T"),
            ["functions/a: its connection is S, the handler's is T"]
        );
    }

    #[test]
    fn a_queue_without_its_poison_queue_is_found() {
        let functions = [
            function("a", queue("turns")),
            function("b", queue("turns-poison")),
            function("c", queue("tool-calls")),
        ];
        assert_eq!(
            poison_findings(&functions),
            ["no function listens to tool-calls-poison"]
        );
    }

    #[test]
    fn the_three_lists_of_settings_must_be_the_same() {
        let known = ["AZIMUTH_A".to_owned(), "AZIMUTH_B".to_owned()];
        let example =
            serde_json::json!({"Values": {"AZIMUTH_A": "", "AZIMUTH_B": "", "Other": ""}});
        let readme = "`AZIMUTH_C` in a sentence\n| `AZIMUTH_A`, `AZIMUTH_B` | see `AZIMUTH_D` |\n";
        assert!(setting_findings(&known, &example, readme).is_empty());
        assert_eq!(
            setting_findings(&known[..1], &example, "| `AZIMUTH_X` | |"),
            [
                "AZIMUTH_B in local.settings.example.json is not a setting of the handler",
                "AZIMUTH_A is missing in README.md's table",
                "AZIMUTH_X in README.md's table is not a setting of the handler",
            ]
        );
    }
}
