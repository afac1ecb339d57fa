//! One test per rule of the protocol.

use super::*;
use crate::event::{EventBody, Outcome, WaitingFor};
use crate::limits::{
    APPROVAL_DEADLINE_MS, MAX_ATTEMPTS, MAX_CLAIMS, MAX_RUNNING_MS, MAX_STEPS, MAX_TURN_BYTES,
    MAX_TURN_TOKENS,
};
use crate::policy::DenyReason;

fn names(transition: &Transition) -> Vec<&'static str> {
    transition.events.iter().map(EventBody::name).collect()
}

#[test]
fn rule_1_the_create_carries_the_first_claim() {
    let made = new_turn().create(at(0));
    assert_eq!(names(&made), ["turn_started", "model_started"]);
    assert_eq!(
        made.effects,
        [Effect::CallModel {
            step: 0,
            claim_no: 1
        }]
    );
    assert_eq!(made.turn.running_since, Some(at(0)));
}

#[test]
fn rule_1_watchdog_numbers_only_rise() {
    let turn = new_turn().create(at(0)).turn;
    let raise = |turn: &Turn, number| step(turn, Command::RaiseWatch(RaiseWatch { number }), at(1));
    let turn = raise(&turn, 0).unwrap().turn;
    assert_eq!(turn.watch, 1);
    assert_eq!(raise(&turn, 0).unwrap_err(), Refusal::OldWatch);
    assert_eq!(raise(&turn, 5).unwrap().turn.watch, 6);
}

#[test]
fn rule_1a_a_refused_grant_waits_and_then_goes_on_or_fails() {
    let waiting = NewTurn {
        sign_in_deadline_ms: Some(1000),
        ..new_turn()
    }
    .create(at(0));
    assert_eq!(names(&waiting), ["turn_started", "turn_waiting"]);
    let turn = waiting.turn;
    assert_eq!(
        turn.waiting_for(),
        Some((WaitingFor::AzureSignIn, at(1000)))
    );
    assert_eq!(
        step(
            &turn,
            Command::ClaimModel(ClaimModel { lease_ms: 1 }),
            at(1)
        )
        .unwrap_err(),
        Refusal::NotDrivable
    );
    let resumed = step(&turn, Command::ResumeSignIn(ResumeSignIn), at(5)).unwrap();
    assert_eq!(resumed.turn.status, TurnStatus::Running);
    assert_eq!(resumed.effects, [Effect::Advance]);
    assert_eq!(names(&resumed), ["turn_resumed"]);
    let expire = |gone_at: Option<i64>, now| {
        step(
            &turn,
            Command::Expire(Expire {
                grant_gone_at: gone_at.map(at),
            }),
            at(now),
        )
    };
    assert_eq!(expire(Some(999), 999).unwrap_err(), Refusal::NothingDue);
    assert_eq!(expire(None, 1000).unwrap_err(), Refusal::NothingDue);
    // The person may have signed in between this look and the deadline.
    assert_eq!(expire(Some(999), 1001).unwrap_err(), Refusal::NothingDue);
    assert!(matches!(
        expire(Some(1000), 1000).unwrap().turn.status,
        TurnStatus::Failed { code, .. } if code == "sign_in"
    ));
}

#[test]
fn rule_2_only_an_expired_claim_is_taken_over_and_at_most_four_times() {
    let mut turn = new_turn().create(at(0)).turn;
    let claim = |turn: &Turn, now| {
        step(
            turn,
            Command::ClaimModel(ClaimModel { lease_ms: LEASE }),
            at(now),
        )
    };
    assert_eq!(claim(&turn, LEASE - 1).unwrap_err(), Refusal::NotDrivable);
    for n in 2..=MAX_CLAIMS {
        let taken = claim(&turn, i64::from(n - 1) * LEASE).unwrap();
        assert_eq!(names(&taken), ["model_restarted", "model_started"]);
        turn = taken.turn;
    }
    let lost = claim(&turn, i64::from(MAX_CLAIMS) * LEASE).unwrap();
    assert!(matches!(lost.turn.status, TurnStatus::Failed { code, .. } if code == "model_lost"));
}

#[test]
fn rule_2_limits_end_the_turn_and_say_which() {
    let idle = |change: &dyn Fn(&mut Turn)| {
        let mut turn = answered(vec![proposed(
            EffectClass::ReadOnly,
            Proposal::Decided(Decision::Deny {
                reason: DenyReason::NotPermitted,
            }),
        )]);
        change(&mut turn);
        let command = Command::ClaimModel(ClaimModel { lease_ms: LEASE });
        let turn = step(&turn, command, at(10)).unwrap().turn;
        match turn.status {
            TurnStatus::Failed { code, .. } => code,
            _ => "goes on".to_owned(),
        }
    };
    assert_eq!(idle(&|t| t.running_ms = MAX_RUNNING_MS - 10), "goes on");
    assert_eq!(idle(&|t| t.running_ms = MAX_RUNNING_MS + 1), "time_limit");
    assert_eq!(idle(&|t| t.usage.input_tokens = MAX_TURN_TOKENS), "goes on");
    assert_eq!(
        idle(&|t| t.usage.input_tokens = MAX_TURN_TOKENS + 1),
        "token_limit"
    );
    let steps = |n: u32| {
        idle(&|t| {
            let last = t.steps[0].clone();
            t.steps = vec![last; n as usize];
        })
    };
    assert_eq!(steps(MAX_STEPS - 1), "goes on");
    assert_eq!(steps(MAX_STEPS), "step_limit");
}

#[test]
fn rule_3_an_answer_counts_only_under_its_own_claim() {
    let turn = new_turn().create(at(0)).turn;
    let taken = step(
        &turn,
        Command::ClaimModel(ClaimModel { lease_ms: LEASE }),
        at(LEASE),
    )
    .unwrap()
    .turn;
    assert_eq!(
        step(&taken, answer(vec![]), at(LEASE + 1)).unwrap_err(),
        Refusal::StaleClaim
    );
    let done = step(&turn, answer(vec![]), at(1)).unwrap();
    assert_eq!(done.turn.status, TurnStatus::Done);
    assert_eq!(names(&done), ["usage", "turn_completed"]);
    assert_eq!(
        step(&done.turn, answer(vec![]), at(2)).unwrap_err(),
        Refusal::StaleClaim
    );
}

#[test]
fn rule_3_each_call_takes_the_way_that_policy_gave_it() {
    let turn = answered(vec![
        allowed(EffectClass::ReadOnly),
        needs_approval(ApprovalBy::Asker),
        proposed(
            EffectClass::Destructive,
            Proposal::Decided(Decision::Deny {
                reason: DenyReason::SecretNotAvailable,
            }),
        ),
        proposed(
            EffectClass::Destructive,
            Proposal::Invalid("no such tool".to_owned()),
        ),
    ]);
    let states: Vec<_> = turn.calls().iter().map(|c| c.state.name()).collect();
    assert_eq!(states, ["queued", "awaiting_approval", "denied", "not_run"]);
    assert_eq!(turn.waiting_for(), None, "a call is queued");
}

#[test]
fn rule_3_a_turn_that_would_grow_too_large_ends_before_anything_runs() {
    let fits = |argument_bytes: usize| {
        let mut call = allowed(EffectClass::ReadOnly);
        call.arguments = json!({"x": "a".repeat(argument_bytes)});
        let turn = new_turn().create(at(0)).turn;
        step(&turn, answer(vec![call]), at(1)).unwrap()
    };
    let (mut low, mut high) = (1, MAX_TURN_BYTES);
    while low + 1 < high {
        let middle = usize::midpoint(low, high);
        if fits(middle).turn.status == TurnStatus::Running {
            low = middle;
        } else {
            high = middle;
        }
    }
    let last_good = fits(low).turn;
    assert!(serde_json::to_vec(&last_good).unwrap().len() <= MAX_TURN_BYTES);
    let refused = fits(low + 1);
    assert!(
        matches!(&refused.turn.status, TurnStatus::Failed { code, .. } if code == "turn_too_large")
    );
    assert_eq!(refused.effects, []);
    assert!(refused.turn.calls().is_empty());
}

#[test]
fn rule_3_one_unusable_answer_is_repaired_and_two_end_the_turn() {
    let bad = || {
        vec![proposed(
            EffectClass::Destructive,
            Proposal::Invalid("bad".to_owned()),
        )]
    };
    let turn = answered(bad());
    assert_eq!(turn.status, TurnStatus::Running);
    let next = step(
        &turn,
        Command::ClaimModel(ClaimModel { lease_ms: LEASE }),
        at(20),
    )
    .unwrap()
    .turn;
    let second = |calls, repair: Option<&str>| {
        let command = Command::Answer(Box::new(Answer {
            step: 1,
            claim_no: 1,
            message: None,
            calls,
            repair: repair.map(ToOwned::to_owned),
            usage: Usage::default(),
            secrets: None,
        }));
        step(&next, command, at(30)).unwrap().turn
    };
    assert!(matches!(
        second(bad(), None).status,
        TurnStatus::Failed { code, .. } if code == "model_unusable"
    ));
    assert!(second(vec![], Some("too many")).status.is_terminal());
    let mended = second(vec![allowed(EffectClass::ReadOnly)], None);
    assert_eq!((mended.repairs, mended.status), (0, TurnStatus::Running));
}

#[test]
fn rule_5_a_decision_binds_exactly_what_was_shown_and_once() {
    let turn = answered(vec![needs_approval(ApprovalBy::Asker)]);
    assert_eq!(turn.waiting_for().unwrap().0, WaitingFor::Approval);
    assert_eq!(turn.running_since, None, "people are awaited");
    let digest = turn.calls()[0].approval.as_ref().unwrap().digest.clone();
    let decide = |turn: &Turn, digest: &str, approve, now| {
        let command = Command::DecideApproval(DecideApproval {
            call: first_call(turn),
            digest: digest.to_owned(),
            approve,
            by: carol(),
            by_name: None,
            reason: None,
            remember: false,
        });
        step(turn, command, at(now))
    };
    assert_eq!(
        decide(&turn, "other", true, 20).unwrap_err(),
        Refusal::DigestMismatch
    );
    let end = 10 + APPROVAL_DEADLINE_MS;
    assert_eq!(
        decide(&turn, &digest, true, end).unwrap_err(),
        Refusal::ApprovalExpired
    );
    let yes = decide(&turn, &digest, true, end - 1).unwrap();
    assert_eq!(
        yes.turn.calls()[0].state,
        CallState::Queued {
            digest: Some(digest.clone())
        }
    );
    assert_eq!(yes.effects, [Effect::Enqueue(first_call(&turn))]);
    assert_eq!(
        decide(&yes.turn, &digest, false, 30).unwrap_err(),
        Refusal::WrongState
    );
    let no = decide(&turn, &digest, false, 20).unwrap();
    assert_eq!(no.turn.calls()[0].state.outcome(), Some(Outcome::Denied));
    assert_eq!(
        no.effects,
        [Effect::RecordDenied(first_call(&turn)), Effect::Advance]
    );
    let silence = |now| {
        step(
            &turn,
            Command::Expire(Expire {
                grant_gone_at: None,
            }),
            at(now),
        )
    };
    assert_eq!(silence(end - 1).unwrap_err(), Refusal::NothingDue);
    assert_eq!(
        silence(end).unwrap().turn.calls()[0].state,
        CallState::Denied {
            reason: DenyReason::ApprovalExpired
        }
    );
}

#[test]
fn rule_5_every_part_of_a_call_is_in_the_digest() {
    let turn = answered(vec![needs_approval(ApprovalBy::Asker)]);
    let call = turn.calls()[0].clone();
    let original = digest::approval_digest(&turn, &call, None);
    let tamper = |change: &dyn Fn(&mut Turn, &mut ToolCall)| {
        let (mut turn, mut call) = (turn.clone(), call.clone());
        change(&mut turn, &mut call);
        digest::approval_digest(&turn, &call, None)
    };
    let tampered = [
        tamper(&|_, c| c.tool.name.push('x')),
        tamper(&|_, c| c.tool.server.push('x')),
        tamper(&|_, c| c.arguments = json!({"name": "y"})),
        tamper(&|_, c| c.target = Some("t".to_owned())),
        tamper(&|_, c| c.tool_hash.push('x')),
        tamper(&|t, _| t.asker.user = carol()),
        tamper(&|t, _| t.asker.user.tid.push('x')),
        tamper(&|t, _| t.id = TurnId::derived(&t.id.conversation(), "another")),
        tamper(&|_, c| c.id = CallId::new(&c.id.turn(), 0, 1)),
        digest::approval_digest(&turn, &call, Some("p")),
    ];
    for (field, digest) in tampered.iter().enumerate() {
        assert_ne!(*digest, original, "field {field}");
    }
}

#[test]
fn rule_6_a_claim_needs_a_queued_call_and_attempts_are_counted() {
    let turn = answered(vec![allowed(EffectClass::ReadOnly)]);
    let claim_at = |turn: &Turn, now| {
        let command = Command::ClaimCall(ClaimCall {
            call: first_call(turn),
            lease_ms: LEASE,
        });
        step(turn, command, at(now))
    };
    let mut started = claim_at(&turn, 20).unwrap().turn;
    assert_eq!(claim_at(&started, 21).unwrap_err(), Refusal::LeaseHeld);
    assert_eq!(
        claim_at(&started, 20 + LEASE).unwrap_err(),
        Refusal::WrongState
    );
    for attempt in 1..=MAX_ATTEMPTS {
        assert_eq!(started.calls()[0].attempt, attempt);
        let release = Command::ReleaseCall(ReleaseCall {
            call: first_call(&turn),
            attempt,
        });
        let queued = step(&started, release, at(30)).unwrap().turn;
        started = claim_at(&queued, 40).unwrap().turn;
    }
    assert_eq!(
        started.calls()[0].state,
        CallState::NotRun {
            reason: NotRunReason::Attempts
        }
    );
}

#[test]
fn rule_6a_a_lost_grant_costs_no_attempt_and_keeps_the_approval() {
    let turn = answered(vec![allowed(EffectClass::ReadOnly)]);
    let park = Command::AwaitSignIn(AwaitSignIn {
        call: first_call(&turn),
        deadline_ms: 100,
    });
    let parked = step(&turn, park, at(20)).unwrap();
    assert_eq!(names(&parked), ["turn_waiting"]);
    let back = step(&parked.turn, Command::ResumeSignIn(ResumeSignIn), at(500)).unwrap();
    assert_eq!(
        back.turn.calls()[0].state,
        CallState::Queued { digest: None }
    );
    assert_eq!(back.turn.calls()[0].attempt, 0);
    assert_eq!(back.effects, [Effect::Enqueue(first_call(&turn))]);
    let expire = |gone_at| {
        let gone_at = Some(at(gone_at));
        let command = Command::Expire(Expire {
            grant_gone_at: gone_at,
        });
        step(&parked.turn, command, at(121))
    };
    assert_eq!(expire(119).unwrap_err(), Refusal::NothingDue);
    let given_up = expire(120).unwrap();
    assert_eq!(
        given_up.turn.calls()[0].state,
        CallState::NotRun {
            reason: NotRunReason::SignIn
        }
    );
    assert_eq!(given_up.effects, [Effect::Advance]);
}

#[test]
fn rule_9_only_the_current_attempt_may_finish_and_a_carried_claim_drives_on() {
    let turn = claim(&answered(vec![allowed(EffectClass::ReadOnly)]), 20);
    assert_eq!(
        step(&turn, finish(&turn, 2, Outcome::Ok), at(30)).unwrap_err(),
        Refusal::StaleAttempt
    );
    let plain = step(&turn, finish(&turn, 1, Outcome::Ok), at(30)).unwrap();
    assert_eq!(plain.effects, [Effect::Advance]);
    let mut carrying = finish(&turn, 1, Outcome::Ok);
    if let Command::FinishCall(f) = &mut carrying {
        f.claim_lease_ms = Some(LEASE);
    }
    let carried = step(&turn, carrying, at(30)).unwrap();
    assert_eq!(
        carried.effects,
        [Effect::CallModel {
            step: 1,
            claim_no: 1
        }]
    );
    assert_eq!(
        step(&plain.turn, finish(&turn, 1, Outcome::Unknown), at(40)).unwrap_err(),
        Refusal::StaleAttempt,
        "a terminal call never changes"
    );
}

#[test]
fn rule_10_what_becomes_of_a_lost_call() {
    use EffectClass::{Destructive, Mutating, ReadOnly};
    use Verdict::{Error, MayHaveRun, NeverRan, Ok};
    let table = [
        (ReadOnly, Ok, false, "finished"),
        (Destructive, Ok, false, "finished"),
        (Destructive, Error, false, "finished"),
        (ReadOnly, NeverRan, false, "queued"),
        (Destructive, NeverRan, false, "queued"),
        (Destructive, NeverRan, true, "not_run"),
        (ReadOnly, MayHaveRun, false, "queued"),
        (ReadOnly, MayHaveRun, true, "unknown"),
        (Mutating, MayHaveRun, false, "unknown"),
        (Destructive, MayHaveRun, false, "unknown"),
    ];
    for (effect, verdict, poison, expected) in table {
        let turn = claim(&answered(vec![allowed(effect)]), 20);
        let after = step(&turn, reclaim(&turn, verdict, poison), at(20 + LEASE)).unwrap();
        assert_eq!(
            after.turn.calls()[0].state.name(),
            expected,
            "{effect:?} {verdict:?} {poison}"
        );
        assert_eq!(after.turn.calls()[0].attempt, 1);
    }
    let mut turn = claim(&answered(vec![allowed(ReadOnly)]), 20);
    turn.call_mut(&first_call(&turn)).unwrap().attempt = MAX_ATTEMPTS;
    let after = step(&turn, reclaim(&turn, NeverRan, false), at(99_999)).unwrap();
    assert_eq!(after.turn.calls()[0].state.name(), "not_run");
    let after = step(&turn, reclaim(&turn, MayHaveRun, false), at(99_999)).unwrap();
    assert_eq!(after.turn.calls()[0].state.name(), "unknown");
}

#[test]
fn rule_11_cancel_sheds_what_has_not_started_and_awaits_what_has() {
    let turn = answered(vec![
        allowed(EffectClass::Mutating),
        allowed(EffectClass::ReadOnly),
        needs_approval(ApprovalBy::Asker),
    ]);
    let all_at_once = step(&turn, Command::Cancel(Cancel), at(20)).unwrap();
    assert_eq!(all_at_once.turn.status, TurnStatus::Cancelled);
    let started = claim(&turn, 20);
    let cancelling = step(&started, Command::Cancel(Cancel), at(30))
        .unwrap()
        .turn;
    assert_eq!(cancelling.status, TurnStatus::Cancelling);
    let states: Vec<_> = cancelling.calls().iter().map(|c| c.state.name()).collect();
    assert_eq!(states, ["started", "cancelled", "cancelled"]);
    assert_eq!(
        step(&cancelling, Command::Cancel(Cancel), at(31)).unwrap_err(),
        Refusal::Ended
    );
    let ended = step(&cancelling, finish(&turn, 1, Outcome::Ok), at(40)).unwrap();
    assert_eq!(ended.turn.status, TurnStatus::Cancelled);
    assert_eq!(ended.effects, []);
    assert_eq!(ended.turn.calls()[0].state.outcome(), Some(Outcome::Ok));
    let lost = step(
        &cancelling,
        reclaim(&cancelling, Verdict::NeverRan, false),
        at(99_999),
    )
    .unwrap();
    assert_eq!(lost.turn.calls()[0].state.name(), "cancelled");
    assert_eq!(lost.turn.status, TurnStatus::Cancelled);
    let model_at_work = new_turn().create(at(0)).turn;
    let cancelled = step(&model_at_work, Command::Cancel(Cancel), at(1))
        .unwrap()
        .turn;
    assert_eq!(cancelled.status, TurnStatus::Cancelled);
    assert_eq!(
        step(&cancelled, answer(vec![]), at(2)).unwrap_err(),
        Refusal::StaleClaim
    );
}

#[test]
fn rule_13_poison_ends_what_is_queued_and_leaves_what_runs() {
    let turn = answered(vec![allowed(EffectClass::ReadOnly)]);
    let poison = |turn: &Turn| {
        let command = Command::PoisonCall(PoisonCall {
            call: first_call(turn),
        });
        step(turn, command, at(20))
    };
    assert_eq!(
        poison(&turn).unwrap().turn.calls()[0].state,
        CallState::NotRun {
            reason: NotRunReason::Poison
        }
    );
    assert_eq!(poison(&claim(&turn, 15)).unwrap_err(), Refusal::LeaseHeld);
}

#[test]
fn a_console_turn_ends_with_its_call_and_never_asks_a_model() {
    let console = |call| {
        NewTurn {
            console_call: Some(call),
            ..new_turn()
        }
        .create(at(0))
    };
    let made = console(allowed(EffectClass::ReadOnly));
    assert_eq!(names(&made), ["turn_started", "tool_call_requested"]);
    assert!(matches!(made.effects[..], [Effect::Enqueue(_)]));
    let started = claim(&made.turn, 1);
    let done = step(&started, finish(&started, 1, Outcome::Ok), at(2)).unwrap();
    assert_eq!(done.turn.status, TurnStatus::Done);
    assert_eq!(done.effects, []);
    let denied = console(proposed(
        EffectClass::Destructive,
        Proposal::Decided(Decision::Deny {
            reason: DenyReason::NotPermitted,
        }),
    ));
    assert_eq!(denied.turn.status, TurnStatus::Done);
    assert!(matches!(denied.effects[..], [Effect::RecordDenied(_)]));
}

#[test]
fn a_refusal_is_remembered_until_it_is_on_record() {
    let denied = NewTurn {
        console_call: Some(proposed(
            EffectClass::Destructive,
            Proposal::Decided(Decision::Deny {
                reason: DenyReason::NotPermitted,
            }),
        )),
        ..new_turn()
    }
    .create(at(7))
    .turn;
    assert_eq!(denied.status, TurnStatus::Done);
    assert_eq!(
        denied.next_due_at(),
        Some(at(7)),
        "the sweeper must find it"
    );
    let recorded = |turn: &Turn, call: CallId| {
        let command = Command::DenialsRecorded(DenialsRecorded { calls: vec![call] });
        step(turn, command, at(99))
    };
    let other = CallId::new(&denied.id, 5, 5);
    assert_eq!(recorded(&denied, other).unwrap_err(), Refusal::WrongState);
    let known = recorded(&denied, first_call(&denied)).unwrap();
    assert_eq!((known.events, known.effects), (Vec::new(), Vec::new()));
    let known = known.turn;
    assert_eq!(known.next_due_at(), None);
    assert_eq!(known.updated_at, denied.updated_at);
    assert_eq!(
        recorded(&known, first_call(&known)).unwrap_err(),
        Refusal::WrongState
    );
}

#[test]
fn rule_5_what_may_not_be_remembered_is_not_whatever_policies_say() {
    type Change = fn(&mut ProposedCall);
    let cases: [(&str, bool, ApprovalBy, Change); 5] = [
        ("a change", true, ApprovalBy::Asker, |_| {}),
        ("another", false, ApprovalBy::AnotherApprover, |_| {}),
        ("destroys", false, ApprovalBy::Asker, |call| {
            call.class.effect = EffectClass::Destructive;
        }),
        ("secret", false, ApprovalBy::Asker, |call| {
            call.class.secret = true;
        }),
        ("not said", false, ApprovalBy::Asker, |call| {
            call.remember = None;
        }),
    ];
    for (what, fits, by, change) in cases {
        let mut call = needs_approval(by);
        call.remember = Some(crate::approval_grant::ApprovalScope {
            subscription: None,
            resource_group: None,
            resource_id: None,
            same_call: true,
        });
        change(&mut call);
        let turn = answered(vec![call]);
        let decide = |approve| {
            let command = Command::DecideApproval(DecideApproval {
                call: first_call(&turn),
                digest: turn.calls()[0].approval.as_ref().unwrap().digest.clone(),
                approve,
                by: alice(),
                by_name: None,
                reason: None,
                remember: true,
            });
            step(&turn, command, at(20)).map(|made| made.turn.has_grants)
        };
        let expected = if fits {
            Ok(true)
        } else {
            Err(Refusal::NotToRemember)
        };
        assert_eq!(decide(true), expected, "{what}");
        assert_eq!(decide(false), Err(Refusal::NotToRemember), "{what}");
    }
}
