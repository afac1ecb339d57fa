//! What a run is judged by: the book against what the API, the audit and the places
//! of the changes say afterwards. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::book::{Asked, Call, Place};

/// A turn at the end, as its asker reads it.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// `None` when the API does not know the turn.
    pub status: Option<String>,
    pub calls: Vec<Call>,
    /// Numbers of its events.
    pub events: Vec<u64>,
    /// Whether its conversation holds the question.
    pub has_question: bool,
    /// Whether it holds an answer to it.
    pub has_answer: bool,
}

/// An open or a close of the audit.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub kind: String,
    pub call: Option<String>,
    pub attempt: Option<u64>,
    pub outcome: Option<String>,
    /// Chain and register: a call without a turn has nothing else.
    pub place: String,
}

/// Sentences, by what they violate.
#[derive(Debug, Default, PartialEq, serde::Serialize)]
pub struct Verdict {
    /// Accepted, and not there.
    pub lost: Vec<String>,
    /// Happened twice, or a key that made two turns.
    pub doubled: Vec<String>,
    /// Accepted, and not over.
    pub unfinished: Vec<String>,
    /// Opens and closes that do not pair.
    pub audit: Vec<String>,
    /// Turn, audit and effect do not say the same.
    pub disagreeing: Vec<String>,
    /// Answers that should not have been given, and what else is wrong.
    pub other: Vec<String>,
}

impl Verdict {
    pub fn violations(&self) -> usize {
        let Self {
            lost,
            doubled,
            unfinished,
            audit,
            disagreeing,
            other,
        } = self;
        [lost, doubled, unfinished, audit, disagreeing, other]
            .iter()
            .map(|sentences| sentences.len())
            .sum()
    }
}

impl Seen {
    /// Of the turn, its events and the conversation's messages.
    pub fn of(turn: &Value, events: &Value, messages: &[Value], id: &str) -> Self {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let has = |author: &str| {
            messages
                .iter()
                .any(|message| message["author"] == author && message["turn_id"] == id)
        };
        Self {
            status: text(&turn["status"]),
            calls: Call::all_of(turn),
            events: list(&events["items"])
                .iter()
                .filter_map(|event| event["seq"].as_u64())
                .collect(),
            has_question: has("user"),
            has_answer: has("assistant"),
        }
    }
}

impl Record {
    /// Of a line of the export; `None` for anything but an open or a close.
    pub fn of(line: &str) -> Option<Self> {
        let record: Value = serde_json::from_str(line).ok()?;
        let text = |field: &str| record[field].as_str().map(ToOwned::to_owned);
        let kind = text("kind").filter(|kind| kind == "open" || kind == "close")?;
        let register = text("id")?;
        let register = register
            .strip_suffix(":open")
            .or_else(|| register.strip_suffix(":close"))?;
        Some(Self {
            kind,
            call: text("call_id"),
            attempt: record["attempt"].as_u64(),
            outcome: text("outcome"),
            place: format!("{} {register}", text("chain")?),
        })
    }
}

/// Opens that have no close.
pub fn open_ended(records: &[Record]) -> Vec<&Record> {
    let closed: BTreeSet<&str> = records
        .iter()
        .filter(|record| record.kind == "close")
        .map(|record| record.place.as_str())
        .collect();
    let opens = records.iter().filter(|record| record.kind == "open");
    opens
        .filter(|open| !closed.contains(open.place.as_str()))
        .collect()
}

/// `effects`: the name of each change that happened, once for each time.
pub fn judge(book: &[(Asked, Seen)], records: &[Record], effects: &[(Place, String)]) -> Verdict {
    let mut verdict = Verdict::default();
    let mut happened: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, name) in effects {
        *happened.entry(name).or_default() += 1;
    }
    pairs(records, &mut verdict);
    let mut known = BTreeSet::new();
    let mut keys: BTreeMap<&str, &str> = BTreeMap::new();
    for (asked, seen) in book {
        if let Some(first) = keys.insert(&asked.turn, &asked.key)
            && first != asked.key
        {
            let told = format!("{first} and {} made one turn, {}", asked.key, asked.turn);
            verdict.lost.push(told);
        }
        let times = match &asked.change {
            Some((_, name)) => {
                known.insert(name.as_str());
                happened.get(name.as_str()).copied().unwrap_or(0)
            }
            None => 0,
        };
        one(asked, seen, times, records, &mut verdict);
    }
    for name in happened.keys().filter(|name| !known.contains(*name)) {
        verdict
            .disagreeing
            .push(format!("{name} happened and nobody asked for it"));
    }
    verdict
}

fn pairs(records: &[Record], verdict: &mut Verdict) {
    for open in open_ended(records) {
        verdict
            .audit
            .push(format!("{} is open and never closed", open.place));
    }
    let mut seen: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for record in records {
        *seen.entry((&record.place, &record.kind)).or_default() += 1;
    }
    for ((place, kind), count) in &seen {
        if *count > 1 {
            verdict
                .audit
                .push(format!("{place} has {count} records of kind {kind}"));
        }
        if *kind == "close" && !seen.contains_key(&(place, "open")) {
            verdict
                .audit
                .push(format!("{place} is closed and was never open"));
        }
    }
}

fn one(asked: &Asked, seen: &Seen, times: usize, records: &[Record], verdict: &mut Verdict) {
    let turn = format!("{} ({}, {:?})", asked.turn, asked.text, asked.wish);
    if times > 1 {
        verdict
            .doubled
            .push(format!("{turn} happened {times} times"));
    }
    let Some(status) = seen.status.as_deref() else {
        verdict
            .lost
            .push(format!("{turn} was accepted and is not known"));
        return;
    };
    if !["done", "failed", "cancelled"].contains(&status) {
        verdict.unfinished.push(format!("{turn} is {status}"));
        return;
    }
    if !seen.has_question || (status == "done" && !seen.has_answer) {
        verdict.lost.push(format!(
            "{turn} is {status}, and its conversation lacks question or answer"
        ));
    }
    let expected = 1..=u64::try_from(seen.events.len()).unwrap_or(0);
    if seen.events.is_empty() || !seen.events.iter().copied().eq(expected) {
        verdict
            .other
            .push(format!("{turn} has events with gaps: {:?}", seen.events));
    }
    // Of the calls that change something; a plan may have read before.
    let mut outcomes = Vec::new();
    for call in &seen.calls {
        let Some(outcome) = call.outcome.as_deref() else {
            verdict
                .unfinished
                .push(format!("{turn} is {status} with {} open", call.id));
            continue;
        };
        if call.effect != "read_only" {
            outcomes.push(outcome);
        }
        against_audit(&turn, call, outcome, records, verdict);
    }
    // What an open call did is not told yet.
    let is_told = seen.calls.iter().all(|call| call.outcome.is_some());
    if asked.change.is_none() || !is_told {
        return;
    }
    let may_have_happened = outcomes.iter().any(|o| ["ok", "unknown"].contains(o));
    if times > 0 && !may_have_happened {
        verdict
            .disagreeing
            .push(format!("{turn} happened and is told as {outcomes:?}"));
    }
    if times > 0 && !asked.agreed {
        verdict
            .disagreeing
            .push(format!("{turn} happened and nobody agreed"));
    }
    if times == 0 && outcomes.contains(&"ok") {
        verdict
            .disagreeing
            .push(format!("{turn} is told as ok and did not happen"));
    }
}

/// The last attempt's close is what the turn says; what never ran has no close that
/// says otherwise.
fn against_audit(
    turn: &str,
    call: &Call,
    outcome: &str,
    records: &[Record],
    verdict: &mut Verdict,
) {
    let closes: BTreeMap<u64, &str> = records
        .iter()
        .filter(|record| record.kind == "close" && record.call.as_deref() == Some(&call.id))
        .filter_map(|record| Some((record.attempt?, record.outcome.as_deref()?)))
        .collect();
    let agrees = match outcome {
        "ok" | "error" | "unknown" => closes.get(&call.attempt) == Some(&outcome),
        _ => closes.values().all(|close| {
            // A read that may have run may be given up afterwards.
            *close == "not_run" || (call.effect == "read_only" && *close == "unknown")
        }),
    };
    if !agrees {
        verdict.disagreeing.push(format!(
            "{turn}: {} is {outcome} at attempt {}, the audit closed {closes:?}",
            call.id, call.attempt
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::{Wish, asked};
    use serde_json::json;

    /// A change that was agreed to, ran once and is told as it was.
    struct Run {
        book: Vec<(Asked, Seen)>,
        records: Vec<Record>,
        effects: Vec<(Place, String)>,
    }

    fn record(kind: &str, call: &str, attempt: u64, outcome: Option<&str>) -> Record {
        Record {
            kind: kind.to_owned(),
            call: Some(call.to_owned()),
            attempt: Some(attempt),
            outcome: outcome.map(ToOwned::to_owned),
            place: format!("c {call}:{attempt}"),
        }
    }

    fn good() -> Run {
        let change = (Place::Ledger, "n1".to_owned());
        let call = Call {
            id: "k1".to_owned(),
            effect: "mutating".to_owned(),
            state: "finished".to_owned(),
            outcome: Some("ok".to_owned()),
            attempt: 1,
        };
        let seen = Seen {
            status: Some("done".to_owned()),
            calls: vec![call],
            events: vec![1, 2, 3],
            has_question: true,
            has_answer: true,
        };
        Run {
            book: vec![(asked("t1", Some(change.clone()), Wish::Yes), seen)],
            records: vec![
                record("open", "k1", 1, None),
                record("close", "k1", 1, Some("ok")),
            ],
            effects: vec![change],
        }
    }

    /// Numbers of violations: lost, doubled, unfinished, audit, disagreeing, other.
    fn judged(change: impl FnOnce(&mut Run)) -> [usize; 6] {
        let mut run = good();
        change(&mut run);
        let verdict = judge(&run.book, &run.records, &run.effects);
        let numbers = [
            verdict.lost.len(),
            verdict.doubled.len(),
            verdict.unfinished.len(),
            verdict.audit.len(),
            verdict.disagreeing.len(),
            verdict.other.len(),
        ];
        assert_eq!(numbers.iter().sum::<usize>(), verdict.violations());
        numbers
    }

    fn outcome(run: &mut Run, outcome: &str) {
        run.book[0].1.calls[0].outcome = Some(outcome.to_owned());
    }

    #[test]
    fn a_run_in_order_has_no_violation() {
        assert_eq!(judged(|_| {}), [0; 6]);
    }

    #[test]
    fn what_was_read_for_a_change_is_not_the_change() {
        let refused = judged(|run| {
            run.effects.clear();
            run.records.clear();
            outcome(run, "denied");
            let read = Call {
                id: "k0".to_owned(),
                effect: "read_only".to_owned(),
                state: "finished".to_owned(),
                outcome: Some("ok".to_owned()),
                attempt: 1,
            };
            run.records.push(record("open", "k0", 1, None));
            run.records.push(record("close", "k0", 1, Some("ok")));
            run.book[0].1.calls.insert(0, read);
        });
        assert_eq!(refused, [0; 6]);
    }

    #[test]
    fn a_turn_that_is_not_there_is_lost() {
        assert_eq!(
            judged(|run| run.book[0].1 = Seen::default()),
            [1, 0, 0, 0, 0, 0]
        );
        assert_eq!(
            judged(|run| run.book[0].1.has_question = false),
            [1, 0, 0, 0, 0, 0]
        );
        assert_eq!(
            judged(|run| run.book[0].1.has_answer = false),
            [1, 0, 0, 0, 0, 0]
        );
    }

    #[test]
    fn two_questions_that_became_one_turn_are_a_lost_one() {
        let lost = judged(|run| {
            let mut second = run.book[0].clone();
            second.0.key = "another".to_owned();
            second.0.change = None;
            run.book.push(second);
        });
        assert_eq!(lost, [1, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_change_that_happened_twice_is_doubled() {
        let twice = judged(|run| run.effects.push((Place::Ledger, "n1".to_owned())));
        assert_eq!(twice, [0, 1, 0, 0, 0, 0]);
    }

    #[test]
    fn what_has_not_ended_is_unfinished() {
        for status in ["running", "waiting", "cancelling"] {
            let open = judged(|run| run.book[0].1.status = Some(status.to_owned()));
            assert_eq!(open, [0, 0, 1, 0, 0, 0]);
        }
        let open = judged(|run| run.book[0].1.calls[0].outcome = None);
        assert_eq!(open, [0, 0, 1, 0, 0, 0]);
    }

    #[test]
    fn opens_and_closes_pair() {
        let unclosed = judged(|run| run.records.push(record("open", "k1", 2, None)));
        assert_eq!(unclosed, [0, 0, 0, 1, 0, 0]);
        let never_open = judged(|run| run.records.push(record("close", "x", 1, Some("ok"))));
        assert_eq!(never_open, [0, 0, 0, 1, 0, 0]);
        let twice = judged(|run| run.records.push(record("close", "k1", 1, Some("ok"))));
        assert_eq!(twice, [0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn turn_and_audit_must_say_the_same() {
        assert_eq!(judged(|run| outcome(run, "unknown")), [0, 0, 0, 0, 1, 0]);
        let denied = judged(|run| {
            run.effects.clear();
            outcome(run, "denied");
        });
        assert_eq!(denied, [0, 0, 0, 0, 1, 0], "the audit says that it ran");
    }

    #[test]
    fn what_happened_is_told_as_ok_or_unknown_only() {
        let failed = judged(|run| {
            run.records[1].outcome = Some("error".to_owned());
            outcome(run, "error");
        });
        assert_eq!(failed, [0, 0, 0, 0, 1, 0], "an unclear answer is no error");
        for told in ["denied", "cancelled", "not_run"] {
            let seen = judged(|run| {
                run.records.clear();
                outcome(run, told);
            });
            assert_eq!(seen, [0, 0, 0, 0, 1, 0], "{told}");
        }
        let unknown = judged(|run| {
            run.records[1].outcome = Some("unknown".to_owned());
            outcome(run, "unknown");
        });
        assert_eq!(unknown, [0; 6], "nobody knew");
    }

    #[test]
    fn what_is_told_as_ok_happened_and_somebody_agreed() {
        assert_eq!(judged(|run| run.effects.clear()), [0, 0, 0, 0, 1, 0]);
        assert_eq!(
            judged(|run| run.book[0].0.agreed = false),
            [0, 0, 0, 0, 1, 0]
        );
        let nobodys = judged(|run| run.effects.push((Place::Azure, "n9".to_owned())));
        assert_eq!(nobodys, [0, 0, 0, 0, 1, 0]);
    }

    #[test]
    fn a_sealed_attempt_never_ran_and_a_read_may_be_given_up() {
        let given_up = |effect: &'static str, closed: &'static str| {
            judged(move |run| {
                run.effects.clear();
                run.records[1].outcome = Some(closed.to_owned());
                run.book[0].1.calls[0].effect = effect.to_owned();
                outcome(run, "cancelled");
            })
        };
        assert_eq!(given_up("mutating", "not_run"), [0; 6]);
        assert_eq!(given_up("read_only", "unknown"), [0; 6]);
        assert_eq!(given_up("mutating", "unknown"), [0, 0, 0, 0, 1, 0]);
        assert_eq!(given_up("read_only", "ok"), [0, 0, 0, 0, 1, 0]);
    }

    #[test]
    fn events_have_no_gaps() {
        for events in [vec![], vec![1, 3], vec![2, 3], vec![1, 2, 2]] {
            assert_eq!(
                judged(|run| run.book[0].1.events = events),
                [0, 0, 0, 0, 0, 1]
            );
        }
    }

    #[test]
    fn lines_of_the_export_and_answers_of_the_api_are_read() {
        let line = json!({"v": 1, "chain": "c", "id": "k1:1:close", "kind": "close", "call_id": "k1", "attempt": 1, "outcome": "ok"});
        let expected = Record {
            place: "c k1:1".to_owned(),
            ..record("close", "k1", 1, Some("ok"))
        };
        assert_eq!(Record::of(&line.to_string()), Some(expected));
        for other in [
            json!({"digest": {}}),
            json!({"kind": "denied", "id": "x", "chain": "c"}),
        ] {
            assert_eq!(Record::of(&other.to_string()), None);
        }
        let turn = json!({"status": "done", "calls": [{"call_id": "k1", "effect": "mutating", "state": "finished", "outcome": "ok", "attempt": 1}]});
        let events = json!({"items": [{"seq": 1}, {"seq": 2}, {"seq": 3}]});
        let messages = [("user", "t1"), ("assistant", "t1"), ("user", "t2")]
            .map(|(author, turn)| json!({"author": author, "turn_id": turn}));
        let seen = Seen::of(&turn, &events, &messages, "t1");
        let (_, expected) = &good().book[0];
        assert_eq!(format!("{seen:?}"), format!("{expected:?}"));
    }
}
