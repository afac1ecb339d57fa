//! Items to store, alike in everything that a rule does not ask about.

use std::collections::BTreeSet;

use azimuth_domain::audit::{ActingIdentity, AuditEntry, AuditKind};
use azimuth_domain::conversation::{Author, Conversation, ConversationKind, Message};
use azimuth_domain::event::{EventBody, TurnEvent};
use azimuth_domain::ids::{CallId, ConversationId, MessageId, TurnId};
use azimuth_domain::policy::{ApprovalBy, Mode};
use azimuth_domain::preview::PreviewState;
use azimuth_domain::principal::{Role, UserKey};
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::{EffectClass, ToolRef};
use azimuth_domain::turn::{Approval, Asker, CallState, NewTurn, Step, ToolCall, Turn};
use serde_json::json;

use crate::store::{Batch, Precondition, Write};

/// When the samples were made, unless a rule says otherwise.
pub const NOON: Timestamp = Timestamp(1_795_521_600_000);

/// A person of the first tenant.
pub fn alice() -> UserKey {
    UserKey::new(
        "00000000-0000-4000-8000-0000000000a0",
        "00000000-0000-4000-8000-0000000000a1",
    )
}

/// Another person of the same tenant.
pub fn bob() -> UserKey {
    UserKey::new(
        "00000000-0000-4000-8000-0000000000a0",
        "00000000-0000-4000-8000-0000000000b1",
    )
}

/// A person of another tenant.
pub fn eve() -> UserKey {
    UserKey::new(
        "00000000-0000-4000-8000-0000000000e0",
        "00000000-0000-4000-8000-0000000000e1",
    )
}

/// The chat of `user` that `name` stands for.
pub fn chat(user: &UserKey, name: &str) -> Conversation {
    let id = ConversationId::derived(user, "conformance", name);
    let mut chat = Conversation::new(id, user.clone(), ConversationKind::Chat, NOON);
    name.clone_into(&mut chat.title);
    chat
}

/// A turn that waits for a driver.
pub fn turn(chat: &Conversation, name: &str, at: Timestamp) -> Turn {
    let id = TurnId::derived(&chat.id, name);
    NewTurn {
        message: MessageId::of_user(&id),
        id,
        asker: Asker {
            user: chat.user.clone(),
            name: Some("Sample".to_owned()),
            roles: BTreeSet::from([Role::Operator]),
            token_issued_at: NOON,
        },
        parent: None,
        request_hash: "0".repeat(64),
        model_name: "planner".to_owned(),
        language: "ko".to_owned(),
        default_subscription: None,
        mode: Mode::Autonomous,
        sign_in_deadline_ms: None,
        claim_lease_ms: None,
        console_call: None,
        secrets: None,
        allowance: None,
    }
    .create(at)
    .turn
}

/// `turn` with one call in that state. A call that awaits approval, or did,
/// carries one.
#[must_use]
pub fn with_call(mut turn: Turn, state: CallState, approved: bool) -> Turn {
    let approval = approved.then(|| Approval {
        by: ApprovalBy::AnotherApprover,
        digest: "1".repeat(64),
        requested_at: NOON,
        expires_at: NOON.plus_ms(3_600_000),
        decided: None,
        preview: PreviewState::None,
        drifts: 0,
        lost_repeats: 0,
    });
    let call = ToolCall {
        id: CallId::new(&turn.id, 0, 0),
        model_call_id: "call_1".to_owned(),
        tool: ToolRef::new("azure", "group_list"),
        arguments: json!({"subscription": "Contoso-Prod"}),
        effect: EffectClass::ReadOnly,
        secret: false,
        target: None,
        tool_hash: "2".repeat(64),
        tainted: true,
        attempt: 0,
        approval,
        state,
        result: None,
        preview: None,
        note: None,
        duration_ms: None,
        plan: None,
        reads: 0,
        checked: None,
        purpose: None,
        remember: None,
        standing: None,
    };
    turn.model = azimuth_domain::turn::ModelState::Answered;
    turn.steps = vec![Step {
        calls: vec![call],
        ..Step::default()
    }];
    turn
}

/// What the person said, or the model in step `step`.
pub fn message(turn: &Turn, step: Option<u32>, text: &str, at: Timestamp) -> Message {
    let question = MessageId::of_user(&turn.id);
    let (id, parent, author) = match step {
        None => (question, None, Author::User),
        Some(step) => (
            MessageId::of_step(&turn.id, step),
            Some(question),
            Author::Assistant,
        ),
    };
    Message {
        v: 1,
        id,
        parent,
        author,
        text: text.to_owned(),
        model: None,
        at,
    }
}

/// Event number `seq` of `turn`.
pub fn event(turn: &TurnId, seq: u64, at: Timestamp) -> TurnEvent {
    TurnEvent {
        seq,
        at,
        turn_id: turn.clone(),
        body: EventBody::TextDelta {
            text: format!("조각 {seq}"),
            step: 0,
        },
    }
}

/// A write that needs that nothing is there.
pub fn new<T>(item: T) -> Write<T> {
    Write {
        item,
        when: Precondition::New,
    }
}

/// A batch that creates a conversation.
pub fn creation(chat: &Conversation) -> Batch {
    Batch {
        conversation: Some(new(chat.clone())),
        ..Batch::default()
    }
}

/// A batch that creates a turn.
pub fn turn_creation(turn: &Turn) -> Batch {
    Batch {
        turn: Some(new(turn.clone())),
        ..Batch::default()
    }
}

/// What a worker records of a call of `user`.
pub fn entry(user: &UserKey, kind: AuditKind) -> AuditEntry {
    AuditEntry {
        kind,
        writer: "worker-1".to_owned(),
        tid: user.tid.clone(),
        oid: user.oid.clone(),
        acting_identity: ActingIdentity::User,
        turn_id: None,
        call_id: None,
        purpose: None,
        attempt: None,
        tool: Some("azure/group_list".to_owned()),
        tool_hash: None,
        // A number that careless parsers read back as another one.
        arguments: Some(json!({"b": 8.383_658_838_626_809e-78, "a": "값"})),
        target: None,
        approval_digest: None,
        decided_by: None,
        approval_grant: None,
        policy_version: None,
        correlation_id: None,
        token_uti: None,
        hosts: Vec::new(),
        azure_request_id: None,
        area: None,
        before: None,
        after: None,
        outcome: None,
        duration_ms: None,
        result_sha256: None,
        detail: None,
    }
}
