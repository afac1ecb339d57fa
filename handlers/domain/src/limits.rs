//! Every limit of the product that a user or an operator can meet, in one place
//! (`design/architecture.md`, "Data", "The turn", "Queues and clocks").

/// Text of a user's message, bytes.
pub const MAX_MESSAGE_TEXT_BYTES: usize = 32_768;
/// Arguments of one tool call, bytes of canonical JSON.
pub const MAX_ARGUMENT_BYTES: usize = 32 * 1024;
/// Secrets that one message, or the arguments of one call, may hold.
pub const MAX_SECRETS_PER_MESSAGE: usize = 16;
/// Secrets of one turn, those in the arguments of a model among them.
pub const MAX_SECRETS_PER_TURN: u32 = 64;
/// One such secret, bytes: what Azure Key Vault takes.
pub const MAX_SECRET_BYTES: usize = 25 * 1024;
/// How long one is kept at the longest: as long as its turn can run and people take.
pub const SECRET_TTL_MS: i64 = 26 * 60 * 60 * 1000;
/// How long the result of a call that reveals a secret waits for its asker.
pub const REVEALED_TTL_MS: i64 = 5 * 60 * 1000;
/// So much of such a result is kept, bytes.
pub const MAX_REVEALED_BYTES: usize = 512 * 1024;
/// Tool calls of one step.
pub const MAX_CALLS_PER_STEP: usize = 8;
/// Model steps of one turn.
pub const MAX_STEPS: u32 = 16;
/// Claims of one model step before the turn fails (rule 2).
pub const MAX_CLAIMS: u32 = 4;
/// Attempts of one tool call before it ends as not run (rule 6).
pub const MAX_ATTEMPTS: u32 = 3;
/// A turn document, bytes of JSON.
pub const MAX_TURN_BYTES: usize = 64 * 1024;
/// Kept free in the turn document for the end of each open call (rule 2).
pub const RESERVED_BYTES_PER_CALL: usize = 1536;
/// Kept free beside it for what is read about a call: a second read, and what
/// people are shown.
pub const RESERVED_BYTES_PER_PREVIEW: usize = 2560;
/// How long people wait for a preview before they are asked without (rule 3a).
pub const PREVIEW_DEADLINE_MS: i64 = 10_000;
/// Longest time that a read of ours about a call may take.
pub const READ_DEADLINE_MS: i64 = 30_000;
/// How often people are asked anew because what a call would do has changed.
pub const MAX_DRIFTS: u32 = 3;
/// Fields of a resource that a preview shows.
pub const MAX_PREVIEW_FIELDS: usize = 6;
/// Longest name or value in a preview, characters.
pub const MAX_PREVIEW_VALUE_CHARS: usize = 64;
/// Running time of a turn, waiting for people not counted.
pub const MAX_RUNNING_MS: i64 = 30 * 60 * 1000;
/// Model tokens of a turn, prompt and answer of all steps.
pub const MAX_TURN_TOKENS: u64 = 1_000_000;
/// Tool calls that one executor works on at once: `batchSize` and
/// `newBatchThreshold` of host.json together.
pub const EXECUTOR_SLOTS: usize = 4;
/// Running turns of one user.
pub const MAX_RUNNING_TURNS: usize = 8;
/// One tool result as stored, bytes; what is above is cut and marked.
pub const MAX_RESULT_BYTES: usize = 8 * 1024 * 1024;
/// How much of a result a model gets to read, bytes.
pub const MAX_RESULT_BYTES_FOR_MODEL: usize = 256 * 1024;
/// How much of a result the turn and its events carry, bytes.
pub const MAX_PREVIEW_BYTES: usize = 1024;
/// Lease of a model step and of a tool call.
pub const LEASE_MS: i64 = 20_000;
/// How often a lease is renewed.
pub const HEARTBEAT_MS: i64 = 5_000;
/// Longest time one tool call may take.
pub const CALL_DEADLINE_MS: i64 = 5 * 60 * 1000;
/// How long an approval may be given.
pub const APPROVAL_DEADLINE_MS: i64 = 60 * 60 * 1000;
/// How long an approval for a conversation counts.
pub const GRANT_TTL_MS: i64 = 8 * 60 * 60 * 1000;
/// Approvals that a conversation holds at once.
pub const MAX_GRANTS: usize = 32;
/// Tools that a person always allows.
pub const MAX_ALWAYS_ALLOWED: usize = 50;
/// One of the approvals for a conversation, bytes of JSON.
pub const MAX_GRANT_BYTES: usize = 2048;
/// How long a turn waits for its asker to sign in to Azure.
pub const SIGN_IN_DEADLINE_MS: i64 = 60 * 60 * 1000;
/// How long a deleted conversation can be restored.
pub const RESTORE_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// How long a turn's events are kept.
pub const EVENT_TTL_MS: i64 = 24 * 60 * 60 * 1000;
