//! Attempts that are refused at the door, before there is a call to refuse. No record,
//! no answer: who asks again is recorded then.

use azimuth_domain::audit::{AuditEntry, AuditKind, admin_chain};
use azimuth_domain::event::Outcome;
use azimuth_domain::principal::UserKey;
use azimuth_domain::tool::ToolRef;
use azimuth_domain::turn::{ToolCall, Turn};

use azimuth_ports::audit::AuditError;

use super::Engine;

impl Engine {
    /// Records that `user` tried to call a tool that they may not use.
    pub(super) async fn record_refused_tool(
        &self,
        user: &UserKey,
        tool: &ToolRef,
    ) -> Result<(), AuditError> {
        let entry = AuditEntry {
            tool: Some(tool.to_string()),
            detail: Some("This person may not use the tool.".to_owned()),
            ..self.refused_entry(user).await
        };
        self.record_refused(user, entry).await
    }

    /// Records that `user` tried to decide about a call that is not theirs to
    /// decide.
    pub(super) async fn record_refused_decision(
        &self,
        user: &UserKey,
        turn: &Turn,
        call: &ToolCall,
        why: &str,
    ) -> Result<(), AuditError> {
        let entry = AuditEntry {
            turn_id: Some(turn.id.clone()),
            call_id: Some(call.id.clone()),
            tool: Some(call.tool.to_string()),
            detail: Some(format!("A decision was refused: {why}")),
            ..self.refused_entry(user).await
        };
        self.record_refused(user, entry).await
    }

    /// Records that `user` asked the API for what is not theirs, or not permitted to
    /// them. `target` is the id that they named.
    pub(crate) async fn record_refused_request(
        &self,
        user: &UserKey,
        target: Option<String>,
        request_id: Option<String>,
        detail: String,
    ) -> Result<(), AuditError> {
        let entry = AuditEntry {
            target,
            correlation_id: request_id,
            detail: Some(detail),
            ..self.refused_entry(user).await
        };
        self.record_refused(user, entry).await
    }

    async fn refused_entry(&self, user: &UserKey) -> AuditEntry {
        let writer = format!("api:{}", self.ports.random.ulid());
        AuditEntry {
            policy_version: self.policies().version(&user.tid).await,
            outcome: Some(Outcome::Denied),
            ..AuditEntry::of_user(AuditKind::Denied, writer, user)
        }
    }

    async fn record_refused(&self, user: &UserKey, entry: AuditEntry) -> Result<(), AuditError> {
        let now = self.ports.clock.now();
        let register = format!("denied:{}", self.ports.random.ulid());
        self.ports
            .audit
            .append(
                &user.tid,
                &admin_chain("access", now),
                &register,
                now,
                entry,
            )
            .await
            .map(drop)
    }
}
