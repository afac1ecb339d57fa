//! Rules 3a and 5: what people are shown, whether it still holds, and what is seen
//! of a call of which nobody knows how it ended.

use super::*;
use crate::event::{EventBody, Outcome, WaitingFor};
use crate::limits::{MAX_ATTEMPTS, MAX_DRIFTS, PREVIEW_DEADLINE_MS};
use crate::policy::DenyReason;
use crate::preview::{Finding, PreviewState};

fn names(transition: &Transition) -> Vec<&'static str> {
    transition.events.iter().map(EventBody::name).collect()
}

/// A turn whose only call needs an approval and has a preview under way.
fn previewing() -> Turn {
    answered(vec![planned(needs_approval(ApprovalBy::Asker))])
}

fn newest_read(turn: &Turn) -> &ToolCall {
    turn.previews().last().unwrap()
}

fn claim_read(turn: &Turn, now: i64) -> Turn {
    let command = Command::ClaimCall(ClaimCall {
        call: newest_read(turn).id.clone(),
        lease_ms: LEASE,
    });
    step(turn, command, at(now)).unwrap().turn
}

fn end_read(turn: &Turn, reading: Option<Reading>, now: i64) -> Transition {
    let read = newest_read(turn);
    let command = Command::FinishCall(FinishCall {
        call: read.id.clone(),
        attempt: read.attempt,
        outcome: if reading == Some(Reading::Nothing) {
            Outcome::Error
        } else {
            Outcome::Ok
        },
        result: None,
        preview: None,
        note: None,
        reading,
        duration_ms: Some(1),
        claim_lease_ms: Some(LEASE),
    });
    step(turn, command, at(now)).unwrap()
}

/// The same, with the preview shown.
fn shown(old: &str) -> Turn {
    end_read(&claim_read(&previewing(), 20), Some(seen(old)), 30).turn
}

fn decide(turn: &Turn, approve: bool, now: i64) -> Result<Transition, Refusal> {
    let call = &turn.calls()[0];
    let command = Command::DecideApproval(DecideApproval {
        call: call.id.clone(),
        digest: call.approval.as_ref().unwrap().digest.clone(),
        approve,
        by: alice(),
        by_name: None,
        reason: None,
        remember: false,
    });
    step(turn, command, at(now))
}

fn repeat(turn: &Turn, now: i64) -> Result<Transition, Refusal> {
    let command = Command::RepeatPreview(RepeatPreview {
        call: first_call(turn),
        lease_ms: LEASE,
    });
    step(turn, command, at(now))
}

fn expire(turn: &Turn, now: i64) -> Result<Transition, Refusal> {
    let command = Command::Expire(Expire {
        grant_gone_at: None,
    });
    step(turn, command, at(now))
}

#[test]
fn rule_3a_a_read_comes_before_the_question() {
    let turn = previewing();
    let read = newest_read(&turn).clone();
    assert_eq!(turn.calls()[0].state.name(), "previewing");
    assert_eq!(read.id, first_call(&turn).preview(0));
    assert_eq!(turn.work(at(11)), [Work::Enqueue(read.id.clone())]);
    assert_eq!(turn.waiting_for(), None, "nobody is asked yet");
    let asked = end_read(&claim_read(&turn, 20), Some(seen("stopped")), 30);
    assert_eq!(names(&asked), ["approval_required", "turn_waiting"]);
    let EventBody::ApprovalRequired {
        preview: Some(preview),
        preview_state,
        digest,
        ..
    } = &asked.events[0]
    else {
        panic!("{:?}", asked.events);
    };
    assert_eq!(preview.fields[0].old.as_deref(), Some("stopped"));
    assert_eq!(preview_state, "shown");
    let other = shown("deallocated");
    let other = other.calls()[0].approval.as_ref().unwrap();
    assert_ne!(*digest, other.digest, "the digest covers what is shown");
    assert_eq!(
        asked.turn.waiting_for().map(|w| w.0),
        Some(WaitingFor::Approval)
    );
}

#[test]
fn rule_1_whoever_reads_and_dies_is_noticed_when_the_lease_ends() {
    let started = claim_read(&previewing(), 20);
    let deadline = at(10 + PREVIEW_DEADLINE_MS);
    assert_eq!(started.next_due_after(at(20)), Some(deadline));
    // People are asked without it; the next step waits for the read all the same.
    let asked = expire(&started, 10 + PREVIEW_DEADLINE_MS).unwrap().turn;
    assert_eq!(asked.next_due_after(deadline), Some(at(20 + LEASE)));
    assert_eq!(asked.waiting_for(), None);
    let later = asked.next_due_after(at(20 + LEASE));
    assert!(
        later > Some(at(60 * 60_000)),
        "the approval's end: {later:?}"
    );
}

#[test]
fn rule_3a_without_a_preview_people_are_asked_all_the_same() {
    let started = claim_read(&previewing(), 20);
    let failed = end_read(&started, Some(Reading::Nothing), 30).turn;
    let approval = |turn: &Turn| turn.calls()[0].approval.clone().unwrap();
    assert_eq!(approval(&failed).preview, PreviewState::Failed);
    assert_eq!(
        expire(&previewing(), 9 + PREVIEW_DEADLINE_MS).unwrap_err(),
        Refusal::NothingDue
    );
    let late = expire(&started, 10 + PREVIEW_DEADLINE_MS).unwrap().turn;
    assert_eq!(approval(&late).preview, PreviewState::Late);
    assert_eq!(approval(&late).digest, approval(&failed).digest);
    // What comes later is dropped, but no step ends before it has.
    let after = end_read(&late, Some(seen("stopped")), 10_020);
    assert_eq!(approval(&after.turn), approval(&late));
    let denied = decide(&late, false, 10_015).unwrap();
    assert_eq!(denied.effects.len(), 1, "{:?}", denied.effects);
    assert!(!denied.turn.can_drive(at(10_016)));
    assert!(matches!(
        end_read(&denied.turn, None, 10_017).turn.model,
        ModelState::Claimed { .. }
    ));
}

#[test]
fn rule_3a_a_queued_preview_ends_with_its_deadline() {
    let late = expire(&previewing(), 10 + PREVIEW_DEADLINE_MS)
        .unwrap()
        .turn;
    assert_eq!(newest_read(&late).state, CallState::Cancelled);
    assert_eq!(late.waiting_for().map(|w| w.0), Some(WaitingFor::Approval));
}

#[test]
fn a_preview_without_a_grant_or_with_a_poisoned_message_is_none() {
    let turn = previewing();
    let read = newest_read(&turn).id.clone();
    for command in [
        Command::AwaitSignIn(AwaitSignIn {
            call: read.clone(),
            deadline_ms: 1000,
        }),
        Command::PoisonCall(PoisonCall { call: read.clone() }),
        Command::DenyCall(DenyCall {
            call: read.clone(),
            reason: DenyReason::NotPermitted,
        }),
    ] {
        let asked = step(&turn, command, at(20)).unwrap();
        assert_eq!(names(&asked)[0], "approval_required");
        let approval = asked.turn.calls()[0].approval.clone().unwrap();
        assert_eq!(approval.preview, PreviewState::Failed);
    }
}

#[test]
fn rule_5_the_write_that_ends_the_repeat_carries_the_claim() {
    let approved = decide(&shown("stopped"), true, 40).unwrap().turn;
    let unrepeated = Command::ClaimCall(ClaimCall {
        call: first_call(&approved),
        lease_ms: LEASE,
    });
    assert_eq!(
        step(&approved, unrepeated, at(41)).unwrap_err(),
        Refusal::PreviewNeeded
    );
    let begun = repeat(&approved, 41).unwrap().turn;
    assert_eq!(repeat(&begun, 42).unwrap_err(), Refusal::LeaseHeld);
    let claimed = end_read(&begun, Some(seen("stopped")), 50);
    assert_eq!(names(&claimed), ["tool_call_started"]);
    let call = &claimed.turn.calls()[0];
    assert_eq!((call.state.name(), call.attempt), ("started", 1));
    assert_eq!(claimed.turn.previews().len(), 1, "the first one is dropped");
}

#[test]
fn rule_5_drift_asks_anew_and_at_last_denies() {
    let mut turn = shown("stopped");
    for round in 1..=MAX_DRIFTS + 1 {
        let approved = decide(&turn, true, 40).unwrap().turn;
        let now = format!("state {round}");
        let drifted = end_read(&repeat(&approved, 41).unwrap().turn, Some(seen(&now)), 50);
        let call = &drifted.turn.steps[0].calls[0];
        if round > MAX_DRIFTS {
            let reason = DenyReason::Drift;
            assert_eq!(call.state, CallState::Denied { reason });
            assert!(
                drifted
                    .effects
                    .contains(&Effect::RecordDenied(call.id.clone()))
            );
            return;
        }
        assert_eq!(
            names(&drifted)[..2],
            ["approval_decided", "approval_required"]
        );
        assert_eq!(call.state.name(), "awaiting_approval");
        let asked = drifted.turn;
        let old = turn.calls()[0].approval.as_ref().unwrap().digest.clone();
        let approval = asked.calls()[0].approval.as_ref().unwrap();
        let shown = approval.preview.shown().unwrap();
        assert_eq!(
            shown.fields[0].old.as_ref(),
            Some(&now),
            "what was just read"
        );
        assert_ne!(approval.digest, old);
        assert_eq!(approval.decided, None, "the old yes counts no longer");
        turn = asked;
    }
    panic!("drift goes on for ever");
}

#[test]
fn rule_5_no_preview_equals_only_no_preview() {
    let none = end_read(&claim_read(&previewing(), 20), Some(Reading::Nothing), 30).turn;
    let approved = decide(&none, true, 40).unwrap().turn;
    let begun = repeat(&approved, 41).unwrap().turn;
    let same = end_read(&begun, Some(Reading::Nothing), 50).turn;
    assert_eq!(same.calls()[0].state.name(), "started");
    let other = end_read(&begun, Some(seen("stopped")), 50).turn;
    assert_eq!(other.calls()[0].state.name(), "awaiting_approval");
    // Where nothing can be shown any more, it is read once more.
    let approved = decide(&shown("stopped"), true, 40).unwrap().turn;
    let begun = repeat(&approved, 41).unwrap().turn;
    let lost = end_read(&begun, Some(Reading::Nothing), 50).turn;
    assert_eq!(lost.calls()[0].state.name(), "previewing");
}

#[test]
fn rule_5_a_repeat_that_another_ended_is_no_ground_for_a_claim() {
    let mut turn = decide(&shown("stopped"), true, 40).unwrap().turn;
    for lost in 1..=MAX_ATTEMPTS {
        let begun = repeat(&turn, 41).unwrap().turn;
        let read = newest_read(&begun).id.clone();
        let reclaim = Command::ReclaimCall(ReclaimCall {
            call: read.clone(),
            attempt: 1,
            verdict: if lost == 1 {
                Verdict::Ok
            } else {
                Verdict::MayHaveRun
            },
            poison: false,
            result: None,
        });
        let after = step(&begun, reclaim, at(41 + LEASE)).unwrap();
        turn = after.turn;
        let call = &turn.calls()[0];
        if lost == MAX_ATTEMPTS {
            let reason = NotRunReason::Attempts;
            assert_eq!(call.state, CallState::NotRun { reason });
        } else {
            assert_eq!(call.state.name(), "queued");
            assert!(call.approved_digest().is_some(), "the yes still stands");
            assert_eq!(after.effects, [Effect::Enqueue(call.id.clone())]);
        }
        assert!(turn.call(&read).unwrap().state.is_terminal());
    }
}

#[test]
fn rule_11_a_cancelled_turn_waits_for_its_started_reads() {
    let cancelled = |turn: &Turn| step(turn, Command::Cancel(Cancel), at(60)).unwrap().turn;
    assert_eq!(cancelled(&previewing()).status, TurnStatus::Cancelled);
    let approved = decide(&shown("stopped"), true, 40).unwrap().turn;
    for started in [
        claim_read(&previewing(), 20),
        repeat(&approved, 41).unwrap().turn,
    ] {
        let cancelling = cancelled(&started);
        assert_eq!(cancelling.status, TurnStatus::Cancelling);
        assert_eq!(cancelling.calls()[0].state, CallState::Cancelled);
        let ended = end_read(&cancelling, Some(seen("stopped")), 70).turn;
        assert_eq!(ended.status, TurnStatus::Cancelled);
    }
}

#[test]
fn nobody_knows_how_it_ended_so_somebody_looks() {
    let turn = answered(vec![planned(allowed(EffectClass::Mutating))]);
    let unknown = step(
        &claim(&turn, 20),
        finish(&turn, 1, Outcome::Unknown),
        at(30),
    )
    .unwrap();
    let read = newest_read(&unknown.turn).id.clone();
    assert_eq!(unknown.effects, [Effect::Enqueue(read)]);
    assert!(!unknown.turn.can_drive(at(31)), "the model hears of it");
    let looked = end_read(&claim_read(&unknown.turn, 40), Some(seen("stopped")), 50);
    assert_eq!(
        names(&looked),
        ["tool_call_checked", "model_started"],
        "and then goes on"
    );
    let call = &looked.turn.steps[0].calls[0];
    assert_eq!(call.state, CallState::Unknown, "never upgraded");
    assert_eq!(
        call.checked.as_ref().map(|c| c.finding),
        Some(Finding::NotAsAsked)
    );
    let blind = end_read(&claim_read(&unknown.turn, 40), Some(Reading::Nothing), 50).turn;
    let checked = blind.steps[0].calls[0].checked.clone();
    assert_eq!(checked.map(|c| c.finding), Some(Finding::Unclear));
}

#[test]
fn a_turn_full_of_previews_stays_within_its_size() {
    let wide = |n: usize| ProposedCall {
        arguments: json!({"name": "x".repeat(800), "n": n}),
        ..planned(needs_approval(ApprovalBy::Asker))
    };
    let mut turn = answered((0..8).map(wide).collect());
    assert_eq!(turn.status, TurnStatus::Running);
    let long = "…".repeat(crate::limits::MAX_PREVIEW_VALUE_CHARS);
    let field = FieldChange {
        name: "allow shared key access".to_owned(),
        old: Some(long.clone()),
        new: Some(long.clone()),
    };
    let largest = Preview {
        action: Action::Change,
        resource: Some(long.clone()),
        fields: vec![field; crate::limits::MAX_PREVIEW_FIELDS],
        resources: 1,
        undo: None,
        verifiable: true,
    };
    for read in turn.previews().to_vec() {
        for command in [
            Command::ClaimCall(ClaimCall {
                call: read.id.clone(),
                lease_ms: LEASE,
            }),
            Command::FinishCall(FinishCall {
                call: read.id.clone(),
                attempt: 1,
                outcome: Outcome::Ok,
                result: None,
                preview: None,
                note: None,
                reading: Some(Reading::Seen(largest.clone())),
                duration_ms: Some(1),
                claim_lease_ms: None,
            }),
        ] {
            turn = step(&turn, command, at(20)).unwrap().turn;
        }
    }
    for call in turn.calls().to_vec() {
        let approve = Command::DecideApproval(DecideApproval {
            call: call.id.clone(),
            digest: call.approval.as_ref().unwrap().digest.clone(),
            approve: true,
            by: carol(),
            by_name: Some("Carol".to_owned()),
            reason: None,
            remember: false,
        });
        turn = step(&turn, approve, at(30)).unwrap().turn;
        let again = Command::RepeatPreview(RepeatPreview {
            call: call.id,
            lease_ms: LEASE,
        });
        turn = step(&turn, again, at(31)).unwrap().turn;
    }
    let size = serde_json::to_vec(&turn).unwrap().len();
    assert!(size <= crate::limits::MAX_TURN_BYTES, "{size}");
}
