//! The offline planner: the model that is there without a key.
//!
//! It is no language model. It finds the one tool that fits a request, reads the
//! arguments off the words, asks back for what is missing, and shows results as
//! a table. The same request always gets the same answer. A location that a
//! creation needs and nobody named is
//! [`DEFAULT_LOCATION`](arguments::locations::DEFAULT_LOCATION); it is said in
//! the answer and stands in the approval.

mod arguments;
mod ask;
#[cfg(test)]
pub(crate) mod fixture;
mod language;
mod plan;
mod render;
mod situation;
mod slash;
mod steps;
mod subscriptions;
#[cfg(test)]
mod tests;
mod wording;

use async_trait::async_trait;
use azimuth_domain::turn::Usage;
use azimuth_ports::model::{
    ChatMessage, ChatModel, ModelCall, ModelError, ModelEvent, ModelRequest, ModelStream,
    OfferedTool,
};
use serde_json::{Map, Value};

use plan::Plan;
use situation::Situation;

/// Name of the planner in pickers and settings.
pub const OFFLINE_PLANNER: &str = "offline-planner";

/// See the module.
#[derive(Debug, Clone, Copy, Default)]
pub struct OfflinePlanner;

#[async_trait]
impl ChatModel for OfflinePlanner {
    fn name(&self) -> &str {
        OFFLINE_PLANNER
    }

    fn description(&self) -> &'static str {
        "Finds the tool that fits a request, without a language model and without a key."
    }

    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelError> {
        let events = events(&request).into_iter().map(Ok);
        Ok(Box::pin(futures::stream::iter(events)))
    }

    async fn health(&self) -> Result<(), ModelError> {
        Ok(())
    }
}

/// An answer before it is streamed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Reply {
    text: String,
    calls: Vec<ModelCall>,
}

impl Reply {
    fn text(text: String) -> Self {
        Self {
            text,
            calls: Vec::new(),
        }
    }

    /// Calls, numbered on from those of the conversation.
    fn calls(
        s: &Situation<'_>,
        text: String,
        calls: Vec<(&OfferedTool, Map<String, Value>)>,
    ) -> Self {
        let calls = calls
            .into_iter()
            .enumerate()
            .map(|(i, (tool, arguments))| ModelCall {
                id: format!("call_{}", s.calls_so_far + i + 1),
                name: tool.name.clone(),
                arguments: Value::Object(arguments).to_string(),
            })
            .collect();
        Self { text, calls }
    }
}

fn reply(request: &ModelRequest) -> Reply {
    let s = Situation::of(request);
    if let Some(note) = s.repair {
        return Reply::text(wording::repair(note, s.language));
    }
    match plan::plan(&s) {
        Plan::Call(planned) => steps::next(&s, planned),
        Plan::Say(text) if s.done.is_empty() => Reply::text(text),
        // The tools on offer changed under the turn: show what there is.
        Plan::Say(_) => Reply::text(everything(&s)),
    }
}

fn everything(s: &Situation<'_>) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut seen = Vec::new();
    for done in &s.done {
        if !seen.contains(&done.tool) {
            seen.push(done.tool);
            parts.push(render::results(
                done.tool,
                &s.done_by(done.tool),
                &[],
                s.language,
            ));
        }
    }
    parts.join("\n\n")
}

fn events(request: &ModelRequest) -> Vec<ModelEvent> {
    let reply = reply(request);
    let usage = Usage {
        input_tokens: words_of(request),
        output_tokens: words(&reply.text),
    };
    let mut events: Vec<ModelEvent> = chunks(&reply.text)
        .map(|c| ModelEvent::Text(c.to_owned()))
        .collect();
    events.extend(reply.calls.into_iter().map(ModelEvent::Call));
    events.push(ModelEvent::Usage(usage));
    events.push(ModelEvent::End);
    events
}

/// Pieces of `text` as they are streamed: some words each, lines kept apart.
fn chunks(text: &str) -> impl Iterator<Item = &str> {
    const TARGET: usize = 24;
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .char_indices()
            .find(|&(at, c)| c == '\n' || (c == ' ' && at >= TARGET))
            .map_or(rest.len(), |(at, c)| at + c.len_utf8());
        let (chunk, after) = rest.split_at(end);
        rest = after;
        Some(chunk)
    })
}

/// Words stand for tokens: nobody is billed for them, quotas count them.
fn words(text: &str) -> u64 {
    u64::try_from(text.split_whitespace().count()).unwrap_or(u64::MAX)
}

fn words_of(request: &ModelRequest) -> u64 {
    request
        .messages
        .iter()
        .map(|message| match message {
            ChatMessage::User(text)
            | ChatMessage::Repair(text)
            | ChatMessage::Assistant { text, .. } => words(text),
            ChatMessage::ToolResult { content, .. } => words(content),
        })
        .sum()
}
