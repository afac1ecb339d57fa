//! Model checking: every bound and every mutation of `tests/sim`.

use crate::app;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::session::Session;
use tokio::process::Command;

use super::table::Row;

const PROGRAM: &str = "azimuth-sim";
/// In the column of results.
const HOLDS: &str = "all hold";
/// In the row of a mutation that the checker does not see.
const UNSEEN: &str = "NOT NOTICED";

pub async fn run(session: &mut Session, repository: &Repository) -> Result<Row, Failure> {
    let metadata = repository.metadata()?;
    app::build(session, repository, &[PROGRAM], true).await?;
    let mut command = Command::new(metadata.programs(true).join(PROGRAM));
    command.arg("--all");
    let mut found = Found::default();
    let status = session
        .lines("model", command, None, |line| {
            println!("{line}");
            found.read(line);
        })
        .await?;
    found.row(status.is_some_and(|status| status.success()))
}

/// What its tables tell.
#[derive(Debug, Default)]
struct Found {
    states: u64,
    bounds: u64,
    mutations: u64,
    violations: u64,
}

impl Found {
    fn read(&mut self, line: &str) {
        let Some(inner) = line.strip_prefix("| ").and_then(|l| l.strip_suffix(" |")) else {
            return;
        };
        let fields: Vec<&str> = inner.split(" | ").collect();
        match fields.as_slice() {
            [_, _, states, _, _, result] => {
                let Ok(states) = states.parse::<u64>() else {
                    return;
                };
                self.states += states;
                self.bounds += 1;
                self.violations += u64::from(*result != HOLDS);
            }
            [_, broken, states, _] if states.parse::<u64>().is_ok() => {
                self.mutations += 1;
                // The last ones are told in the words of a bound.
                self.violations += u64::from(broken.contains(UNSEEN) || *broken == HOLDS);
            }
            _ => {}
        }
    }

    fn row(self, has_succeeded: bool) -> Result<Row, Failure> {
        if self.bounds == 0 || self.mutations == 0 || has_succeeded != (self.violations == 0) {
            return Err(Failure::refused(
                format!("{PROGRAM} tells something that is not understood: {self:?}"),
                "infra/xtask/src/soak/model.rs must follow what it prints.",
            ));
        }
        Ok(Row {
            method: "model checking",
            unit: "states",
            explored: self.states,
            violations: self.violations,
            more: format!(
                "{} bounds; {} mutations, each noticed or counted",
                self.bounds, self.mutations
            ),
            missed: false,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const TOLD: &str = "\
| bound | parameters | states | depth | seconds | result |
| --- | --- | --- | --- | --- | --- |
| 1 one call | crash 1, expiry 1 | 1200 | 30 | 0.1 | all hold |
| 0 one at a time | two requests | 34 | 12 | 0.0 | all hold |

| mutation | breaks, and in how many actions | states | seconds |
| --- | --- | --- | --- |
| no sweeper | I3 @9 | 77 | 0.1 |";

    fn found(text: &str) -> Found {
        let mut found = Found::default();
        text.lines().for_each(|line| found.read(line));
        found
    }

    #[test]
    fn states_are_added_up_and_mutations_counted() {
        let row = found(TOLD).row(true).unwrap();
        assert_eq!((row.explored, row.violations), (1234, 0));
        assert!(
            row.more.starts_with("2 bounds; 1 mutations"),
            "{}",
            row.more
        );
    }

    #[test]
    fn what_breaks_and_what_is_not_noticed_are_violations() {
        let broken = TOLD.replacen("all hold", "I1 @7", 1);
        assert_eq!(found(&broken).row(false).unwrap().violations, 1);
        let unseen = TOLD.replace("I3 @9", "I3 @9; NOT NOTICED [I1]");
        assert_eq!(found(&unseen).row(false).unwrap().violations, 1);
    }

    #[test]
    fn an_output_that_is_not_understood_is_an_error() {
        assert!(found("").row(true).is_err());
        assert!(
            found(TOLD).row(false).is_err(),
            "it failed and tells nothing"
        );
    }
}
