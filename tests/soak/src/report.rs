//! The tables, the JSON file, and whether the run kept what was promised.

use std::path::Path;

use azimuth_stack::failure::Done;
use azimuth_stack::machine::Machine;
use azimuth_stack::programs::write_whole;
use serde::Serialize;
use serde_json::{Value, json};

use crate::blows::Blow;
use crate::chaos::Round;
use crate::judge::Verdict;
use crate::watch::Growth;

/// A run.
#[derive(Debug)]
pub struct Report {
    pub machine: Machine,
    pub seed: u64,
    pub minutes: f64,
    pub rounds: Vec<Round>,
    pub verdict: Verdict,
    /// Turns by how they ended, calls by outcome, and the like, in order.
    pub counts: Vec<(String, u64)>,
    pub growth: Vec<Growth>,
    /// What `handler audit verify` said.
    pub verify: String,
}

/// All blows of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    pub what: &'static str,
    pub times: usize,
    pub kills: usize,
    pub stops: usize,
    pub messages: usize,
    /// Turns interrupted, and in hand, all blows together.
    pub interrupted: usize,
    pub in_hand: usize,
    pub p50_s: f64,
    pub p99_s: f64,
    pub most_s: f64,
    pub bar_s: Option<f64>,
    pub met: bool,
}

impl Report {
    pub fn lines(&self) -> Vec<Line> {
        Blow::ALL
            .iter()
            .filter_map(|blow| line(*blow, &self.rounds))
            .collect()
    }

    /// Neither a violation nor a missed bar, and something was done at all.
    pub fn is_good(&self) -> bool {
        let struck = self.rounds.iter().any(|round| round.struck.kills > 0);
        let asked = self
            .counts
            .iter()
            .any(|(what, n)| what == ACCEPTED && *n > 0);
        struck
            && asked
            && self.verdict.violations() == 0
            && self.lines().iter().all(|line| line.met)
    }

    pub fn kills(&self) -> usize {
        self.rounds.iter().map(|round| round.struck.kills).sum()
    }

    /// As Markdown, which is also what the README keeps.
    pub fn print(&self) {
        let machine = &self.machine;
        println!(
            "{} × {}, {:.0} GB, Linux {}, {}; load before {}; commit {}; seed {}, {:.1} minutes\n",
            machine.cores,
            machine.cpu,
            machine.memory_gb,
            machine.kernel,
            machine.file_system,
            machine.load_before,
            machine.commit,
            self.seed,
            self.minutes
        );
        let counts: Vec<String> = self
            .counts
            .iter()
            .map(|(what, n)| format!("{n} {what}"))
            .collect();
        println!("{}\n", counts.join(", "));
        println!(
            "| blow | times | killed | stopped | messages | turns interrupted, of those in hand | recovery p50 | p99 | bar | met? |"
        );
        println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        for line in self.lines() {
            let bar = line
                .bar_s
                .map_or_else(|| "–".to_owned(), |bar| format!("≤ {bar:.0} s"));
            let met = match (line.bar_s, line.met) {
                (None, _) => "–",
                (_, true) => "yes",
                (_, false) => "**no**",
            };
            println!(
                "| {} | {} | {} | {} | {} | {} of {} | {:.1} s | {:.1} s | {bar} | {met} |",
                line.what,
                line.times,
                line.kills,
                line.stops,
                line.messages,
                line.interrupted,
                line.in_hand,
                line.p50_s,
                line.p99_s
            );
        }
        println!(
            "\n| process | lives | samples | most memory | by the hour | most files | by the hour |"
        );
        println!("| --- | --- | --- | --- | --- | --- | --- |");
        for growth in &self.growth {
            let slope = |value: Option<f64>, unit: &str| {
                value.map_or_else(|| "–".to_owned(), |value| format!("{value:+.1}{unit}"))
            };
            println!(
                "| {} | {} | {} | {:.0} MB | {} | {:.0} | {} |",
                growth.what,
                growth.lives,
                growth.samples,
                growth.most_mb,
                slope(growth.mb_per_hour, " MB"),
                growth.most_files,
                slope(growth.files_per_hour, "")
            );
        }
        println!("\n| lost | doubled | unfinished | audit | disagreeing | other |");
        println!("| --- | --- | --- | --- | --- | --- |");
        let verdict = &self.verdict;
        println!(
            "| {} | {} | {} | {} | {} | {} |\n",
            verdict.lost.len(),
            verdict.doubled.len(),
            verdict.unfinished.len(),
            verdict.audit.len(),
            verdict.disagreeing.len(),
            verdict.other.len()
        );
        println!(
            "audit verify: {}",
            self.verify.lines().next().unwrap_or_default()
        );
        for sentence in self.sentences() {
            println!("- {sentence}");
        }
    }

    fn sentences(&self) -> impl Iterator<Item = &String> {
        let verdict = &self.verdict;
        [
            &verdict.lost,
            &verdict.doubled,
            &verdict.unfinished,
            &verdict.audit,
            &verdict.disagreeing,
            &verdict.other,
        ]
        .into_iter()
        .flatten()
    }

    pub fn write(&self, file: &Path) -> Done {
        let rounds: Vec<Value> = self
            .rounds
            .iter()
            .map(|round| {
                json!({
                    "blow": round.blow.name(),
                    "met": round.struck.told,
                    "interrupted": round.interrupted,
                    "in_hand": round.in_hand,
                    "at_rest_s": round.at_rest_s,
                    "recovery_s": round.recovery_s,
                })
            })
            .collect();
        let growth: Vec<Value> = self
            .growth
            .iter()
            .map(|g| {
                json!({
                    "process": g.what, "lives": g.lives, "samples": g.samples,
                    "most_mb": g.most_mb, "mb_per_hour": g.mb_per_hour,
                    "most_files": g.most_files, "files_per_hour": g.files_per_hour,
                })
            })
            .collect();
        let counts: serde_json::Map<String, Value> = self
            .counts
            .iter()
            .map(|(what, n)| (what.clone(), json!(n)))
            .collect();
        write_whole(
            file,
            &json!({
                "machine": self.machine,
                "seed": self.seed,
                "minutes": self.minutes,
                "counts": counts,
                "kills": self.kills(),
                "violations": self.verdict.violations(),
                "verdict": self.verdict,
                "blows": self.lines(),
                "rounds": rounds,
                "growth": growth,
                "audit_verify": self.verify,
                "is_good": self.is_good(),
            }),
        )
    }
}

/// What the number of accepted turns is called in the counts.
pub const ACCEPTED: &str = "turns accepted";

fn line(blow: Blow, rounds: &[Round]) -> Option<Line> {
    let rounds: Vec<&Round> = rounds.iter().filter(|round| round.blow == blow).collect();
    let mut times: Vec<f64> = rounds.iter().map(|round| round.recovery_s).collect();
    times.sort_by(f64::total_cmp);
    let most_s = *times.last()?;
    let sum = |field: fn(&Round) -> usize| rounds.iter().map(|round| field(round)).sum();
    let p99_s = quantile(&times, 99);
    Some(Line {
        what: blow.name(),
        times: rounds.len(),
        kills: sum(|round| round.struck.kills),
        stops: sum(|round| round.struck.stops),
        messages: sum(|round| round.struck.messages),
        interrupted: sum(|round| round.interrupted),
        in_hand: sum(|round| round.in_hand),
        p50_s: quantile(&times, 50),
        p99_s,
        most_s,
        bar_s: blow.bar(),
        met: blow.bar().is_none_or(|bar| p99_s <= bar),
    })
}

/// The smallest value that at least so many percent do not exceed: with fewer than a
/// hundred samples p99 is the largest.
fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::blows::Struck;

    fn round(blow: Blow, recovery_s: f64) -> Round {
        Round {
            blow,
            struck: Struck {
                told: "x".to_owned(),
                kills: 1,
                ..Struck::default()
            },
            recovery_s,
            interrupted: 1,
            in_hand: 2,
            at_rest_s: recovery_s,
        }
    }

    #[test]
    fn the_worst_of_few_is_the_p99_and_decides_about_the_bar() {
        let mut rounds: Vec<Round> = (1..=9)
            .map(|n| round(Blow::KillHandler, f64::from(n)))
            .collect();
        rounds.push(round(Blow::LoseInstance, 80.0));
        let told = line(Blow::KillHandler, &rounds).unwrap();
        assert_eq!((told.times, told.kills, told.in_hand), (9, 9, 18));
        assert_eq!((told.p50_s, told.p99_s, told.met), (5.0, 9.0, true));
        assert!(line(Blow::LoseInstance, &rounds).unwrap().met);
        rounds.push(round(Blow::KillHandler, 30.1));
        assert!(!line(Blow::KillHandler, &rounds).unwrap().met);
        assert_eq!(line(Blow::Storm, &rounds), None);
    }

    #[test]
    fn of_many_the_p99_leaves_the_worst_out() {
        let times: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!((quantile(&times, 50), quantile(&times, 99)), (100.0, 198.0));
        assert!(quantile(&[], 99).abs() < f64::EPSILON);
    }

    #[test]
    fn a_violation_a_missed_bar_and_a_run_without_blows_are_not_good() {
        let report = |rounds, lost: &[&str]| Report {
            machine: Machine::describe(Path::new("/"), Path::new("/")),
            seed: 1,
            minutes: 1.0,
            rounds,
            verdict: Verdict {
                lost: lost.iter().map(|&told| told.to_owned()).collect(),
                ..Verdict::default()
            },
            counts: vec![(ACCEPTED.to_owned(), 3)],
            growth: Vec::new(),
            verify: String::new(),
        };
        assert!(report(vec![round(Blow::KillHandler, 3.0)], &[]).is_good());
        assert!(!report(vec![round(Blow::KillHandler, 31.0)], &[]).is_good());
        assert!(!report(vec![round(Blow::KillHandler, 3.0)], &["one"]).is_good());
        assert!(!report(Vec::new(), &[]).is_good());
    }
}
