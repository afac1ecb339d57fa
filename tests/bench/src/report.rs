//! The table and the JSON file.

use std::path::Path;

use serde_json::{Value, json};

use crate::failure::Done;
use crate::figures::{Bar, Row, Yardstick};
use crate::machine::Machine;
use crate::programs::write_whole;

/// Prints the table as Markdown, which is also what the README keeps.
pub fn print(machine: &Machine, rows: &[Row]) {
    println!(
        "{} × {}, {:.0} GB, Linux {}, {}; load before {}; commit {}\n",
        machine.cores,
        machine.cpu,
        machine.memory_gb,
        machine.kernel,
        machine.file_system,
        machine.load_before,
        machine.commit
    );
    println!("| id | row | figure | bar | yardstick | ratio | met? |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for row in rows {
        let bar = match row.bar {
            Bar::AtMost(bar) => format!("≤ {}", number(bar)),
            Bar::AtLeast(bar) => format!("≥ {}", number(bar)),
        };
        let yardstick = row.yardsticks.first().map_or_else(String::new, told);
        let ratio = row
            .ratio()
            .map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        let met = if row.is_met() { "yes" } else { "**no**" };
        println!(
            "| {} | {} | {} {} | {bar} | {yardstick} | {ratio} | {met} |",
            row.id,
            row.name,
            number(row.figure),
            row.unit
        );
    }
    println!();
    for row in rows {
        let mut facts: Vec<String> = Vec::new();
        if let Some(q) = &row.quantiles {
            facts.push(format!(
                "{} samples, p50 {} p95 {} p99 {} {}",
                q.count,
                number(q.p50),
                number(q.p95),
                number(q.p99),
                row.unit
            ));
        }
        facts.extend(row.yardsticks.iter().skip(1).map(told));
        facts.extend(
            row.notes
                .iter()
                .map(|note| format!("{} {} {}", note.name, number(note.figure), note.unit)),
        );
        if !facts.is_empty() {
            println!("- {} {}: {}", row.id, row.name, facts.join("; "));
        }
    }
}

fn told(yardstick: &Yardstick) -> String {
    format!(
        "{}: {} {}",
        yardstick.name,
        number(yardstick.figure),
        yardstick.unit
    )
}

/// Three digits that count.
fn number(value: f64) -> String {
    match value.abs() {
        n if n >= 1000.0 => {
            let whole = format!("{value:.0}");
            let cut = whole.len() - 3;
            format!("{},{}", &whole[..cut], &whole[cut..])
        }
        n if n >= 100.0 => format!("{value:.0}"),
        n if n >= 10.0 => format!("{value:.1}"),
        n if n >= 0.1 || n == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// Everything that was measured.
pub fn write(file: &Path, machine: &Machine, rows: &[Row]) -> Done {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            let mut value = json!(row);
            value["met"] = row.is_met().into();
            value["ratio"] = json!(row.ratio());
            value
        })
        .collect();
    write_whole(file, &json!({"machine": machine, "rows": rows}))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_short() {
        let told = [0.0, 0.01234, 0.5, 12.34, 123.4, 1234.0, 12345.6].map(number);
        assert_eq!(
            told,
            ["0.00", "0.0123", "0.50", "12.3", "123", "1,234", "12,346"]
        );
    }
}
