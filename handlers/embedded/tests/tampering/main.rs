//! More than a hundred thousand ways to bend the audit, each of which shows as
//! promised: what a digest covers is named, what is younger is named or told as
//! unsealed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../rig/mod.rs"]
mod rig;

mod chains;
mod digests;
mod es256;
mod files;
mod ground;

use std::collections::BTreeMap;
use std::io::Write;

use ground::{Ground, Rng};

/// How one mutation showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Shown {
    /// By name.
    Named,
    /// It touched only what no digest covers and every hash fits: told as unsealed.
    Unsealed,
}

/// One way to bend the audit: how often it is tried, and one try. `Err` says what was
/// not seen.
struct Kind {
    name: &'static str,
    times: usize,
    bend: fn(&Ground, &mut Rng) -> Result<Shown, String>,
}

/// Everything is drawn from this; a fault can be drawn again.
const SEED: u64 = 20_261_124;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_a_hundred_thousand_ways_to_bend_the_audit_all_show() {
    let ground = Ground::lay().await;
    let kinds: Vec<&Kind> = chains::KINDS.iter().chain(digests::KINDS).collect();
    let total = all_show(&ground, &kinds);
    assert!(total >= 100_000, "{total}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_digests_that_key_vault_signs_show_it_as_well() {
    let ground = Ground::lay_with_es256().await;
    let kinds: Vec<&Kind> = digests::KINDS.iter().chain(es256::KINDS).collect();
    let total = all_show(&ground, &kinds);
    assert!(total >= 10_000, "{total}");
}

/// Tries every kind, and says how many tries there were.
fn all_show(ground: &Ground, kinds: &[&Kind]) -> usize {
    ground.assert_untouched();
    let mut tally: BTreeMap<(usize, Shown), usize> = BTreeMap::new();
    let mut unseen: Vec<String> = Vec::new();
    std::thread::scope(|scope| {
        let halves: Vec<_> = (0..2)
            .map(|half| scope.spawn(move || tried(ground, kinds, half)))
            .collect();
        for half in halves {
            let (counts, missed) = half.join().unwrap();
            for (at, count) in counts {
                *tally.entry(at).or_default() += count;
            }
            unseen.extend(missed);
        }
    });
    // Past the capture of the test harness: how many of which kind is to be seen.
    let mut told = std::io::stderr();
    let mut total = 0;
    for (at, kind) in kinds.iter().enumerate() {
        let count = |shown| tally.get(&(at, shown)).copied().unwrap_or_default();
        let (named, young) = (count(Shown::Named), count(Shown::Unsealed));
        writeln!(told, "{named:>7} named {young:>6} unsealed  {}", kind.name).unwrap();
        assert!(named > 0, "{} was never named", kind.name);
        total += named + young;
    }
    writeln!(
        told,
        "{total} tamperings of the audit, {} unseen",
        unseen.len()
    )
    .unwrap();
    assert!(unseen.is_empty(), "{:#?}", &unseen[..unseen.len().min(10)]);
    total
}

/// Every second try of every kind.
fn tried(
    ground: &Ground,
    kinds: &[&Kind],
    half: usize,
) -> (BTreeMap<(usize, Shown), usize>, Vec<String>) {
    let mut tally = BTreeMap::new();
    let mut unseen = Vec::new();
    for (at, kind) in kinds.iter().enumerate() {
        for number in (half..kind.times).step_by(2) {
            let mut rng = Rng::of(SEED, at, number);
            match (kind.bend)(ground, &mut rng) {
                Ok(shown) => *tally.entry((at, shown)).or_default() += 1,
                Err(what) => unseen.push(format!("{} {number}: {what}", kind.name)),
            }
        }
    }
    (tally, unseen)
}

#[tokio::test]
async fn the_same_in_the_files_themselves() {
    files::bend_them(Rng::of(SEED, 99, 0)).await;
}
