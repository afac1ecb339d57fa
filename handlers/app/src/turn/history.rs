//! What a model is shown: the branch that the turn hangs on, oldest first.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::conversation::Message;
use azimuth_domain::event::{Outcome, ResultRef};
use azimuth_domain::ids::{MessageId, TurnId};
use azimuth_domain::limits::MAX_RESULT_BYTES_FOR_MODEL;
use azimuth_domain::redact::redact;
use azimuth_domain::secret::retired;
use azimuth_domain::turn::{Step, ToolCall, Turn};
use azimuth_ports::model::{ChatMessage, ModelCall};
use azimuth_ports::store::StoreError;
use moka::sync::Cache;

use super::Engine;

/// Turns of the branch that a model is shown, the open one included.
const MAX_TURNS: usize = 30;

/// Characters of history that a model is shown; older turns are left out whole.
const MAX_HISTORY_CHARS: usize = 400_000;

/// A result of an earlier turn is shown up to here.
const OLD_RESULT_BYTES: usize = 8 * 1024;

/// Earlier turns that are kept in memory, bytes; a turn's overhead counts.
const PAST_BYTES: u64 = 4 * 1024 * 1024;
const BLOCK_OVERHEAD: usize = 300;

/// How long an earlier turn is kept that nobody asks for.
const PAST_UNUSED: Duration = Duration::from_mins(2);

/// What earlier turns of open branches came down to. A terminal turn, what was said
/// in it and what its calls found never change, so nothing here grows stale; a
/// conversation that is deleted takes no turn that could ask for its past.
pub(super) struct Past(Cache<(String, TurnId), Arc<Block>>);

/// One terminal turn.
struct Block {
    messages: Vec<ChatMessage>,
    /// Characters of all messages.
    length: usize,
    /// What the turn answers.
    parent: Option<MessageId>,
}

impl Past {
    pub(super) fn new() -> Self {
        Self(
            Cache::builder()
                .max_capacity(PAST_BYTES)
                .weigher(|key: &(String, TurnId), block: &Arc<Block>| {
                    let bytes = key.0.len() + key.1.as_str().len() + block.length;
                    u32::try_from(bytes + BLOCK_OVERHEAD).unwrap_or(u32::MAX)
                })
                .time_to_idle(PAST_UNUSED)
                .build(),
        )
    }
}

/// What a model is shown.
pub(super) struct History {
    /// The branch, oldest first.
    pub messages: Vec<ChatMessage>,
    /// Whether what a tool returned may be behind what is in it. Where the branch began
    /// before its first message, nobody looks what that was about.
    pub tainted: bool,
}

impl Engine {
    /// The messages for the next step of `turn`.
    pub(super) async fn history(&self, turn: &Turn) -> Result<History, StoreError> {
        let present = self.block(turn, MAX_RESULT_BYTES_FOR_MODEL).await?;
        let mut size: usize = present.iter().map(length).sum();
        let mut past = Vec::new();
        let mut parent = turn.parent.clone();
        while let Some(id) = parent.take() {
            if past.len() + 1 >= MAX_TURNS {
                break;
            }
            let Some(earlier) = self.earlier(&turn.asker.user.tid, &id.turn()).await? else {
                break;
            };
            size += earlier.length;
            if size > MAX_HISTORY_CHARS {
                break;
            }
            parent.clone_from(&earlier.parent);
            past.push(earlier);
        }
        let begins_earlier = past
            .last()
            .map_or(&turn.parent, |block| &block.parent)
            .is_some();
        let past = past.iter().rev().flat_map(|block| block.messages.clone());
        let messages: Vec<ChatMessage> = past.chain(present).collect();
        let mut read = messages.iter();
        Ok(History {
            tainted: begins_earlier || read.any(|m| matches!(m, ChatMessage::ToolResult { .. })),
            messages,
        })
    }

    /// An earlier turn as the model sees it.
    async fn earlier(&self, tenant: &str, id: &TurnId) -> Result<Option<Arc<Block>>, StoreError> {
        let key = (tenant.to_owned(), id.clone());
        if let Some(known) = self.past.0.get(&key) {
            return Ok(Some(known));
        }
        let turn = match self.recent.ended(tenant, id) {
            Some(seen) => seen.turn.item.clone(),
            None => match self.ports.store.turn(tenant, id).await? {
                Some(found) => found.item,
                None => return Ok(None),
            },
        };
        let messages = self.block(&turn, OLD_RESULT_BYTES).await?;
        // The numbers of its secrets mean nothing, or something else, in a later turn.
        let messages: Vec<ChatMessage> = messages.into_iter().map(retire).collect();
        let block = Arc::new(Block {
            length: messages.iter().map(length).sum(),
            messages,
            parent: turn.parent.clone(),
        });
        if turn.status.is_terminal() {
            self.past.0.insert(key, Arc::clone(&block));
        }
        Ok(Some(block))
    }

    /// One turn: the question, then per step what was said, asked and found.
    async fn block(
        &self,
        turn: &Turn,
        result_bytes: usize,
    ) -> Result<Vec<ChatMessage>, StoreError> {
        let texts = self.texts(turn).await?;
        let mut block = vec![ChatMessage::User(
            texts.get(&turn.message).cloned().unwrap_or_default(),
        )];
        for step in &turn.steps {
            let text = step
                .message
                .as_ref()
                .and_then(|id| texts.get(id))
                .cloned()
                .unwrap_or_default();
            if !text.is_empty() || !step.calls.is_empty() {
                block.push(ChatMessage::Assistant {
                    text,
                    calls: step.calls.iter().map(as_asked).collect(),
                });
            }
            for call in &step.calls {
                block.push(self.result_of(turn, call, result_bytes).await?);
            }
            if let Some(repair) = &step.repair {
                block.push(ChatMessage::Repair(repair.clone()));
            }
        }
        Ok(block)
    }

    async fn texts(&self, turn: &Turn) -> Result<HashMap<MessageId, String>, StoreError> {
        let said = turn.steps.iter().filter_map(|s: &Step| s.message.as_ref());
        let tenant = &turn.asker.user.tid;
        let mut texts = HashMap::new();
        for id in std::iter::once(&turn.message).chain(said) {
            if let Some(text) = self.recent.text(tenant, id) {
                texts.insert(id.clone(), text);
                continue;
            }
            let found: Option<Message> = self.ports.store.message(tenant, id).await?;
            if let Some(message) = found {
                texts.insert(message.id, message.text);
            }
        }
        Ok(texts)
    }

    /// What a call found, as much as a model may see, and whether there is more.
    async fn stored_text(
        &self,
        turn: &Turn,
        call: &ToolCall,
        reference: &ResultRef,
    ) -> Result<Option<(String, bool)>, StoreError> {
        let tenant = &turn.asker.user.tid;
        if let Some(found) = self.recent.result(tenant, &call.id, reference) {
            return Ok(Some(found));
        }
        let found = self.ports.store.result(tenant, &call.id).await?;
        Ok(found.map(|result| {
            let text = String::from_utf8_lossy(&result.bytes);
            let (text, cut) = cut_text(&text, MAX_RESULT_BYTES_FOR_MODEL);
            (text, cut || result.truncated)
        }))
    }

    async fn result_of(
        &self,
        turn: &Turn,
        call: &ToolCall,
        limit: usize,
    ) -> Result<ChatMessage, StoreError> {
        let outcome = call.state.outcome().unwrap_or(Outcome::Unknown);
        let stored = match &call.result {
            Some(reference) => self.stored_text(turn, call, reference).await?,
            None => None,
        };
        let (content, truncated) = match stored {
            Some((text, truncated)) => {
                let (text, cut) = cut_text(&text, limit);
                (text, cut || truncated)
            }
            None => (
                call.note
                    .clone()
                    .unwrap_or_else(|| outcome_sentence(outcome).to_owned()),
                false,
            ),
        };
        let content = match &call.checked {
            Some(checked) => format!("{content}\n{}", checked.finding.sentence()),
            None => content,
        };
        // Older builds kept results as they came.
        let content = redact(&content).into_owned();
        Ok(ChatMessage::ToolResult {
            call_id: call.model_call_id.clone(),
            tool: call.tool.clone(),
            outcome,
            content,
            truncated,
        })
    }
}

fn retire(message: ChatMessage) -> ChatMessage {
    match message {
        ChatMessage::User(text) => ChatMessage::User(retired(&text)),
        ChatMessage::Repair(text) => ChatMessage::Repair(retired(&text)),
        ChatMessage::Assistant { text, calls } => ChatMessage::Assistant {
            text: retired(&text),
            calls: calls
                .into_iter()
                .map(|call| ModelCall {
                    arguments: retired(&call.arguments),
                    ..call
                })
                .collect(),
        },
        ChatMessage::ToolResult {
            call_id,
            tool,
            outcome,
            content,
            truncated,
        } => ChatMessage::ToolResult {
            call_id,
            tool,
            outcome,
            content: retired(&content),
            truncated,
        },
    }
}

fn as_asked(call: &ToolCall) -> ModelCall {
    ModelCall {
        id: call.model_call_id.clone(),
        name: super::model_step::wire_name(&call.tool),
        arguments: call.arguments.to_string(),
    }
}

/// What stands for a result that was never stored.
fn outcome_sentence(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "The call succeeded; its result was not kept.",
        Outcome::Error => "The call failed.",
        Outcome::Unknown => "Nobody knows whether the call ran. It may still happen.",
        Outcome::Denied => "The call was refused.",
        Outcome::Cancelled => "The call was cancelled before it ran.",
        Outcome::NotRun => "The call did not run.",
    }
}

/// At most `limit` bytes of `text`, cut between characters.
pub(crate) fn cut_text(text: &str, limit: usize) -> (String, bool) {
    if text.len() <= limit {
        return (text.to_owned(), false);
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (text[..end].to_owned(), true)
}

fn length(message: &ChatMessage) -> usize {
    match message {
        ChatMessage::User(text) | ChatMessage::Repair(text) => text.len(),
        ChatMessage::Assistant { text, calls } => {
            text.len() + calls.iter().map(|c| c.arguments.len()).sum::<usize>()
        }
        ChatMessage::ToolResult { content, .. } => content.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::cut_text;

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut_text("가나다", 9), ("가나다".to_owned(), false));
        assert_eq!(cut_text("가나다", 8), ("가나".to_owned(), true));
        assert_eq!(cut_text("abc", 0), (String::new(), true));
    }
}
