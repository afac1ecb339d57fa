//! The turn document, small: what of it can change anything, and production's
//! `step` on it.

mod concrete;
mod steps;

pub use concrete::Shapes;
pub use steps::{Cmd, Ended, Look, Looks, Out, Said, Steps};

/// Calls of one turn that the model asks for, at most.
pub const ASKED: usize = 2;
/// Reads about the first of them, at most; more make a run incomplete.
pub const READS: usize = 6;
/// Calls and reads of one turn: first the calls, then the reads by their number.
pub const CALLS: usize = ASKED + READS;

/// A turn as far as it matters: times are classes, texts are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Turn {
    /// Where it stands.
    pub status: Status,
    /// 0 asks for the calls, 1 is the answer.
    pub step: u8,
    /// The model in that step.
    pub model: Model,
    /// The calls of step 0, then the reads about the first.
    pub calls: [Call; CALLS],
}

/// `TurnStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    Running,
    WaitingSignIn { passed: bool },
    Cancelling,
    Done,
    Failed { sign_in: bool },
    Cancelled,
}

impl Status {
    /// Whether nothing follows.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Done | Self::Failed { .. } | Self::Cancelled)
    }
}

/// `ModelState`; `live` is a lease that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Model {
    Idle,
    Claimed { no: u8, live: bool },
    Answered,
}

/// `ToolCall`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    /// Attempts begun.
    pub attempt: u8,
    /// The approval that it needs or needed.
    pub approval: Approval,
    /// Where it stands.
    pub state: CallState,
    /// What people are shown of what it would do.
    pub shown: Shown,
    /// How often that changed after somebody had agreed.
    pub drifts: u8,
    /// Repeats in a row that were lost.
    pub lost: u8,
    /// Reads made about it so far.
    pub reads: u8,
    /// For a read: why it is made.
    pub read: Option<ReadKind>,
}

/// What was read of the resource: nothing, or how it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Shown {
    #[default]
    Nothing,
    As(u8),
}

/// `ReadKind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReadKind {
    Preview,
    Repeat,
    Check,
}

/// What became of the approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Approval {
    NotNeeded,
    Undecided,
    Yes,
    No,
}

/// `CallState`, and `Absent` before the model has asked for it. `passed` is a
/// deadline that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallState {
    Absent,
    /// A read that has ended and made room for a later one.
    Dropped,
    Previewing {
        read: u8,
        passed: bool,
    },
    AwaitingApproval {
        passed: bool,
    },
    AwaitingSignIn {
        digest: bool,
        passed: bool,
    },
    Queued {
        digest: bool,
    },
    Started {
        live: bool,
    },
    Finished {
        ok: bool,
    },
    Unknown,
    Denied,
    Cancelled,
    NotRun {
        sign_in: bool,
    },
}

impl CallState {
    /// Whether it never changes again.
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Dropped
                | Self::Finished { .. }
                | Self::Unknown
                | Self::Denied
                | Self::Cancelled
                | Self::NotRun { .. }
        )
    }
}

impl Call {
    /// Before the model has asked for it.
    pub const ABSENT: Self = Self {
        attempt: 0,
        approval: Approval::NotNeeded,
        state: CallState::Absent,
        shown: Shown::Nothing,
        drifts: 0,
        lost: 0,
        reads: 0,
        read: None,
    };
}

impl Turn {
    /// The slot of the repeat that is under way.
    pub fn repeat(&self) -> Option<usize> {
        (ASKED..CALLS).find(|slot| {
            let read = self.calls[*slot];
            read.read == Some(ReadKind::Repeat) && !read.state.is_terminal()
        })
    }
}

/// What a call may do, and whether policy asks a person first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Runs at once, may run again.
    ReadOnly,
    /// Needs an approval, runs once.
    Destructive,
}
