//! `tools/dispatch.rs`: open, run, close, write.

use super::{Luck, Turnstile, as_claim, as_close};
use crate::bound::Mutation;
use crate::turn::{ASKED, Approval, CallState, Cmd, Ended, Kind, Said, Shown};
use crate::world::{At, Attempt, Close, Next, Open, Property};

impl Turnstile<'_> {
    /// Rule 7.
    pub(super) fn open(&mut self, attempt: Attempt, allowed: bool, luck: Luck) {
        let run = At::Effect { attempt, allowed };
        let goes_anyway = self.is(Mutation::RunThoughOpenFailed);
        let has_random_ids = self.is(Mutation::RandomAuditIds);
        let ignores_seal = self.is(Mutation::IgnoreSeal);
        let failed = if goes_anyway {
            run
        } else {
            At::Release(attempt)
        };
        if luck == Luck::Fails {
            return self.goes_to(failed);
        }
        let registers = self.world.registers(attempt);
        let is_mine = match registers.open {
            Open::Nobody => {
                registers.open = Open::Worker;
                true
            }
            Open::Worker => has_random_ids,
            Open::Sealer => has_random_ids || ignores_seal,
        };
        if luck == Luck::LosesReply {
            self.goes_to(failed);
        } else if is_mine {
            self.goes_to(run);
        } else {
            self.leave();
        }
    }

    /// The audit could not be opened: nothing runs.
    pub(super) fn release(&mut self, attempt: Attempt, luck: Luck) {
        if luck == Luck::Fails {
            return self.hand_back();
        }
        let current = self.world.turn.calls[usize::from(attempt.call)].attempt;
        let of = if self.is(Mutation::ReleaseWithoutAttempt) {
            current
        } else {
            attempt.no
        };
        let command = Cmd::ReleaseCall {
            call: attempt.call,
            attempt: of,
        };
        if let Ok(out) = self.decide_on(command) {
            self.write(&out);
            if luck == Luck::LosesReply {
                return;
            }
        }
        self.hand_back();
    }

    /// Rule 8. A tool that loses its reply has done what it was asked.
    pub(super) fn effect(&mut self, attempt: Attempt, allowed: bool, luck: Luck) {
        let call = usize::from(attempt.call);
        let is_destructive = self.kind(attempt.call) == Kind::Destructive;
        let ended = match luck {
            Luck::LosesReply if is_destructive => Ended::Unknown,
            Luck::LosesReply | Luck::Stops => Ended::Error,
            Luck::Well | Luck::Fails => Ended::Ok,
        };
        self.me().seen = Some(Shown::Nothing);
        if luck != Luck::Stops {
            self.watch_effect(attempt, allowed);
            let version = self.world.version;
            self.me().seen = Some(if ended == Ended::Ok {
                Shown::As(version)
            } else {
                Shown::Nothing
            });
            self.world.effects[call] = (self.world.effects[call] + 1).min(2);
            if is_destructive && self.world.effects[call] > 1 {
                self.world.broken.add(Property::I1);
            }
        }
        if luck == Luck::LosesReply && is_destructive && self.is(Mutation::RetryAfterTimeout) {
            return self.goes_to(At::Effect { attempt, allowed });
        }
        self.goes_to(if self.is(Mutation::OpenAfterEffect) {
            At::OpenLate { attempt, ended }
        } else if self.is(Mutation::TurnBeforeClose) {
            At::Finish {
                attempt,
                says: as_close(ended),
            }
        } else {
            At::Close { attempt, ended }
        });
    }

    /// What must be true when a tool is asked.
    fn watch_effect(&mut self, attempt: Attempt, allowed: bool) {
        let registers = *self.world.registers(attempt);
        if registers.open != Open::Worker {
            self.world.broken.add(Property::I2);
        }
        if registers.close == Some(Close::NotRun) {
            self.world.broken.add(Property::I8);
        }
        self.blame_if_not(allowed);
        if self.kind(attempt.call) == Kind::Destructive {
            let stored = self.world.turn.calls[usize::from(attempt.call)];
            self.blame_if_not(stored.approval == Approval::Yes);
            let was_stopped = matches!(stored.state, CallState::Denied | CallState::Cancelled);
            self.blame_if_not(!was_stopped);
        }
    }

    pub(super) fn open_late(&mut self, attempt: Attempt, ended: Ended) {
        let registers = self.world.registers(attempt);
        if registers.open == Open::Nobody {
            registers.open = Open::Worker;
            self.goes_to(At::Close { attempt, ended });
        } else {
            self.leave();
        }
    }

    /// Rule 9: the close decides.
    pub(super) fn close(&mut self, attempt: Attempt, ended: Ended, luck: Luck) {
        if luck == Luck::Fails {
            return self.hand_back();
        }
        let (says, adopted) = self.create_close(attempt, as_close(ended));
        if luck == Luck::LosesReply {
            return self.hand_back();
        }
        if adopted && self.kind(attempt.call) == Kind::ReadOnly && says != Close::Ok {
            return self.leave();
        }
        if adopted {
            self.me().seen = None;
        }
        let upgrades = self.is(Mutation::LateUpgrade) && adopted;
        self.goes_to(At::Finish {
            attempt,
            says: if upgrades { as_close(ended) } else { says },
        });
    }

    /// Creates a close, or reads the one that is there. Says whether it was.
    pub(super) fn create_close(&mut self, attempt: Attempt, close: Close) -> (Close, bool) {
        let has_random_ids = self.is(Mutation::RandomAuditIds);
        let registers = self.world.registers(attempt);
        let had_open = registers.open != Open::Nobody;
        let found = registers.close;
        registers.close = found.or(Some(close));
        let doubled = found.is_some() && has_random_ids;
        if !had_open || doubled {
            self.world.broken.add(Property::I4);
        }
        match found {
            Some(found) if !has_random_ids => (found, true),
            _ => (close, false),
        }
    }

    /// The turn copies what the close says.
    pub(super) fn finish(&mut self, attempt: Attempt, says: Close, luck: Luck) {
        if luck == Luck::Fails {
            return self.hand_back();
        }
        let is_read = usize::from(attempt.call) >= ASKED;
        // Policy is asked once more before a repeat counts.
        let is_repeat = self.world.turn.repeat() == Some(usize::from(attempt.call));
        let refused = is_repeat && self.world.revoked;
        let reading = self.me().seen.filter(|_| is_read && !refused);
        let finish = |outcome| Cmd::FinishCall {
            call: attempt.call,
            attempt: attempt.no,
            outcome,
            reading,
        };
        let command = match says {
            Close::Ok => finish(Ended::Ok),
            Close::Error => finish(Ended::Error),
            Close::Unknown => finish(Ended::Unknown),
            Close::Denied | Close::Cancelled | Close::NotRun => Cmd::ReclaimCall {
                call: attempt.call,
                attempt: attempt.no,
                verdict: Said::NeverRan,
                poison: false,
            },
        };
        let late = self.is(Mutation::TurnBeforeClose);
        match self.decide_on(command) {
            Ok(out) => {
                let before = self.world.turn.calls[0];
                self.write(&out);
                if luck == Luck::LosesReply {
                    return;
                }
                let main = out.turn.calls[0];
                if is_read && main.attempt > before.attempt {
                    // The write that ended the repeat carries the claim.
                    let allowed = reading == Some(before.shown) && !self.world.revoked;
                    let no = main.attempt;
                    return self.begin(Attempt { call: 0, no }, allowed);
                }
                if late {
                    return self.goes_to(At::CloseLate {
                        attempt,
                        close: says,
                    });
                }
                let next = as_claim(out.claim).map_or(Next::Leave, Next::Model);
                self.perform_then(out.enqueue, out.advance, next);
            }
            Err(_) if late => self.goes_to(At::CloseLate {
                attempt,
                close: says,
            }),
            Err(_) => {
                if self.is(Mutation::LateUpgrade) && says == Close::Ok {
                    self.upgrade(attempt);
                }
                self.leave();
            }
        }
    }

    pub(super) fn close_late(&mut self, attempt: Attempt, close: Close) {
        self.create_close(attempt, close);
        self.leave();
    }

    fn upgrade(&mut self, attempt: Attempt) {
        let mut turn = self.world.turn;
        let call = &mut turn.calls[usize::from(attempt.call)];
        if call.state != CallState::Unknown || call.attempt != attempt.no {
            return;
        }
        call.state = CallState::Finished { ok: true };
        self.write(&crate::turn::Out {
            turn,
            raised: 0,
            has_events: true,
            claim: None,
            enqueue: 0,
            advance: false,
            overflows: false,
        });
    }
}
