//! Schedules drawn from a number: calls that fail, stall and kill, messages that
//! come twice, late, early or never, clocks that jump, storage that throttles;
//! several turns, and people who change their minds.
//!
//! `AZIMUTH_SEEDS=100000` runs so many, `AZIMUTH_SEED=123` one, telling what it met.

use std::io::Write as _;
use std::ops::Range;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use azimuth_app::triggers::QueueFunction;
use azimuth_domain::audit::AuditRecord;
use azimuth_domain::ids::TurnId;
use azimuth_domain::turn::ToolCall;
use azimuth_ports::clock::Clock;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::flaw::Flaw;
use super::invariants;
use super::line::{Call, Kind, Plan, Verdict};
use super::random::Chance;
use super::runs::{AUDIT_IS_SWEPT_AFTER, LONGEST, in_own_time, until_ended, until_quiet};
use super::shapes::{Moment, SHAPES};
use super::storage::Storage;
use super::world::effects::{Effect, Manner};
use super::world::people::{Question, turn_of};
use super::world::{World, host};

/// The numbers of an ordinary run.
pub const ORDINARY: Range<u64> = 1..1_001;

/// What is read of a change before people are asked.
const TELLS: &[&[Option<&str>]] = &[
    &[],
    &[None],
    &[Some("large"), None],
    &[None, Some("large"), None, Some("huge"), Some("small"), None],
];

/// How rough a schedule is: times in ten thousand calls.
#[derive(Debug, Clone, Copy)]
struct Weather {
    fails: u64,
    dies: u64,
    stalls: u64,
    outages: u64,
    slow: u64,
    twice: u64,
    /// Between two blows from outside, seconds; none at zero.
    gusts: u64,
    /// Until then it is rough.
    ends_after: Duration,
}

impl Weather {
    fn of(chance: &mut Chance) -> Self {
        let rate = |chance: &mut Chance, rates: &[u64]| *chance.pick(rates);
        Self {
            fails: rate(chance, &[0, 50, 200, 800]),
            dies: rate(chance, &[0, 0, 20, 100]),
            stalls: rate(chance, &[0, 0, 20, 80]),
            outages: rate(chance, &[0, 0, 5, 20]),
            slow: rate(chance, &[0, 20, 100]),
            twice: rate(chance, &[0, 500, 3_000]),
            gusts: rate(chance, &[0, 5, 20]),
            ends_after: Duration::from_secs(chance.between(30, 900)),
        }
    }

    /// What calls meet.
    fn plan(self, mut chance: Chance, met: Met) -> Plan {
        let ends = Instant::now() + self.ends_after;
        Box::new(move |number, call| {
            if Instant::now() >= ends {
                return Verdict::default();
            }
            let latency = if chance.in_ten_thousand(self.slow) {
                chance.between(500, 25_000)
            } else {
                chance.between(1, 30)
            };
            let kind = self.kind(&mut chance, call);
            met.note(number, call, kind, latency);
            Verdict {
                latency: Duration::from_millis(latency),
                kind,
            }
        })
    }

    fn kind(self, chance: &mut Chance, call: Call) -> Option<Kind> {
        let of: &[Kind] = if chance.in_ten_thousand(self.fails) {
            &[Kind::Before, Kind::After, Kind::Torn]
        } else if chance.in_ten_thousand(self.dies) {
            &[Kind::CrashBefore, Kind::CrashAfter, Kind::CrashTorn]
        } else if chance.in_ten_thousand(self.stalls) {
            &[Kind::StallBefore, Kind::StallAfter]
        } else if chance.in_ten_thousand(self.outages) {
            &[Kind::Outage]
        } else {
            return None;
        };
        Some(*chance.pick(of)).filter(|kind| call.can_meet(*kind))
    }
}

/// What a schedule met, for whoever replays it.
#[derive(Clone, Default)]
pub struct Met(Arc<Mutex<Vec<String>>>);

impl Met {
    fn note(&self, number: usize, call: Call, kind: Option<Kind>, latency: u64) {
        let kind = kind.map_or(String::new(), |kind| format!(" {kind:?}"));
        self.say(format!(
            "{number} {:?} {} {latency} ms{kind}",
            call.port, call.name
        ));
    }

    fn say(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// What came of a schedule.
struct Came {
    findings: Vec<String>,
    met: Vec<String>,
    ended: Vec<String>,
    trace: Trace,
}

/// Every call that was made, every effect, and every record with its hash.
#[derive(Debug, PartialEq)]
struct Trace {
    calls: Vec<Call>,
    effects: Vec<Effect>,
    records: Vec<AuditRecord>,
}

/// Runs the schedule of a number on a storage, which is emptied first.
fn run(seed: u64, storage: &Storage) -> Came {
    storage.empty();
    let flaw = storage.flaw();
    in_own_time(async {
        let mut chance = Chance::of(seed);
        let weather = Weather::of(&mut chance);
        let met = Met::default();
        let says = chance.pick(SHAPES).says;
        let manner = Manner {
            takes: Duration::from_millis(*chance.pick(&[0, 300, 2_000, 7_000])),
            tells: chance.pick::<&[Option<&str>]>(TELLS),
        };
        let world = World::new(
            says,
            manner,
            weather.plan(chance.fork(), met.clone()),
            storage,
        );
        let mut twice = chance.fork();
        world.deliver_twice(move || twice.in_ten_thousand(weather.twice));
        for number in 1..=2 {
            world.make_chat(number).await;
        }
        let mut running = world.start(flaw != Some(Flaw::NobodyLooksAgain));
        if weather.gusts > 0 {
            running.spawn(blow(world.clone(), weather, chance.fork(), met.clone()));
        }
        let turns = ask_all(&world, &mut chance).await;
        if tokio::time::timeout(LONGEST, until_ended(&world))
            .await
            .is_err()
        {
            world.findings.note("a turn does not end");
        }
        world.fate.relent();
        until_quiet(&world).await;
        sleep(AUDIT_IS_SWEPT_AFTER).await;
        if flaw != Some(Flaw::NobodyLooksAgain) {
            host::sweep_through(&world).await;
        }
        invariants::check(&world);
        Came {
            findings: world.findings.all(),
            met: met.all(),
            ended: turns
                .iter()
                .map(|turn| invariants::ended_as(&world, turn))
                .collect(),
            trace: Trace {
                calls: world.fate.calls(),
                effects: world.effects.done(),
                records: world.audit.records(),
            },
        }
    })
}

/// What the schedule of a number finds.
pub fn findings(seed: u64, flaw: Option<Flaw>) -> Vec<String> {
    run(seed, &Storage::Memory(flaw)).findings
}

/// Everybody asks, a while apart, and does what else they do; returns when
/// everything that was asked is accepted.
async fn ask_all(world: &Arc<World>, chance: &mut Chance) -> Vec<TurnId> {
    let mut asking = JoinSet::new();
    let mut turns = Vec::new();
    for number in 0..chance.between(1, 4) {
        let question = *chance.pick(&[
            Question::Chat(1),
            Question::Chat(1),
            Question::Chat(2),
            Question::Console("thing_list"),
            Question::Console("thing_create"),
        ]);
        let key = format!("key-{number}");
        turns.push(turn_of(question, &key));
        let (world, chance) = (world.clone(), chance.fork());
        asking.spawn(async move { Box::pin(ask_one(&world, question, &key, chance)).await });
    }
    asking.join_all().await;
    turns
}

async fn ask_one(world: &Arc<World>, question: Question, key: &str, mut chance: Chance) {
    sleep(Duration::from_millis(chance.below(20_000))).await;
    // Somebody whose portal asks twice at once.
    if chance.in_ten_thousand(2_000) {
        let ask = || Box::pin(world.ask(question, key));
        futures::future::join(ask(), ask()).await;
    } else {
        world.ask(question, key).await;
    }
    let turn = turn_of(question, key);
    let mut people = JoinSet::new();
    spawn_decider(&mut people, world, &turn, &mut chance);
    let (signs, signer) = (turn.clone(), world.clone());
    people.spawn(async move { signer.sign_in(&signs).await });
    if chance.in_ten_thousand(2_500) {
        let moment = *chance.pick(&[
            Moment::Speaking,
            Moment::Previewing,
            Moment::AwaitingApproval,
            Moment::Running,
        ]);
        let (world, turn) = (world.clone(), turn.clone());
        people.spawn(async move { world.stop(&turn, |turn| moment.is_now(turn)).await });
    }
    if chance.in_ten_thousand(1_500) {
        let (world, turn) = (world.clone(), turn.clone());
        people.spawn(async move { world.sign_out(&turn).await });
    }
    // They go on until the turn has ended.
    people.detach_all();
}

fn spawn_decider(people: &mut JoinSet<()>, world: &Arc<World>, turn: &TurnId, chance: &mut Chance) {
    let after = Duration::from_secs(*chance.pick(&[0, 2, 60, 25 * 60]));
    let mind = Mutex::new(chance.fork());
    let (world, turn) = (world.clone(), turn.clone());
    let says = move |_: &ToolCall| {
        let mut mind = mind.lock().unwrap();
        match mind.below(10) {
            0 => None,
            1 | 2 => Some(false),
            _ => Some(true),
        }
    };
    people.spawn(async move { world.decide(&turn, after, says).await });
}

/// What comes from outside: messages lost, late and early, clocks that jump,
/// processes that die or stand still.
async fn blow(world: Arc<World>, weather: Weather, mut chance: Chance, met: Met) {
    let ends = Instant::now() + weather.ends_after;
    while Instant::now() < ends {
        let pause = chance.between(500, weather.gusts * 2_000);
        sleep(Duration::from_millis(pause)).await;
        let well = world.fleet.well();
        let queue = chance.pick(&QueueFunction::ALL).queue();
        let now = world.clock.now().0;
        let what = chance.below(12);
        met.say(format!("gust {what} {queue}"));
        match what {
            0 | 1 => {
                let mut one = chance.fork();
                world
                    .queue
                    .disturb(queue, |_, at| one.in_ten_thousand(7_000).then_some(at));
            }
            2..=4 => {
                let mut one = chance.fork();
                world.queue.disturb(queue, |_, at| {
                    let late = i64::try_from(one.below(120_000)).unwrap();
                    Some(if one.in_ten_thousand(5_000) {
                        at + late
                    } else {
                        at
                    })
                });
            }
            // Early, also what somebody is at work on.
            5..=7 => {
                let mut one = chance.fork();
                world.queue.disturb(queue, |_, at| {
                    Some(if one.in_ten_thousand(5_000) { now } else { at })
                });
            }
            8 | 9 if !well.is_empty() => {
                let by = i64::try_from(chance.below(120_000)).unwrap() - 60_000;
                chance.pick(&well).clock.jump(by);
            }
            10 if !well.is_empty() && weather.dies > 0 => chance.pick(&well).line.life.end(),
            11 if !well.is_empty() && weather.stalls > 0 => {
                let length = Duration::from_secs(chance.between(5, 90));
                chance.pick(&well).line.life.stall(length);
            }
            _ => {}
        }
    }
    for worker in world.fleet.well() {
        worker.clock.jump(0);
    }
}

fn number_from(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

/// Runs schedules on all processors, each on a storage of its own; those that found
/// something.
fn run_all(seeds: &[u64], storage: impl Fn() -> Storage + Sync) -> Vec<(u64, Vec<String>)> {
    let next = AtomicUsize::new(0);
    let broken = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let storage = storage();
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let came = run(*seed, &storage);
                    if !came.findings.is_empty() {
                        broken.lock().unwrap().push((*seed, came.findings));
                    }
                }
            });
        }
    });
    let mut broken = broken.into_inner().unwrap();
    broken.sort();
    broken
}

/// Runs one schedule and tells what it met.
fn replay(seed: u64, storage: &Storage) {
    let came = run(seed, storage);
    let mut out = std::io::stdout().lock();
    for line in &came.met {
        writeln!(out, "{line}").unwrap();
    }
    writeln!(out, "seed {seed} ended {:?}", came.ended).unwrap();
    drop(out);
    assert_eq!(came.findings, [] as [&str; 0], "seed {seed}");
}

/// Runs these schedules, or the one that was asked for, and fails where a promise is
/// broken. `name` begins the line that tells of it.
pub fn judge(name: &str, seeds: &[u64], storage: impl Fn() -> Storage + Sync) {
    if let Some(seed) = number_from("AZIMUTH_SEED") {
        return replay(seed, &storage());
    }
    let began = std::time::Instant::now();
    let broken = run_all(seeds, storage);
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{name}: {} run, {} violations, {seconds:.1} s",
        seeds.len(),
        broken.len()
    );
    let told: Vec<String> = broken
        .iter()
        .take(20)
        .map(|(seed, findings)| format!("AZIMUTH_SEED={seed}: {findings:?}"))
        .collect();
    assert!(broken.is_empty(), "{}", told.join("\n"));
}

#[test]
fn every_schedule_keeps_the_promises() {
    let first = ORDINARY.start;
    let end = number_from("AZIMUTH_SEEDS").map_or(ORDINARY.end, |count| first + count);
    let seeds: Vec<u64> = (first..end).collect();
    judge("seeds", &seeds, || Storage::Memory(None));
}

#[test]
fn a_number_is_one_schedule() {
    for seed in ORDINARY.take(20) {
        let [once, again] = [(); 2].map(|()| run(seed, &Storage::Memory(None)));
        assert_eq!(once.met, again.met, "seed {seed}");
        assert_eq!(once.ended, again.ended, "seed {seed}");
        assert_eq!(once.trace, again.trace, "seed {seed}");
    }
}
