//! Where a conversation stands, read from the request alone.

use azimuth_domain::event::Outcome;
use azimuth_domain::tool::{ToolRef, ToolSpec};
use azimuth_ports::model::{ChatMessage, ModelCall, ModelRequest, OfferedTool};
use serde_json::Value;

use super::language::Language;
use super::subscriptions::Subscription;

/// A call of the present turn and what became of it.
#[derive(Debug)]
pub struct Done<'a> {
    /// The tool.
    pub tool: &'a ToolRef,
    /// The arguments that the planner asked for.
    pub arguments: Value,
    /// How it ended.
    pub outcome: Outcome,
    /// Result or explanation.
    pub content: &'a str,
    /// Whether `content` was cut.
    pub truncated: bool,
    /// The parameter of the tool that names the subscription.
    scope: Option<&'a str>,
}

impl Done<'_> {
    /// The subscription that the call was for, by name where it is known.
    pub fn subscription(&self, known: &[Subscription]) -> Option<String> {
        let value = self.arguments.get(self.scope?)?.as_str()?;
        Some(
            known
                .iter()
                .find(|s| s.is(value))
                .map_or_else(|| value.to_owned(), |s| s.name.clone()),
        )
    }
}

/// The request, taken apart.
#[derive(Debug)]
pub struct Situation<'a> {
    /// The open question.
    pub question: &'a str,
    /// What was said before it.
    pub earlier: &'a [ChatMessage],
    /// What this turn's calls brought, in order.
    pub done: Vec<Done<'a>>,
    /// The product's note that the last answer was unusable.
    pub repair: Option<&'a str>,
    /// The tools to choose from.
    pub tools: &'a [OfferedTool],
    /// Subscription to use when the person names none.
    pub default_subscription: Option<&'a str>,
    /// Language to answer in.
    pub language: Language,
    /// Calls of the whole conversation so far; the next call's number.
    pub calls_so_far: usize,
}

impl<'a> Situation<'a> {
    /// Reads a request. Without a message of the person the question is empty.
    pub fn of(request: &'a ModelRequest) -> Self {
        let messages = &request.messages;
        let at = messages
            .iter()
            .rposition(|m| matches!(m, ChatMessage::User(_)));
        let (earlier, question, turn) = match at {
            Some(at) => match &messages[at] {
                ChatMessage::User(text) => (&messages[..at], text.as_str(), &messages[at + 1..]),
                _ => (&messages[..], "", &messages[messages.len()..]),
            },
            None => (&messages[..0], "", &messages[..]),
        };
        let repair = match turn.last() {
            Some(ChatMessage::Repair(note)) => Some(note.as_str()),
            _ => None,
        };
        // An answer such as "koreacentral" has no language; the question that it
        // answers has.
        let asked = match earlier.last() {
            Some(ChatMessage::Assistant { text, .. })
                if super::ask::asked_by(earlier).is_some() =>
            {
                Some(text.as_str())
            }
            _ => None,
        };
        let told = std::iter::once(question).chain(asked);
        Self {
            question,
            earlier,
            done: done(turn, &request.tools),
            repair,
            tools: &request.tools,
            default_subscription: request
                .default_subscription
                .as_deref()
                .filter(|s| !s.is_empty()),
            language: Language::of(told, &request.language),
            calls_so_far: calls(messages).count(),
        }
    }

    /// Results of one tool in this turn.
    pub fn done_by(&self, tool: &ToolRef) -> Vec<&Done<'a>> {
        self.done.iter().filter(|d| d.tool == tool).collect()
    }

    /// The offered tool of that name of the server that `tool` is of. Another
    /// server's is not asked: it could say anything about subscriptions.
    pub fn helper(&self, name: &str, tool: &ToolRef) -> Option<&'a OfferedTool> {
        self.tools
            .iter()
            .find(|t| t.spec.tool.name == name && t.spec.tool.server == tool.server)
    }
}

/// What the person said, oldest first.
pub fn user_texts(messages: &[ChatMessage]) -> Vec<&str> {
    messages
        .iter()
        .filter_map(|m| match m {
            ChatMessage::User(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

fn calls(messages: &[ChatMessage]) -> impl Iterator<Item = &ModelCall> {
    messages
        .iter()
        .filter_map(|m| match m {
            ChatMessage::Assistant { calls, .. } => Some(calls),
            _ => None,
        })
        .flatten()
}

fn done<'a>(turn: &'a [ChatMessage], tools: &'a [OfferedTool]) -> Vec<Done<'a>> {
    turn.iter()
        .filter_map(|message| {
            let ChatMessage::ToolResult {
                call_id,
                tool,
                outcome,
                content,
                truncated,
            } = message
            else {
                return None;
            };
            let arguments = calls(turn)
                .find(|call| call.id == *call_id)
                .and_then(|call| serde_json::from_str(&call.arguments).ok())
                .unwrap_or(Value::Null);
            let spec: Option<&ToolSpec> = tools.iter().map(|t| &t.spec).find(|s| s.tool == *tool);
            Some(Done {
                tool,
                arguments,
                outcome: *outcome,
                content,
                truncated: *truncated,
                scope: spec.and_then(|s| s.scope.subscription.as_deref()),
            })
        })
        .collect()
}
