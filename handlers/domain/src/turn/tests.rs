//! What every command does, and what no sequence of commands can do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod previews;
mod properties;
mod rules;

use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::ids::{ConversationId, MessageId, TurnId};
use crate::policy::{ApprovalBy, Decision, Mode};
use crate::preview::{Action, FieldChange, Preview, ReadPlan, Reading};
use crate::principal::{Role, UserKey};
use crate::tool::{Classification, EffectClass, ToolRef};

const LEASE: i64 = 20_000;

fn at(ms: i64) -> Timestamp {
    Timestamp(1_000_000 + ms)
}

fn alice() -> UserKey {
    UserKey::new("tenant-a", "alice")
}

fn carol() -> UserKey {
    UserKey::new("tenant-a", "carol")
}

fn new_turn() -> NewTurn {
    let conversation = ConversationId::derived(&alice(), "conversation", "c");
    let id = TurnId::derived(&conversation, "k");
    NewTurn {
        message: MessageId::of_user(&id),
        id,
        asker: Asker {
            user: alice(),
            name: None,
            roles: BTreeSet::from([Role::Operator]),
            token_issued_at: at(0),
        },
        parent: None,
        request_hash: String::new(),
        model_name: "scripted".to_owned(),
        language: "en".to_owned(),
        default_subscription: None,
        mode: Mode::default(),
        sign_in_deadline_ms: None,
        claim_lease_ms: Some(LEASE),
        console_call: None,
        secrets: None,
        allowance: None,
    }
}

fn proposed(effect: EffectClass, proposal: Proposal) -> ProposedCall {
    ProposedCall {
        model_call_id: "m1".to_owned(),
        tool: ToolRef::new("azure", "tool"),
        arguments: json!({"name": "x"}),
        class: Classification {
            effect,
            secret: false,
        },
        target: None,
        tool_hash: "h".to_owned(),
        tainted: false,
        plan: None,
        remember: None,
        standing: None,
        proposal,
    }
}

fn allowed(effect: EffectClass) -> ProposedCall {
    proposed(effect, Proposal::Decided(Decision::Allow))
}

fn needs_approval(by: ApprovalBy) -> ProposedCall {
    proposed(
        EffectClass::Mutating,
        Proposal::Decided(Decision::RequireApproval { by }),
    )
}

/// A call about which something can be read.
fn planned(call: ProposedCall) -> ProposedCall {
    ProposedCall {
        plan: Some(ReadPlan {
            tool: ToolRef::new("azure", "read"),
            arguments: json!({"name": "x"}),
            target: None,
            tool_hash: "r".to_owned(),
        }),
        ..call
    }
}

/// What was read when the resource was like this.
fn seen(old: &str) -> Reading {
    Reading::Seen(Preview {
        action: Action::Change,
        resource: None,
        fields: vec![FieldChange {
            name: "power state".to_owned(),
            old: Some(old.to_owned()),
            new: Some("running".to_owned()),
        }],
        resources: 1,
        undo: None,
        verifiable: true,
    })
}

fn answer(calls: Vec<ProposedCall>) -> Command {
    Command::Answer(Box::new(Answer {
        step: 0,
        claim_no: 1,
        message: None,
        calls,
        repair: None,
        usage: Usage::default(),
        secrets: None,
    }))
}

/// A turn whose first answer asked for these calls.
fn answered(calls: Vec<ProposedCall>) -> Turn {
    let turn = new_turn().create(at(0)).turn;
    step(&turn, answer(calls), at(10)).unwrap().turn
}

fn first_call(turn: &Turn) -> CallId {
    turn.calls()[0].id.clone()
}

fn claim(turn: &Turn, now: i64) -> Turn {
    let command = Command::ClaimCall(ClaimCall {
        call: first_call(turn),
        lease_ms: LEASE,
    });
    step(turn, command, at(now)).unwrap().turn
}

fn finish(turn: &Turn, attempt: u32, outcome: crate::event::Outcome) -> Command {
    Command::FinishCall(FinishCall {
        call: first_call(turn),
        attempt,
        outcome,
        result: None,
        preview: None,
        note: None,
        reading: None,
        duration_ms: Some(1),
        claim_lease_ms: None,
    })
}

fn reclaim(turn: &Turn, verdict: Verdict, poison: bool) -> Command {
    Command::ReclaimCall(ReclaimCall {
        call: first_call(turn),
        attempt: turn.calls()[0].attempt,
        verdict,
        poison,
        result: None,
    })
}
