//! A model that says what a test wrote down, and fails the test when the product
//! breaks the contract of histories: every call that the model asked for is
//! followed by exactly one result.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use azimuth_domain::turn::Usage;
use azimuth_ports::model::{
    ChatMessage, ChatModel, ModelCall, ModelError, ModelEvent, ModelRequest, ModelStream,
};
use tokio::sync::Notify;

/// Name of the model in pickers and events.
pub const SCRIPTED: &str = "scripted";

/// One thing that happens in an answer.
#[derive(Debug, Clone)]
pub enum Line {
    /// A piece of text.
    Say(String),
    /// A call: id, name on the wire, arguments as they are spelt.
    Call(ModelCall),
    /// Tokens used.
    Usage(Usage),
    /// Waits until somebody notifies.
    Gate(Arc<Notify>),
    /// The stream fails here.
    Fail(ModelError),
    /// The stream ends here without its end.
    BreakOff,
}

impl Line {
    /// A piece of text.
    pub fn say(text: impl Into<String>) -> Self {
        Self::Say(text.into())
    }

    /// A call.
    pub fn call(id: &str, name: &str, arguments: &serde_json::Value) -> Self {
        Self::Call(ModelCall {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_string(),
        })
    }
}

/// What the model does about one request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Streams these lines, then its end (unless a line says otherwise).
    Stream(Vec<Line>),
    /// Refuses before the first byte.
    Refuse(ModelError),
}

type Responder = Box<dyn Fn(&ModelRequest) -> Answer + Send + Sync>;

enum Source {
    Written(Mutex<VecDeque<Answer>>),
    Responding(Responder),
}

#[derive(Default)]
struct Record {
    requests: Vec<ModelRequest>,
    faults: Vec<String>,
}

/// See the module. Dropping it with a recorded fault panics, so that no test
/// passes over one; [`ScriptedModel::verify`] says the same in place.
pub struct ScriptedModel {
    source: Source,
    record: Mutex<Record>,
}

impl ScriptedModel {
    /// Gives these answers, one per request, in order. A request too many is a
    /// fault.
    pub fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::of(Source::Written(Mutex::new(answers.into_iter().collect())))
    }

    /// Streams these lines, one list per request.
    pub fn saying(answers: impl IntoIterator<Item = Vec<Line>>) -> Self {
        Self::answering(answers.into_iter().map(Answer::Stream))
    }

    /// Answers each request as `respond` decides: for several conversations at
    /// once, or for a model that has read everything.
    pub fn responding(respond: impl Fn(&ModelRequest) -> Answer + Send + Sync + 'static) -> Self {
        Self::of(Source::Responding(Box::new(respond)))
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            record: Mutex::default(),
        }
    }

    /// The requests so far, in order of arrival.
    pub fn requests(&self) -> Vec<ModelRequest> {
        self.record().requests.clone()
    }

    /// What was wrong so far.
    pub fn faults(&self) -> Vec<String> {
        self.record().faults.clone()
    }

    /// Answers that nobody asked for yet.
    pub fn left(&self) -> usize {
        match &self.source {
            Source::Written(answers) => lock(answers).len(),
            Source::Responding(_) => 0,
        }
    }

    /// Fails the test when something was wrong or an answer is left.
    pub fn verify(&self) {
        let faults = std::mem::take(&mut self.record().faults);
        assert!(
            faults.is_empty(),
            "the scripted model was misused:\n{}",
            faults.join("\n")
        );
        assert_eq!(self.left(), 0, "scripted answers were never asked for");
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        lock(&self.record)
    }
}

impl Drop for ScriptedModel {
    fn drop(&mut self) {
        let faults = self.faults();
        if !std::thread::panicking() {
            assert!(
                faults.is_empty(),
                "the scripted model was misused:\n{}",
                faults.join("\n")
            );
        }
    }
}

#[async_trait]
impl ChatModel for ScriptedModel {
    fn name(&self) -> &str {
        SCRIPTED
    }

    fn description(&self) -> &'static str {
        "Says what a test wrote down."
    }

    async fn stream(&self, request: ModelRequest) -> Result<ModelStream, ModelError> {
        let fault = misuse(&request.messages);
        let answer = match &self.source {
            Source::Written(answers) => lock(answers).pop_front(),
            Source::Responding(respond) => Some(respond(&request)),
        };
        let mut record = self.record();
        record.requests.push(request);
        let fault = fault.or_else(|| {
            answer
                .is_none()
                .then(|| format!("request {} has no answer", record.requests.len()))
        });
        if let Some(fault) = fault {
            record.faults.push(fault.clone());
            return Err(ModelError::Rejected(fault));
        }
        drop(record);
        match answer {
            Some(Answer::Stream(lines)) => Ok(streamed(lines)),
            Some(Answer::Refuse(error)) => Err(error),
            None => Err(ModelError::Rejected("no answer".to_owned())),
        }
    }

    async fn health(&self) -> Result<(), ModelError> {
        Ok(())
    }
}

fn streamed(lines: Vec<Line>) -> ModelStream {
    Box::pin(futures::stream::unfold(
        Some(lines.into_iter()),
        |lines| async move {
            let mut lines = lines?;
            loop {
                let event = match lines.next() {
                    Some(Line::Gate(gate)) => {
                        gate.notified().await;
                        continue;
                    }
                    Some(Line::BreakOff) => return None,
                    Some(Line::Fail(error)) => return Some((Err(error), None)),
                    Some(Line::Say(text)) => ModelEvent::Text(text),
                    Some(Line::Call(call)) => ModelEvent::Call(call),
                    Some(Line::Usage(usage)) => ModelEvent::Usage(usage),
                    None => return Some((Ok(ModelEvent::End), None)),
                };
                return Some((Ok(event), Some(lines)));
            }
        },
    ))
}

/// The first breach of the contract in a history: a call without a result, with
/// two, with one that does not follow directly, or a result without its call.
pub fn misuse(messages: &[ChatMessage]) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        if let ChatMessage::ToolResult { call_id, .. } = message {
            match open.iter().position(|id| id == call_id) {
                Some(found) => {
                    open.swap_remove(found);
                }
                None => {
                    return Some(format!(
                        "message {at}: a result for {call_id:?}, which no call right before it waits for"
                    ));
                }
            }
            continue;
        }
        if !open.is_empty() {
            return Some(format!(
                "message {at}: the calls {open:?} have no result yet"
            ));
        }
        if let ChatMessage::Assistant { calls, .. } = message {
            open = calls.iter().map(|call| call.id.as_str()).collect();
            let mut ids = open.clone();
            ids.sort_unstable();
            ids.dedup();
            if ids.len() < open.len() {
                return Some(format!("message {at}: two calls have one id: {open:?}"));
            }
        }
    }
    (!open.is_empty()).then(|| format!("at the end: the calls {open:?} have no result"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use azimuth_domain::event::Outcome;
    use azimuth_domain::tool::ToolRef;
    use futures::StreamExt;
    use serde_json::json;

    fn request(messages: Vec<ChatMessage>) -> ModelRequest {
        ModelRequest {
            messages,
            tools: Vec::new(),
            language: "en".to_owned(),
            default_subscription: None,
        }
    }

    fn calls(ids: &[&str]) -> ChatMessage {
        let call = |id: &&str| ModelCall {
            id: (*id).to_owned(),
            name: "t".to_owned(),
            arguments: "{}".to_owned(),
        };
        ChatMessage::Assistant {
            text: String::new(),
            calls: ids.iter().map(call).collect(),
        }
    }

    fn result(id: &str) -> ChatMessage {
        ChatMessage::ToolResult {
            call_id: id.to_owned(),
            tool: ToolRef::new("s", "t"),
            outcome: Outcome::Ok,
            content: String::new(),
            truncated: false,
        }
    }

    fn user() -> ChatMessage {
        ChatMessage::User("hi".to_owned())
    }

    #[test]
    fn histories_are_checked() {
        for (messages, ok) in [
            (vec![user()], true),
            (
                vec![user(), calls(&["a", "b"]), result("b"), result("a"), user()],
                true,
            ),
            (vec![user(), calls(&[]), user()], true),
            (vec![user(), calls(&["a"])], false),
            (vec![user(), calls(&["a"]), user(), result("a")], false),
            (vec![user(), calls(&["a"]), result("a"), result("a")], false),
            (vec![user(), calls(&["a", "b"]), result("a"), user()], false),
            (vec![user(), result("a")], false),
            (
                vec![user(), calls(&["a", "a"]), result("a"), result("a")],
                false,
            ),
        ] {
            assert_eq!(misuse(&messages).is_none(), ok, "{messages:?}");
        }
    }

    #[tokio::test]
    async fn lines_come_in_order_and_gates_hold() {
        let gate = Arc::new(Notify::new());
        let model = ScriptedModel::saying([vec![
            Line::say("a"),
            Line::Gate(Arc::clone(&gate)),
            Line::call("1", "t", &json!({"x": 1})),
        ]]);
        let mut stream = model.stream(request(vec![user()])).await.unwrap();
        assert_eq!(
            stream.next().await.unwrap().unwrap(),
            ModelEvent::Text("a".into())
        );
        {
            let next = stream.next();
            futures::pin_mut!(next);
            assert!(futures::poll!(&mut next).is_pending());
            gate.notify_one();
            assert!(
                matches!(next.await.unwrap().unwrap(), ModelEvent::Call(call) if call.arguments == "{\"x\":1}")
            );
        }
        assert_eq!(stream.next().await.unwrap().unwrap(), ModelEvent::End);
        assert!(stream.next().await.is_none());
        assert_eq!(model.requests().len(), 1);
        model.verify();
    }

    #[tokio::test]
    async fn a_stream_can_break_off_or_fail() {
        let model = ScriptedModel::answering([
            Answer::Stream(vec![Line::say("a"), Line::BreakOff, Line::say("b")]),
            Answer::Stream(vec![Line::Fail(ModelError::Unauthorized), Line::say("b")]),
            Answer::Refuse(ModelError::Rejected("no".into())),
        ]);
        let broken: Vec<_> = model
            .stream(request(vec![user()]))
            .await
            .unwrap()
            .collect()
            .await;
        assert_eq!(broken.len(), 1);
        let failed: Vec<_> = model
            .stream(request(vec![user()]))
            .await
            .unwrap()
            .collect()
            .await;
        assert!(matches!(failed.as_slice(), [Err(ModelError::Unauthorized)]));
        assert!(model.stream(request(vec![user()])).await.is_err());
        model.verify();
    }

    #[tokio::test]
    async fn misuse_is_refused_recorded_and_fails_the_test() {
        let model = ScriptedModel::saying([vec![]]);
        assert!(
            model
                .stream(request(vec![user(), calls(&["a"])]))
                .await
                .is_err()
        );
        assert!(model.stream(request(vec![user()])).await.is_err());
        assert_eq!(model.faults().len(), 2);
        let verified = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| model.verify()));
        assert!(verified.is_err());
        let dropped = ScriptedModel::saying([]);
        assert!(dropped.stream(request(vec![user()])).await.is_err());
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(dropped))).is_err());
    }
}
