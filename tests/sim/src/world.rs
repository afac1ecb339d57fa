//! One state of the model: turn, audit, queues, and where everybody is.

use crate::turn::{CALLS, Ended, Look, Said, Shown, Turn};

/// Attempts of a call at most (`limits::MAX_ATTEMPTS`).
pub const ATTEMPTS: usize = 3;
/// Watchdog messages of a turn at most; more make a run incomplete.
pub const WATCHES: usize = 6;

/// The executors; they are alike, and kept sorted.
pub const EXECUTORS: [usize; 2] = [0, 1];
/// The request that made the turn, and drives it without a message.
pub const API: usize = 2;
/// The request that decides.
pub const APPROVER: usize = 3;
/// The request that cancels.
pub const CANCELLER: usize = 4;
/// The request that signs in to Azure.
pub const PERSON: usize = 5;
const PROCESSES: usize = 6;

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    /// The document.
    pub turn: Turn,
    /// The registers of each attempt of each call.
    pub audit: [[Registers; ATTEMPTS]; CALLS],
    /// What is visible in the queues.
    pub queue: Queue,
    /// Who is where.
    pub processes: [Process; PROCESSES],
    /// Whether the asker's grant for Azure is there.
    pub grant: bool,
    /// Whether it was when the sign-in's deadline passed.
    pub grant_in_time: bool,
    /// Whether policy refuses the calls by now.
    pub revoked: bool,
    /// How the resource is that a preview reads.
    pub version: u8,
    /// What may still go wrong.
    pub left: Budget,
    /// Requests that a tool carried out, for each call; 2 stands for more.
    pub effects: [u8; CALLS],
    /// Steps that have an answer, one bit each.
    pub answered: u8,
    /// Properties that were broken on the way.
    pub broken: Broken,
}

/// Faults and people that a run still has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Budget {
    pub crash: u8,
    pub dup: u8,
    pub expiry: u8,
    pub fail: u8,
    pub poison: u8,
    pub cancel: u8,
    pub retry: u8,
    pub grant_loss: u8,
    pub revoke: u8,
    pub text: u8,
    pub drift: u8,
    pub late: u8,
}

/// The write-once registers of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Registers {
    /// `{call}:{attempt}:open`.
    pub open: Open,
    /// `{call}:{attempt}:close`.
    pub close: Option<Close>,
}

/// Who has the open. Which worker does not matter: one that has its own goes on at
/// once, and its id is new for every delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Open {
    #[default]
    Nobody,
    Worker,
    Sealer,
}

/// What a close says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Close {
    Ok,
    Error,
    Unknown,
    Denied,
    Cancelled,
    NotRun,
}

/// Visible messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Queue {
    /// `tool-calls`, by call.
    pub tool: [u8; CALLS],
    /// `tool-calls-poison`, by call.
    pub tool_poison: [u8; CALLS],
    /// Of `tool`, those that were delivered and crashed their executor.
    pub crashed: [u8; CALLS],
    /// `turns` without a number.
    pub advance: u8,
    /// `turns` with a number, sorted.
    pub watch: [Option<Watch>; WATCHES],
    /// `turns-poison` with a number.
    pub watch_poison: Option<Watch>,
}

/// A watchdog message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watch {
    /// Its number less the turn's counter; −2 stands for all that are lower.
    pub relative: i8,
    /// Whether it was delivered before.
    pub again: bool,
}

/// The message that a process holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Held {
    #[default]
    Nothing,
    Tool(u8),
    ToolPoison(u8),
    Advance,
    Watch(Watch),
    WatchPoison(Watch),
}

/// What is left of one look at a turn, in production's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Works {
    pub enqueue: u16,
    /// Calls to reclaim, with the attempt that was seen; 0 none.
    pub reclaim: [u8; CALLS],
    pub check_sign_in: bool,
    pub expire: bool,
    /// Whether some of it failed.
    pub failed: bool,
    /// The successor that is enqueued only after acting (a mutation).
    pub late: Option<i8>,
}

/// A process: its message, and its next action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Process {
    /// What it holds.
    pub held: Held,
    /// What it does next.
    pub at: At,
    /// What it does after that, when it looks after a turn.
    pub works: Works,
    /// What it has read for a preview; `None` for what is not its own.
    pub seen: Option<Shown>,
}

/// A claim of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    /// The step.
    pub step: u8,
    /// Which claim of it.
    pub no: u8,
}

/// An attempt of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt {
    /// The call.
    pub call: u8,
    /// From 1.
    pub no: u8,
}

/// What comes after effects were performed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Next {
    Leave,
    Look,
    Works,
    Drive,
    Model(Claim),
}

/// The next action of a process: one operation of store, queue, audit or tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum At {
    /// Waits for a message.
    #[default]
    Idle,
    /// Reads the turn for the call of its message.
    Look,
    /// Asks for the asker's grant before the claim (rule 6a).
    AskGrant { call: u8, fresh: bool },
    /// Claims the call, if the turn is still the one that was looked at. `seen` is
    /// only kept where the etag is not.
    Claim {
        call: u8,
        fresh: bool,
        allowed: bool,
        seen: Option<Turn>,
    },
    /// Denies the call, likewise.
    Deny { call: u8, fresh: bool },
    /// Parks the call, likewise.
    Park { call: u8, fresh: bool },
    /// Looks at the grant for whatever waits for it.
    CheckSignIn,
    /// Finds the turn that waits for the sign-in.
    FindWaiting,
    /// Enqueues the watchdog before what waited goes on.
    ResumeWatch,
    /// Writes that it goes on.
    Resume,
    /// Applies deadlines.
    Expire { look: Look },
    /// Opens the audit.
    Open { attempt: Attempt, allowed: bool },
    /// Gives the call back.
    Release(Attempt),
    /// Lets the tool run.
    Effect { attempt: Attempt, allowed: bool },
    /// Opens the audit after the effect (a mutation).
    OpenLate { attempt: Attempt, ended: Ended },
    /// Closes the audit.
    Close { attempt: Attempt, ended: Ended },
    /// Writes what the close says.
    Finish { attempt: Attempt, says: Close },
    /// Closes the audit after the turn was written (a mutation).
    CloseLate { attempt: Attempt, close: Close },
    /// Takes the open of an attempt whose executor is gone.
    Seal { attempt: Attempt, poison: bool },
    /// Closes it.
    SealClose {
        attempt: Attempt,
        poison: bool,
        sealed: bool,
    },
    /// Writes the verdict.
    Reclaim {
        attempt: Attempt,
        poison: bool,
        said: Said,
        late_close: Option<Close>,
    },
    /// Ends a call whose message is poison.
    PoisonCall(u8),
    /// Puts messages into the queues.
    Perform {
        enqueue: u16,
        advance: bool,
        next: Next,
    },
    /// Claims the model.
    Drive,
    /// Asks the model, then writes the answer.
    Model { claim: Claim, text: Text },
    /// Raises the watchdog's counter.
    Raise,
    /// Enqueues the successor; its number as in [`Watch`].
    Renew { relative: i8 },
    /// Reads the turn and what is to do.
    Act,
    /// Enqueues the next call that is queued.
    Works,
    /// Deletes its message.
    Acknowledge,
    /// Enqueues the successor after all (a mutation).
    RenewLate { relative: i8 },
    /// Puts a poisoned watchdog message back.
    RenewPoison { relative: i8 },
    /// Records a person's decision.
    Decide {
        call: u8,
        approve: bool,
        shown: Shown,
    },
    /// Stops the turn.
    Cancel,
    /// Enqueues the wake-up message after the write (a mutation).
    WakeLate { relative: i8, enqueue: u16 },
}

/// Where a driver is with its text (rule 14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Text {
    /// It has a number for its next event; free unless somebody else wrote one.
    Next { free: bool },
    /// Its number was taken: it has read the newest number.
    Numbered { free: bool },
    /// Its number was taken: it reads the newest number.
    Taken,
}

/// A set of properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Broken(pub u16);

/// The properties of `turn-protocol.md`, and what a run needs to be complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Property {
    I1,
    I2,
    I3,
    I4,
    I5,
    I6,
    I7,
    I8,
    /// One turn of a conversation at a time (rule 0).
    Order,
    /// A person who signed in in time is not given up.
    SignIn,
    /// Counters stay within what the model can hold.
    Range,
}

impl Property {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::I1,
        Self::I2,
        Self::I3,
        Self::I4,
        Self::I5,
        Self::I6,
        Self::I7,
        Self::I8,
        Self::Order,
        Self::SignIn,
        Self::Range,
    ];
}

impl Broken {
    /// These.
    pub fn of(properties: &[Property]) -> Self {
        let mut broken = Self::default();
        for property in properties {
            broken.add(*property);
        }
        broken
    }

    /// Adds one.
    pub fn add(&mut self, property: Property) {
        self.0 |= 1 << property as u16;
    }

    /// Whether it is in.
    pub fn has(self, property: Property) -> bool {
        self.0 & (1 << property as u16) != 0
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those of `other` that are not in.
    #[must_use]
    pub fn missing(self, other: Self) -> Self {
        Self(other.0 & !self.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each.
    pub fn iter(self) -> impl Iterator<Item = Property> {
        Property::ALL.into_iter().filter(move |p| self.has(*p))
    }
}

impl Queue {
    /// Adds a watchdog message; false when there are too many to hold.
    #[must_use]
    pub fn put_watch(&mut self, relative: i8, again: bool) -> bool {
        let Some(free) = self.watch.iter().position(Option::is_none) else {
            return false;
        };
        self.watch[free] = Some(Watch { relative, again });
        self.watch.sort_unstable();
        true
    }

    /// Whether anything is visible.
    pub fn is_empty(&self) -> bool {
        self.tool == [0; CALLS]
            && self.tool_poison == [0; CALLS]
            && self.crashed == [0; CALLS]
            && self.advance == 0
            && self.watch.iter().all(Option::is_none)
            && self.watch_poison.is_none()
    }
}

impl World {
    /// The registers of an attempt.
    pub fn registers(&mut self, attempt: Attempt) -> &mut Registers {
        &mut self.audit[usize::from(attempt.call)][usize::from(attempt.no.saturating_sub(1))]
    }
}
