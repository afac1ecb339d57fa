//! Real processes, struck: builds the product optimised and has `tests/soak` do it.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

use super::SoakOptions;
use super::table::Row;
use crate::app::{self, PROGRAM_PACKAGES};
use crate::azure_mcp;
use crate::failure::Failure;
use crate::processes::{adopt_orphans, sweep};
use crate::repository::Repository;
use crate::session::Session;

const SOAK: &str = "azimuth-soak";
/// A tool server outlives a killed handler by at most 5 s.
const ORPHAN_GRACE: Duration = Duration::from_secs(8);

/// Its row, and everything that it saw.
pub async fn run(
    session: &mut Session,
    repository: &Repository,
    options: &SoakOptions,
) -> Result<(Row, Value), Failure> {
    adopt_orphans().map_err(Failure::file("watch the children of", Path::new(SOAK)))?;
    let metadata = repository.metadata()?;
    if !options.no_build {
        let mut packages = PROGRAM_PACKAGES.to_vec();
        packages.push(SOAK);
        app::build(session, repository, &packages, true).await?;
    }
    let azmcp = azure_mcp::provide(session, repository).await?;
    let programs = metadata.programs(true);
    // On the disk that the repository is on, and not in memory as /tmp may be.
    let scratch = metadata.target_directory.join("soak");
    std::fs::create_dir_all(&scratch).map_err(Failure::file("create", &scratch))?;
    let report = scratch.join(format!("report-{}.json", std::process::id()));
    let mut command = Command::new(programs.join(SOAK));
    command
        .args(["run", "--minutes", &options.minutes.to_string()])
        .args(options.seed.map(|seed| format!("--seed={seed}")))
        .args(options.keep.then_some("--keep"))
        .arg("--root")
        .arg(&repository.root)
        .arg("--programs")
        .arg(&programs)
        .arg("--azmcp")
        .arg(&azmcp)
        .arg("--scratch")
        .arg(&scratch)
        .arg("--json")
        .arg(&report);
    // The handler refuses settings that it does not know.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AZIMUTH_") {
            command.env_remove(name);
        }
    }
    let status = session.run("soak", command).await;
    let mut left = sweep(ORPHAN_GRACE).await;
    // An interruption leaves nothing behind either.
    let status = status?;
    let text = std::fs::read(&report).ok();
    let _read = std::fs::remove_file(&report);
    let Some(told) = text.and_then(|text| serde_json::from_slice::<Value>(&text).ok()) else {
        return Err(Failure::Ended {
            command: SOAK.to_owned(),
            status,
        });
    };
    for leftover in &left {
        println!(
            "{} (pid {}) was left behind; it was killed",
            leftover.name, leftover.pid
        );
    }
    let row = row(&told, left.drain(..).count(), status.success());
    Ok((row, told))
}

fn row(told: &Value, leftovers: usize, has_succeeded: bool) -> Row {
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let violations = number(&told["violations"]) + u64::try_from(leftovers).unwrap_or(u64::MAX);
    let total = |field: &str| -> u64 {
        let blows = told["blows"].as_array().into_iter().flatten();
        blows.map(|blow| number(&blow[field])).sum()
    };
    Row {
        method: "real processes",
        unit: "kills",
        explored: number(&told["kills"]),
        violations,
        more: format!(
            "{} turns in {:.0} minutes; {} processes stopped, {} forged messages",
            number(&told["counts"]["turns accepted"]),
            told["minutes"].as_f64().unwrap_or(0.0),
            total("stops"),
            total("messages")
        ),
        missed: !has_succeeded && violations == 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_becomes_a_row() {
        let told = json!({
            "kills": 40, "violations": 0, "minutes": 26.4, "counts": {"turns accepted": 300},
            "blows": [{"stops": 2, "messages": 0}, {"stops": 1, "messages": 12}],
        });
        let good = row(&told, 0, true);
        assert!(good.is_good());
        assert_eq!(
            good.more,
            "300 turns in 26 minutes; 3 processes stopped, 12 forged messages"
        );
        assert!(row(&told, 0, false).missed, "a recovery took too long");
        assert_eq!(
            row(&told, 2, true).violations,
            2,
            "processes were left behind"
        );
    }
}
