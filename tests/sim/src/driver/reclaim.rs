//! `turn/reclaim.rs`: seal, close, write.

use super::{Luck, Turnstile};
use crate::bound::Mutation;
use crate::turn::{CallState, Cmd, Kind, Said};
use crate::world::{At, Attempt, Close, Held, Next, Open};

impl Turnstile<'_> {
    pub(super) fn seal(&mut self, attempt: Attempt, poison: bool, luck: Luck) {
        if luck == Luck::Fails {
            return self.fail_errand();
        }
        let has_random_ids = self.is(Mutation::RandomAuditIds);
        let registers = self.world.registers(attempt);
        let sealed = match registers.open {
            Open::Nobody => {
                registers.open = Open::Sealer;
                true
            }
            Open::Sealer => true,
            Open::Worker => has_random_ids,
        };
        if luck == Luck::LosesReply {
            return self.fail_errand();
        }
        self.goes_to(if self.is(Mutation::TurnBeforeClose) {
            let (said, close) = if sealed {
                (Said::NeverRan, Close::NotRun)
            } else {
                (Said::MayHaveRun, Close::Unknown)
            };
            At::Reclaim {
                attempt,
                poison,
                said,
                late_close: Some(close),
            }
        } else {
            At::SealClose {
                attempt,
                poison,
                sealed,
            }
        });
    }

    pub(super) fn seal_close(&mut self, attempt: Attempt, poison: bool, sealed: bool, luck: Luck) {
        if luck == Luck::Fails {
            return self.fail_errand();
        }
        let verdict = if sealed {
            Close::NotRun
        } else {
            Close::Unknown
        };
        let (says, _) = self.create_close(attempt, verdict);
        if luck == Luck::LosesReply {
            return self.fail_errand();
        }
        let said = match says {
            Close::Ok => Said::Ok,
            Close::Error => Said::Error,
            Close::NotRun => Said::NeverRan,
            Close::Unknown | Close::Denied | Close::Cancelled => Said::MayHaveRun,
        };
        self.goes_to(At::Reclaim {
            attempt,
            poison,
            said,
            late_close: None,
        });
    }

    /// Rule 10(c).
    pub(super) fn reclaim(
        &mut self,
        attempt: Attempt,
        poison: bool,
        said: Said,
        late_close: Option<Close>,
        luck: Luck,
    ) {
        if luck == Luck::Fails {
            return self.fail_errand();
        }
        let is_destructive = self.kind(attempt.call) == Kind::Destructive;
        let reruns = self.is(Mutation::RerunDestructive) && is_destructive;
        let verdict = if reruns && said == Said::MayHaveRun {
            Said::NeverRan
        } else {
            said
        };
        let next = match self.me().held {
            Held::Tool(_) => Next::Look,
            _ => self.after_errand(),
        };
        let command = Cmd::ReclaimCall {
            call: attempt.call,
            attempt: attempt.no,
            verdict,
            poison,
        };
        let decided = self.decide_on(command);
        if let Ok(out) = &decided {
            self.write(out);
            if luck == Luck::LosesReply {
                return;
            }
        }
        if let Some(close) = late_close {
            self.create_close(attempt, close);
        }
        match decided {
            Ok(_) if self.starts_at_once(attempt.call) => {}
            Ok(out) => self.perform_then(out.enqueue, out.advance, next),
            Err(_) => self.goes_on(next),
        }
    }

    /// A mutation: the next attempt begins without policy, token and claim.
    fn starts_at_once(&mut self, call: u8) -> bool {
        if !self.is(Mutation::ReclaimStarts) || self.kind(call) == Kind::ReadOnly {
            return false;
        }
        let mut turn = self.world.turn;
        let stored = &mut turn.calls[usize::from(call)];
        if !matches!(stored.state, CallState::Queued { .. }) {
            return false;
        }
        stored.attempt += 1;
        stored.state = CallState::Started { live: true };
        let no = stored.attempt;
        self.write(&crate::turn::Out {
            turn,
            raised: 0,
            has_events: true,
            claim: None,
            enqueue: 0,
            advance: false,
            overflows: false,
        });
        let allowed = !self.world.revoked && !self.bound.previews;
        self.begin(Attempt { call, no }, allowed);
        true
    }
}
