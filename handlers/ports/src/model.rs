//! Chat models.

use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use azimuth_domain::event::Outcome;
use azimuth_domain::tool::{ToolRef, ToolSpec};
use azimuth_domain::turn::Usage;
use futures::Stream;

/// What a model is asked.
#[derive(Debug, Clone)]
pub struct ModelRequest {
    /// The conversation along its branch, oldest first, the open question last.
    pub messages: Vec<ChatMessage>,
    /// The tools that fit, best first. Never all of them.
    pub tools: Vec<OfferedTool>,
    /// `ko` or `en`: the language to answer in when the text does not tell.
    pub language: String,
    /// Subscription to use when the person names none.
    pub default_subscription: Option<String>,
}

/// A tool as a model sees it.
#[derive(Debug, Clone)]
pub struct OfferedTool {
    /// Name on the wire, unique in the request, `[a-zA-Z0-9_-]{1,64}`.
    pub name: String,
    /// The tool.
    pub spec: ToolSpec,
    /// How well it fits the question, 0–1; 1 when it was named outright.
    pub score: f32,
}

/// One entry of the conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatMessage {
    /// The person.
    User(String),
    /// The model: text and the calls that it asked for.
    Assistant {
        /// What it said.
        text: String,
        /// What it asked for.
        calls: Vec<ModelCall>,
    },
    /// What became of one call. Every call has exactly one.
    ToolResult {
        /// The id that the model gave the call.
        call_id: String,
        /// The tool.
        tool: ToolRef,
        /// How it ended.
        outcome: Outcome,
        /// Result or explanation.
        content: String,
        /// Whether `content` was cut.
        truncated: bool,
    },
    /// A note from the product to the model: its last answer was unusable.
    Repair(String),
}

/// A call as a model asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelCall {
    /// The model's id for it.
    pub id: String,
    /// Name on the wire.
    pub name: String,
    /// The arguments as the model spelt them; may be broken JSON.
    pub arguments: String,
}

/// What comes out of a model, in order. A stream without `End` broke off.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelEvent {
    /// More text.
    Text(String),
    /// A complete call.
    Call(ModelCall),
    /// Tokens used.
    Usage(Usage),
    /// The answer is complete.
    End,
}

/// Why a model does not answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ModelError {
    /// Busy or down; the same request may work later.
    #[error("the model does not answer now: {detail}")]
    Unavailable {
        /// For the log.
        detail: String,
        /// What the model asked us to wait.
        retry_after: Option<Duration>,
    },
    /// It refuses this request; the same request will fail again.
    #[error("the model refuses the request: {0}")]
    Rejected(String),
    /// Key or permission is missing.
    #[error("the model does not accept our key")]
    Unauthorized,
}

/// What a model streams.
pub type ModelStream = Pin<Box<dyn Stream<Item = Result<ModelEvent, ModelError>> + Send>>;

/// A chat model. Dropping the stream ends the call.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// Name for pickers and events.
    fn name(&self) -> &str;

    /// One sentence for people about what it is.
    fn description(&self) -> &str;

    /// Asks. Nothing is kept between requests.
    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelError>;

    /// Whether it can be expected to answer; `Err` says why not.
    async fn health(&self) -> Result<(), ModelError>;
}
