//! Deployments that break a promise on purpose: what the checks must find.

/// What is wrong with a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// The store replaces a turn whatever version was read.
    StoreIgnoresVersions,
    /// The store says that it made a turn, and did not.
    StoreLosesTurns,
    /// The store says that it took a piece of text, and keeps none of it.
    StoreLosesText,
    /// The store keeps a person's no as a yes.
    StoreTurnsNoIntoYes,
    /// The store lets a second turn begin in a conversation.
    StoreForgetsWhoRuns,
    /// The audit says that it wrote an open, and did not.
    AuditDropsOpens,
    /// The audit says that it wrote a close, and did not.
    AuditDropsCloses,
    /// The audit says "created" to whoever comes second.
    AuditTakesEverything,
    /// Every call happens twice.
    ToolsRunTwice,
    /// A call happens, and is told as one that never began.
    ToolsDenyWhatTheyDid,
    /// Messages are lost, and the timer never runs.
    NobodyLooksAgain,
}
