//! Rules 3a and 5, and what is read when nobody knows how a call ended: our own
//! reads about a call. They are calls like others (rules 6 to 10 and 13), but no
//! model asked for them, nobody has to approve them, and none is tried again for
//! which nobody waits.

use super::claim_call::begin_attempt;
use super::{
    Approval, CallState, Draft, Effect, NotRunReason, Purpose, ReadKind, Refusal, ToolCall,
    TurnStatus,
};
use crate::event::EventBody;
use crate::ids::CallId;
use crate::limits::{
    APPROVAL_DEADLINE_MS, LEASE_MS, MAX_ATTEMPTS, MAX_DRIFTS, PREVIEW_DEADLINE_MS,
};
use crate::policy::{ApprovalBy, DenyReason};
use crate::preview::{Checked, Finding, PreviewState, Reading};
use crate::tool::EffectClass;
use crate::turn::digest::approval_digest;

/// Begins the repeat of a preview after the approval: started by who writes this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatPreview {
    /// The approved call.
    pub call: CallId,
    /// How long the repeat is respected.
    pub lease_ms: i64,
}

impl RepeatPreview {
    pub(super) fn apply(self, draft: &mut Draft) -> Result<(), Refusal> {
        if draft.turn.status != TurnStatus::Running {
            return Err(Refusal::Ended);
        }
        let call = draft.turn.call(&self.call).ok_or(Refusal::NoSuchCall)?;
        if !matches!(call.state, CallState::Queued { .. }) || !call.must_repeat_preview() {
            return Err(Refusal::WrongState);
        }
        if draft.turn.repeat_of(&self.call).is_some() {
            return Err(Refusal::LeaseHeld);
        }
        let started = CallState::Started {
            lease_until: draft.now.plus_ms(self.lease_ms),
            since: draft.now,
        };
        let read = draft.add_read(&self.call, ReadKind::Repeat, started)?;
        draft.call_mut(&read)?.attempt = 1;
        Ok(())
    }
}

impl ToolCall {
    /// Whether the preview is read once more between approval and claim.
    pub fn must_repeat_preview(&self) -> bool {
        self.plan.is_some() && self.approval.is_some()
    }
}

impl Draft {
    /// Rule 3a: asks a person, after a look at what the call would do where a read
    /// tells.
    pub(super) fn ask_person(&mut self, id: &CallId, by: ApprovalBy) -> Result<(), Refusal> {
        if self.call_mut(id)?.plan.is_none() {
            return self.ask_showing(id, by, PreviewState::None);
        }
        let queued = CallState::Queued { digest: None };
        let preview_call = self.add_read(id, ReadKind::Preview, queued)?;
        let deadline = self.now.plus_ms(PREVIEW_DEADLINE_MS);
        self.call_mut(id)?.state = CallState::Previewing {
            preview_call: preview_call.clone(),
            deadline,
            by,
        };
        self.effect(Effect::Enqueue(preview_call));
        Ok(())
    }

    /// Asks a person, showing this.
    pub(super) fn ask_showing(
        &mut self,
        id: &CallId,
        by: ApprovalBy,
        preview: PreviewState,
    ) -> Result<(), Refusal> {
        let now = self.now;
        let expires_at = now.plus_ms(APPROVAL_DEADLINE_MS);
        let call = self.turn.call(id).ok_or(Refusal::NoSuchCall)?;
        let digest = approval_digest(&self.turn, call, preview.hash().as_deref());
        let event = EventBody::ApprovalRequired {
            approval_id: id.approval(),
            call_id: id.clone(),
            digest: digest.clone(),
            by,
            expires_at,
            preview: preview.shown().cloned(),
            preview_state: preview.name().to_owned(),
        };
        let call = self.call_mut(id)?;
        let drifts = call.approval.as_ref().map_or(0, |asked| asked.drifts);
        call.state = CallState::AwaitingApproval {
            deadline: expires_at,
        };
        call.approval = Some(Approval {
            by,
            digest,
            requested_at: now,
            expires_at,
            decided: None,
            preview,
            drifts,
            lost_repeats: 0,
        });
        self.event(event);
        Ok(())
    }

    /// Nobody knows how the call ended: somebody looks, as the asker.
    pub(super) fn check_outcome(&mut self, id: &CallId) -> Result<(), Refusal> {
        if self.turn.status == TurnStatus::Running && self.call_mut(id)?.plan.is_some() {
            let queued = CallState::Queued { digest: None };
            let read = self.add_read(id, ReadKind::Check, queued)?;
            self.effect(Effect::Enqueue(read));
        }
        Ok(())
    }

    /// Ends what nobody waits for any more: the queued preview of a call that goes on
    /// without.
    pub(super) fn drop_queued_preview(&mut self, id: &CallId) -> Result<(), Refusal> {
        if matches!(self.call_mut(id)?.state, CallState::Queued { .. }) {
            self.call_mut(id)?.state = CallState::Cancelled;
        }
        Ok(())
    }

    /// A read has ended; `reading` is what its own executor made of it.
    pub(super) fn read_ended(
        &mut self,
        purpose: &Purpose,
        read: &CallId,
        reading: Option<Reading>,
    ) -> Result<(), Refusal> {
        if self.turn.status != TurnStatus::Running {
            return Ok(());
        }
        let about = self.call_mut(&purpose.of)?;
        match (purpose.kind, &about.state) {
            (
                ReadKind::Preview,
                CallState::Previewing {
                    preview_call, by, ..
                },
            ) if preview_call == read => {
                let by = *by;
                let shown = reading.unwrap_or(Reading::Nothing).state();
                self.ask_showing(&purpose.of, by, shown)
            }
            (ReadKind::Repeat, CallState::Queued { .. }) => self.repeated(&purpose.of, reading),
            (ReadKind::Check, CallState::Unknown) => {
                let finding = match reading {
                    Some(Reading::Seen(seen)) => seen.finding(),
                    Some(Reading::Nothing) | None => Finding::Unclear,
                };
                self.checked(&purpose.of, finding)
            }
            _ => Ok(()),
        }
    }

    /// Rule 5: the write that ends the repeat decides.
    fn repeated(&mut self, id: &CallId, reading: Option<Reading>) -> Result<(), Refusal> {
        let approval = self
            .call_mut(id)?
            .approval
            .as_mut()
            .ok_or(Refusal::WrongState)?;
        match reading {
            Some(now) if now.hash() == approval.preview.hash() => {
                approval.lost_repeats = 0;
                begin_attempt(self, id, LEASE_MS)
            }
            Some(now) => self.drifted(id, now),
            // Ended by another than its own executor: no ground for a claim.
            None => {
                approval.lost_repeats += 1;
                if approval.lost_repeats >= MAX_ATTEMPTS {
                    return self.end_call(
                        id,
                        CallState::NotRun {
                            reason: NotRunReason::Attempts,
                        },
                        Some("Every attempt was lost before the call began.".to_owned()),
                    );
                }
                self.effect(Effect::Enqueue(id.clone()));
                Ok(())
            }
        }
    }

    /// What the call would do is no longer what was approved. People are asked anew, and
    /// shown what was just read; where nothing was, it is read once more.
    fn drifted(&mut self, id: &CallId, now: Reading) -> Result<(), Refusal> {
        let approval = self
            .call_mut(id)?
            .approval
            .as_mut()
            .ok_or(Refusal::WrongState)?;
        approval.drifts += 1;
        let (by, drifts) = (approval.by, approval.drifts);
        let reason = DenyReason::Drift;
        if drifts > MAX_DRIFTS {
            self.end_call(
                id,
                CallState::Denied { reason },
                Some(reason.sentence().to_owned()),
            )?;
            self.effect(Effect::RecordDenied(id.clone()));
            return Ok(());
        }
        approval.decided = None;
        self.event(EventBody::ApprovalDecided {
            approval_id: id.approval(),
            call_id: id.clone(),
            decision: "superseded".to_owned(),
            reason: Some(reason.sentence().to_owned()),
        });
        match now {
            Reading::Seen(_) => self.ask_showing(id, by, now.state()),
            Reading::Nothing => self.ask_person(id, by),
        }
    }

    fn checked(&mut self, id: &CallId, finding: Finding) -> Result<(), Refusal> {
        let at = self.now;
        self.call_mut(id)?.checked = Some(Checked { finding, at });
        self.event(EventBody::ToolCallChecked {
            call_id: id.clone(),
            finding,
        });
        Ok(())
    }

    /// Whether anybody waits for what this call reads: always, but for reads of ours
    /// that came too late, and for a repeat, which only its own executor can use.
    pub(super) fn is_awaited(&self, id: &CallId) -> bool {
        let Some(purpose) = self.turn.call(id).and_then(|c| c.purpose.as_ref()) else {
            return true;
        };
        match purpose.kind {
            ReadKind::Preview => self.turn.call(&purpose.of).is_some_and(|about| {
                matches!(&about.state, CallState::Previewing { preview_call, .. } if preview_call == id)
            }),
            ReadKind::Repeat => false,
            ReadKind::Check => true,
        }
    }

    /// Adds a read about a call, and drops that call's earlier ones that have ended:
    /// the audit has them.
    fn add_read(
        &mut self,
        about: &CallId,
        kind: ReadKind,
        state: CallState,
    ) -> Result<CallId, Refusal> {
        let call = self.call_mut(about)?;
        let plan = call.plan.clone().ok_or(Refusal::WrongState)?;
        let id = about.preview(call.reads);
        call.reads += 1;
        let step = self
            .turn
            .steps
            .iter_mut()
            .find(|s| s.calls.iter().any(|c| c.id == *about))
            .ok_or(Refusal::NoSuchCall)?;
        step.previews.retain(|read| {
            !read.state.is_terminal() || read.purpose.as_ref().is_some_and(|p| p.of != *about)
        });
        step.previews.push(ToolCall {
            id: id.clone(),
            model_call_id: String::new(),
            tool: plan.tool,
            arguments: plan.arguments,
            effect: EffectClass::ReadOnly,
            secret: false,
            target: plan.target,
            tool_hash: plan.tool_hash,
            tainted: false,
            attempt: 0,
            approval: None,
            state,
            result: None,
            preview: None,
            note: None,
            duration_ms: None,
            plan: None,
            reads: 0,
            checked: None,
            purpose: Some(Purpose {
                of: about.clone(),
                kind,
            }),
            remember: None,
            standing: None,
        });
        Ok(id)
    }
}
