//! `turn/advance.rs`, `turn/model_step.rs` and `turn/sign_in.rs`: the watchdog, what
//! a turn has to do, and the model.

use azimuth_domain::turn::Refusal;

use super::{Luck, Turnstile, as_claim, holds_claim};
use crate::bound::Mutation;
use crate::turn::{Call, CallState, Cmd, Look, Model, Status, Turn};
use crate::world::{At, Attempt, Claim, Held, Next, Property, Text, Works};

impl Turnstile<'_> {
    /// Rule 1: first the counter, then the successor, then the work. A conflict with
    /// somebody who raised it too is answered by one more look at the number.
    pub(super) fn raise(&mut self, luck: Luck) {
        let Held::Watch(watch) = self.me().held else {
            return self.rest();
        };
        if luck == Luck::Fails {
            return self.hand_back();
        }
        let relative = watch.relative;
        match self.decide_on(Cmd::RaiseWatch { relative }) {
            Ok(out) => {
                self.write(&out);
                if luck == Luck::LosesReply {
                    if self.is(Mutation::RaiseTriedAgain) {
                        return;
                    }
                    return self.hand_back();
                }
                if self.is(Mutation::SuccessorAfterActing) {
                    self.me().works.late = Some(0);
                    return self.read_works();
                }
                self.goes_to(At::Renew { relative: 0 });
            }
            Err(Refusal::OldWatch) => {
                // The number was read again; what follows is as for a message that
                // was old from the start.
                let at = super::received_watch(watch, self.bound.mutation);
                self.goes_to(if at == At::Raise { At::Act } else { at });
            }
            Err(_) => self.leave(),
        }
    }

    pub(super) fn renew(&mut self, relative: i8, luck: Luck) {
        if luck == Luck::Fails {
            return self.hand_back();
        }
        self.enqueue_watch(relative);
        if luck == Luck::LosesReply {
            return self.hand_back();
        }
        self.goes_to(At::Act);
    }

    /// Rule 1's poison: the message comes back, at least with the turn's number.
    pub(super) fn renew_poison(&mut self, relative: i8, luck: Luck) {
        if luck == Luck::Fails {
            return self.hand_back();
        }
        self.enqueue_watch(relative);
        if luck == Luck::LosesReply {
            return self.hand_back();
        }
        self.leave();
    }

    /// `act`, its first read.
    pub(super) fn read_works(&mut self) {
        let turn = self.world.turn;
        let looks = self.steps.looks(turn);
        let mut reclaim = [0; crate::turn::CALLS];
        for (index, attempt) in reclaim.iter_mut().enumerate() {
            if looks.reclaim & (1 << index) != 0 {
                *attempt = turn.calls[index].attempt;
            }
        }
        let late = self.me().works.late;
        self.me().works = Works {
            enqueue: looks.enqueue,
            reclaim,
            check_sign_in: looks.check_sign_in,
            expire: looks.expire && !self.is(Mutation::ApprovalNeverExpires),
            failed: false,
            late,
        };
        self.next_work();
    }

    /// The calls in their order, then sign-in, then deadlines, then the model.
    pub(super) fn next_work(&mut self) {
        let works = &mut self.me().works;
        for (call, number) in (0..crate::turn::CALLS).zip(0u8..) {
            if works.enqueue & (1 << call) != 0 {
                return self.goes_to(At::Works);
            }
            let no = works.reclaim[call];
            if no != 0 {
                works.reclaim[call] = 0;
                return self.goes_to(At::Seal {
                    attempt: Attempt { call: number, no },
                    poison: false,
                });
            }
        }
        let at = if works.check_sign_in {
            works.check_sign_in = false;
            At::CheckSignIn
        } else if works.expire {
            works.expire = false;
            At::Expire { look: Look::None }
        } else {
            At::Drive
        };
        self.goes_to(at);
    }

    /// The next message of a call that is queued.
    pub(super) fn enqueue_next(&mut self, luck: Luck) {
        let call = self.me().works.enqueue.trailing_zeros();
        self.me().works.enqueue &= !(1 << call);
        if luck != Luck::Fails
            && let Ok(call) = u8::try_from(call)
        {
            self.enqueue_tool(call);
        }
        self.next_work();
    }

    /// The grant first; only without one the deadline counts.
    pub(super) fn check_sign_in(&mut self) {
        let deadline_first = self.is(Mutation::DeadlineBeforeGrant) && self.sign_in_is_late();
        self.goes_to(if self.world.grant && !deadline_first {
            if self.bound.watchdog {
                At::ResumeWatch
            } else {
                At::Resume
            }
        } else {
            let judges_late = self.is(Mutation::DeadlineAfterLook);
            At::Expire {
                look: if judges_late || self.sign_in_is_late() {
                    Look::GoneAfter
                } else {
                    Look::GoneBefore
                },
            }
        });
    }

    fn sign_in_is_late(&self) -> bool {
        let turn = self.world.turn;
        turn.status == (Status::WaitingSignIn { passed: true })
            || turn
                .calls
                .iter()
                .any(|c| matches!(c.state, CallState::AwaitingSignIn { passed: true, .. }))
    }

    /// A person's request looks for the turns that wait.
    pub(super) fn find_waiting(&mut self) {
        if self.steps.looks(self.world.turn).awaits_sign_in {
            self.goes_to(if self.bound.watchdog {
                At::ResumeWatch
            } else {
                At::Resume
            });
        } else {
            self.leave();
        }
    }

    pub(super) fn resume_watch(&mut self, luck: Luck) {
        if luck == Luck::Fails {
            return self.fail_errand();
        }
        self.enqueue_watch(1);
        if luck == Luck::LosesReply {
            return self.fail_errand();
        }
        self.goes_to(At::Resume);
    }

    pub(super) fn resume(&mut self, luck: Luck) {
        self.errand(Cmd::ResumeSignIn, luck);
    }

    pub(super) fn expire(&mut self, look: Look, luck: Luck) {
        let before = self.world.turn;
        self.errand(Cmd::Expire { look }, luck);
        let after = self.world.turn;
        let gave_up = |turn: &Turn| {
            turn.status == (Status::Failed { sign_in: true })
                || turn
                    .calls
                    .iter()
                    .any(|c| c.state == (CallState::NotRun { sign_in: true }))
        };
        if gave_up(&after) && !gave_up(&before) && self.world.grant && self.world.grant_in_time {
            self.world.broken.add(Property::SignIn);
        }
    }

    fn errand(&mut self, command: Cmd, luck: Luck) {
        if luck == Luck::Fails {
            return self.fail_errand();
        }
        let next = self.after_errand();
        match self.decide_on(command) {
            Err(_) => self.goes_on(next),
            Ok(out) => {
                self.write(&out);
                if luck != Luck::LosesReply {
                    self.perform_then(out.enqueue, out.advance, next);
                }
            }
        }
    }

    /// The model speaks (rule 14), then answers (rule 3).
    pub(super) fn model(&mut self, claim: Claim, text: Text, luck: Luck) {
        let goes = |text| At::Model { claim, text };
        match text {
            Text::Next { .. } => self.answer(claim, luck),
            Text::Taken if self.is(Mutation::TextWithoutCheck) => {
                self.goes_to(goes(Text::Next { free: true }));
            }
            Text::Taken => self.goes_to(goes(Text::Numbered { free: true })),
            Text::Numbered { free } => {
                if holds_claim(&self.world.turn, claim) {
                    self.goes_to(goes(Text::Next { free }));
                } else {
                    self.leave();
                }
            }
        }
    }

    /// A piece of text is offered under the driver's number.
    pub fn says(&mut self) {
        let At::Model {
            claim,
            text: Text::Next { free },
        } = self.me().at
        else {
            return;
        };
        if !free {
            return self.goes_to(At::Model {
                claim,
                text: Text::Taken,
            });
        }
        self.world.left.text -= 1;
        if !holds_claim(&self.world.turn, claim) {
            self.world.broken.add(Property::I6);
        }
        let who = self.who;
        for (index, process) in self.world.processes.iter_mut().enumerate() {
            if let At::Model {
                text: Text::Next { free } | Text::Numbered { free },
                ..
            } = &mut process.at
                && index != who
            {
                *free = false;
            }
        }
    }

    fn answer(&mut self, claim: Claim, luck: Luck) {
        if luck == Luck::Fails {
            return self.leave();
        }
        if self.is(Mutation::AnswerWithoutClaim) && self.world.turn.status == Status::Running {
            self.forget_the_claim(claim);
        }
        let command = Cmd::Answer {
            step: claim.step,
            no: claim.no,
        };
        let Ok(out) = self.decide_on(command) else {
            return self.leave();
        };
        self.write(&out);
        let step = 1 << claim.step;
        if self.world.answered & step != 0 {
            self.world.broken.add(Property::I6);
        }
        self.world.answered |= step;
        if luck == Luck::LosesReply {
            return;
        }
        if self.steps.looks(out.turn).can_drive {
            return self.goes_to(At::Drive);
        }
        let next = as_claim(out.claim).map_or(Next::Leave, Next::Model);
        self.perform_then(out.enqueue, out.advance, next);
    }

    /// A mutation: the turn takes whatever answer comes; its calls get ids of their
    /// own, and with them registers of their own.
    fn forget_the_claim(&mut self, claim: Claim) {
        if holds_claim(&self.world.turn, claim) {
            return;
        }
        let turn = &mut self.world.turn;
        turn.step = claim.step;
        turn.model = Model::Claimed {
            no: claim.no,
            live: true,
        };
        if claim.step == 0 {
            turn.calls = [Call::ABSENT; crate::turn::CALLS];
            self.world.audit = Default::default();
        }
    }
}
