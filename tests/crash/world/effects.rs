//! A tool server that counts what it does, call by call, and looks at the moment
//! of each effect whether it may happen.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azimuth_domain::audit::{ActingIdentity, AuditKind, open_id};
use azimuth_domain::event::Outcome;
use azimuth_domain::ids::CallId;
use azimuth_domain::preview::PreviewRule;
use azimuth_domain::tool::EffectClass;
use azimuth_domain::tool_servers::{AddedServer, TenantServer};
use azimuth_domain::turn::{CallState, ToolCall};
use azimuth_ports::tools::{
    Addable, AddedFault, CallOutput, CallRequest, Catalogue, ServerHealth, ServerOffer, ToolError,
    ToolServers,
};
use azimuth_tests::tools::FakeTools;
use serde_json::{Value, json};

use super::clock::Findings;
use crate::crash::flaw::Flaw;
use crate::crash::invariants::is_past_read;
use crate::crash::storage::{OpenAudit, OpenStore};

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// For which call.
    pub call: CallId,
    /// In which attempt.
    pub attempt: u32,
}

/// How the server behaves.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// How long a call takes.
    pub takes: Duration,
    /// What is read of the thing that `thing_create` would make, read after read: its
    /// size, or nothing while there is none. The last answer stays. Without any, no
    /// read tells what it would do.
    pub tells: &'static [Option<&'static str>],
}

/// The server `fake`.
pub struct Effects {
    catalogue: Arc<Catalogue>,
    done: Mutex<Vec<Effect>>,
    told: AtomicUsize,
    manner: Manner,
    store: Arc<dyn OpenStore>,
    audit: Arc<dyn OpenAudit>,
    findings: Arc<Findings>,
    flaw: Option<Flaw>,
}

impl Effects {
    /// A server of this manner, with this flaw.
    pub fn new(
        flaw: Option<Flaw>,
        manner: Manner,
        store: &Arc<dyn OpenStore>,
        audit: &Arc<dyn OpenAudit>,
        findings: &Arc<Findings>,
    ) -> Self {
        Self {
            catalogue: catalogue(manner),
            done: Mutex::default(),
            told: AtomicUsize::new(0),
            manner,
            store: store.clone(),
            audit: audit.clone(),
            findings: findings.clone(),
            flaw,
        }
    }

    /// Everything that was done so far.
    pub fn done(&self) -> Vec<Effect> {
        self.done
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn is_about_a_change(&self, id: &CallId) -> bool {
        let turn = self.store.peek(&id.turn());
        let call = turn.as_ref().and_then(|turn| turn.call(id));
        call.is_some_and(|call| call.purpose.is_some())
    }

    /// What the next read about a change says.
    fn tell(&self) -> Value {
        let read = self.told.fetch_add(1, Ordering::SeqCst);
        let tells = self.manner.tells;
        let size = tells.get(read).or(tells.last()).copied().flatten();
        json!({"thing": size.map(|size| json!({"size": size}))})
    }

    /// Does it, and notes what is wrong with it.
    fn happen(&self, effect: Effect) {
        if let Err(wrong) = self.may_happen(&effect) {
            self.findings
                .note(format!("{} {}: {wrong}", effect.call, effect.attempt));
        }
        self.done
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(effect);
    }

    fn may_happen(&self, effect: &Effect) -> Result<(), String> {
        let open = self.audit.peek(&open_id(&effect.call, effect.attempt));
        let open = open.ok_or("an effect without an open")?;
        if !open.entry.writer.starts_with("executor:") {
            return Err(format!("an effect under the open of {}", open.entry.writer));
        }
        let turn = self.store.peek(&effect.call.turn());
        let turn = turn.ok_or("an effect without a turn")?;
        let Some(call) = turn.call(&effect.call) else {
            // A worker that stalled may read what nobody waits for any more.
            return is_past_read(&turn, &effect.call)
                .then_some(())
                .ok_or_else(|| "an effect without a call".to_owned());
        };
        may_run(call, effect.attempt)?;
        self.was_approved(call)
    }

    /// What is to be approved was, by the turn and by the audit.
    fn was_approved(&self, call: &ToolCall) -> Result<(), String> {
        if call.effect == EffectClass::ReadOnly {
            return Ok(());
        }
        let decided = call.approval.as_ref().and_then(|a| a.decided.as_ref());
        if !decided.is_some_and(|decided| decided.approved) {
            return Err("a change that nobody approved".to_owned());
        }
        let on_record = self.audit.records().iter().any(|record| {
            record.entry.kind == AuditKind::Approval
                && record.entry.call_id.as_ref() == Some(&call.id)
                && record.entry.outcome == Some(Outcome::Ok)
                && record.entry.approval_digest.as_deref() == call.approved_digest()
        });
        on_record
            .then_some(())
            .ok_or_else(|| "an approval that is not on record".to_owned())
    }
}

/// The tools, where `thing_create` has `thing_list` to tell what it would do.
fn catalogue(manner: Manner) -> Arc<Catalogue> {
    let fake = FakeTools::default();
    if !manner.tells.is_empty() {
        let rule: PreviewRule = serde_json::from_value(json!({
            "read": "thing_list",
            "arguments": ["name"],
            "change": "put",
            "resource": "/thing",
            "fields": [{"name": "size", "from": "/thing/size", "default": "small"}],
        }))
        .unwrap();
        fake.change(|tools| {
            for tool in tools.iter_mut().filter(|t| t.tool.name == "thing_create") {
                tool.preview = Some(rule.clone());
            }
        });
    }
    fake.catalogue()
}

/// A worker that stalled may come late: then the call is unknown, or, when it only
/// reads, in a later attempt.
fn may_run(call: &ToolCall, attempt: u32) -> Result<(), String> {
    let fits = match call.state {
        CallState::Started { .. } if call.attempt == attempt => true,
        CallState::Unknown => true,
        CallState::Denied { .. } => false,
        _ => call.effect == EffectClass::ReadOnly && call.attempt >= attempt,
    };
    fits.then_some(()).ok_or_else(|| {
        format!(
            "attempt {attempt} ran while the call was {} in attempt {}",
            call.state.name(),
            call.attempt
        )
    })
}

/// The call and attempt that a request is for.
fn effect_of(request: &CallRequest) -> Option<Effect> {
    let (call, attempt) = request.correlation_id.rsplit_once('_')?;
    Some(Effect {
        call: CallId::parse(call)?,
        attempt: attempt.parse().ok()?,
    })
}

#[async_trait]
impl ToolServers for Effects {
    async fn call(&self, request: CallRequest) -> Result<CallOutput, ToolError> {
        request.begun.mark();
        let mut says = json!({"ok": true});
        match effect_of(&request) {
            Some(effect) => {
                if self.is_about_a_change(&effect.call) {
                    says = self.tell();
                }
                if self.flaw == Some(Flaw::ToolsRunTwice) {
                    self.happen(effect.clone());
                }
                self.happen(effect);
            }
            None => self.findings.note("a call that names no attempt"),
        }
        tokio::time::sleep(self.manner.takes).await;
        if self.flaw == Some(Flaw::ToolsDenyWhatTheyDid) {
            return Err(ToolError::NotStarted("it never began".to_owned()));
        }
        Ok(CallOutput {
            media_type: "application/json".to_owned(),
            bytes: says.to_string().into_bytes(),
            truncated: false,
            is_error: false,
            status: Some(200),
        })
    }

    fn catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.clone()
    }

    async fn look(&self) {}

    fn is_taken(&self, _: &str) -> bool {
        true
    }

    fn addable(&self, _: &str) -> Addable {
        Addable::default()
    }

    fn check_added(&self, _: &AddedServer) -> Result<(), AddedFault> {
        Ok(())
    }

    fn added_offer(&self, _: &TenantServer) -> Option<ServerOffer> {
        None
    }

    async fn look_at(&self, _: &TenantServer) {}

    fn acting_identity(&self, _server: &str) -> ActingIdentity {
        ActingIdentity::User
    }

    async fn health(&self) -> Vec<ServerHealth> {
        Vec::new()
    }
}
