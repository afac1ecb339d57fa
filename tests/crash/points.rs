//! Crash points: every call of every shape, with every fault that means something for
//! it; and what is broken when they are played.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::line::{Fate, Kind, Plan};
use super::runs::Played;
use super::shapes::{SHAPES, Shape};

/// One run: a shape, a call's number and what the call meets.
#[derive(Clone)]
pub struct Point {
    /// What is played.
    pub shape: &'static Shape,
    /// What the call meets.
    pub kind: Kind,
    /// How long it takes without a fault.
    calm: Duration,
    number: usize,
    what: &'static str,
}

/// Plays a shape under a plan.
pub trait Player {
    /// From the beginning to the end, on nothing that was played before.
    fn play(&self, shape: &Shape, plan: Plan) -> Played;
}

/// What is wrong, and how things ended.
pub struct Judgement {
    /// Each violation.
    pub broken: Vec<String>,
    ends: BTreeMap<&'static str, BTreeMap<String, usize>>,
    longest: BTreeMap<&'static str, Duration>,
}

impl Point {
    fn name(&self) -> String {
        format!(
            "{:?} at call {} ({}) of \"{}\"",
            self.kind, self.number, self.what, self.shape.name
        )
    }
}

/// The points of every shape, each of which first goes through without a fault.
pub fn all<P: Player>(player: impl Fn() -> P + Sync) -> Vec<Point> {
    let calm = on_all_processors(&player, SHAPES, |player, shape| {
        player.play(shape, Fate::calm())
    });
    let points = SHAPES.iter().zip(calm).map(|(shape, calm)| {
        assert_eq!(calm.findings, [] as [&str; 0], "{}", shape.name);
        assert_eq!(calm.ended, shape.ends, "{}", shape.name);
        points_of(shape, &calm)
    });
    points.flatten().collect()
}

fn points_of(shape: &'static Shape, calm: &Played) -> Vec<Point> {
    let mut points = Vec::new();
    for (number, call) in (1..).zip(&calm.calls) {
        points.extend(
            Kind::ALL
                .into_iter()
                .filter(|kind| call.can_meet(*kind))
                .map(|kind| Point {
                    shape,
                    kind,
                    calm: calm.took,
                    number,
                    what: call.name,
                }),
        );
    }
    points
}

/// Plays `points`; what each gave, in their order.
pub fn play<P: Player>(points: &[Point], player: impl Fn() -> P + Sync) -> Vec<Played> {
    on_all_processors(&player, points, |player, point| {
        player.play(point.shape, Fate::at(point.number, point.kind))
    })
}

/// Does `work` for each of `items`, with one player on each processor.
fn on_all_processors<P, I: Sync, T: Send>(
    player: &(impl Fn() -> P + Sync),
    items: &[I],
    work: impl Fn(&P, &I) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, T>> = Mutex::default();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let player = player();
                loop {
                    let mine = next.fetch_add(1, Ordering::SeqCst);
                    let Some(item) = items.get(mine) else {
                        return;
                    };
                    let one = work(&player, item);
                    done.lock().unwrap().insert(mine, one);
                }
            });
        }
    });
    done.into_inner().unwrap().into_values().collect()
}

/// What is broken: by what was found, and by how long it took.
pub fn judge(points: &[Point], played: &[Played]) -> Judgement {
    assert_eq!(points.len(), played.len());
    let mut judgement = Judgement {
        broken: Vec::new(),
        ends: BTreeMap::new(),
        longest: BTreeMap::new(),
    };
    let broken = &mut judgement.broken;
    for (point, played) in points.iter().zip(played) {
        if !played.findings.is_empty() {
            broken.push(format!("{}: {:?}", point.name(), played.findings));
        }
        let ended = judgement.ends.entry(point.shape.name).or_default();
        *ended.entry(played.ended.clone()).or_default() += 1;
        let took = judgement.longest.entry(point.shape.name).or_default();
        *took = played.took.max(*took);
        let delay = played.took.saturating_sub(point.calm);
        if point.kind.is_death() && delay > point.shape.may_take_longer() {
            broken.push(format!("{}: it takes {delay:?} longer", point.name()));
        }
    }
    judgement
}

impl Judgement {
    /// Says `told`, and with `AZIMUTH_SHOW` how each shape ended; fails when anything
    /// is broken.
    pub fn tell(&self, told: &str) {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{told}").unwrap();
        if std::env::var_os("AZIMUTH_SHOW").is_some() {
            for (shape, ended) in &self.ends {
                let longest = self.longest[shape];
                writeln!(out, "  {shape}: {ended:?}, at most {longest:?}").unwrap();
            }
        }
        drop(out);
        assert!(self.broken.is_empty(), "{}", self.broken.join("\n"));
    }
}
