//! The functions that a queue triggers, for whoever delivers without the Functions
//! host.

use std::sync::Arc;

use azimuth_domain::work::{TOOL_CALLS_QUEUE, TURNS_QUEUE};

use super::envelope::Envelope;
use super::{
    Delivered, TriggerError, advance_turn, advance_turn_poison, execute_tool, execute_tool_poison,
    item,
};
use crate::turn::Engine;

/// A function that a queue triggers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueFunction {
    /// Runs a tool call.
    ExecuteTool,
    /// Ends a tool call whose message failed too often.
    ExecuteToolPoison,
    /// Looks at a turn.
    AdvanceTurn,
    /// Hears of a message about a turn that failed too often.
    AdvanceTurnPoison,
}

impl QueueFunction {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::ExecuteTool,
        Self::ExecuteToolPoison,
        Self::AdvanceTurn,
        Self::AdvanceTurnPoison,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ExecuteTool => "execute-tool",
            Self::ExecuteToolPoison => "execute-tool-poison",
            Self::AdvanceTurn => "advance-turn",
            Self::AdvanceTurnPoison => "advance-turn-poison",
        }
    }

    /// The queue that it reads.
    pub fn queue(self) -> &'static str {
        match self {
            Self::ExecuteTool => TOOL_CALLS_QUEUE,
            Self::ExecuteToolPoison => "tool-calls-poison",
            Self::AdvanceTurn => TURNS_QUEUE,
            Self::AdvanceTurnPoison => "turns-poison",
        }
    }

    /// Who gets what failed here too often; `None` where that stays.
    pub fn poison(self) -> Option<Self> {
        match self {
            Self::ExecuteTool => Some(Self::ExecuteToolPoison),
            Self::AdvanceTurn => Some(Self::AdvanceTurnPoison),
            Self::ExecuteToolPoison | Self::AdvanceTurnPoison => None,
        }
    }

    /// Works on a message as it lies in the queue, delivered for the
    /// `dequeue_count`-th time.
    pub async fn deliver(
        self,
        engine: &Arc<Engine>,
        message: &str,
        dequeue_count: u32,
    ) -> Result<(), TriggerError> {
        let envelope = Envelope::of_message(message, dequeue_count)
            .ok_or_else(|| TriggerError::Fail("the message holds no work item".to_owned()))?;
        self.work(engine, envelope).await
    }

    pub(super) async fn work(
        self,
        engine: &Arc<Engine>,
        envelope: Envelope,
    ) -> Result<(), TriggerError> {
        if item::is_newer(&envelope.message) {
            return engine.put_back(self.queue(), &envelope.message).await;
        }
        let delivered = Delivered::from_envelope(envelope)?;
        match self {
            Self::ExecuteTool => execute_tool::work(engine, delivered).await,
            Self::ExecuteToolPoison => execute_tool_poison::work(engine, delivered).await,
            Self::AdvanceTurn => advance_turn::work(engine, delivered).await,
            Self::AdvanceTurnPoison => advance_turn_poison::work(engine, delivered).await,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::path::Path;

    use serde_json::Value;

    use super::*;

    #[test]
    fn each_reads_the_queue_that_its_folder_names() {
        let functions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../functions");
        for function in QueueFunction::ALL {
            let file = functions.join(function.name()).join("function.json");
            let text = std::fs::read_to_string(&file).unwrap();
            let told: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(told["bindings"][0]["queueName"], function.queue());
            if let Some(poison) = function.poison() {
                assert_eq!(poison.queue(), format!("{}-poison", function.queue()));
            }
        }
    }
}
