//! Putting a streamed answer together: text as it comes, calls from fragments.

use azimuth_domain::turn::Usage;
use azimuth_ports::model::{ModelCall, ModelError, ModelEvent};
use serde::Deserialize;
use serde_json::Value;

use super::failure::of_wire;

/// Calls of one answer; more than any step may have is a runaway answer.
const MAX_CALLS: usize = 64;

#[derive(Debug, Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Option<Vec<Choice>>,
    #[serde(default)]
    usage: Option<WireUsage>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default)]
    index: u64,
    #[serde(default)]
    delta: Option<Delta>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Delta {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<CallDelta>>,
}

#[derive(Debug, Deserialize)]
struct CallDelta {
    #[serde(default)]
    index: Option<usize>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    function: Option<FunctionDelta>,
}

#[derive(Debug, Default, Deserialize)]
struct FunctionDelta {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    arguments: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WireUsage {
    #[serde(default)]
    prompt_tokens: Option<u64>,
    #[serde(default)]
    completion_tokens: Option<u64>,
}

#[derive(Debug)]
struct Open {
    /// The place that the endpoint gave it; some give none.
    index: Option<usize>,
    id: String,
    name: String,
    arguments: String,
}

/// An answer that is being streamed.
#[derive(Debug, Default)]
pub struct Assembly {
    open: Vec<Open>,
    usage: Option<Usage>,
    finished: bool,
    over: bool,
}

impl Assembly {
    /// Whether the answer is complete: nothing after it is read.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Whether the model has said its last word, though the stream goes on.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Takes the data of one event; gives what it completes.
    pub fn accept(&mut self, data: &str) -> Result<Vec<ModelEvent>, ModelError> {
        let data = data.trim();
        if data.is_empty() {
            return Ok(Vec::new());
        }
        if data == "[DONE]" {
            return Ok(self.end());
        }
        let chunk: Chunk = serde_json::from_str(data).map_err(|error| {
            ModelError::Rejected(format!("the model's stream is broken: {error}"))
        })?;
        if let Some(error) = &chunk.error {
            return Err(of_wire(error));
        }
        if let Some(usage) = chunk.usage {
            self.usage = Some(Usage {
                input_tokens: usage.prompt_tokens.unwrap_or(0),
                output_tokens: usage.completion_tokens.unwrap_or(0),
            });
        }
        let mut events = Vec::new();
        for choice in chunk
            .choices
            .unwrap_or_default()
            .into_iter()
            .filter(|c| c.index == 0)
        {
            let delta = choice.delta.unwrap_or_default();
            for text in [delta.content, delta.refusal].into_iter().flatten() {
                if !text.is_empty() {
                    events.push(ModelEvent::Text(text));
                }
            }
            for call in delta.tool_calls.unwrap_or_default() {
                self.fragment(call)?;
            }
            match choice.finish_reason.as_deref() {
                None | Some("") => {}
                Some("content_filter") => {
                    return Err(ModelError::Rejected(
                        "the endpoint's content filter stopped the answer".to_owned(),
                    ));
                }
                Some(_) => self.finished = true,
            }
        }
        Ok(events)
    }

    /// The stream closed. Complete when the model had finished; servers that
    /// forget `[DONE]` are common. Otherwise the answer broke off.
    pub fn broken_off(&mut self) -> Vec<Result<ModelEvent, ModelError>> {
        if self.finished {
            return self.end().into_iter().map(Ok).collect();
        }
        self.over = true;
        vec![Err(ModelError::Unavailable {
            detail: "the answer broke off".to_owned(),
            retry_after: None,
        })]
    }

    fn fragment(&mut self, delta: CallDelta) -> Result<(), ModelError> {
        let id = delta.id.unwrap_or_default();
        let function = delta.function.unwrap_or_default();
        let place = match delta.index {
            Some(index) => self.open.iter().position(|call| call.index == Some(index)),
            // Without an index a new id begins a new call.
            None if id.is_empty() => self.open.len().checked_sub(1),
            None => self.open.iter().position(|call| call.id == id),
        };
        let place = if let Some(place) = place {
            place
        } else {
            if self.open.len() == MAX_CALLS {
                return Err(ModelError::Rejected(format!(
                    "the model asked for more than {MAX_CALLS} calls"
                )));
            }
            self.open.push(Open {
                index: delta.index,
                id: String::new(),
                name: String::new(),
                arguments: String::new(),
            });
            self.open.len() - 1
        };
        let call = &mut self.open[place];
        if call.id.is_empty() {
            call.id = id;
        }
        if let Some(name) = function.name
            && call.name != name
        {
            call.name.push_str(&name);
        }
        call.arguments
            .push_str(function.arguments.as_deref().unwrap_or(""));
        Ok(())
    }

    fn end(&mut self) -> Vec<ModelEvent> {
        self.over = true;
        let mut open = std::mem::take(&mut self.open);
        open.sort_by_key(|call| call.index.unwrap_or(usize::MAX));
        let mut events: Vec<ModelEvent> = Vec::new();
        let mut ids: Vec<String> = Vec::new();
        for (number, call) in open.into_iter().enumerate() {
            let mut id = call.id;
            if id.is_empty() || ids.contains(&id) {
                id = format!("call_{number}_{}", ids.len());
            }
            ids.push(id.clone());
            let arguments = call.arguments.trim();
            let arguments = if arguments.is_empty() {
                "{}"
            } else {
                arguments
            };
            events.push(ModelEvent::Call(ModelCall {
                id,
                name: call.name,
                arguments: arguments.to_owned(),
            }));
        }
        events.extend(self.usage.take().map(ModelEvent::Usage));
        events.push(ModelEvent::End);
        events
    }
}
