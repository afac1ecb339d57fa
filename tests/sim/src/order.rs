//! Rule 0: one turn of a conversation at a time. A model of its own: two requests
//! with different keys, each of which may be sent again, a deletion, and turns
//! without calls, made and driven by production's `create` and `step`.
//!
//! A watchdog message is a flag here, kept until it meets a turn that has ended or
//! is missing: that rule 1 keeps it is shown by the other model. Its 20 seconds
//! against the 15 of the create are taken as given: it does not arrive while its
//! request is between enqueueing and creating.

use crate::bound::NONE;
use crate::driver::holds_claim;
use crate::search::Checked;
use crate::turn::{Cmd, Model as ModelState, Status, Steps, Turn};
use crate::world::{Broken, Budget, Claim, Property};

/// What is done wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// Nobody asks whether a turn runs.
    AcceptsSecond,
    /// `active_turn` is set whatever the header has become.
    WithoutIfMatch,
    /// `active_turn` is set after the turn was made.
    OutsideTheBatch,
    /// The turn is cancelled after the conversation was deleted.
    DeletesInTwo,
    /// No message goes before the create, and a 409 enqueues none.
    NoWatchdog,
}

impl Wrong {
    /// All of them, with their names.
    pub const ALL: [(&'static str, Self); 5] = [
        ("second turn accepted while one runs", Self::AcceptsSecond),
        ("active_turn set without If-Match", Self::WithoutIfMatch),
        ("active_turn set outside the batch", Self::OutsideTheBatch),
        (
            "deletion not in one batch with the turn",
            Self::DeletesInTwo,
        ),
        ("no message before the create or at a 409", Self::NoWatchdog),
    ];
}

/// A bound of rule 0.
pub struct Order {
    budget: Budget,
    wrong: Option<Wrong>,
    steps: Steps,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    active: Option<u8>,
    deleted: bool,
    turns: [Option<Turn>; 2],
    watched: [bool; 2],
    requests: [Request; 2],
    /// Claims that somebody works under: the request's, the watchdog's.
    drivers: [[Option<u8>; 2]; 2],
    deleter: Deleter,
    left: Budget,
    broken: Broken,
}

/// Where a request is. `fresh`: the header is still the one that it has read;
/// `late`: its watchdog message is enqueued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Request {
    NotSent,
    LooksUp { late: bool },
    Wakes,
    ReadsHeader { late: bool },
    ReadsActive { other: u8, fresh: bool, late: bool },
    Kicks { other: u8 },
    Enqueues { fresh: bool },
    Creates { fresh: bool },
    SetsActive,
    Conflict,
    Answered,
    Crashed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Deleter {
    NotSent,
    Reads,
    Commits {
        turn: Option<u8>,
        fresh_header: bool,
        fresh_turn: bool,
    },
    Cancels {
        turn: u8,
    },
    Done,
}

/// What can happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Send(usize),
    Go(usize),
    CrashRequest(usize),
    Answer { turn: usize, driver: usize },
    CrashDriver { turn: usize, driver: usize },
    LeaseEnds { turn: usize, is_alive: bool },
    Watchdog(usize),
    Delete,
    GoDelete,
    CrashDelete,
}

impl Order {
    /// Rule 0 as it is, or with this done wrong.
    pub fn new(wrong: Option<Wrong>) -> Self {
        Self {
            budget: Budget {
                crash: 2,
                expiry: 1,
                retry: 2,
                cancel: 1,
                ..NONE
            },
            wrong,
            steps: Steps::new(&[], true, false),
        }
    }

    fn is(&self, wrong: Wrong) -> bool {
        self.wrong == Some(wrong)
    }

    fn write_header(place: &mut Place) {
        for request in &mut place.requests {
            match request {
                Request::ReadsActive { fresh, .. }
                | Request::Enqueues { fresh }
                | Request::Creates { fresh } => *fresh = false,
                _ => {}
            }
        }
        if let Deleter::Commits { fresh_header, .. } = &mut place.deleter {
            *fresh_header = false;
        }
    }

    fn write_turn(place: &mut Place, which: usize, turn: Turn) {
        place.turns[which] = Some(turn);
        if let Deleter::Commits {
            turn: Some(read),
            fresh_turn,
            ..
        } = &mut place.deleter
            && usize::from(*read) == which
        {
            *fresh_turn = false;
        }
    }

    fn go(&self, place: &mut Place, who: usize) {
        let living = |turn: Option<Turn>| turn.is_some_and(|t| !t.status.is_terminal());
        place.requests[who] = match place.requests[who] {
            Request::LooksUp { late } => match place.turns[who] {
                Some(turn) if turn.status.is_terminal() => Request::Answered,
                Some(_) => Request::Wakes,
                None => Request::ReadsHeader { late },
            },
            Request::Wakes => {
                place.watched[who] = true;
                Request::Answered
            }
            Request::ReadsHeader { .. } if place.deleted => Request::Answered,
            Request::ReadsHeader { late } => match place.active {
                // Made by the same request a moment ago, and gone: read again.
                Some(active) if usize::from(active) == who => Request::LooksUp { late },
                Some(other) if !self.is(Wrong::AcceptsSecond) => Request::ReadsActive {
                    other,
                    fresh: true,
                    late,
                },
                _ => Self::creates(true, late),
            },
            Request::ReadsActive { other, fresh, late } => {
                let turn = place.turns[usize::from(other)];
                if living(turn) {
                    let is_held = turn.is_some_and(|t| self.steps.looks(t).living_lease);
                    if is_held || self.is(Wrong::NoWatchdog) {
                        Request::Conflict
                    } else {
                        Request::Kicks { other }
                    }
                } else {
                    Self::creates(fresh, late)
                }
            }
            Request::Kicks { other } => {
                place.watched[usize::from(other)] = true;
                Request::Conflict
            }
            Request::Enqueues { fresh } => {
                place.watched[who] = !self.is(Wrong::NoWatchdog);
                Request::Creates { fresh }
            }
            Request::Creates { fresh } => {
                let blind = self.is(Wrong::WithoutIfMatch) || self.is(Wrong::OutsideTheBatch);
                if place.turns[who].is_some() || !(fresh || blind) {
                    Request::LooksUp { late: true }
                } else {
                    self.create(place, who)
                }
            }
            Request::SetsActive => {
                place.active = u8::try_from(who).ok();
                Self::write_header(place);
                Request::Answered
            }
            settled => settled,
        };
    }

    fn creates(fresh: bool, late: bool) -> Request {
        if late {
            Request::Creates { fresh }
        } else {
            Request::Enqueues { fresh }
        }
    }

    fn create(&self, place: &mut Place, who: usize) -> Request {
        Self::write_turn(place, who, self.steps.created(false));
        place.drivers[who][0] = Some(1);
        let others = place.turns.iter().flatten();
        if others.filter(|turn| !turn.status.is_terminal()).count() > 1 {
            place.broken.add(Property::Order);
        }
        if place.deleted {
            place.broken.add(Property::Order);
        }
        if self.is(Wrong::OutsideTheBatch) {
            return Request::SetsActive;
        }
        place.active = u8::try_from(who).ok();
        Self::write_header(place);
        Request::Answered
    }

    fn go_delete(&self, place: &mut Place) {
        place.deleter = match place.deleter {
            Deleter::Reads if place.deleted => Deleter::Done,
            Deleter::Reads => {
                let runs = |active: &u8| {
                    let turn = place.turns[usize::from(*active)];
                    turn.is_some_and(|t| !t.status.is_terminal())
                };
                let turn = place.active.filter(runs);
                if let Some(turn) = turn {
                    place.watched[usize::from(turn)] = true;
                }
                Deleter::Commits {
                    turn,
                    fresh_header: true,
                    fresh_turn: true,
                }
            }
            Deleter::Commits {
                turn,
                fresh_header,
                fresh_turn,
            } => {
                let in_two = self.is(Wrong::DeletesInTwo);
                if !fresh_header || !(fresh_turn || in_two) {
                    Deleter::Reads
                } else {
                    place.deleted = true;
                    Self::write_header(place);
                    match turn {
                        Some(turn) if in_two => Deleter::Cancels { turn },
                        Some(turn) => {
                            self.cancel(place, turn);
                            Deleter::Done
                        }
                        None => Deleter::Done,
                    }
                }
            }
            Deleter::Cancels { turn } => {
                self.cancel(place, turn);
                Deleter::Done
            }
            settled => settled,
        };
        let runs = place.turns.iter().flatten();
        if place.deleted && runs.into_iter().any(|t| t.status == Status::Running) {
            place.broken.add(Property::Order);
        }
    }

    fn cancel(&self, place: &mut Place, turn: u8) {
        let which = usize::from(turn);
        let Some(now) = place.turns[which] else {
            return;
        };
        if let Ok(out) = self.steps.step(now, Cmd::Cancel) {
            Self::write_turn(place, which, out.turn);
        }
    }

    fn watchdog(&self, place: &mut Place, which: usize) {
        let Some(turn) = place.turns[which].filter(|t| !t.status.is_terminal()) else {
            place.watched[which] = false;
            return;
        };
        if let Ok(out) = self.steps.step(turn, Cmd::ClaimModel) {
            Self::write_turn(place, which, out.turn);
            place.drivers[which][1] = out.claim.map(|(_, no)| no);
        }
    }

    fn answer(&self, place: &mut Place, which: usize, driver: usize) {
        let (Some(turn), Some(no)) = (place.turns[which], place.drivers[which][driver].take())
        else {
            return;
        };
        if let Ok(out) = self.steps.step(turn, Cmd::Answer { step: 0, no }) {
            Self::write_turn(place, which, out.turn);
        }
    }
}

fn in_flight(request: Request) -> bool {
    !matches!(
        request,
        Request::NotSent | Request::Conflict | Request::Answered | Request::Crashed
    )
}

/// Between its watchdog message and its create.
fn is_creating(request: Request) -> bool {
    matches!(
        request,
        Request::Creates { .. }
            | Request::LooksUp { late: true }
            | Request::ReadsHeader { late: true }
            | Request::ReadsActive { late: true, .. }
    )
}

impl stateright::Model for Order {
    type State = Place;
    type Action = Step;

    fn init_states(&self) -> Vec<Place> {
        vec![Place {
            active: None,
            deleted: false,
            turns: [None; 2],
            watched: [false; 2],
            requests: [Request::NotSent; 2],
            drivers: [[None; 2]; 2],
            deleter: Deleter::NotSent,
            left: self.budget,
            broken: Broken::default(),
        }]
    }

    fn actions(&self, place: &Place, actions: &mut Vec<Step>) {
        let may_crash = place.left.crash > 0;
        for (who, request) in place.requests.iter().enumerate() {
            match request {
                Request::NotSent => actions.push(Step::Send(who)),
                Request::Conflict | Request::Crashed if place.left.retry > 0 => {
                    actions.push(Step::Send(who));
                }
                request if in_flight(*request) => {
                    actions.push(Step::Go(who));
                    if may_crash {
                        actions.push(Step::CrashRequest(who));
                    }
                }
                _ => {}
            }
            for (driver, claim) in place.drivers[who].iter().enumerate() {
                if claim.is_some() {
                    actions.push(Step::Answer { turn: who, driver });
                    if may_crash {
                        actions.push(Step::CrashDriver { turn: who, driver });
                    }
                }
            }
            if let Some(turn) = place.turns[who]
                && let ModelState::Claimed { no, live: true } = turn.model
                && holds_claim(&turn, Claim { step: 0, no })
            {
                let is_alive = place.drivers[who].contains(&Some(no));
                if !is_alive || place.left.expiry > 0 {
                    actions.push(Step::LeaseEnds {
                        turn: who,
                        is_alive,
                    });
                }
            }
            let free = place.drivers[who][1].is_none();
            if place.watched[who] && free && !is_creating(*request) {
                actions.push(Step::Watchdog(who));
            }
        }
        match place.deleter {
            Deleter::NotSent if place.left.cancel > 0 => actions.push(Step::Delete),
            Deleter::NotSent | Deleter::Done => {}
            _ => {
                actions.push(Step::GoDelete);
                if may_crash {
                    actions.push(Step::CrashDelete);
                }
            }
        }
    }

    fn next_state(&self, place: &Place, action: Step) -> Option<Place> {
        let mut next = place.clone();
        match action {
            Step::Send(who) => {
                if next.requests[who] != Request::NotSent {
                    next.left.retry -= 1;
                }
                next.requests[who] = Request::LooksUp { late: false };
            }
            Step::Go(who) => self.go(&mut next, who),
            Step::CrashRequest(who) => {
                next.left.crash -= 1;
                next.requests[who] = Request::Crashed;
            }
            Step::Answer { turn, driver } => self.answer(&mut next, turn, driver),
            Step::CrashDriver { turn, driver } => {
                next.left.crash -= 1;
                next.drivers[turn][driver] = None;
            }
            Step::LeaseEnds { turn, is_alive } => {
                next.left.expiry -= u8::from(is_alive);
                if let Some(Turn {
                    model: ModelState::Claimed { live, .. },
                    ..
                }) = &mut next.turns[turn]
                {
                    *live = false;
                }
            }
            Step::Watchdog(which) => self.watchdog(&mut next, which),
            Step::Delete => {
                next.left.cancel -= 1;
                next.deleter = Deleter::Reads;
            }
            Step::GoDelete => self.go_delete(&mut next),
            Step::CrashDelete => {
                next.left.crash -= 1;
                next.deleter = Deleter::Done;
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<stateright::Property<Self>> {
        vec![stateright::Property::always("order", |_, place: &Place| {
            place.broken.is_empty()
        })]
    }
}

impl Checked for Order {
    fn is_fair(&self, action: &Step) -> bool {
        matches!(
            action,
            Step::Go(_)
                | Step::Answer { .. }
                | Step::LeaseEnds {
                    is_alive: false,
                    ..
                }
                | Step::Watchdog(_)
                | Step::GoDelete
        )
    }

    fn broken(&self, place: &Place) -> Broken {
        place.broken
    }

    fn broken_at_rest(&self, _: &Place) -> Broken {
        Broken::default()
    }

    /// Every turn that exists has ended: nothing stands in the next one's way.
    fn has_ended(&self, place: &Place) -> bool {
        place.turns.iter().flatten().all(|t| t.status.is_terminal())
    }

    fn end(&self, place: &Place) -> String {
        format!("{:?}", place.turns.map(|t| t.map(|t| t.status)))
    }

    fn describe(&self, place: &Place, action: &Step) -> String {
        match action {
            Step::Go(who) => format!("request {who} {:?}", place.requests[*who]),
            Step::CrashRequest(who) => format!("CRASH of request {who} {:?}", place.requests[*who]),
            Step::GoDelete => format!("deletion {:?}", place.deleter),
            other => format!("{other:?}"),
        }
    }
}
