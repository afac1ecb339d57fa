//! The table of `turn-protocol.md`: each change of the protocol, what it must break
//! at least, and the bounds in which it does. What one small bound cannot show of a
//! row, a second one does.

use crate::bound::{Bound, Mutation, NONE, SignIn, Sweeper};
use crate::bounds::{BOTH, DESTRUCTIVE, READ_ONLY};
use crate::search::{Counterexample, Limits, Report, explore};
use crate::world::{Broken, Budget, Property};
use std::collections::BTreeMap;

use Property::{I1, I2, I3, I4, I5, I6, I8, SignIn as SignInKept};

/// A row, or a part of one.
pub struct Row {
    /// What is done wrong.
    pub name: &'static str,
    /// What it must break at least.
    pub breaks: &'static [Property],
    /// Where it does.
    pub bounds: Vec<Bound>,
}

/// What a row broke.
pub struct Caught {
    /// The shortest counterexample of each property.
    pub broken: BTreeMap<Property, Counterexample>,
    /// Whether every state of every bound was seen; not so once all is broken.
    pub is_complete: bool,
    /// States explored, all bounds together.
    pub states: usize,
    /// Seconds, likewise.
    pub seconds: f64,
}

const STATES: usize = 3_000_000;

impl Row {
    /// Explores until everything that must break is broken.
    pub fn run(&self) -> Caught {
        let mut caught = Caught {
            broken: BTreeMap::new(),
            is_complete: true,
            states: 0,
            seconds: 0.0,
        };
        let wanted = Broken::of(self.breaks);
        for bound in &self.bounds {
            let found: Vec<Property> = caught.broken.keys().copied().collect();
            let missing = Broken::of(&found).missing(wanted);
            if missing.is_empty() {
                break;
            }
            let limits = Limits {
                states: STATES,
                enough: Some(missing),
            };
            let report: Report = explore(&crate::model::Sim::new(*bound), limits);
            caught.is_complete &= report.is_complete;
            caught.states += report.states;
            caught.seconds += report.took.as_secs_f64();
            for (property, example) in report.broken {
                caught.broken.entry(property).or_insert(example);
            }
        }
        caught
    }
}

impl Caught {
    /// What of a row nothing has noticed.
    pub fn unnoticed(&self, row: &Row) -> Vec<Property> {
        let found: Vec<Property> = self.broken.keys().copied().collect();
        Broken::of(&found)
            .missing(Broken::of(row.breaks))
            .iter()
            .collect()
    }
}

fn row(name: &'static str, breaks: &'static [Property], bounds: Vec<Bound>) -> Row {
    Row {
        name,
        breaks,
        bounds,
    }
}

fn destructive(budget: Budget) -> Bound {
    Bound::new("mutated", DESTRUCTIVE).with(budget)
}

fn read_only(budget: Budget) -> Bound {
    Bound::new("mutated", READ_ONLY).with(budget)
}

const fn previewing(mut bound: Bound) -> Bound {
    bound.previews = true;
    bound.budget.late = 1;
    bound
}

const CRASH: Budget = Budget { crash: 1, ..NONE };
const EXPIRY: Budget = Budget { expiry: 1, ..NONE };
const FAIL: Budget = Budget { fail: 1, ..NONE };

/// Every row whose protocol is that of one turn. Rule 0's are in `order.rs`.
pub fn rows() -> Vec<Row> {
    let mut rows = liveness();
    rows.extend(safety());
    rows.extend(watchdog());
    rows
}

fn liveness() -> Vec<Row> {
    let unswept = |mut bound: Bound| {
        bound.sweeper = Sweeper::Off;
        bound
    };
    let crashing = |mut bound: Bound| {
        bound.always_crashes = true;
        bound
    };
    vec![
        row(
            "no sweeper and no watchdog",
            &[I3],
            vec![unswept(read_only(CRASH))],
        ),
        row(
            "model claim never taken over",
            &[I3],
            vec![read_only(CRASH).mutated(Mutation::ModelNeverTakenOver)],
        ),
        row(
            "approval never expires",
            &[I3],
            vec![destructive(NONE).mutated(Mutation::ApprovalNeverExpires)],
        ),
        row(
            "cancel leaves queued calls",
            &[I3],
            vec![read_only(Budget { cancel: 1, ..NONE }).mutated(Mutation::CancelLeavesQueued)],
        ),
        row(
            "always-crashing message without poison rule",
            &[I3],
            vec![crashing(read_only(NONE)).mutated(Mutation::NoPoisonRule)],
        ),
    ]
}

fn safety() -> Vec<Row> {
    let cancelled = |budget: Budget| Budget {
        cancel: 1,
        ..budget
    };
    let audit_unswept = |mut bound: Bound| {
        bound.audit_sweep = false;
        bound
    };
    vec![
        // The table names I3 as well: see `not_load_bearing`.
        row(
            "claim without etag",
            &[I1, I5, I6, I8],
            vec![
                destructive(cancelled(FAIL)).mutated(Mutation::ClaimWithoutEtag),
                destructive(cancelled(Budget {
                    crash: 1,
                    dup: 1,
                    expiry: 1,
                    ..NONE
                }))
                .mutated(Mutation::ClaimWithoutEtag),
            ],
        ),
        row(
            "answer without step and claim number",
            &[I6, I1],
            vec![destructive(EXPIRY).mutated(Mutation::AnswerWithoutClaim)],
        ),
        row(
            "open after the effect",
            &[I2, I1],
            vec![destructive(Budget { crash: 1, ..EXPIRY }).mutated(Mutation::OpenAfterEffect)],
        ),
        row(
            "run although open failed",
            &[I2, I1],
            vec![destructive(Budget { crash: 1, ..FAIL }).mutated(Mutation::RunThoughOpenFailed)],
        ),
        row(
            "re-run of a destructive attempt",
            &[I1],
            vec![destructive(CRASH).mutated(Mutation::RerunDestructive)],
        ),
        row(
            "retry of a mutating request after a time-out",
            &[I1],
            vec![destructive(FAIL).mutated(Mutation::RetryAfterTimeout)],
        ),
        row(
            "release without attempt",
            &[I1],
            vec![
                destructive(Budget {
                    crash: 1,
                    expiry: 2,
                    fail: 1,
                    ..NONE
                })
                .mutated(Mutation::ReleaseWithoutAttempt),
            ],
        ),
        row(
            "random audit ids",
            &[I4],
            vec![destructive(EXPIRY).mutated(Mutation::RandomAuditIds)],
        ),
        row(
            "no audit sweep",
            &[I4],
            vec![
                audit_unswept(destructive(FAIL)),
                audit_unswept(read_only(cancelled(FAIL))),
            ],
        ),
        row(
            "turn written before the close",
            &[I4],
            vec![destructive(EXPIRY).mutated(Mutation::TurnBeforeClose)],
        ),
        row(
            "late upgrade of Unknown",
            &[I6],
            vec![destructive(EXPIRY).mutated(Mutation::LateUpgrade)],
        ),
        row(
            "executor ignores a sealed open",
            &[I1, I2, I5, I8],
            vec![
                destructive(cancelled(EXPIRY)).mutated(Mutation::IgnoreSeal),
                destructive(cancelled(Budget {
                    crash: 1,
                    expiry: 1,
                    ..NONE
                }))
                .mutated(Mutation::IgnoreSeal),
            ],
        ),
        row(
            "text written without a claim check",
            &[I6],
            vec![
                read_only(Budget {
                    text: 1,
                    expiry: 1,
                    ..NONE
                })
                .mutated(Mutation::TextWithoutCheck),
            ],
        ),
        row(
            "no approval check",
            &[I5],
            vec![destructive(NONE).mutated(Mutation::NoApprovalCheck)],
        ),
        row(
            "next step before all calls are terminal",
            &[I6],
            vec![
                Bound::new("mutated", BOTH)
                    .with(Budget { dup: 1, ..NONE })
                    .mutated(Mutation::NextStepBeforeTerminal),
            ],
        ),
        row(
            "reclaimed call starts without policy, token and preview check",
            &[I5],
            vec![
                destructive(Budget {
                    revoke: 1,
                    crash: 1,
                    ..NONE
                })
                .mutated(Mutation::ReclaimStarts),
            ],
        ),
        row(
            "reclaimed call starts without its preview",
            &[I5],
            vec![previewing(destructive(CRASH)).mutated(Mutation::ReclaimStarts)],
        ),
        row(
            "claim without a repeated preview",
            &[I5],
            vec![
                previewing(destructive(Budget { drift: 1, ..NONE }))
                    .mutated(Mutation::ClaimWithoutRepeat),
            ],
        ),
        row(
            // Not I3 and I4, as the table has it: a message that comes back reclaims what
            // was started in an earlier step as well.
            "next step while a preview is open",
            &[I6],
            vec![previewing(destructive(CRASH)).mutated(Mutation::NextStepBeforePreview)],
        ),
        row(
            "deadline applied before the grant is looked at",
            &[SignInKept],
            vec![{
                let mut bound = read_only(CRASH).mutated(Mutation::DeadlineBeforeGrant);
                bound.sign_in = SignIn::Turn;
                bound
            }],
        ),
    ]
}

/// What this model found in the driver, and what keeps it from coming back.
pub fn found() -> Vec<Row> {
    let mut failing = read_only(Budget {
        crash: 1,
        fail: 1,
        ..NONE
    })
    .watched()
    .mutated(Mutation::RaiseTriedAgain);
    failing.store_fails = true;
    let mut waiting = read_only(NONE).mutated(Mutation::DeadlineAfterLook);
    waiting.sign_in = SignIn::Turn;
    vec![
        row(
            "raising the counter is tried again after a lost reply",
            &[I3],
            vec![failing],
        ),
        row(
            "a sign-in's deadline passes after the look at the grant",
            &[SignInKept],
            vec![waiting],
        ),
    ]
}

fn watchdog() -> Vec<Row> {
    vec![
        row(
            "watchdog successor only at dequeue count 1",
            &[I3],
            vec![
                whole_instance(read_only(CRASH).watched()).mutated(Mutation::SuccessorOnlyOnce),
                whole_instance(read_only(Budget { crash: 2, ..NONE }).watched())
                    .mutated(Mutation::SuccessorOnlyOnce),
            ],
        ),
        row(
            "wake-up message after the write",
            &[I3],
            vec![
                destructive(Budget { crash: 2, ..NONE })
                    .watched()
                    .mutated(Mutation::WakeAfterWrite),
            ],
        ),
        row(
            "counter raised blindly",
            &[I3],
            vec![
                destructive(Budget { crash: 2, ..NONE })
                    .watched()
                    .mutated(Mutation::CounterRaisedBlindly),
            ],
        ),
    ]
}

/// What the table says breaks I3 and does not, in complete bounds. A redelivery
/// renews the watchdog whenever its handler died, before or after acting; and a claim
/// over whatever the turn has become leaves a turn that still has work, which the
/// sweeper finds.
pub fn not_load_bearing() -> Vec<Row> {
    vec![
        row(
            "watchdog successor after acting",
            &[I3],
            vec![
                whole_instance(read_only(Budget { crash: 2, ..NONE }).watched())
                    .mutated(Mutation::SuccessorAfterActing),
            ],
        ),
        row(
            "claim without etag",
            &[I3],
            vec![
                destructive(Budget {
                    crash: 1,
                    dup: 1,
                    expiry: 1,
                    ..NONE
                })
                .mutated(Mutation::ClaimWithoutEtag),
            ],
        ),
    ]
}

fn whole_instance(mut bound: Bound) -> Bound {
    bound.host = true;
    bound
}
