//! `turn/execute.rs`: what an executor does with the message of a call.

use super::{Luck, Turnstile};
use crate::bound::{Mutation, SignIn};
use crate::turn::{ASKED, Approval, CallState, Cmd, Kind, Model, Out, Shown, Status, Turn};
use crate::world::{At, Attempt, Held, Next, Property};

impl Turnstile<'_> {
    /// `look_at`. A look that finds nothing to run drives the turn in the same action
    /// if it can: a claim that is refused and one that is not tried end alike.
    pub(super) fn look(&mut self) {
        let Held::Tool(call) = self.me().held else {
            return self.rest();
        };
        match self.state(call) {
            CallState::Queued { .. } if self.world.turn.status == Status::Running => {
                let repeat = self.world.turn.repeat().filter(|_| call == 0);
                match repeat.map(|slot| (slot, self.world.turn.calls[slot])) {
                    None => self.run_queued(call),
                    Some((_, read)) if read.state == (CallState::Started { live: true }) => {
                        self.leave();
                    }
                    Some((slot, read)) => self.goes_to(At::Seal {
                        attempt: Attempt {
                            call: u8::try_from(slot).unwrap_or(u8::MAX),
                            no: read.attempt,
                        },
                        poison: false,
                    }),
                }
            }
            CallState::Started { live: false } => {
                let no = self.world.turn.calls[usize::from(call)].attempt;
                self.goes_to(At::Seal {
                    attempt: Attempt { call, no },
                    poison: false,
                });
            }
            CallState::AwaitingSignIn { .. } => self.goes_to(At::CheckSignIn),
            CallState::Absent | CallState::Dropped => self.leave(),
            _ => self.drive(Luck::Well),
        }
    }

    /// `run_queued`, up to its first action.
    fn run_queued(&mut self, call: u8) {
        let may_run = self.is_approved(call) && !self.world.revoked;
        let at = if !may_run {
            At::Deny { call, fresh: true }
        } else if self.bound.sign_in == SignIn::Call {
            At::AskGrant { call, fresh: true }
        } else {
            self.claiming(call, true)
        };
        self.goes_to(at);
    }

    fn claiming(&self, call: u8, fresh: bool) -> At {
        let blind = self.is(Mutation::ClaimWithoutEtag);
        At::Claim {
            call,
            fresh,
            allowed: true,
            seen: blind.then_some(self.world.turn),
        }
    }

    /// `refusal`: read-only calls are allowed, others need exactly their approval.
    fn is_approved(&self, call: u8) -> bool {
        let stored = self.world.turn.calls[usize::from(call)];
        self.kind(call) == Kind::ReadOnly
            || self.is(Mutation::NoApprovalCheck)
            || (stored.approval == Approval::Yes
                && stored.state == CallState::Queued { digest: true })
    }

    pub(super) fn ask_grant(&mut self, call: u8, fresh: bool) {
        let at = if self.world.grant {
            self.claiming(call, fresh)
        } else {
            At::Park { call, fresh }
        };
        self.goes_to(at);
    }

    /// Rule 6.
    pub(super) fn claim(
        &mut self,
        call: u8,
        fresh: bool,
        allowed: bool,
        seen: Option<Turn>,
        luck: Luck,
    ) {
        if luck == Luck::Fails {
            return self.hand_back();
        }
        let based_on = match seen {
            Some(seen) => seen,
            None if fresh => self.world.turn,
            None => return self.look_again(),
        };
        if self.bound.previews && call == 0 {
            return self.claim_or_repeat(based_on, luck);
        }
        match self.steps.step(based_on, Cmd::ClaimCall { call }) {
            Err(_) => self.look_again(),
            Ok(out) => {
                self.write(&out);
                if luck == Luck::LosesReply {
                    return self.hand_back();
                }
                let started = out.turn.calls[usize::from(call)];
                if matches!(started.state, CallState::Started { .. }) {
                    let attempt = Attempt {
                        call,
                        no: started.attempt,
                    };
                    self.begin(attempt, allowed);
                } else {
                    self.perform_then(out.enqueue, out.advance, Next::Look);
                }
            }
        }
    }

    /// Rule 5: a call with a preview is claimed by the write that ends the repeat.
    fn claim_or_repeat(&mut self, based_on: Turn, luck: Luck) {
        if self.is(Mutation::ClaimWithoutRepeat) {
            let mut turn = based_on;
            turn.calls[0].attempt += 1;
            turn.calls[0].state = CallState::Started { live: true };
            let no = turn.calls[0].attempt;
            self.write(&Out {
                turn,
                raised: 0,
                has_events: true,
                claim: None,
                enqueue: 0,
                advance: false,
                overflows: false,
            });
            let allowed = turn.calls[0].shown == Shown::As(self.world.version);
            return self.begin(Attempt { call: 0, no }, allowed);
        }
        match self.steps.step(based_on, Cmd::RepeatPreview { call: 0 }) {
            Err(_) => self.look_again(),
            Ok(out) => {
                self.write(&out);
                if luck == Luck::LosesReply {
                    return self.hand_back();
                }
                match out.turn.repeat().and_then(|slot| u8::try_from(slot).ok()) {
                    None => self.leave(),
                    Some(call) => {
                        let no = out.turn.calls[usize::from(call)].attempt;
                        self.begin(Attempt { call, no }, true);
                    }
                }
            }
        }
    }

    /// The first action of an attempt.
    pub(super) fn begin(&mut self, attempt: Attempt, allowed: bool) {
        self.goes_to(if self.is(Mutation::OpenAfterEffect) {
            At::Effect { attempt, allowed }
        } else {
            At::Open { attempt, allowed }
        });
    }

    /// Rule 5, when policy has changed its mind.
    pub(super) fn deny(&mut self, call: u8, fresh: bool, luck: Luck) {
        if luck == Luck::Fails {
            return self.hand_back();
        }
        if !fresh {
            return self.look_again();
        }
        match self.decide_on(Cmd::DenyCall { call }) {
            Err(_) => self.look_again(),
            Ok(out) => {
                self.write(&out);
                if luck == Luck::LosesReply {
                    return self.hand_back();
                }
                let next = if out.advance {
                    Next::Drive
                } else {
                    Next::Leave
                };
                self.perform_then(out.enqueue, out.advance, next);
            }
        }
    }

    /// Rule 6a; the executor looks at the grant once more after its write.
    pub(super) fn park(&mut self, call: u8, fresh: bool, luck: Luck) {
        if luck == Luck::Fails {
            return self.hand_back();
        }
        if !fresh {
            return self.look_again();
        }
        match self.decide_on(Cmd::AwaitSignIn { call }) {
            Err(_) => self.look_again(),
            Ok(out) => {
                self.write(&out);
                if luck == Luck::LosesReply {
                    return self.hand_back();
                }
                self.goes_to(At::CheckSignIn);
            }
        }
    }

    /// Rule 2 (`try_drive`).
    pub(super) fn drive(&mut self, luck: Luck) {
        if luck == Luck::Fails {
            return self.leave();
        }
        match self.claim_model() {
            None => self.leave(),
            Some(out) => {
                self.write(&out);
                if luck == Luck::LosesReply {
                    return;
                }
                let next = super::as_claim(out.claim).map_or(Next::Leave, Next::Model);
                self.perform_then(out.enqueue, out.advance, next);
            }
        }
    }

    fn claim_model(&self) -> Option<Out> {
        let turn = self.world.turn;
        if self.is(Mutation::ModelNeverTakenOver) && matches!(turn.model, Model::Claimed { .. }) {
            return None;
        }
        if self.is(Mutation::NextStepBeforeTerminal)
            && turn.status == Status::Running
            && turn.model == Model::Answered
            && turn.step == 0
        {
            return Some(next_step(turn));
        }
        let asked_ended = turn.calls[..ASKED]
            .iter()
            .all(|c| c.state == CallState::Absent || c.state.is_terminal());
        if self.is(Mutation::NextStepBeforePreview)
            && turn.status == Status::Running
            && turn.model == Model::Answered
            && turn.step == 0
            && asked_ended
        {
            return Some(next_step(turn));
        }
        self.decide_on(Cmd::ClaimModel).ok()
    }

    /// Rule 13, `poison_tool_call`.
    pub(super) fn poison_call(&mut self, call: u8, luck: Luck) {
        if luck == Luck::Fails {
            return self.hand_back();
        }
        match self.decide_on(Cmd::PoisonCall { call }) {
            Err(_) => self.goes_to(At::Drive),
            Ok(out) => {
                self.write(&out);
                if luck != Luck::LosesReply {
                    self.perform_then(out.enqueue, out.advance, Next::Drive);
                }
            }
        }
    }

    /// What a claim was allowed by.
    pub(super) fn blame_if_not(&mut self, allowed: bool) {
        if !allowed {
            self.world.broken.add(Property::I5);
        }
    }
}

/// A mutation: the claim of the next step, whatever is open.
fn next_step(turn: Turn) -> Out {
    Out {
        turn: Turn {
            step: 1,
            model: Model::Claimed { no: 1, live: true },
            ..turn
        },
        raised: 0,
        has_events: true,
        claim: Some((1, 1)),
        enqueue: 0,
        advance: false,
        overflows: false,
    }
}
