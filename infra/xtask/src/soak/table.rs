//! The four methods in one table.

use serde::Serialize;

/// What one method explored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    pub method: &'static str,
    /// What is counted: states, crash points, seeds, kills.
    pub unit: &'static str,
    pub explored: u64,
    pub violations: u64,
    /// What else there is to say.
    pub more: String,
    /// Whether it promised something that is no violation, and missed it.
    pub missed: bool,
}

impl Row {
    /// What explored nothing shows nothing.
    pub fn is_good(&self) -> bool {
        self.explored > 0 && self.violations == 0 && !self.missed
    }
}

pub fn markdown(rows: &[Row]) -> String {
    let mut lines = vec![
        "| method | explored | violations | |".to_owned(),
        "| --- | --- | --- | --- |".to_owned(),
    ];
    lines.extend(rows.iter().map(|row| {
        let missed = if row.missed {
            "; **a bar was missed**"
        } else {
            ""
        };
        format!(
            "| {} | {} {} | {} | {}{missed} |",
            row.method,
            thousands(row.explored),
            row.unit,
            row.violations,
            row.more
        )
    }));
    lines.join("\n")
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut told = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(explored: u64, violations: u64, missed: bool) -> Row {
        Row {
            method: "model checking",
            unit: "states",
            explored,
            violations,
            more: "20 bounds".to_owned(),
            missed,
        }
    }

    #[test]
    fn nothing_explored_a_violation_and_a_missed_bar_are_not_good() {
        assert!(row(1, 0, false).is_good());
        assert!(!row(0, 0, false).is_good());
        assert!(!row(1, 1, false).is_good());
        assert!(!row(1, 0, true).is_good());
    }

    #[test]
    fn a_row_tells_all() {
        let told = markdown(&[row(12_345_678, 0, false), row(999, 2, true)]);
        assert!(
            told.contains("| model checking | 12,345,678 states | 0 | 20 bounds |"),
            "{told}"
        );
        assert!(
            told.contains("| 999 states | 2 | 20 bounds; **a bar was missed** |"),
            "{told}"
        );
    }
}
