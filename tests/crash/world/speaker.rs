//! A model that says the same in the steps of every turn, with pauses.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azimuth_domain::turn::Usage;
use azimuth_models::scripted::misuse;
use azimuth_ports::model::{
    ChatModel, ModelCall, ModelError, ModelEvent, ModelRequest, ModelStream,
};
use azimuth_tests::script::step_of;

use super::clock::Findings;

/// One thing that it does.
#[derive(Debug, Clone)]
pub enum Said {
    /// Says text.
    Text(&'static str),
    /// Asks for a call of this tool.
    Call(&'static str),
    /// Says nothing for so many milliseconds.
    Pause(u64),
}

/// The model `speaker`.
pub struct Speaker {
    steps: &'static [&'static [Said]],
    findings: Arc<Findings>,
}

impl Speaker {
    /// One that answers so; after the last step it says "Done.".
    pub fn new(steps: &'static [&'static [Said]], findings: &Arc<Findings>) -> Self {
        Self {
            steps,
            findings: findings.clone(),
        }
    }

    fn lines(&self, step: usize) -> VecDeque<(u64, ModelEvent)> {
        let done = [Said::Text("Done.")];
        let said = self.steps.get(step).copied().unwrap_or(&done);
        let mut events = VecDeque::new();
        let mut pause = 0;
        for (number, line) in said.iter().enumerate() {
            let event = match line {
                Said::Pause(ms) => {
                    pause += ms;
                    continue;
                }
                Said::Text(text) => ModelEvent::Text((*text).to_owned()),
                Said::Call(tool) => ModelEvent::Call(ModelCall {
                    id: format!("c{number}"),
                    name: format!("fake__{tool}"),
                    arguments: format!("{{\"name\":\"thing{number}\"}}"),
                }),
            };
            events.push_back((std::mem::take(&mut pause), event));
        }
        let usage = Usage {
            input_tokens: 7,
            output_tokens: 3,
        };
        events.push_back((pause, ModelEvent::Usage(usage)));
        events.push_back((0, ModelEvent::End));
        events
    }
}

#[async_trait]
impl ChatModel for Speaker {
    fn name(&self) -> &'static str {
        "speaker"
    }

    fn description(&self) -> &'static str {
        "Says what a run needs."
    }

    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelError> {
        let step = step_of(&request);
        // A history has exactly one result for every call.
        if let Some(wrong) = misuse(&request.messages) {
            self.findings.note(format!("a model was asked: {wrong}"));
        }
        let lines = self.lines(step);
        Ok(Box::pin(futures::stream::unfold(
            lines,
            |mut lines| async move {
                let (pause, event) = lines.pop_front()?;
                if pause > 0 {
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
                Some((Ok(event), lines))
            },
        )))
    }

    async fn health(&self) -> Result<(), ModelError> {
        Ok(())
    }
}
