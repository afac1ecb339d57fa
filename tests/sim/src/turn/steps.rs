//! Production's `step`, and what production reads off a turn, each computed once
//! for every small turn.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash};
use std::sync::{Mutex, PoisonError};

use azimuth_domain::event::Outcome;
use azimuth_domain::ids::CallId;
use azimuth_domain::policy::DenyReason;
use azimuth_domain::principal::UserKey;
use azimuth_domain::turn as product;
use azimuth_domain::turn::{Command, Effect, Refusal, Verdict, Work};

use super::concrete::{LEASE_MS, NOW, WATCH, reading_of};
use super::{CALLS, CallState, Kind, Shapes, Shown, Turn};
use crate::fingerprint::Lanes;

/// A command without what is always the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cmd {
    ClaimModel,
    Answer {
        step: u8,
        no: u8,
    },
    FailModel {
        step: u8,
        no: u8,
    },
    RenewModel {
        step: u8,
        no: u8,
    },
    RenewCall {
        call: u8,
        attempt: u8,
    },
    Decide {
        call: u8,
        approve: bool,
        shown: Shown,
    },
    RepeatPreview {
        call: u8,
    },
    ClaimCall {
        call: u8,
    },
    DenyCall {
        call: u8,
    },
    AwaitSignIn {
        call: u8,
    },
    ResumeSignIn,
    ReleaseCall {
        call: u8,
        attempt: u8,
    },
    FinishCall {
        call: u8,
        attempt: u8,
        outcome: Ended,
        /// Of a read, by its own executor.
        reading: Option<Shown>,
    },
    ReclaimCall {
        call: u8,
        attempt: u8,
        verdict: Said,
        poison: bool,
    },
    PoisonCall {
        call: u8,
    },
    Cancel,
    Expire {
        look: Look,
    },
    RaiseWatch {
        relative: i8,
    },
}

/// What is known of the asker's grant when deadlines are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Look {
    /// Nobody has looked.
    None,
    /// It was gone, but its deadline was not over.
    GoneBefore,
    /// It was gone after the deadline.
    GoneAfter,
}

/// How an attempt ended for its executor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ended {
    Ok,
    Error,
    Unknown,
}

/// `Verdict`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Said {
    Ok,
    Error,
    NeverRan,
    MayHaveRun,
}

/// A transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Out {
    /// The turn to write.
    pub turn: Turn,
    /// By how much the watchdog's counter is raised.
    pub raised: i8,
    /// Whether events go with it.
    pub has_events: bool,
    /// `CallModel`.
    pub claim: Option<(u8, u8)>,
    /// `Enqueue`, one bit a call.
    pub enqueue: u16,
    /// `Advance`.
    pub advance: bool,
    /// The turn has more reads than the model holds, and stays as it was.
    pub overflows: bool,
}

/// What production reads off a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looks {
    /// Rule 2's condition.
    pub can_drive: bool,
    /// Whether a lease is alive.
    pub living_lease: bool,
    /// Whether there is something to do at all.
    pub has_work: bool,
    /// `Work::Enqueue`, one bit a call.
    pub enqueue: u16,
    /// `Work::Reclaim`, one bit a call.
    pub reclaim: u16,
    /// `Work::CheckSignIn`.
    pub check_sign_in: bool,
    /// `Work::Expire`.
    pub expire: bool,
    /// Whether the person who signs in finds it.
    pub awaits_sign_in: bool,
}

/// Remembers what production answered.
pub struct Steps {
    shapes: Shapes,
    transitions: Known<(Turn, Cmd), Result<Out, Refusal>>,
    looks: Known<Turn, Looks>,
}

type Known<K, V> = Mutex<HashMap<K, V, BuildHasherDefault<Lanes>>>;

fn once<K: Hash + Eq + Copy, V: Copy>(
    known: &Known<K, V>,
    key: K,
    compute: impl FnOnce() -> V,
) -> V {
    if let Some(value) = known
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&key)
    {
        return *value;
    }
    let value = compute();
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    known.insert(key, value);
    value
}

impl Steps {
    /// For turns that ask for these calls.
    pub fn new(kinds: &[Kind], approves: bool, previews: bool) -> Self {
        Self {
            shapes: Shapes::new(kinds, approves, previews),
            transitions: Mutex::default(),
            looks: Mutex::default(),
        }
    }

    /// The turn as it is made.
    pub fn created(&self, waits: bool) -> Turn {
        self.shapes.created(waits)
    }

    /// How many different transitions were computed by production.
    pub fn computed(&self) -> usize {
        let known = self.transitions.lock();
        known.unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Production's answer to a command.
    pub fn step(&self, turn: Turn, command: Cmd) -> Result<Out, Refusal> {
        once(&self.transitions, (turn, command), || {
            let before = self.shapes.concrete(&turn);
            let made = product::step(&before, self.command(command), NOW)?;
            let abstracted = self.shapes.abstracted(&made.turn);
            let mut out = Out {
                overflows: abstracted.is_none(),
                turn: abstracted.unwrap_or(turn),
                raised: i8::try_from(made.turn.watch - WATCH).unwrap_or(i8::MAX),
                has_events: !made.events.is_empty(),
                claim: None,
                enqueue: 0,
                advance: false,
            };
            if out.overflows {
                return Ok(out);
            }
            for effect in &made.effects {
                match effect {
                    Effect::CallModel { step, claim_no } => {
                        out.claim = Some((narrow(*step), narrow(*claim_no)));
                    }
                    Effect::Enqueue(id) => out.enqueue |= self.bit(id),
                    Effect::Advance => out.advance = true,
                    // A record beside the register of attempts: no rule waits for it.
                    Effect::RecordDenied(_) => {}
                }
            }
            Ok(out)
        })
    }

    /// Production's reading of a turn.
    pub fn looks(&self, turn: Turn) -> Looks {
        once(&self.looks, turn, || {
            let concrete = self.shapes.concrete(&turn);
            let work = concrete.work(NOW);
            let mut looks = Looks {
                can_drive: concrete.can_drive(NOW),
                living_lease: concrete.has_living_lease(NOW),
                has_work: !work.is_empty(),
                enqueue: 0,
                reclaim: 0,
                check_sign_in: false,
                expire: false,
                awaits_sign_in: concrete.awaits_sign_in(),
            };
            for item in &work {
                match item {
                    Work::Drive => {}
                    Work::Enqueue(id) => looks.enqueue |= self.bit(id),
                    Work::Reclaim(id) => looks.reclaim |= self.bit(id),
                    Work::CheckSignIn => looks.check_sign_in = true,
                    Work::Expire => looks.expire = true,
                }
            }
            looks
        })
    }

    fn bit(&self, id: &CallId) -> u16 {
        1 << self.shapes.index_of(id).unwrap_or(CALLS)
    }

    fn command(&self, command: Cmd) -> Command {
        let id = |call: u8| self.shapes.call_id(call.into());
        match command {
            Cmd::ClaimModel => Command::ClaimModel(product::ClaimModel { lease_ms: LEASE_MS }),
            Cmd::Answer { step, no } => self.shapes.decided_answer(step, no),
            Cmd::FailModel { step, no } => Command::FailModel(product::FailModel {
                step: step.into(),
                claim_no: no.into(),
                code: product::FailureCode::ModelUnavailable,
            }),
            Cmd::RenewModel { step, no } => Command::RenewLease(product::RenewLease::Model {
                step: step.into(),
                claim_no: no.into(),
                lease_ms: LEASE_MS,
            }),
            Cmd::RenewCall { call, attempt } => Command::RenewLease(product::RenewLease::Call {
                call: id(call),
                attempt: attempt.into(),
                lease_ms: LEASE_MS,
            }),
            Cmd::Decide {
                call,
                approve,
                shown,
            } => Command::DecideApproval(product::DecideApproval {
                call: id(call),
                digest: self.shapes.digest(call.into(), shown),
                approve,
                by: UserKey::new("tenant-a", "alice"),
                by_name: None,
                reason: None,
                remember: false,
            }),
            Cmd::ClaimCall { call } => Command::ClaimCall(product::ClaimCall {
                call: id(call),
                lease_ms: LEASE_MS,
            }),
            Cmd::RepeatPreview { call } => Command::RepeatPreview(product::RepeatPreview {
                call: id(call),
                lease_ms: LEASE_MS,
            }),
            Cmd::DenyCall { call } => Command::DenyCall(product::DenyCall {
                call: id(call),
                reason: DenyReason::ApprovalMismatch,
            }),
            Cmd::AwaitSignIn { call } => Command::AwaitSignIn(product::AwaitSignIn {
                call: id(call),
                deadline_ms: 60_000,
            }),
            Cmd::ResumeSignIn => Command::ResumeSignIn(product::ResumeSignIn),
            Cmd::ReleaseCall { call, attempt } => Command::ReleaseCall(product::ReleaseCall {
                call: id(call),
                attempt: attempt.into(),
            }),
            Cmd::FinishCall {
                call,
                attempt,
                outcome,
                reading,
            } => Command::FinishCall(product::FinishCall {
                call: id(call),
                attempt: attempt.into(),
                outcome: match outcome {
                    Ended::Ok => Outcome::Ok,
                    Ended::Error => Outcome::Error,
                    Ended::Unknown => Outcome::Unknown,
                },
                result: None,
                preview: None,
                note: None,
                reading: reading.map(reading_of),
                duration_ms: None,
                claim_lease_ms: Some(LEASE_MS),
            }),
            Cmd::ReclaimCall {
                call,
                attempt,
                verdict,
                poison,
            } => Command::ReclaimCall(product::ReclaimCall {
                call: id(call),
                attempt: attempt.into(),
                verdict: match verdict {
                    Said::Ok => Verdict::Ok,
                    Said::Error => Verdict::Error,
                    Said::NeverRan => Verdict::NeverRan,
                    Said::MayHaveRun => Verdict::MayHaveRun,
                },
                poison,
                result: None,
            }),
            Cmd::PoisonCall { call } => Command::PoisonCall(product::PoisonCall { call: id(call) }),
            Cmd::Cancel => Command::Cancel(product::Cancel),
            Cmd::Expire { look } => Command::Expire(product::Expire {
                grant_gone_at: match look {
                    Look::None => None,
                    Look::GoneBefore => Some(NOW.plus_ms(-1)),
                    Look::GoneAfter => Some(NOW),
                },
            }),
            Cmd::RaiseWatch { relative } => Command::RaiseWatch(product::RaiseWatch {
                number: WATCH.saturating_add_signed(relative.into()),
            }),
        }
    }
}

fn narrow(number: u32) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

impl Turn {
    /// The deadlines that can pass, calls first; index [`CALLS`] is the turn's.
    pub fn open_deadlines(&self) -> impl Iterator<Item = usize> {
        let calls = self.calls.map(|call| {
            matches!(
                call.state,
                CallState::Previewing { passed: false, .. }
                    | CallState::AwaitingApproval { passed: false }
                    | CallState::AwaitingSignIn { passed: false, .. }
            )
        });
        let turn = matches!(self.status, super::Status::WaitingSignIn { passed: false });
        (0..=CALLS).filter(move |which| calls.get(*which).copied().unwrap_or(turn))
    }
}
