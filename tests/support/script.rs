//! A model whose answers follow from the step of a turn, so that any number of
//! turns can share it; with gates for everybody and a count of those who speak.
//! [`ScriptedModel`] keeps what it was asked and fails a test whose history has a
//! tool call without exactly one result.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use azimuth_domain::turn::Usage;
use azimuth_models::scripted::{Answer, ScriptedModel};
use azimuth_ports::model::{
    ChatMessage, ChatModel, ModelCall, ModelError, ModelEvent, ModelRequest, ModelStream,
};
use serde_json::Value;

use crate::gate::Gate;
use crate::waiting::until;

/// One thing that the model does.
#[derive(Clone)]
pub enum Line {
    /// Says text.
    Text(String),
    /// Asks for a call.
    Call(ModelCall),
    /// Tells tokens used.
    Usage(u64, u64),
    /// Waits for the test.
    Wait(Gate),
    /// Breaks off without an end.
    Break,
    /// Fails.
    Fail(ModelError),
}

/// Text.
pub fn say(text: &str) -> Line {
    Line::Text(text.to_owned())
}

/// A call of a tool of the server `fake`.
pub fn call(id: &str, tool: &str, arguments: &Value) -> Line {
    raw_call(id, &format!("fake__{tool}"), &arguments.to_string())
}

/// A call exactly as a model spelt it.
pub fn raw_call(id: &str, name: &str, arguments: &str) -> Line {
    Line::Call(ModelCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    })
}

type Answers = Box<dyn Fn(&ModelRequest) -> Vec<Line> + Send + Sync>;

/// The model `script`.
pub struct Script {
    name: String,
    answers: Answers,
    heard: ScriptedModel,
    speaking: Arc<AtomicUsize>,
}

impl Script {
    /// A model whose answer follows from what it is asked.
    pub fn answering(
        answers: impl Fn(&ModelRequest) -> Vec<Line> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Self::named("script", answers)
    }

    /// The same under another name.
    pub fn named(
        name: &str,
        answers: impl Fn(&ModelRequest) -> Vec<Line> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            answers: Box::new(answers),
            heard: ScriptedModel::responding(|_| Answer::Stream(Vec::new())),
            speaking: Arc::default(),
        })
    }

    /// A model that gives the same answers in the steps of every turn; after the
    /// last one it says "Done.".
    pub fn in_steps<const N: usize>(steps: [Vec<Line>; N]) -> Arc<Self> {
        Self::answering(move |request| {
            steps
                .get(step_of(request))
                .cloned()
                .unwrap_or_else(|| vec![say("Done.")])
        })
    }

    /// A model that takes the first word of the question as an order: `list`,
    /// `create NAME`, `delete NAME` call the tool, everything else is repeated.
    pub fn clerk() -> Arc<Self> {
        Self::answering(clerk)
    }

    /// Everything that it was asked so far.
    pub fn asked(&self) -> Vec<ModelRequest> {
        self.heard.requests()
    }

    /// Answers that are being given now.
    pub fn speaking(&self) -> usize {
        self.speaking.load(Ordering::SeqCst)
    }

    /// Waits until it has been asked `count` times.
    pub async fn wait_for_questions(&self, count: usize) {
        until(&format!("the model is asked {count} times"), || async {
            (self.heard.requests().len() >= count).then_some(())
        })
        .await;
    }

    /// Waits until it gives no answer any more.
    pub async fn wait_for_silence(&self) {
        until("the model is silent", || async {
            (self.speaking() == 0).then_some(())
        })
        .await;
    }
}

/// The question that is open.
pub fn question(request: &ModelRequest) -> &str {
    request
        .messages
        .iter()
        .rev()
        .find_map(|message| match message {
            ChatMessage::User(text) => Some(text.as_str()),
            _ => None,
        })
        .unwrap_or_default()
}

/// How often the model has answered the open question already.
pub fn step_of(request: &ModelRequest) -> usize {
    let mut steps = 0;
    let mut after_answer = false;
    let since = request
        .messages
        .iter()
        .rposition(|message| matches!(message, ChatMessage::User(_)))
        .unwrap_or_default();
    for message in &request.messages[since..] {
        match message {
            ChatMessage::Assistant { .. } => steps += 1,
            // An answer without text and usable calls leaves only the note.
            ChatMessage::Repair(_) if !after_answer => steps += 1,
            _ => {}
        }
        after_answer = matches!(message, ChatMessage::Assistant { .. });
    }
    steps
}

fn clerk(request: &ModelRequest) -> Vec<Line> {
    let question = question(request);
    let (order, name) = question.split_once(' ').unwrap_or((question, ""));
    let tool = match order {
        "list" => "thing_list",
        "create" => "thing_create",
        "delete" => "thing_delete",
        _ => return vec![say(&format!("You said: {question}"))],
    };
    if step_of(request) > 0 {
        return vec![say("Done.")];
    }
    let arguments = if name.is_empty() {
        serde_json::json!({})
    } else {
        serde_json::json!({"name": name})
    };
    vec![call("c1", tool, &arguments), Line::Usage(7, 3)]
}

/// Counts an answer for as long as it is being given.
struct Speaking(Arc<AtomicUsize>);

impl Drop for Speaking {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl ChatModel for Script {
    fn name(&self) -> &str {
        &self.name
    }

    fn description(&self) -> &'static str {
        "A model that a test has written."
    }

    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelError> {
        let _ = self.heard.stream(request.clone()).await?;
        self.speaking.fetch_add(1, Ordering::SeqCst);
        let speaking = Speaking(Arc::clone(&self.speaking));
        let lines: VecDeque<Line> = (self.answers)(&request).into();
        if let Some(Line::Fail(error)) = lines.front() {
            return Err(error.clone());
        }
        let state = (lines, false, speaking);
        Ok(Box::pin(futures::stream::unfold(state, speak)))
    }

    async fn health(&self) -> Result<(), ModelError> {
        Ok(())
    }
}

type State = (VecDeque<Line>, bool, Speaking);

async fn speak(
    (mut lines, over, speaking): State,
) -> Option<(Result<ModelEvent, ModelError>, State)> {
    if over {
        return None;
    }
    loop {
        let (event, over) = match lines.pop_front() {
            None => (Ok(ModelEvent::End), true),
            Some(Line::Text(text)) => (Ok(ModelEvent::Text(text)), false),
            Some(Line::Call(call)) => (Ok(ModelEvent::Call(call)), false),
            Some(Line::Usage(input_tokens, output_tokens)) => {
                let usage = Usage {
                    input_tokens,
                    output_tokens,
                };
                (Ok(ModelEvent::Usage(usage)), false)
            }
            Some(Line::Wait(gate)) => {
                gate.pass().await;
                continue;
            }
            Some(Line::Break) => return None,
            Some(Line::Fail(error)) => (Err(error), true),
        };
        return Some((event, (lines, over, speaking)));
    }
}
