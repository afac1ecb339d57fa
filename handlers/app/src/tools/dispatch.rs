//! The one caller of [`SealedServers::call`](super::SealedServers): open the audit, run,
//! store the result, close the audit, write the turn.

use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::audit::{ActingIdentity, AuditEntry, AuditKind, close_id, open_id};
use azimuth_domain::canonical::sha256_hex;
use azimuth_domain::event::{Outcome, ResultRef};
use azimuth_domain::limits::{CALL_DEADLINE_MS, LEASE_MS, MAX_PREVIEW_BYTES, READ_DEADLINE_MS};
use azimuth_domain::redact::{redact, redact_bytes};
use azimuth_domain::tool::EffectClass;
use azimuth_domain::tool_servers::TenantServer;
use azimuth_domain::turn::{
    Command, FinishCall, ReclaimCall, ReleaseCall, ToolCall, Turn, Verdict,
};
use azimuth_ports::audit::Appended;
use azimuth_ports::store::{StoredResult, Versioned};
use azimuth_ports::tools::{
    Acceptance, Begun, CallOutput, CallRequest, HostsReached, TokenUsed, ToolError,
};

use super::answer::request_id;
use super::pace::Bucket;
use super::record::correlation_id;
use crate::policy::place_of_call;
use crate::turn::{ApplyError, Engine, Lease, Pulse, StopSign, cut_text};

/// How often a result is offered to the store.
const STORE_TRIES: u32 = 4;

/// What everybody but the asker learns of a secret result.
const SHOWN_ONCE: &str =
    "The result is a secret: it is shown once, to the person who asked, and to nobody else.";
const NOT_KEPT: &str = "The result is a secret, and could not be kept for the person who asked.";
const NOT_TOLD: &str =
    "The call broke off. What the tool server said may hold a secret and is not told.";

/// What is said where Azure's own limits are used up.
const AZURES_LIMIT: &str = "Azure takes no more requests of this kind from this person there for now. The call did not run; try again in a few minutes.";

/// How an attempt ended for its executor.
pub(crate) enum AttemptEnd {
    /// The turn has its outcome; with a claim when it goes on here.
    Finished(Box<Versioned<Turn>>, Option<(u32, u32)>),
    /// Somebody else owns the call now.
    Left,
    /// The message must come back.
    HandBack(String),
}

/// An attempt whose audit is closed.
struct Closed {
    effected: Effected,
    result: Option<(ResultRef, String)>,
    outcome: Outcome,
    /// The close is somebody else's.
    adopted: bool,
}

/// What came of the effect.
struct Effected {
    outcome: Outcome,
    output: Option<CallOutput>,
    note: Option<String>,
    /// Whether the note is in the words of the tool server.
    is_quoted: bool,
    duration_ms: i64,
    /// Id of the token that the tool server was given.
    token_uti: Option<String>,
    /// Hosts that the tool server reached.
    hosts: Vec<String>,
}

impl Engine {
    /// Runs the attempt that was just claimed (rules 7 to 9), up to the close with
    /// heartbeats beside it.
    pub(crate) async fn run_attempt(self: &Arc<Self>, turn: &Turn, call: &ToolCall) -> AttemptEnd {
        let lease = Lease::Call {
            call: call.id.clone(),
            attempt: call.attempt,
        };
        let ran = self
            .with_heartbeat(turn, &lease, &Pulse::default(), |stop| {
                self.run_to_close(turn, call, stop)
            })
            .await;
        match ran {
            Ok(closed) => self.finish(turn, call, closed).await,
            Err(end) => end,
        }
    }

    async fn run_to_close(
        &self,
        turn: &Turn,
        call: &ToolCall,
        mut stop: StopSign,
    ) -> Result<Closed, AttemptEnd> {
        let writer = format!("executor:{}", self.random().ulid());
        match self.open(turn, call, &writer, &mut stop).await {
            Ok(true) => {}
            Ok(false) => return Err(AttemptEnd::Left),
            Err(error) => return Err(self.release(turn, call, error).await),
        }
        let mut effected = clean(call, self.effect(turn, call, stop).await);
        if call.secret {
            self.keep_revealed(turn, call, &mut effected).await;
        }
        let result = self.keep_result(turn, call, &effected).await;
        let (outcome, adopted) = self
            .close(turn, call, &writer, &effected)
            .await
            .map_err(AttemptEnd::HandBack)?;
        Ok(Closed {
            effected,
            result,
            outcome,
            adopted,
        })
    }

    /// Rule 7. `Ok(false)`: somebody else has the open.
    async fn open(
        &self,
        turn: &Turn,
        call: &ToolCall,
        writer: &str,
        stop: &mut StopSign,
    ) -> Result<bool, String> {
        let entry = self.audit_entry(AuditKind::Open, turn, call, writer.to_owned());
        let id = open_id(&call.id, call.attempt);
        let appended = self
            .append_patiently(turn, &id, entry, Some(stop))
            .await
            .map_err(|e| e.to_string())?;
        Ok(match appended {
            Appended::Created(_) => true,
            Appended::Exists(record) => record.entry.writer == writer,
        })
    }

    async fn release(&self, turn: &Turn, call: &ToolCall, error: String) -> AttemptEnd {
        tracing::error!(call = %call.id, error, "the audit cannot be opened; the call does not run");
        let command = Command::ReleaseCall(ReleaseCall {
            call: call.id.clone(),
            attempt: call.attempt,
        });
        if let Err(error) = self.apply(&turn.asker.user.tid, &turn.id, command).await {
            tracing::warn!(call = %call.id, %error, "a call could not be released; its lease will end");
        }
        AttemptEnd::HandBack(error)
    }

    /// Rule 8: at most one request. A stop tears off a read, and a change that has
    /// not begun; a change that has is awaited. Opening may have taken a while, so
    /// nothing begins under a sign that is raised already.
    async fn effect(&self, turn: &Turn, call: &ToolCall, mut stop: StopSign) -> Effected {
        if stop.is_raised() {
            return judge(call.effect, None, 0);
        }
        let arguments = match self.open_arguments(turn, call).await {
            Ok(arguments) => arguments,
            Err(error) => {
                let never = ToolError::NotStarted(error.to_string());
                return judge(call.effect, Some(Err(never)), 0);
            }
        };
        let (accepted, added) = match self.accepted_as(turn, call).await {
            Ok(found) => found,
            Err(why) => {
                let never = ToolError::NotStarted(why);
                return judge(call.effect, Some(Err(never)), 0);
            }
        };
        let bucket = self.bucket(turn, call);
        match self.wait_for_azure(bucket.as_ref(), call, &mut stop).await {
            Ok(true) => {}
            Ok(false) => return judge(call.effect, None, 0),
            Err(why) => {
                let never = ToolError::NotStarted(why);
                return judge(call.effect, Some(Err(never)), 0);
            }
        }
        let since = self.now();
        let begun = Begun::default();
        let token = TokenUsed::default();
        let hosts = HostsReached::default();
        let deadline_ms = if call.purpose.is_some() {
            READ_DEADLINE_MS
        } else {
            CALL_DEADLINE_MS
        };
        let request = CallRequest {
            user: turn.asker.user.clone(),
            tool: call.tool.clone(),
            accepted,
            added,
            arguments,
            deadline: Duration::from_millis(deadline_ms.unsigned_abs()),
            consent: true,
            correlation_id: correlation_id(call),
            begun: begun.clone(),
            token: token.clone(),
            hosts: hosts.clone(),
        };
        let running = self.tool_servers().call(request);
        tokio::pin!(running);
        let answer = tokio::select! {
            biased;
            answer = &mut running => Some(answer),
            () = stop.raised() => {
                if call.effect == EffectClass::ReadOnly || !begun.is_set() {
                    None
                } else {
                    Some(running.await)
                }
            }
        };
        let now = self.now();
        if let (Some(bucket), Some(Ok(output))) = (&bucket, &answer) {
            self.pace()
                .refused(bucket, now, output.status, &output.bytes);
        }
        let duration_ms = now.since(since).max(0);
        Effected {
            token_uti: token.id(),
            hosts: hosts.list(),
            ..judge(call.effect, answer, duration_ms)
        }
    }

    /// What Azure counts the call's requests in; `None` where the tool does not act as the
    /// asker there, or nothing is counted.
    fn bucket(&self, turn: &Turn, call: &ToolCall) -> Option<Bucket> {
        if !self.quotas().is_on() || self.acting_identity(&call.tool.server) != ActingIdentity::User
        {
            return None;
        }
        let catalogue = self.catalogues().last(&turn.asker.user.tid);
        let place = catalogue
            .get(&call.tool)
            .and_then(|spec| place_of_call(spec, &call.arguments));
        Some(Bucket {
            user: turn.asker.user.clone(),
            subscription: place.map(|place| place.subscription),
            kind: call.effect,
        })
    }

    /// Waits until Azure takes the call; `Ok(false)` when it was stopped meanwhile. The
    /// error is for people.
    async fn wait_for_azure(
        &self,
        bucket: Option<&Bucket>,
        call: &ToolCall,
        stop: &mut StopSign,
    ) -> Result<bool, String> {
        let Some(bucket) = bucket else {
            return Ok(true);
        };
        let wait = self.pace().take(bucket, self.now()).map_err(|wait_ms| {
            tracing::warn!(call = %call.id, wait_ms, "the call does not run for Azure's limits");
            AZURES_LIMIT.to_owned()
        })?;
        if wait == 0 {
            return Ok(true);
        }
        tracing::info!(call = %call.id, wait_ms = wait, "the call waits for Azure's limits");
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(wait.unsigned_abs())) => Ok(true),
            () = stop.raised() => Ok(false),
        }
    }

    /// As what the tool of a call was accepted, if at all, and its server, if the tenant
    /// added it; the error is for people.
    async fn accepted_as(
        &self,
        turn: &Turn,
        call: &ToolCall,
    ) -> Result<(Option<Acceptance>, Option<Arc<TenantServer>>), String> {
        let tenant = &turn.asker.user.tid;
        let added = self.catalogues().added_server(tenant, &call.tool.server);
        let added = added.await.map_err(|error| error.to_string())?;
        let accepted = self.catalogues().accepted(tenant, &call.tool).await;
        match accepted.map_err(|error| error.to_string())? {
            // It was decided about another.
            Some(accepted) if accepted.hash != call.tool_hash => Err(format!(
                "The tool {} is no longer the one that was decided about.",
                call.tool
            )),
            accepted => Ok((accepted, added)),
        }
    }

    /// Stores the result before the close (rule 8).
    async fn keep_result(
        &self,
        turn: &Turn,
        call: &ToolCall,
        effected: &Effected,
    ) -> Option<(ResultRef, String)> {
        // What a secret call said lies elsewhere.
        let output = effected.output.as_ref().filter(|_| !call.secret)?;
        let stored = StoredResult {
            call: call.id.clone(),
            attempt: call.attempt,
            media_type: output.media_type.clone(),
            bytes: output.bytes.clone(),
            truncated: output.truncated,
            is_error: output.is_error,
        };
        let reference = result_ref(&stored);
        let preview = cut_text(&String::from_utf8_lossy(&stored.bytes), MAX_PREVIEW_BYTES).0;
        for attempt in 1..=STORE_TRIES {
            match self
                .store()
                .put_result(&turn.asker.user.tid, stored.clone())
                .await
            {
                Ok(()) => {
                    self.remember_result(&turn.asker.user.tid, &stored, &reference);
                    return Some((reference, preview));
                }
                Err(error) => {
                    tracing::warn!(call = %call.id, %error, attempt, "a result could not be stored");
                    tokio::time::sleep(Duration::from_millis(200) * attempt).await;
                }
            }
        }
        None
    }

    /// What a secret call said is sealed, for its asker and once, and nowhere else.
    async fn keep_revealed(&self, turn: &Turn, call: &ToolCall, effected: &mut Effected) {
        let Some(output) = &effected.output else {
            return;
        };
        let user = &turn.asker.user;
        let mut said = NOT_KEPT;
        for attempt in 1..=STORE_TRIES {
            match self.secrets().keep_revealed(user, &call.id, output).await {
                Ok(()) => {
                    said = SHOWN_ONCE;
                    break;
                }
                Err(error) => {
                    tracing::warn!(call = %call.id, %error, attempt, "a secret result could not be sealed");
                    tokio::time::sleep(Duration::from_millis(200) * attempt).await;
                }
            }
        }
        effected.note = Some(match effected.note.take() {
            Some(note) => format!("{note} {said}"),
            None => said.to_owned(),
        });
    }

    /// Rule 9: the close decides. Returns what it says.
    async fn close(
        &self,
        turn: &Turn,
        call: &ToolCall,
        writer: &str,
        effected: &Effected,
    ) -> Result<(Outcome, bool), String> {
        let entry = AuditEntry {
            token_uti: effected.token_uti.clone(),
            hosts: effected.hosts.clone(),
            azure_request_id: effected
                .output
                .as_ref()
                .filter(|_| !call.secret)
                .and_then(|output| request_id(&output.bytes)),
            outcome: Some(effected.outcome),
            duration_ms: Some(effected.duration_ms),
            result_sha256: effected
                .output
                .as_ref()
                .filter(|_| !call.secret)
                .map(|o| sha256_hex(&o.bytes)),
            detail: effected.note.clone(),
            ..self.audit_entry(AuditKind::Close, turn, call, writer.to_owned())
        };
        let id = close_id(&call.id, call.attempt);
        // However the turn stands meanwhile: what happened is to be told.
        let appended = self
            .append_patiently(turn, &id, entry, None)
            .await
            .map_err(|e| format!("the audit cannot be closed: {e}"))?;
        let (record, adopted) = match appended {
            Appended::Created(record) => (record, false),
            Appended::Exists(record) => {
                let mine = record.entry.writer == writer;
                (record, !mine)
            }
        };
        Ok((record.entry.outcome.unwrap_or(Outcome::Unknown), adopted))
    }

    async fn finish(self: &Arc<Self>, turn: &Turn, call: &ToolCall, closed: Closed) -> AttemptEnd {
        let Closed {
            effected,
            result,
            outcome,
            adopted,
        } = closed;
        if adopted && call.effect == EffectClass::ReadOnly && outcome != Outcome::Ok {
            return AttemptEnd::Left;
        }
        let command = match outcome {
            Outcome::Ok | Outcome::Error | Outcome::Unknown => {
                let (reference, preview) = result.unzip();
                let own = (!adopted).then_some(effected.output.as_ref());
                let reading = match own.and_then(|output| self.reading(turn, call, output)) {
                    Some(_) if self.is_refused_by_now(turn, call).await => None,
                    reading => reading,
                };
                Command::FinishCall(FinishCall {
                    call: call.id.clone(),
                    attempt: call.attempt,
                    outcome,
                    result: reference,
                    preview: preview.filter(|_| call.purpose.is_none()),
                    note: effected.note,
                    reading,
                    duration_ms: Some(effected.duration_ms),
                    claim_lease_ms: Some(LEASE_MS),
                })
            }
            Outcome::Denied | Outcome::Cancelled | Outcome::NotRun => {
                Command::ReclaimCall(ReclaimCall {
                    call: call.id.clone(),
                    attempt: call.attempt,
                    verdict: Verdict::NeverRan,
                    poison: false,
                    result: None,
                })
            }
        };
        let lane = self.finishing().enter(&turn.id).await;
        let written = self.apply(&turn.asker.user.tid, &turn.id, command).await;
        drop(lane);
        match written {
            Ok(applied) => {
                let claim = self.perform(&applied.turn.item, &applied.effects).await;
                AttemptEnd::Finished(Box::new(applied.turn), claim)
            }
            Err(ApplyError::Refused(_) | ApplyError::NotFound) => AttemptEnd::Left,
            Err(ApplyError::Unavailable(error)) => AttemptEnd::HandBack(error),
        }
    }
}

/// What came of a call, without secrets, before any of it is kept or shown. Of a call
/// that is secret itself only the answer is left as it is, which is sealed.
fn clean(call: &ToolCall, effected: Effected) -> Effected {
    let note = match effected.note {
        // It may repeat what the tool was given.
        Some(_) if call.secret && effected.is_quoted => Some(NOT_TOLD.to_owned()),
        note => note.map(|note| redact(&note).into_owned()),
    };
    let output = match effected.output {
        Some(output) if !call.secret => Some(CallOutput {
            bytes: redact_bytes(output.bytes),
            ..output
        }),
        output => output,
    };
    Effected {
        output,
        note,
        ..effected
    }
}

/// What an answer means. A read that broke off is an error: nothing can have
/// changed. A change that broke off, or whose answer leaves open whether it
/// happened, is unknown, never an error.
fn judge(
    effect: EffectClass,
    answer: Option<Result<CallOutput, ToolError>>,
    duration_ms: i64,
) -> Effected {
    let read_only = effect == EffectClass::ReadOnly;
    let is_quoted = matches!(answer, Some(Err(ToolError::Unclear(_))));
    let (outcome, output, note) = match answer {
        None => (
            Outcome::Error,
            None,
            Some("The call was stopped because the turn was cancelled.".to_owned()),
        ),
        Some(Err(ToolError::NotStarted(text))) => (Outcome::Error, None, Some(text)),
        Some(Err(ToolError::Unclear(text))) if read_only => (Outcome::Error, None, Some(text)),
        Some(Err(ToolError::Unclear(text))) => (Outcome::Unknown, None, Some(text)),
        Some(Ok(output)) => {
            // Only a refusal by the client's fault says that nothing happened; a
            // connection that broke has status 0, an escaped exception none.
            let unclear = !matches!(output.status, Some(400..=407 | 409..=499));
            let (outcome, note) = match output.is_error {
                false => (Outcome::Ok, None),
                true if unclear && !read_only => (
                    Outcome::Unknown,
                    Some(
                        "Azure's answer leaves open whether the change happened. It may still happen."
                            .to_owned(),
                    ),
                ),
                true => (Outcome::Error, None),
            };
            (outcome, Some(output), note)
        }
    };
    Effected {
        outcome,
        output,
        note,
        is_quoted,
        duration_ms,
        token_uti: None,
        hosts: Vec::new(),
    }
}

/// The reference that a turn keeps of a stored result.
pub(crate) fn result_ref(stored: &StoredResult) -> ResultRef {
    ResultRef {
        sha256: sha256_hex(&stored.bytes),
        size_bytes: stored.bytes.len() as u64,
        truncated: stored.truncated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(is_error: bool, status: u16) -> CallOutput {
        CallOutput {
            media_type: "application/json".to_owned(),
            bytes: b"{}".to_vec(),
            truncated: false,
            is_error,
            status: Some(status),
        }
    }

    #[test]
    fn an_unclear_answer_is_unknown_for_changes_and_an_error_for_reads() {
        use EffectClass::{Destructive, Mutating, ReadOnly};
        let unclear = || Err(ToolError::Unclear("cut".to_owned()));
        let never = || Err(ToolError::NotStarted("no such file".to_owned()));
        let table = [
            (ReadOnly, Some(Ok(output(false, 200))), Outcome::Ok),
            (Destructive, Some(Ok(output(false, 200))), Outcome::Ok),
            (Mutating, Some(Ok(output(true, 400))), Outcome::Error),
            (Mutating, Some(Ok(output(true, 409))), Outcome::Error),
            (Mutating, Some(Ok(output(true, 500))), Outcome::Unknown),
            (Mutating, Some(Ok(output(true, 504))), Outcome::Unknown),
            (Destructive, Some(Ok(output(true, 408))), Outcome::Unknown),
            (Mutating, Some(Ok(output(true, 0))), Outcome::Unknown),
            (Mutating, Some(Ok(output(true, 200))), Outcome::Unknown),
            (Mutating, Some(Ok(output(true, 499))), Outcome::Error),
            (ReadOnly, Some(Ok(output(true, 503))), Outcome::Error),
            (ReadOnly, Some(unclear()), Outcome::Error),
            (Mutating, Some(unclear()), Outcome::Unknown),
            (Destructive, Some(unclear()), Outcome::Unknown),
            (Destructive, Some(never()), Outcome::Error),
            (ReadOnly, None, Outcome::Error),
        ];
        for (effect, answer, expected) in table {
            assert_eq!(judge(effect, answer, 1).outcome, expected, "{effect:?}");
        }
    }
}
