//! Every call of every shape, failing in every way that it can.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::line::{Fate, Kind};
use super::runs::{Played, play};
use super::shapes::{SHAPES, Shape};

/// One run: a shape, a call's number and what the call meets.
struct Point {
    shape: &'static Shape,
    /// How long it takes without a fault.
    calm: Duration,
    number: usize,
    kind: Kind,
    what: &'static str,
}

impl Point {
    fn name(&self) -> String {
        format!(
            "{:?} at call {} ({}) of \"{}\"",
            self.kind, self.number, self.what, self.shape.name
        )
    }

    fn play(&self) -> Played {
        play(self.shape, Fate::at(self.number, self.kind), None)
    }
}

/// The points of a shape, which first goes through without a fault.
fn points(shape: &'static Shape) -> Vec<Point> {
    let calm = play(shape, Fate::calm(), None);
    assert_eq!(calm.findings, [] as [&str; 0], "{}", shape.name);
    assert_eq!(calm.ended, shape.ends, "{}", shape.name);
    let mut points = Vec::new();
    for (number, call) in (1..).zip(&calm.calls) {
        points.extend(
            Kind::ALL
                .into_iter()
                .filter(|kind| call.can_meet(*kind))
                .map(|kind| Point {
                    shape,
                    calm: calm.took,
                    number,
                    kind,
                    what: call.name,
                }),
        );
    }
    points
}

/// Plays `points` on all processors; what each gave, in their order.
fn play_all(points: &[Point]) -> Vec<Played> {
    let next = AtomicUsize::new(0);
    let played: Mutex<BTreeMap<usize, Played>> = Mutex::default();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let mine = next.fetch_add(1, Ordering::SeqCst);
                    let Some(point) = points.get(mine) else {
                        return;
                    };
                    let done = point.play();
                    played.lock().unwrap().insert(mine, done);
                }
            });
        }
    });
    played.into_inner().unwrap().into_values().collect()
}

#[test]
fn every_crash_point_of_every_shape_keeps_the_promises() {
    let began = Instant::now();
    let all: Vec<Point> = SHAPES.iter().flat_map(points).collect();
    let played = play_all(&all);
    let mut broken = Vec::new();
    let mut ends: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    let mut longest: BTreeMap<&str, Duration> = BTreeMap::new();
    for (point, played) in all.iter().zip(&played) {
        if !played.findings.is_empty() {
            broken.push(format!("{}: {:?}", point.name(), played.findings));
        }
        let ended = ends.entry(point.shape.name).or_default();
        *ended.entry(&played.ended).or_default() += 1;
        let took = longest.entry(point.shape.name).or_default();
        *took = played.took.max(*took);
        let delay = played.took.saturating_sub(point.calm);
        if point.kind.is_death() && delay > point.shape.may_take_longer() {
            broken.push(format!("{}: it takes {delay:?} longer", point.name()));
        }
    }
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "crash points: {} shapes, {} points covered, {} violations, {:.1} s",
        SHAPES.len(),
        all.len(),
        broken.len(),
        began.elapsed().as_secs_f64()
    )
    .unwrap();
    if std::env::var_os("AZIMUTH_SHOW").is_some() {
        for (shape, ended) in &ends {
            writeln!(out, "  {shape}: {ended:?}, at most {:?}", longest[shape]).unwrap();
        }
    }
    drop(out);
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
