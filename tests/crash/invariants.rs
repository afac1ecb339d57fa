//! What must hold when everything is over, whatever happened on the way.

use std::collections::{BTreeMap, BTreeSet};

use azimuth_domain::audit::{AuditEntry, AuditKind, AuditRecord, ChainWalk, close_id, open_id};
use azimuth_domain::budget::{BUDGET_MS, Budget};
use azimuth_domain::event::{EventBody, Outcome, TurnEvent};
use azimuth_domain::ids::{CallId, MessageId, TurnId};
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::EffectClass;
use azimuth_domain::turn::{CallState, ToolCall, Turn, TurnStatus};
use azimuth_domain::usage::Day;
use azimuth_ports::clock::Clock;
use futures::FutureExt;

use super::world::World;
use super::world::people::alice;

/// More events than any log here has.
const ALL: usize = 10_000;

/// How a turn ended: `done: ok unknown`.
pub fn ended_as(world: &World, turn: &TurnId) -> String {
    let Some(turn) = world.store.peek(turn) else {
        return "purged".to_owned();
    };
    let status = match turn.status {
        TurnStatus::Done => "done",
        TurnStatus::Failed { .. } => "failed",
        TurnStatus::Cancelled => "cancelled",
        TurnStatus::Running => "running",
        TurnStatus::WaitingSignIn { .. } => "waiting",
        TurnStatus::Cancelling => "cancelling",
    };
    let calls: Vec<&str> = every_call(&turn)
        .map(|call| call.state.outcome().map_or("open", Outcome::as_str))
        .collect();
    if calls.is_empty() {
        status.to_owned()
    } else {
        format!("{status}: {}", calls.join(" "))
    }
}

fn every_call(turn: &Turn) -> impl Iterator<Item = &ToolCall> {
    turn.steps.iter().flat_map(|step| &step.calls)
}

/// And every read about one.
fn every_call_and_read(turn: &Turn) -> impl Iterator<Item = &ToolCall> {
    let reads = turn.steps.iter().flat_map(|step| &step.previews);
    every_call(turn).chain(reads)
}

/// Notes everything that does not hold.
pub fn check(world: &World) {
    world.store.look_again();
    for rewritten in world.store.rewritten() {
        world.findings.note(rewritten);
    }
    kept(world);
    for turn in world.store.all_turns() {
        ended(world, &turn);
        logged(world, &turn);
        said(world, &turn);
        for call in every_call_and_read(&turn) {
            counted(world, call);
            recorded(world, call);
        }
    }
    nothing_unknown(world);
    chained(world);
    in_the_budget(world);
    used_once(world);
}

/// What was accepted is there, as long as its conversation is.
fn kept(world: &World) {
    for id in &world.told().accepted {
        let key = id.key(&alice().user.tid);
        let header = world.store.conversation(&key);
        let header = header.now_or_never().unwrap().unwrap();
        if header.is_some() && world.store.peek(id).is_none() {
            world
                .findings
                .note(format!("{id} was accepted and is lost"));
        }
    }
}

/// Whatever may have destroyed something is in the budget of its tenant, as long as
/// nothing was put there an hour later: that drops what counts no more.
fn in_the_budget(world: &World) {
    let tenant = alice().user.tid;
    let budget = world.ground.usage.budget(&tenant);
    let budget = budget.now_or_never().unwrap().unwrap();
    let budget = budget.map_or_else(|| Budget::new(&tenant), |found| found.item);
    let newest = budget.spent.iter().map(|spent| spent.at).max();
    for turn in world.store.all_turns() {
        if newest.is_some_and(|at| at.since(turn.created_at) >= BUDGET_MS) {
            continue;
        }
        let begun = every_call(&turn).filter(|call| call.attempt > 0);
        for call in begun.filter(|call| call.effect == EffectClass::Destructive) {
            if !budget.holds(&call.id) {
                let text = format!("{}: it began and is not in the budget", call.id);
                world.findings.note(text);
            }
        }
    }
}

/// What a crash loses is lost, and nothing counts twice.
fn used_once(world: &World) {
    let days = Day::of(Timestamp::default())..=Day::of(world.clock.now()).plus(1);
    let person = alice().user;
    let usage = &world.ground.usage;
    let told = usage.usage_between(&person, *days.start(), *days.end());
    let told = told.now_or_never().unwrap().unwrap();
    let counted: u64 = told.iter().map(|day| day.total.turns).sum();
    let mut turns = world.told().accepted.clone();
    turns.extend(world.store.all_turns().into_iter().map(|turn| turn.id));
    if counted > turns.len() as u64 {
        let text = format!("{counted} turns were counted, of {}", turns.len());
        world.findings.note(text);
    }
}

/// Every accepted turn ends (I3), as those were told who ended it.
fn ended(world: &World, turn: &Turn) {
    let note = |text: &str| world.findings.note(format!("{}: {text}", turn.id));
    if !turn.status.is_terminal() {
        note("it has not ended");
    }
    if !turn.unrecorded.is_empty() {
        note("its refusals are not known to be on record");
    }
    if every_call_and_read(turn).any(|call| !call.state.is_terminal()) {
        note("a call has not ended");
    }
    if world.told().stopped.contains(&turn.id) && turn.status != TurnStatus::Cancelled {
        note("somebody was told that it is being stopped");
    }
}

/// A change happens at most once (I1), nothing that is said not to have happened
/// did (I8), and what somebody refused did not (I5).
fn counted(world: &World, call: &ToolCall) {
    let note = |text: String| world.findings.note(format!("{}: {text}", call.id));
    let effects = world.effects.done();
    let mine: Vec<u32> = effects
        .iter()
        .filter(|effect| effect.call == call.id)
        .map(|effect| effect.attempt)
        .collect();
    let distinct: BTreeSet<u32> = mine.iter().copied().collect();
    let reads = call.effect == EffectClass::ReadOnly;
    if distinct.len() < mine.len() || (!reads && mine.len() > 1) {
        note(format!("it happened in the attempts {mine:?}"));
    }
    let outcome = call.state.outcome();
    // The tool answers "error" only of what never began.
    let is_told = matches!(outcome, Some(Outcome::Ok | Outcome::Unknown));
    if !reads && !mine.is_empty() && !is_told {
        note(format!("it happened and is told as {outcome:?}"));
    }
    if outcome == Some(Outcome::Ok) && mine.is_empty() {
        note("it did not happen and is told as ok".to_owned());
    }
    let told = world.told();
    let fits_no = matches!(call.state, CallState::Denied { .. } | CallState::Cancelled);
    if told.no.contains(&call.id) && !(fits_no && mine.is_empty()) {
        note(format!(
            "somebody's no counted and it is {}",
            call.state.name()
        ));
    }
    let has_drifted = call.approval.as_ref().is_some_and(|asked| asked.drifts > 0);
    let is_denied = matches!(call.state, CallState::Denied { .. });
    if told.yes.contains(&call.id) && is_denied && !has_drifted {
        note("somebody's yes counted and it is denied".to_owned());
    }
}

/// Every open has exactly one close, none comes without an open, and they say what
/// the turn says (I4).
fn recorded(world: &World, call: &ToolCall) {
    let note = |text: String| world.findings.note(format!("{}: {text}", call.id));
    let outcome = call.state.outcome();
    let knows = matches!(
        outcome,
        Some(Outcome::Ok | Outcome::Error | Outcome::Unknown)
    );
    // An earlier attempt did nothing; a read that was lost on the way was tried
    // again, and of an open whose reply was lost nobody but the sweeper says more.
    let reads = call.effect == EffectClass::ReadOnly;
    let is_past = |close: &AuditEntry| match close.outcome {
        Some(Outcome::NotRun) => true,
        Some(Outcome::Unknown) => reads || close.writer.starts_with("sweep:"),
        _ => false,
    };
    let is_denied = matches!(call.state, CallState::Denied { .. });
    if is_denied != world.audit.peek(&format!("{}:denied", call.id)).is_some() {
        note(format!("{} and its record of a refusal", call.state.name()));
    }
    for attempt in 1..=call.attempt {
        let open = world.audit.peek(&open_id(&call.id, attempt));
        let close = world.audit.peek(&close_id(&call.id, attempt));
        let decides = knows && attempt == call.attempt;
        match (open, close) {
            (Some(_), None) => note(format!("attempt {attempt} was opened and never closed")),
            (None, Some(_)) => note(format!("attempt {attempt} was closed and never opened")),
            (Some(open), Some(close)) => {
                let says = close.entry.outcome;
                if open.seq > close.seq {
                    note(format!("attempt {attempt} was closed before it was opened"));
                }
                let agrees = attempt == call.attempt && says == outcome;
                if !agrees && (decides || !is_past(&close.entry)) {
                    note(format!(
                        "the turn says {outcome:?} in attempt {}, the audit of attempt {attempt} {says:?}",
                        call.attempt
                    ));
                }
            }
            (None, None) if decides => {
                note(format!("it is told as {outcome:?} without a record"));
            }
            (None, None) => {}
        }
    }
    if knows && call.attempt == 0 {
        note(format!("it is told as {outcome:?} and was never tried"));
    }
}

/// No record is about an attempt that the turn does not know.
fn nothing_unknown(world: &World) {
    for record in world.audit.records() {
        let (Some(turn), Some(id), Some(attempt)) = (
            &record.entry.turn_id,
            &record.entry.call_id,
            record.entry.attempt,
        ) else {
            continue;
        };
        let Some(turn) = world.store.peek(turn) else {
            // A removed conversation leaves its records.
            closed(world, &record);
            continue;
        };
        let is_known = if let Some(call) = turn.call(id) {
            attempt <= call.attempt
        } else {
            closed(world, &record);
            is_past_read(&turn, id)
        };
        if !is_known {
            world
                .findings
                .note(format!("{}: a record of what nobody tried", record.id));
        }
    }
    let calls: BTreeSet<_> = world
        .store
        .all_turns()
        .iter()
        .flat_map(|turn| {
            every_call_and_read(turn)
                .map(|call| call.id.clone())
                .collect::<Vec<_>>()
        })
        .collect();
    for effect in world.effects.done() {
        let open = world.audit.peek(&open_id(&effect.call, effect.attempt));
        if !calls.contains(&effect.call) && open.is_none() {
            world
                .findings
                .note(format!("{}: an effect of nothing", effect.call));
        }
    }
}

/// A turn forgets reads that have ended when the next one about the same call begins;
/// it keeps how many there were.
pub fn is_past_read(turn: &Turn, id: &CallId) -> bool {
    every_call(turn).any(|call| (0..call.reads).any(|number| call.id.preview(number) == *id))
}

fn closed(world: &World, record: &AuditRecord) {
    let Some(register) = record.id.strip_suffix(":open") else {
        return;
    };
    if world.audit.peek(&format!("{register}:close")).is_none() {
        world
            .findings
            .note(format!("{}: removed before it was closed", record.id));
    }
}

/// Chains hold, and no register was written twice.
fn chained(world: &World) {
    let mut walks: BTreeMap<String, ChainWalk> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for record in world.audit.records() {
        let walk = walks.entry(record.chain.clone()).or_default();
        if let Err(fault) = walk.accept(&record) {
            world.findings.note(fault.to_string());
        }
        if !seen.insert((record.chain.clone(), record.id.clone())) {
            world
                .findings
                .note(format!("{} was written twice", record.id));
        }
        if record.entry.kind == AuditKind::Close && record.entry.outcome.is_none() {
            world.findings.note(format!("{} says nothing", record.id));
        }
    }
}

/// The log has no gap, ends once and at its end, tells every call once, and its
/// text is the text of the messages.
fn logged(world: &World, turn: &Turn) {
    let note = |text: String| world.findings.note(format!("{}: {text}", turn.id));
    let tenant = &turn.asker.user.tid;
    let events = world.store.events(tenant, &turn.id, 0, ALL);
    let events: Vec<TurnEvent> = events.now_or_never().unwrap().unwrap();
    let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
    let expected: Vec<u64> = (1..=turn.event_seq).collect();
    if numbers != expected {
        note(format!("events {numbers:?} of {}", turn.event_seq));
    }
    if !matches!(
        events.first().map(|e| &e.body),
        Some(EventBody::TurnStarted {})
    ) {
        note("its log does not begin with its beginning".to_owned());
    }
    let ends = events.iter().filter(|e| e.body.is_last()).count();
    let fits = match (&turn.status, events.last().map(|e| &e.body)) {
        (TurnStatus::Done, Some(EventBody::TurnCompleted {}))
        | (TurnStatus::Cancelled, Some(EventBody::TurnCancelled {})) => true,
        (TurnStatus::Failed { code, .. }, Some(EventBody::TurnFailed { code: told, .. })) => {
            code == told
        }
        _ => false,
    };
    if ends != 1 || !fits {
        note(format!("its log ends {ends} times"));
    }
    for call in every_call(turn) {
        let asked = events.iter().filter(
            |e| matches!(&e.body, EventBody::ToolCallRequested { call_id, .. } if *call_id == call.id),
        );
        let outcomes: Vec<Outcome> = events
            .iter()
            .filter_map(|e| match &e.body {
                EventBody::ToolCallFinished {
                    call_id, outcome, ..
                } if *call_id == call.id => Some(*outcome),
                _ => None,
            })
            .collect();
        if asked.count() != 1 || outcomes != Vec::from_iter(call.state.outcome()) {
            note(format!("its log tells {} as {outcomes:?}", call.id));
        }
    }
}

/// What readers saw is what is kept.
fn said(world: &World, turn: &Turn) {
    let tenant = &turn.asker.user.tid;
    let events = world.store.events(tenant, &turn.id, 0, ALL);
    let events: Vec<TurnEvent> = events.now_or_never().unwrap().unwrap();
    let mut texts: BTreeMap<u32, String> = BTreeMap::new();
    for event in events {
        match event.body {
            EventBody::TextDelta { text, step } => texts.entry(step).or_default().push_str(&text),
            EventBody::ModelRestarted { step, .. } => {
                texts.remove(&step);
            }
            _ => {}
        }
    }
    let kept = |id: &MessageId| {
        let found = world.store.message(tenant, id).now_or_never();
        found.unwrap().unwrap().map(|message| message.text)
    };
    if kept(&turn.message).is_none() {
        world
            .findings
            .note(format!("{}: its question is lost", turn.id));
    }
    for (number, step) in (0..).zip(&turn.steps) {
        let Some(id) = &step.message else { continue };
        let text = kept(id);
        if text.as_deref() != texts.get(&number).map(String::as_str) {
            world.findings.note(format!(
                "{}: step {number} is kept as {text:?} and was told as {:?}",
                turn.id,
                texts.get(&number)
            ));
        }
    }
}
