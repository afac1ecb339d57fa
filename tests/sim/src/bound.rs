//! What a run explores: the calls of the turn, how much may go wrong, and what is
//! switched on.

use crate::turn::Kind;
use crate::world::Budget;

/// A bound.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// Its name in reports.
    pub name: &'static str,
    /// The calls that step 0 asks for.
    pub calls: &'static [Kind],
    /// Faults and people, at most.
    pub budget: Budget,
    /// When the timer sweeps turns.
    pub sweeper: Sweeper,
    /// Whether the audit is swept.
    pub audit_sweep: bool,
    /// Whether rule 1's watchdog messages exist.
    pub watchdog: bool,
    /// Whether a crash takes the whole instance.
    pub host: bool,
    /// Whether store and queue fail as well, not only audit and tools.
    pub store_fails: bool,
    /// Whether heartbeats renew a lease that had ended.
    pub heartbeat: bool,
    /// Who waits for a sign-in.
    pub sign_in: SignIn,
    /// Copies of a message that are visible at most, duplicates apart.
    pub copies: u8,
    /// The message of a call crashes whoever takes it, always.
    pub always_crashes: bool,
    /// Whether a read tells what the first call would do (rules 3a and 5).
    pub previews: bool,
    /// What is done wrong.
    pub mutation: Option<Mutation>,
}

/// When the timer sweeps turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sweeper {
    /// Never.
    Off,
    /// When no message is visible and whoever is busy has lost its lease.
    Lazy,
    /// Whenever no lease is alive.
    Racing,
}

/// Who waits for a sign-in (rules 1a and 6a).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    /// Nobody: the grant is always there.
    Off,
    /// The turn, from its creation.
    Turn,
    /// A call: the grant can go before its claim.
    Call,
}

/// One change of the protocol that must not go unnoticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    ModelNeverTakenOver,
    ApprovalNeverExpires,
    CancelLeavesQueued,
    NoPoisonRule,
    ClaimWithoutEtag,
    AnswerWithoutClaim,
    OpenAfterEffect,
    RunThoughOpenFailed,
    RerunDestructive,
    RetryAfterTimeout,
    ReleaseWithoutAttempt,
    RandomAuditIds,
    TurnBeforeClose,
    LateUpgrade,
    IgnoreSeal,
    TextWithoutCheck,
    SuccessorAfterActing,
    SuccessorOnlyOnce,
    WakeAfterWrite,
    CounterRaisedBlindly,
    RaiseTriedAgain,
    ReclaimStarts,
    DeadlineBeforeGrant,
    DeadlineAfterLook,
    NoApprovalCheck,
    NextStepBeforeTerminal,
    NextStepBeforePreview,
    ClaimWithoutRepeat,
}

/// No faults.
pub const NONE: Budget = Budget {
    crash: 0,
    dup: 0,
    expiry: 0,
    fail: 0,
    poison: 0,
    cancel: 0,
    retry: 0,
    grant_loss: 0,
    revoke: 0,
    text: 0,
    drift: 0,
    late: 0,
};

impl Bound {
    /// A turn with these calls, a lazy sweeper and nothing that goes wrong.
    pub const fn new(name: &'static str, calls: &'static [Kind]) -> Self {
        Self {
            name,
            calls,
            budget: NONE,
            sweeper: Sweeper::Lazy,
            audit_sweep: true,
            watchdog: false,
            host: false,
            store_fails: false,
            heartbeat: false,
            sign_in: SignIn::Off,
            copies: 1,
            always_crashes: false,
            previews: false,
            mutation: None,
        }
    }

    /// With this budget.
    #[must_use]
    pub const fn with(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// With a sweeper that races everybody.
    #[must_use]
    pub const fn racing(mut self) -> Self {
        self.sweeper = Sweeper::Racing;
        self
    }

    /// With watchdog messages in place of the sweeper.
    #[must_use]
    pub const fn watched(mut self) -> Self {
        self.sweeper = Sweeper::Off;
        self.watchdog = true;
        self
    }

    /// With this done wrong.
    #[must_use]
    pub const fn mutated(mut self, mutation: Mutation) -> Self {
        self.mutation = Some(mutation);
        self
    }
}
