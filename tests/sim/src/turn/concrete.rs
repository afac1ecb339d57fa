//! From the small turn to production's and back, with a check that nothing which
//! matters is lost on the way.

use std::collections::BTreeSet;

use azimuth_domain::ids::{CallId, ConversationId, MessageId, TurnId};
use azimuth_domain::policy::{ApprovalBy, Decision, DenyReason, Mode};
use azimuth_domain::preview::{Action, Preview, PreviewState, ReadPlan, Reading};
use azimuth_domain::principal::{Role, UserKey};
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::{Classification, EffectClass, ToolRef};
use azimuth_domain::turn as product;
use azimuth_domain::turn::digest::approval_digest;
use serde_json::json;

use super::{ASKED, Approval, Call, CallState, Kind, Model, READS, ReadKind, Shown, Status, Turn};

/// The one moment at which everything happens.
pub(super) const NOW: Timestamp = Timestamp(1_000_000_000);
/// A lease or a deadline that is not over.
const AHEAD: Timestamp = Timestamp(NOW.0 + 60_000);
/// One that is: both end at their very moment.
const OVER: Timestamp = NOW;
/// The counter of every turn; numbers of messages are kept relative to it.
pub(super) const WATCH: u64 = 1000;
pub(super) const LEASE_MS: i64 = 20_000;

/// Templates from which turns of one sort are made.
pub struct Shapes {
    kinds: Vec<Kind>,
    approves: bool,
    previews: bool,
    turn: product::Turn,
    calls: Vec<product::ToolCall>,
    read: Option<product::ToolCall>,
}

fn user() -> UserKey {
    UserKey::new("tenant-a", "alice")
}

impl Shapes {
    /// Turns whose step 0 asks for these calls; `approves` false leaves the question
    /// to a person out; with `previews` the first, destructive one is read about.
    pub fn new(kinds: &[Kind], approves: bool, previews: bool) -> Self {
        let turn = new_turn(Some(LEASE_MS), None);
        let mut shapes = Self {
            kinds: kinds.to_vec(),
            approves,
            previews,
            turn: turn.create(NOW).turn,
            calls: Vec::new(),
            read: None,
        };
        let answer = shapes.answer(0, 1, previews);
        let Ok(answered) = product::step(&shapes.turn, answer, NOW) else {
            unreachable!("the first answer is taken");
        };
        shapes.calls = answered.turn.calls().to_vec();
        for call in &mut shapes.calls {
            call.reads = 0;
        }
        shapes.read = answered.turn.previews().first().cloned();
        shapes.turn.steps = vec![product::Step::default()];
        shapes
    }

    /// The turn as the API makes it: claimed by it, or waiting for a sign-in.
    pub fn created(&self, waits: bool) -> Turn {
        let lease = (!waits).then_some(LEASE_MS);
        let made = new_turn(lease, waits.then_some(60_000)).create(NOW);
        let Some(small) = self.abstracted(&made.turn) else {
            unreachable!("a new turn has no reads");
        };
        small
    }

    /// Step 0 asks for the calls, later steps for none.
    pub(super) fn answer(&self, step: u8, claim_no: u8, asks_people: bool) -> product::Command {
        let calls = if step == 0 {
            let proposed = |kind: &Kind| {
                let needs = *kind == Kind::Destructive && asks_people;
                proposed(*kind, needs, self.previews)
            };
            self.kinds.iter().map(proposed).collect()
        } else {
            Vec::new()
        };
        product::Command::Answer(Box::new(product::Answer {
            step: step.into(),
            claim_no: claim_no.into(),
            message: None,
            calls,
            repair: None,
            usage: product::Usage::default(),
            secrets: None,
        }))
    }

    /// The answer as policy has decided about it.
    pub(super) fn decided_answer(&self, step: u8, claim_no: u8) -> product::Command {
        self.answer(step, claim_no, self.approves)
    }

    pub(super) fn call_id(&self, call: usize) -> CallId {
        match call.checked_sub(ASKED) {
            None => self.calls[call].id.clone(),
            Some(number) => self.calls[0].id.preview(wide(number)),
        }
    }

    pub(super) fn index_of(&self, id: &CallId) -> Option<usize> {
        let read = |number: &usize| self.calls[0].id.preview(wide(*number)) == *id;
        let asked = self.calls.iter().position(|call| call.id == *id);
        asked.or_else(|| (0..READS).find(read).map(|number| ASKED + number))
    }

    /// The digest that a person is shown.
    pub(super) fn digest(&self, call: usize, shown: Shown) -> String {
        let hash = preview_of(shown).hash();
        approval_digest(&self.turn, &self.calls[call], hash.as_deref())
    }

    /// Production's document.
    pub fn concrete(&self, small: &Turn) -> product::Turn {
        let mut turn = self.turn.clone();
        turn.watch = WATCH;
        turn.status = match small.status {
            Status::Running => product::TurnStatus::Running,
            Status::WaitingSignIn { passed } => product::TurnStatus::WaitingSignIn {
                deadline: moment(!passed),
            },
            Status::Cancelling => product::TurnStatus::Cancelling,
            Status::Done => product::TurnStatus::Done,
            Status::Failed { sign_in } => failed(sign_in),
            Status::Cancelled => product::TurnStatus::Cancelled,
        };
        turn.model = match small.model {
            Model::Idle => product::ModelState::Idle,
            Model::Claimed { no, live } => product::ModelState::Claimed {
                claim_no: no.into(),
                lease_until: moment(live),
            },
            Model::Answered => product::ModelState::Answered,
        };
        let calls = small.calls.iter().zip(&self.calls);
        turn.steps[0].calls = calls
            .filter(|(call, _)| call.state != CallState::Absent)
            .zip(0..)
            .map(|((call, template), index)| self.concrete_call(*call, template, index))
            .collect();
        let reads = small.calls[ASKED..].iter().zip(0..);
        turn.steps[0].previews = reads
            .filter(|(read, _)| !matches!(read.state, CallState::Absent | CallState::Dropped))
            .filter_map(|(read, number)| {
                Some(self.concrete_read(*read, number, self.read.as_ref()?))
            })
            .collect();
        for _ in 0..small.step {
            turn.steps.push(product::Step::default());
        }
        turn
    }

    fn concrete_read(
        &self,
        small: Call,
        number: u32,
        template: &product::ToolCall,
    ) -> product::ToolCall {
        let kind = match small.read {
            Some(ReadKind::Repeat) => product::ReadKind::Repeat,
            Some(ReadKind::Check) => product::ReadKind::Check,
            Some(ReadKind::Preview) | None => product::ReadKind::Preview,
        };
        let template = product::ToolCall {
            id: self.calls[0].id.preview(number),
            purpose: Some(product::Purpose {
                of: self.calls[0].id.clone(),
                kind,
            }),
            ..template.clone()
        };
        self.concrete_call(small, &template, 0)
    }

    fn concrete_call(
        &self,
        small: Call,
        template: &product::ToolCall,
        index: usize,
    ) -> product::ToolCall {
        let digest = self.digest(index, small.shown);
        let mut call = product::ToolCall {
            attempt: small.attempt.into(),
            reads: small.reads.into(),
            approval: None,
            ..template.clone()
        };
        let decided = match small.approval {
            Approval::NotNeeded | Approval::Undecided => None,
            Approval::Yes | Approval::No => Some(product::ApprovalDecision {
                approved: small.approval == Approval::Yes,
                by: user(),
                by_name: None,
                reason: None,
                at: NOW,
                remembered: false,
            }),
        };
        if small.approval != Approval::NotNeeded {
            call.approval = Some(product::Approval {
                by: ApprovalBy::Asker,
                digest: digest.clone(),
                requested_at: NOW,
                expires_at: AHEAD,
                decided,
                preview: if template.plan.is_some() {
                    preview_of(small.shown)
                } else {
                    PreviewState::None
                },
                drifts: small.drifts.into(),
                lost_repeats: small.lost.into(),
            });
        }
        let given = |is: bool| is.then(|| digest.clone());
        call.state = match small.state {
            CallState::Absent | CallState::Dropped => unreachable!("filtered out"),
            CallState::Previewing { read, passed } => product::CallState::Previewing {
                preview_call: self.calls[0].id.preview(read.into()),
                deadline: moment(!passed),
                by: ApprovalBy::Asker,
            },
            CallState::AwaitingApproval { passed } => product::CallState::AwaitingApproval {
                deadline: moment(!passed),
            },
            CallState::AwaitingSignIn { digest, passed } => product::CallState::AwaitingSignIn {
                digest: given(digest),
                deadline: moment(!passed),
            },
            CallState::Queued { digest } => product::CallState::Queued {
                digest: given(digest),
            },
            CallState::Started { live } => product::CallState::Started {
                lease_until: moment(live),
                since: NOW,
            },
            CallState::Finished { ok } => product::CallState::Finished { ok },
            CallState::Unknown => product::CallState::Unknown,
            CallState::Denied => product::CallState::Denied {
                reason: DenyReason::ByApprover,
            },
            CallState::Cancelled => product::CallState::Cancelled,
            CallState::NotRun { sign_in } => product::CallState::NotRun {
                reason: not_run(sign_in),
            },
        };
        call
    }

    /// The small turn, after a check that it says all that matters; `None` when it has
    /// more reads than a small turn holds.
    pub fn abstracted(&self, turn: &product::Turn) -> Option<Turn> {
        let mut calls = [Call::ABSENT; super::CALLS];
        for (small, call) in calls.iter_mut().zip(&turn.steps[0].calls) {
            *small = small_call(call);
        }
        let reads = usize::from(calls[0].reads);
        if reads > READS {
            return None;
        }
        for slot in calls.iter_mut().skip(ASKED).take(reads) {
            slot.state = CallState::Dropped;
        }
        for read in &turn.steps[0].previews {
            let slot = self.index_of(&read.id)?;
            calls[slot] = small_call(read);
        }
        let small = Turn {
            status: match &turn.status {
                product::TurnStatus::Running => Status::Running,
                product::TurnStatus::WaitingSignIn { deadline } => Status::WaitingSignIn {
                    passed: *deadline <= NOW,
                },
                product::TurnStatus::Cancelling => Status::Cancelling,
                product::TurnStatus::Done => Status::Done,
                product::TurnStatus::Failed { code, .. } => Status::Failed {
                    sign_in: code == "sign_in",
                },
                product::TurnStatus::Cancelled => Status::Cancelled,
            },
            step: narrow(turn.step_no()),
            model: match turn.model {
                product::ModelState::Idle => Model::Idle,
                product::ModelState::Claimed {
                    claim_no,
                    lease_until,
                } => Model::Claimed {
                    no: narrow(claim_no),
                    live: lease_until > NOW,
                },
                product::ModelState::Answered => Model::Answered,
            },
            calls,
        };
        assert_eq!(
            essence(turn),
            essence(&self.concrete(&small)),
            "the small turn drops something that matters"
        );
        Some(small)
    }
}

fn small_call(call: &product::ToolCall) -> Call {
    let decided = |a: &product::Approval| a.decided.as_ref().map(|d| d.approved);
    Call {
        attempt: narrow(call.attempt),
        approval: match call.approval.as_ref().map(decided) {
            None => Approval::NotNeeded,
            Some(None) => Approval::Undecided,
            Some(Some(true)) => Approval::Yes,
            Some(Some(false)) => Approval::No,
        },
        shown: call
            .approval
            .as_ref()
            .map_or(Shown::Nothing, |a| seen_in(&a.preview)),
        drifts: call.approval.as_ref().map_or(0, |a| narrow(a.drifts)),
        lost: call.approval.as_ref().map_or(0, |a| narrow(a.lost_repeats)),
        reads: narrow(call.reads),
        read: call.purpose.as_ref().map(|purpose| match purpose.kind {
            product::ReadKind::Preview => ReadKind::Preview,
            product::ReadKind::Repeat => ReadKind::Repeat,
            product::ReadKind::Check => ReadKind::Check,
        }),
        state: match &call.state {
            product::CallState::Previewing {
                preview_call,
                deadline,
                ..
            } => CallState::Previewing {
                read: number_of(preview_call),
                passed: *deadline <= NOW,
            },
            product::CallState::AwaitingApproval { deadline } => CallState::AwaitingApproval {
                passed: *deadline <= NOW,
            },
            product::CallState::AwaitingSignIn { digest, deadline } => CallState::AwaitingSignIn {
                digest: digest.is_some(),
                passed: *deadline <= NOW,
            },
            product::CallState::Queued { digest } => CallState::Queued {
                digest: digest.is_some(),
            },
            product::CallState::Started { lease_until, .. } => CallState::Started {
                live: *lease_until > NOW,
            },
            product::CallState::Finished { ok } => CallState::Finished { ok: *ok },
            product::CallState::Unknown => CallState::Unknown,
            product::CallState::Denied { .. } => CallState::Denied,
            product::CallState::Cancelled => CallState::Cancelled,
            product::CallState::NotRun { reason } => CallState::NotRun {
                sign_in: *reason == product::NotRunReason::SignIn,
            },
        },
    }
}

/// Two turns with one essence behave alike: moments are only ahead or over, and
/// what nothing is decided by is gone.
fn essence(turn: &product::Turn) -> product::Turn {
    let mut turn = turn.clone();
    turn.created_at = NOW;
    turn.updated_at = NOW;
    turn.running_ms = 0;
    turn.running_since = None;
    turn.event_seq = 0;
    turn.watch = 0;
    // Refusals that are not on record yet: no rule waits for them.
    turn.unrecorded.clear();
    match &mut turn.status {
        product::TurnStatus::WaitingSignIn { deadline } => *deadline = class(*deadline),
        product::TurnStatus::Failed { code, .. } => turn.status = failed(code == "sign_in"),
        _ => {}
    }
    if let product::ModelState::Claimed { lease_until, .. } = &mut turn.model {
        *lease_until = class(*lease_until);
    }
    let steps = turn.steps.iter_mut();
    for call in steps.flat_map(|step| step.calls.iter_mut().chain(&mut step.previews)) {
        call.note = None;
        call.checked = None;
        call.preview = None;
        call.duration_ms = None;
        if let Some(approval) = &mut call.approval {
            approval.expires_at = AHEAD;
            // "No preview" is one value, whatever it is for.
            if approval.preview == PreviewState::Late {
                approval.preview = PreviewState::Failed;
            }
        }
        match &mut call.state {
            product::CallState::Previewing { deadline, .. }
            | product::CallState::AwaitingApproval { deadline }
            | product::CallState::AwaitingSignIn { deadline, .. }
            | product::CallState::Started {
                lease_until: deadline,
                ..
            } => *deadline = class(*deadline),
            product::CallState::Denied { reason } => *reason = DenyReason::ByApprover,
            product::CallState::NotRun { reason } => {
                *reason = not_run(*reason == product::NotRunReason::SignIn);
            }
            _ => {}
        }
    }
    turn
}

fn moment(is_ahead: bool) -> Timestamp {
    if is_ahead { AHEAD } else { OVER }
}

fn class(at: Timestamp) -> Timestamp {
    moment(at > NOW)
}

fn narrow(number: u32) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

fn not_run(sign_in: bool) -> product::NotRunReason {
    if sign_in {
        product::NotRunReason::SignIn
    } else {
        product::NotRunReason::Attempts
    }
}

fn failed(sign_in: bool) -> product::TurnStatus {
    product::TurnStatus::Failed {
        code: if sign_in { "sign_in" } else { "model_lost" }.to_owned(),
        message: String::new(),
    }
}

fn new_turn(claim_lease_ms: Option<i64>, sign_in_deadline_ms: Option<i64>) -> product::NewTurn {
    let conversation = ConversationId::derived(&user(), "conversation", "c");
    let id = TurnId::derived(&conversation, "k");
    product::NewTurn {
        message: MessageId::of_user(&id),
        id,
        asker: product::Asker {
            user: user(),
            name: None,
            roles: BTreeSet::from([Role::Operator]),
            token_issued_at: NOW,
        },
        parent: None,
        request_hash: String::new(),
        model_name: "scripted".to_owned(),
        language: "en".to_owned(),
        default_subscription: None,
        mode: Mode::default(),
        sign_in_deadline_ms,
        claim_lease_ms,
        console_call: None,
        secrets: None,
        allowance: None,
    }
}

/// What people are shown of a resource that was like this.
fn preview_of(shown: Shown) -> PreviewState {
    match reading_of(shown) {
        Reading::Nothing => PreviewState::Failed,
        Reading::Seen(preview) => PreviewState::Shown { preview },
    }
}

/// What was read.
pub(super) fn reading_of(shown: Shown) -> Reading {
    match shown {
        Shown::Nothing => Reading::Nothing,
        Shown::As(version) => Reading::Seen(Preview {
            action: Action::Delete,
            resource: None,
            fields: Vec::new(),
            resources: version.into(),
            undo: None,
            verifiable: true,
        }),
    }
}

fn seen_in(state: &PreviewState) -> Shown {
    state.shown().map_or(Shown::Nothing, |preview| {
        Shown::As(narrow(preview.resources))
    })
}

fn number_of(read: &CallId) -> u8 {
    let number = read.as_str().rsplit('p').next();
    number.and_then(|n| n.parse().ok()).unwrap_or(u8::MAX)
}

fn wide(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn proposed(kind: Kind, needs_approval: bool, previews: bool) -> product::ProposedCall {
    product::ProposedCall {
        model_call_id: "m".to_owned(),
        tool: ToolRef::new("azure", "tool"),
        arguments: json!({"name": "x"}),
        class: Classification {
            effect: match kind {
                Kind::ReadOnly => EffectClass::ReadOnly,
                Kind::Destructive => EffectClass::Destructive,
            },
            secret: false,
        },
        target: None,
        tool_hash: "h".to_owned(),
        tainted: false,
        plan: (previews && kind == Kind::Destructive).then(|| ReadPlan {
            tool: ToolRef::new("azure", "read"),
            arguments: json!({"name": "x"}),
            target: None,
            tool_hash: "r".to_owned(),
        }),
        remember: None,
        standing: None,
        proposal: product::Proposal::Decided(if needs_approval {
            Decision::RequireApproval {
                by: ApprovalBy::Asker,
            }
        } else {
            Decision::Allow
        }),
    }
}
