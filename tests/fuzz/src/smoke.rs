//! A target fed without instrumentation: every seed, and then as many seeds that were
//! changed as its target says, the same ones in every run.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::Target;
use crate::mutation::{Draw, mutated};

/// What all changes are drawn from.
const SEED: u64 = 20_261_127;

/// How much was tried.
#[derive(Debug, Clone, Copy)]
pub struct Tried {
    /// Seeds.
    pub seeds: usize,
    /// Inputs, the seeds among them.
    pub executions: u64,
    /// Inputs that were taken for something, and not refused as a whole.
    pub taken: u64,
}

/// Feeds `target`. A finding panics with the input, spelt so that it can be kept as a
/// seed.
pub fn feed(target: Target) -> Tried {
    let seeds = target.seeds();
    assert!(!seeds.is_empty(), "{} has no seeds", target.name);
    let mut taken: u64 = seeds.iter().map(|seed| one(target, seed)).sum();
    let mut executions = seeds.len() as u64;
    let mut draw = Draw::of(SEED);
    while executions < target.daily {
        taken += one(target, &mutated(&mut draw, &seeds));
        executions += 1;
    }
    Tried {
        seeds: seeds.len(),
        executions,
        taken,
    }
}

/// 1 for an input that is taken, else 0.
fn one(target: Target, input: &[u8]) -> u64 {
    let ran = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    ran.map_or_else(
        |_told| {
            panic!(
                "{} fails, see above, for printf '%b' '{}'",
                target.name,
                spelt(input)
            )
        },
        u64::from,
    )
}

/// As a shell's `printf '%b'` reads it.
fn spelt(input: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        b'\\' | b'\'' | b'%' => format!("\\0{byte:03o}"),
        b' '..=b'~' => char::from(*byte).to_string(),
        _ => format!("\\0{byte:03o}"),
    };
    input.iter().map(one).collect()
}
