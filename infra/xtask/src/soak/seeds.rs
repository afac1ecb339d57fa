//! Every crash point and many seeds: the group `crash` of the suite, with a larger
//! number than CI gives it.

use tokio::process::Command;

use super::table::Row;
use crate::emulator;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::session::Session;
use crate::test::groups::{SUITE, SUITE_PACKAGE};
use crate::test::programs;

const GROUP: &str = "crash::";
/// Tells the suite how many.
pub const SEEDS: &str = "AZIMUTH_SEEDS";

pub async fn run(
    session: &mut Session,
    repository: &Repository,
    seeds: u64,
) -> Result<[Row; 3], Failure> {
    let metadata = repository.metadata()?;
    // With the features that the suite has in the tests.
    let packages = [SUITE_PACKAGE, "azimuth-handler"];
    let programs = programs::build(session, repository, &metadata, &packages).await?;
    let suite = programs
        .iter()
        .find(|program| program.package == SUITE_PACKAGE && program.target == SUITE)
        .ok_or(Failure::Told("the suite was not built"))?;
    let mut names = suite.list().await?;
    names.retain(|name| name.starts_with(GROUP));
    if names.is_empty() {
        return Err(Failure::refused(
            format!("the suite has no tests {GROUP}: no crash point and no seed can be run"),
            "Run the other methods one by one: --only chaos, --only model.",
        ));
    }
    emulator::build(session, repository).await?;
    session.say(
        "seeds",
        format_args!("every crash point, and {seeds} schedules"),
    );
    let mut command = Command::new(&suite.executable);
    command
        .arg("--exact")
        .args(&names)
        .current_dir(&suite.folder)
        .env(SEEDS, seeds.to_string())
        .env(
            "AZIMUTH_TEST_BIN_DIR",
            programs::folder_of_programs(&metadata),
        )
        // Without it the Azure SDK asks a metadata address off this machine.
        .env("COSMOS_DISABLE_IMDS", "1");
    let (mut points, mut on_cosmos, mut schedules) = (None, None, None);
    let status = session
        .lines("seeds", command, None, |line| {
            println!("{line}");
            points = points.or_else(|| counted(line, "crash points: ", "points covered"));
            let cosmos = "crash points on Cosmos DB: ";
            on_cosmos = on_cosmos.or_else(|| counted(line, cosmos, "points covered"));
            schedules = schedules.or_else(|| counted(line, "seeds: ", "run"));
        })
        .await?;
    let (Some(points), Some(on_cosmos), Some(schedules)) = (points, on_cosmos, schedules) else {
        return Err(Failure::refused(
            "the crash tests did not say how many points and seeds they ran",
            "They begin such lines with \"crash points\" and \"seeds: \".",
        ));
    };
    let rows = [
        row("crash points", "points", points),
        row("crash points on Cosmos DB", "points", on_cosmos),
        row("seeded schedules", "seeds", schedules),
    ];
    if !status.is_some_and(|status| status.success()) && rows.iter().all(Row::is_good) {
        return Err(Failure::Told("the crash tests failed; see above"));
    }
    Ok(rows)
}

fn row(method: &'static str, unit: &'static str, (explored, violations): (u64, u64)) -> Row {
    Row {
        method,
        unit,
        explored,
        violations,
        more: String::new(),
        missed: false,
    }
}

/// Of `prefix…, N WHAT, N violations, …`: what was explored, and the violations.
/// The line may follow libtest's own words.
fn counted(line: &str, prefix: &str, what: &str) -> Option<(u64, u64)> {
    let (_, told) = line.split_once(prefix)?;
    let number = |what: &str| {
        let mut parts = told.split(", ");
        let part = parts.find_map(|part| part.trim().strip_suffix(what))?;
        part.trim().parse().ok()
    };
    Some((number(what)?, number("violations")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summaries_are_read() {
        let line = "crash points: 12 shapes, 3456 points covered, 0 violations, 20.1 s";
        assert_eq!(
            counted(line, "crash points: ", "points covered"),
            Some((3456, 0))
        );
        let line =
            "crash points on Cosmos DB: 98 points covered, of 3456 of 12 shapes, 1 violations, 9 s";
        assert_eq!(counted(line, "crash points: ", "points covered"), None);
        assert_eq!(
            counted(line, "crash points on Cosmos DB: ", "points covered"),
            Some((98, 1))
        );
        let line = "test crash::seeds::every ... seeds: 100000 run, 3 violations, 900.0 s";
        assert_eq!(counted(line, "seeds: ", "run"), Some((100_000, 3)));
    }

    #[test]
    fn other_lines_are_not() {
        for line in [
            "",
            "seeds: many run, 0 violations",
            "seeds: 5 run",
            "test result: ok. 5 passed",
        ] {
            assert_eq!(counted(line, "seeds: ", "run"), None, "{line}");
        }
    }
}
