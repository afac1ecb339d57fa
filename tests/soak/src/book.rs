//! What people asked and what they know of it: the run is judged by this book.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Where a change leaves its mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A storage account of the sandbox.
    Azure,
    /// A line of the ledger.
    Ledger,
}

/// What the asker wants to come of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Whoever must agrees.
    Yes,
    /// Whoever must agree refuses.
    No,
    /// Nobody agrees; the asker stops the turn while it waits.
    StopWaiting,
    /// The asker stops it after this time, whatever it does then.
    StopAfter(Duration),
}

/// A turn.
#[derive(Debug, Clone)]
pub struct Asked {
    pub person: &'static str,
    pub conversation: String,
    pub key: String,
    pub text: String,
    /// The name that a change makes, different for each.
    pub change: Option<(Place, String)>,
    pub wish: Wish,
    /// Whether somebody said yes, as far as it was sent.
    pub agreed: bool,
    /// Approvals about which there is nothing more to say.
    pub decided: BTreeSet<String>,
    pub turn: String,
    pub accepted: Instant,
    /// Its calls, as its asker saw them last.
    pub calls: Vec<Call>,
    /// Since when it waits for people only, or has ended; as its asker saw it.
    pub rest: Option<Instant>,
    /// `done`, `failed` or `cancelled`.
    pub ended: Option<String>,
}

/// A call as `GET /v1/turns/{id}` tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub id: String,
    /// `read_only`, `mutating` or `destructive`.
    pub effect: String,
    /// `queued`, `started`, …
    pub state: String,
    /// How it ended, once it has.
    pub outcome: Option<String>,
    pub attempt: u64,
}

impl Call {
    pub fn all_of(turn: &Value) -> Vec<Self> {
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let calls = turn["calls"].as_array().into_iter().flatten();
        calls
            .map(|call| Self {
                id: text(&call["call_id"]).unwrap_or_default(),
                effect: text(&call["effect"]).unwrap_or_default(),
                state: text(&call["state"]).unwrap_or_default(),
                outcome: text(&call["outcome"]),
                attempt: call["attempt"].as_u64().unwrap_or(0),
            })
            .collect()
    }

    fn is_open(&self) -> bool {
        self.outcome.is_none()
    }
}

/// Everything that was accepted, and what was wrong on the way.
#[derive(Debug, Default)]
pub struct Book {
    pub asked: Vec<Asked>,
    /// Sentences.
    pub findings: Vec<String>,
    /// When the last turn ended as `done`.
    pub last_done: Option<Instant>,
}

impl Book {
    /// What its asker has just read.
    pub fn saw(&mut self, number: usize, status: &str, calls: Vec<Call>) {
        let now = Instant::now();
        let turn = &mut self.asked[number];
        turn.calls = calls;
        match status {
            "running" | "cancelling" => turn.rest = None,
            "waiting" => {
                turn.rest.get_or_insert(now);
            }
            ended => {
                turn.rest.get_or_insert(now);
                turn.ended = Some(ended.to_owned());
                if ended == "done" {
                    self.last_done = Some(now);
                }
            }
        }
    }

    /// Turns that are being worked on.
    pub fn in_hand(&self) -> Vec<usize> {
        let moving = self.asked.iter().enumerate();
        let moving = moving.filter(|(_, turn)| turn.rest.is_none());
        moving.map(|(number, _)| number).collect()
    }

    pub fn find(&mut self, sentence: String) {
        eprintln!("  found: {sentence}");
        self.findings.push(sentence);
    }
}

/// Where what was struck works on turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Works {
    /// On tool calls.
    OnCalls,
    /// On the first model step, before there are calls.
    OnBeginnings,
    /// On nothing that people wait for, or on everything: nobody can tell.
    Elsewhere,
}

/// Whether a blow interrupted a turn, from its calls as they were seen last before it
/// and as they came to rest. A call that goes on as the attempt that it was has been
/// in other hands.
pub fn is_interrupted(works: Works, before: &[Call], after: &[Call]) -> bool {
    let mut open = before.iter().filter(|call| call.is_open());
    match works {
        Works::Elsewhere => false,
        Works::OnBeginnings => before.is_empty(),
        Works::OnCalls => open.any(|call| {
            let now = after.iter().find(|now| now.id == call.id);
            now.is_none_or(|now| {
                let outcome = now.outcome.as_deref();
                // A read whose server died is an error at once.
                now.attempt > call.attempt || matches!(outcome, Some("unknown" | "error"))
            })
        }),
    }
}

#[cfg(test)]
pub fn asked(turn: &str, change: Option<(Place, String)>, wish: Wish) -> Asked {
    Asked {
        person: "alice",
        conversation: "c".to_owned(),
        key: "k".to_owned(),
        text: "what".to_owned(),
        change,
        wish,
        agreed: wish == Wish::Yes,
        decided: BTreeSet::new(),
        calls: Vec::new(),
        turn: turn.to_owned(),
        accepted: Instant::now(),
        rest: None,
        ended: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_in_hand_until_it_ends_or_waits() {
        let mut book = Book::default();
        for turn in ["a", "b", "c"] {
            book.asked.push(asked(turn, None, Wish::Yes));
        }
        book.saw(0, "waiting", Vec::new());
        book.saw(1, "done", Vec::new());
        assert_eq!(book.in_hand(), [2]);
        assert!(book.last_done.is_some() && book.asked[0].ended.is_none());
        book.saw(0, "running", Vec::new());
        assert_eq!(book.in_hand(), [0, 2]);
        book.saw(0, "failed", Vec::new());
        book.saw(2, "cancelled", Vec::new());
        assert!(book.in_hand().is_empty());
        assert!(book.asked[2].rest >= book.asked[1].rest);
    }

    fn call(state: &str, outcome: Option<&str>, attempt: u64) -> Call {
        Call {
            id: "k".to_owned(),
            effect: "read_only".to_owned(),
            state: state.to_owned(),
            outcome: outcome.map(ToOwned::to_owned),
            attempt,
        }
    }

    #[test]
    fn a_call_that_was_begun_again_or_is_unknown_was_interrupted() {
        let before = [call("started", None, 1)];
        let hit = |after: Call| is_interrupted(Works::OnCalls, &before, &[after]);
        assert!(hit(call("finished", Some("ok"), 2)));
        assert!(hit(call("unknown", Some("unknown"), 1)));
        assert!(hit(call("finished", Some("error"), 1)));
        assert!(!hit(call("finished", Some("ok"), 1)), "by somebody else");
        assert!(is_interrupted(
            Works::OnCalls,
            &[call("queued", None, 0)],
            &[call("finished", Some("ok"), 1)]
        ));
        let over = [call("finished", Some("ok"), 1)];
        assert!(!is_interrupted(Works::OnCalls, &over, &over));
    }

    #[test]
    fn only_a_turn_without_calls_is_in_the_hands_of_http() {
        let begun = [call("started", None, 1)];
        assert!(is_interrupted(Works::OnBeginnings, &[], &begun));
        assert!(!is_interrupted(Works::OnBeginnings, &begun, &begun));
        assert!(!is_interrupted(Works::Elsewhere, &[], &begun));
    }
}
