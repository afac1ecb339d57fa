//! Reading the output of Rust's test programs.

use crate::tally::Tally;

/// Of libtest's closing line; `None` for any other line.
pub fn closing_line(line: &str) -> Option<Tally> {
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let mut tally = Tally::default();
    for part in counts.split("; ") {
        let Some((number, what)) = part.split_once(' ') else {
            continue;
        };
        let count = match what {
            "passed" => &mut tally.passed,
            "failed" => &mut tally.failed,
            "ignored" => &mut tally.skipped,
            _ => continue,
        };
        *count = number.parse().ok()?;
    }
    Some(tally)
}

/// Names of the tests that `--list --format terse` prints.
pub fn listed(output: &str) -> Vec<&str> {
    output
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_is_read() {
        let line = "test result: ok. 5 passed; 0 failed; 2 ignored; 0 measured; 9 filtered out; finished in 0.01s";
        let expected = Tally {
            passed: 5,
            failed: 0,
            skipped: 2,
        };
        assert_eq!(closing_line(line), Some(expected));
        let line = "test result: FAILED. 1 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s";
        assert_eq!(closing_line(line).map(|tally| tally.failed), Some(3));
    }

    #[test]
    fn other_lines_are_not_taken_for_it() {
        for line in [
            "",
            "running 5 tests",
            "test result::is_fine ... ok",
            "test api::result ... ok",
            "test result: x passed",
        ] {
            assert_eq!(closing_line(line), None, "{line}");
        }
    }

    #[test]
    fn the_list_holds_tests_only() {
        assert_eq!(
            listed("api::a: test\nb: benchmark\n\nturns::c: test\n"),
            ["api::a", "turns::c"]
        );
    }
}
