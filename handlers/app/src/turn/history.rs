//! What a model is shown: the branch that the turn hangs on, oldest first.

use std::collections::HashMap;

use azimuth_domain::conversation::Message;
use azimuth_domain::event::Outcome;
use azimuth_domain::ids::MessageId;
use azimuth_domain::limits::MAX_RESULT_BYTES_FOR_MODEL;
use azimuth_domain::turn::{Step, ToolCall, Turn};
use azimuth_ports::model::{ChatMessage, ModelCall};
use azimuth_ports::store::StoreError;

use super::Engine;

/// Turns of the branch that a model is shown, the open one included.
const MAX_TURNS: usize = 30;

/// Characters of history that a model is shown; older turns are left out whole.
const MAX_HISTORY_CHARS: usize = 400_000;

/// A result of an earlier turn is shown up to here.
const OLD_RESULT_BYTES: usize = 8 * 1024;

impl Engine {
    /// The messages for the next step of `turn`.
    pub(super) async fn history(&self, turn: &Turn) -> Result<Vec<ChatMessage>, StoreError> {
        let mut blocks = vec![self.block(turn, MAX_RESULT_BYTES_FOR_MODEL).await?];
        let mut size: usize = blocks[0].iter().map(length).sum();
        let mut parent = turn.parent.clone();
        while let Some(id) = parent.take() {
            if blocks.len() >= MAX_TURNS {
                break;
            }
            let tenant = &turn.asker.user.tid;
            let Some(earlier) = self.ports.store.turn(tenant, &id.turn()).await? else {
                break;
            };
            let block = self.block(&earlier.item, OLD_RESULT_BYTES).await?;
            size += block.iter().map(length).sum::<usize>();
            if size > MAX_HISTORY_CHARS {
                break;
            }
            parent.clone_from(&earlier.item.parent);
            blocks.push(block);
        }
        blocks.reverse();
        Ok(blocks.into_iter().flatten().collect())
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
        let mut texts = HashMap::new();
        for id in std::iter::once(&turn.message).chain(said) {
            let found: Option<Message> = self.ports.store.message(&turn.asker.user.tid, id).await?;
            if let Some(message) = found {
                texts.insert(message.id, message.text);
            }
        }
        Ok(texts)
    }

    async fn result_of(
        &self,
        turn: &Turn,
        call: &ToolCall,
        limit: usize,
    ) -> Result<ChatMessage, StoreError> {
        let outcome = call.state.outcome().unwrap_or(Outcome::Unknown);
        let stored = if call.result.is_some() {
            self.ports
                .store
                .result(&turn.asker.user.tid, &call.id)
                .await?
        } else {
            None
        };
        let (content, truncated) = match stored {
            Some(result) => {
                let (text, cut) = cut_text(&String::from_utf8_lossy(&result.bytes), limit);
                (text, cut || result.truncated)
            }
            None => (
                call.note
                    .clone()
                    .unwrap_or_else(|| outcome_sentence(outcome).to_owned()),
                false,
            ),
        };
        Ok(ChatMessage::ToolResult {
            call_id: call.model_call_id.clone(),
            tool: call.tool.clone(),
            outcome,
            content,
            truncated,
        })
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
