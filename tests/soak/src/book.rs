//! What people asked and what they know of it: the run is judged by this book.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

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
    /// Since when it waits for people only, or has ended; as its asker saw it.
    pub rest: Option<Instant>,
    /// `done`, `failed` or `cancelled`.
    pub ended: Option<String>,
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
    /// A status that its asker has just read.
    pub fn saw(&mut self, number: usize, status: &str) {
        let now = Instant::now();
        let turn = &mut self.asked[number];
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
        book.saw(0, "waiting");
        book.saw(1, "done");
        assert_eq!(book.in_hand(), [2]);
        assert!(book.last_done.is_some() && book.asked[0].ended.is_none());
        book.saw(0, "running");
        assert_eq!(book.in_hand(), [0, 2]);
        book.saw(0, "failed");
        book.saw(2, "cancelled");
        assert!(book.in_hand().is_empty());
        assert!(book.asked[2].rest >= book.asked[1].rest);
    }
}
