//! Random sequences of commands, also ones that no driver would send: whatever
//! comes, committed history stays and nothing runs that may not.

use proptest::prelude::*;

use super::*;
use crate::event::Outcome;
use crate::policy::DenyReason;

#[derive(Debug, Clone)]
enum Move {
    ClaimModel,
    Answer(u8, Vec<u8>),
    FailModel(u8),
    Decide(usize, bool),
    ClaimCall(usize),
    Release(usize, u32),
    Finish(usize, u32, u8, bool, u8),
    Repeat(usize),
    Reclaim(usize, u8, bool),
    Park(usize),
    Resume,
    Deny(usize),
    Recorded(usize),
    Poison(usize),
    Cancel,
    Expire(bool),
    Watch(u64),
    Wait(i64),
}

fn any_move() -> impl Strategy<Value = Move> {
    let call = 0..5_usize;
    prop_oneof![
        3 => Just(Move::ClaimModel),
        4 => (0..3_u8, prop::collection::vec(0..8_u8, 0..4)).prop_map(|(c, k)| Move::Answer(c, k)),
        1 => (0..3_u8).prop_map(Move::FailModel),
        3 => (call.clone(), any::<bool>()).prop_map(|(c, y)| Move::Decide(c, y)),
        5 => call.clone().prop_map(Move::ClaimCall),
        1 => (call.clone(), 1..4_u32).prop_map(|(c, a)| Move::Release(c, a)),
        4 => (call.clone(), 1..4_u32, 0..3_u8, any::<bool>(), 0..4_u8)
            .prop_map(|(c, a, o, d, r)| Move::Finish(c, a, o, d, r)),
        3 => call.clone().prop_map(Move::Repeat),
        2 => (call.clone(), 0..4_u8, any::<bool>()).prop_map(|(c, v, p)| Move::Reclaim(c, v, p)),
        1 => call.clone().prop_map(Move::Park),
        1 => Just(Move::Resume),
        1 => call.clone().prop_map(Move::Deny),
        1 => call.clone().prop_map(Move::Recorded),
        1 => call.prop_map(Move::Poison),
        1 => Just(Move::Cancel),
        1 => any::<bool>().prop_map(Move::Expire),
        1 => (0..6_u64).prop_map(Move::Watch),
        3 => prop_oneof![Just(1_i64), Just(LEASE + 1), Just(61 * 60 * 1000)].prop_map(Move::Wait),
    ]
}

fn call_of(kind: u8) -> ProposedCall {
    match kind {
        0 => allowed(EffectClass::ReadOnly),
        1 => allowed(EffectClass::Destructive),
        2 => needs_approval(ApprovalBy::Asker),
        3 => needs_approval(ApprovalBy::AnotherApprover),
        6 => planned(needs_approval(ApprovalBy::Asker)),
        7 => planned(allowed(EffectClass::Destructive)),
        4 => proposed(
            EffectClass::Mutating,
            Proposal::Decided(Decision::Deny {
                reason: DenyReason::NotPermitted,
            }),
        ),
        _ => proposed(EffectClass::Destructive, Proposal::Invalid("no".to_owned())),
    }
}

fn command(turn: &Turn, wanted: &Move, now: i64) -> Option<Command> {
    let id = |index: &usize| turn.calls_and_previews().nth(*index).map(|c| c.id.clone());
    Some(match wanted {
        Move::ClaimModel => Command::ClaimModel(ClaimModel { lease_ms: LEASE }),
        Move::Answer(claim_no, kinds) => Command::Answer(Box::new(Answer {
            step: turn.step_no(),
            claim_no: u32::from(*claim_no),
            message: None,
            calls: kinds.iter().map(|k| call_of(*k)).collect(),
            repair: None,
            usage: Usage::default(),
            secrets: None,
        })),
        Move::FailModel(claim_no) => Command::FailModel(FailModel {
            step: turn.step_no(),
            claim_no: u32::from(*claim_no),
            code: FailureCode::ModelRejected,
        }),
        Move::Decide(index, approve) => {
            let call = turn.calls().get(*index)?;
            Command::DecideApproval(DecideApproval {
                call: call.id.clone(),
                digest: call.approval.as_ref()?.digest.clone(),
                approve: *approve,
                by: carol(),
                by_name: None,
                reason: None,
                remember: false,
            })
        }
        Move::ClaimCall(index) => Command::ClaimCall(ClaimCall {
            call: id(index)?,
            lease_ms: LEASE,
        }),
        Move::Release(index, attempt) => Command::ReleaseCall(ReleaseCall {
            call: id(index)?,
            attempt: *attempt,
        }),
        Move::Repeat(index) => Command::RepeatPreview(RepeatPreview {
            call: id(index)?,
            lease_ms: LEASE,
        }),
        Move::Finish(index, attempt, outcome, drives, reading) => Command::FinishCall(FinishCall {
            call: id(index)?,
            attempt: *attempt,
            outcome: [Outcome::Ok, Outcome::Error, Outcome::Unknown][usize::from(*outcome)],
            result: None,
            preview: None,
            note: None,
            reading: match reading {
                0 => None,
                1 => Some(Reading::Nothing),
                2 => Some(seen("stopped")),
                _ => Some(seen("deallocated")),
            },
            duration_ms: None,
            claim_lease_ms: drives.then_some(LEASE),
        }),
        Move::Reclaim(index, verdict, poison) => Command::ReclaimCall(ReclaimCall {
            call: id(index)?,
            attempt: turn.calls_and_previews().nth(*index)?.attempt,
            verdict: [
                Verdict::Ok,
                Verdict::Error,
                Verdict::NeverRan,
                Verdict::MayHaveRun,
            ][usize::from(*verdict)],
            poison: *poison,
            result: None,
        }),
        Move::Park(index) => Command::AwaitSignIn(AwaitSignIn {
            call: id(index)?,
            deadline_ms: 60_000,
        }),
        Move::Resume => Command::ResumeSignIn(ResumeSignIn),
        Move::Deny(index) => Command::DenyCall(DenyCall {
            call: id(index)?,
            reason: DenyReason::NotPermitted,
        }),
        Move::Recorded(index) => Command::DenialsRecorded(DenialsRecorded {
            calls: vec![id(index)?],
        }),
        Move::Poison(index) => Command::PoisonCall(PoisonCall { call: id(index)? }),
        Move::Cancel => Command::Cancel(Cancel),
        Move::Expire(gone) => Command::Expire(Expire {
            grant_gone_at: gone.then(|| at(now)),
        }),
        Move::Watch(number) => Command::RaiseWatch(RaiseWatch { number: *number }),
        Move::Wait(_) => return None,
    })
}

fn check(before: &Turn, after: &Transition) {
    let turn = &after.turn;
    if before.status.is_terminal() {
        let recorded = Turn {
            unrecorded: turn.unrecorded.clone(),
            ..before.clone()
        };
        assert_eq!(turn, &recorded, "only records follow a terminal turn");
        assert!(turn.unrecorded.len() < before.unrecorded.len());
        assert_eq!((&after.events[..], &after.effects[..]), (&[][..], &[][..]));
        return;
    }
    let refused = |turn: &Turn| -> Vec<CallId> {
        turn.steps
            .iter()
            .flat_map(|s| &s.calls)
            .filter(|c| matches!(c.state, CallState::Denied { .. }))
            .map(|c| c.id.clone())
            .collect()
    };
    let known = refused(before);
    for call in refused(turn).iter().filter(|c| !known.contains(c)) {
        let effect = Effect::RecordDenied(call.clone());
        assert!(after.effects.contains(&effect), "{call} is to be recorded");
        assert!(turn.unrecorded.iter().any(|r| r.call == *call), "{call}");
    }
    for (old, new) in before.steps.iter().zip(&turn.steps) {
        for (old, new) in old.calls.iter().zip(&new.calls) {
            assert_eq!((&old.id, &old.arguments), (&new.id, &new.arguments));
            if old.state.is_terminal() {
                assert_eq!(old.state, new.state, "a terminal call changed");
            }
            assert!(new.attempt >= old.attempt);
            if new.attempt > old.attempt {
                assert!(
                    matches!(old.state, CallState::Queued { .. }),
                    "only queued calls start"
                );
                assert_eq!(before.status, TurnStatus::Running);
                if let Some(approval) = &old.approval {
                    assert!(approval.decided.as_ref().is_some_and(|d| d.approved));
                }
            }
        }
    }
    if turn.steps.len() > before.steps.len() {
        let last = &turn.steps[turn.steps.len() - 2];
        let all = last.calls.iter().chain(&last.previews);
        assert!(all.clone().all(|c| c.state.is_terminal()));
    }
    if turn.status.is_terminal() {
        assert!(turn.all_calls_terminal(), "{turn:?}");
        assert!(
            after
                .events
                .last()
                .is_some_and(crate::event::EventBody::is_last)
        );
        let is_recorded = turn.unrecorded.is_empty();
        assert_eq!(turn.next_due_at().is_none(), is_recorded);
        assert_eq!(turn.running_since, None);
    } else {
        assert!(turn.next_due_at().is_some(), "the sweeper must find it");
        assert!(after.events.iter().all(|e| !e.is_last()));
        assert_eq!(turn.running_since.is_none(), turn.waiting_for().is_some());
    }
    assert!(turn.step_no() < crate::limits::MAX_STEPS);
}

/// Reads once more and finds what was approved.
fn repeat_as_shown(turn: &Turn, claim: Command, now: i64) -> Option<Transition> {
    let Command::ClaimCall(ClaimCall { call, lease_ms }) = claim else {
        return None;
    };
    let shown = turn
        .call(&call)?
        .approval
        .as_ref()?
        .preview
        .shown()
        .cloned();
    let repeat = RepeatPreview {
        call: call.clone(),
        lease_ms,
    };
    let begun = step(turn, Command::RepeatPreview(repeat), at(now))
        .ok()?
        .turn;
    let finish = FinishCall {
        call: begun.repeat_of(&call)?.id.clone(),
        attempt: 1,
        outcome: Outcome::Ok,
        result: None,
        preview: None,
        note: None,
        reading: Some(shown.map_or(Reading::Nothing, Reading::Seen)),
        duration_ms: None,
        claim_lease_ms: None,
    };
    step(&begun, Command::FinishCall(finish), at(now)).ok()
}

/// Does for a turn what watchdog and sweeper do, until it ends.
fn run_out(mut turn: Turn, mut now: i64) -> Turn {
    for _ in 0..400 {
        if turn.status.is_terminal() {
            break;
        }
        now += 61 * 60 * 1000;
        let next = turn.work(at(now)).into_iter().find_map(|work| {
            let command = match work {
                Work::Drive => Command::ClaimModel(ClaimModel { lease_ms: LEASE }),
                Work::Enqueue(call) => Command::ClaimCall(ClaimCall {
                    call,
                    lease_ms: LEASE,
                }),
                Work::Reclaim(call) => Command::ReclaimCall(ReclaimCall {
                    attempt: turn.call(&call).map_or(0, |c| c.attempt),
                    call,
                    verdict: Verdict::NeverRan,
                    poison: false,
                    result: None,
                }),
                Work::CheckSignIn | Work::Expire => Command::Expire(Expire {
                    grant_gone_at: Some(at(now)),
                }),
            };
            match step(&turn, command.clone(), at(now)) {
                Err(Refusal::PreviewNeeded) => repeat_as_shown(&turn, command, now),
                done => done.ok(),
            }
        });
        if let Some(transition) = next {
            turn = transition.turn;
        }
    }
    turn
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_breaks_the_turn(
        moves in prop::collection::vec(any_move(), 1..60),
        signs_in in any::<bool>(),
        console in prop::option::of(prop_oneof![0..5_u8, 6..8_u8]),
    ) {
        let mut turn = NewTurn {
            sign_in_deadline_ms: signs_in.then_some(60_000),
            claim_lease_ms: (!signs_in).then_some(LEASE),
            console_call: console.map(call_of),
            ..new_turn()
        }
        .create(at(0))
        .turn;
        let mut now = 0;
        for wanted in &moves {
            if let Move::Wait(ms) = wanted {
                now += ms;
            }
            let Some(command) = command(&turn, wanted, now) else { continue };
            if let Ok(transition) = step(&turn, command, at(now)) {
                check(&turn, &transition);
                turn = transition.turn;
            }
        }
        let stored = serde_json::to_string(&turn).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Turn>(&stored).unwrap(), &turn);
        let ended = run_out(turn, now);
        prop_assert!(ended.status.is_terminal(), "{:?}", ended);
    }
}
