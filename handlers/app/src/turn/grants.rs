//! Approvals for the rest of a conversation: given with the decision about one call,
//! taken back by the owner. They lie in the conversation's header, which a turn that has
//! none of them does not read once more.
//!
//! **Invariant:** decision and grant are one write, so that neither is there without the
//! other; and both are on record before.

use azimuth_domain::approval_grant::{self, ApprovalGrant, GrantId, Wanted};
use azimuth_domain::audit::{AuditEntry, AuditKind, conversation_chain};
use azimuth_domain::conversation::Conversation;
use azimuth_domain::event::Outcome;
use azimuth_domain::ids::{ConversationId, ConversationKey, TurnId};
use azimuth_domain::principal::UserKey;
use azimuth_domain::redact::redact;
use azimuth_domain::turn::{Command, ToolCall, Turn};
use azimuth_ports::audit::AuditError;
use azimuth_ports::store::{Batch, Precondition, StoreError, Write};

use super::commit::Applied;
use super::{DecideError, Engine};

/// Why no approval was taken back.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// No such conversation, or no such approval that still counts.
    #[error("it does not exist")]
    NotFound,
    /// It cannot be recorded now, so it is not done; try again.
    #[error(transparent)]
    Unrecorded(#[from] AuditError),
    /// The store does not answer; try again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// The grant that a yes to the call makes now, if the conversation has room for it.
    pub(super) async fn new_grant(
        &self,
        turn: &Turn,
        call: &ToolCall,
    ) -> Result<ApprovalGrant, DecideError> {
        let scope = call.remember.as_ref().ok_or(DecideError::NotToRemember)?;
        let wanted = Wanted::of(&turn.asker.user, call, scope);
        let id = GrantId::parse(&self.ports.random.ulid());
        let id = id.ok_or_else(|| DecideError::Unavailable("no id".to_owned()))?;
        let now = self.ports.clock.now();
        let grant = ApprovalGrant::of(id, &wanted, now);
        let found = self.ports.store.conversation(&turn.key()).await;
        let found = found.map_err(|error| DecideError::Unavailable(error.to_string()))?;
        let found = found.ok_or(DecideError::NotFound)?;
        approval_grant::add(&mut found.item.grants.clone(), grant.clone(), now)?;
        Ok(grant)
    }

    /// The decision and the grant that it makes, in one write.
    pub(super) async fn decide_and_grant(
        &self,
        tenant: &str,
        turn: &TurnId,
        decision: Command,
        grant: ApprovalGrant,
    ) -> Result<Applied, DecideError> {
        let add = |mut header: Conversation| {
            if header.deleted_at.is_some() {
                return Err(DecideError::Cancelled);
            }
            let now = self.ports.clock.now();
            approval_grant::add(&mut header.grants, grant.clone(), now)?;
            Ok(header)
        };
        self.apply_with_header(tenant, turn, &decision, &add).await
    }

    /// On record before it is written.
    pub(super) async fn record_grant(
        &self,
        turn: &Turn,
        call: &ToolCall,
        grant: &ApprovalGrant,
    ) -> Result<(), DecideError> {
        let covers = if grant.scope.same_call {
            "the same call again"
        } else {
            "calls of this tool at this place"
        };
        let writer = format!("decider:{}", grant.id.as_str());
        let entry = AuditEntry {
            approval_grant: Some(grant.id.as_str().to_owned()),
            decided_by: Some(format!("{}:{}", grant.by.tid, grant.by.oid)),
            outcome: Some(Outcome::Ok),
            detail: Some(format!(
                "Given for this conversation until {}, for {covers}.",
                grant.expires_at
            )),
            ..self.audit_entry(AuditKind::Approval, turn, call, writer)
        };
        let register = format!("grant:{}:given", grant.id.as_str());
        self.append_about_grant(&turn.id.conversation(), &turn.asker.user, &register, entry)
            .await
            .map_err(|error| DecideError::Unavailable(error.to_string()))
    }

    /// Takes an approval of the owner's conversation back: no call runs by it that has not
    /// begun.
    pub async fn revoke_grant(
        &self,
        owner: &UserKey,
        conversation: &ConversationId,
        id: &GrantId,
    ) -> Result<(), RevokeError> {
        let key = ConversationKey::of(&owner.tid, conversation);
        let mut is_recorded = false;
        loop {
            let found = self.ports.store.conversation(&key).await?;
            let found = found.ok_or(RevokeError::NotFound)?;
            let mut header = found.item;
            let now = self.ports.clock.now();
            let at = header
                .grants
                .iter()
                .position(|one| one.id == *id && one.is_alive(now));
            if header.user != *owner || header.deleted_at.is_some() {
                return Err(RevokeError::NotFound);
            }
            let Some(at) = at else {
                // Another request was faster: it is gone, as was asked.
                return if is_recorded {
                    Ok(())
                } else {
                    Err(RevokeError::NotFound)
                };
            };
            let grant = header.grants.remove(at);
            if !is_recorded {
                self.record_revocation(owner, conversation, &grant).await?;
                is_recorded = true;
            }
            let batch = Batch {
                conversation: Some(Write {
                    item: header,
                    when: Precondition::Matches(found.etag),
                }),
                ..Batch::default()
            };
            match self.ports.store.commit(&key, batch).await {
                Ok(_) => return Ok(()),
                Err(StoreError::ConversationChanged) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn record_revocation(
        &self,
        owner: &UserKey,
        conversation: &ConversationId,
        grant: &ApprovalGrant,
    ) -> Result<(), AuditError> {
        let writer = self.ports.random.ulid();
        let register = format!("grant:{}:revoked:{writer}", grant.id.as_str());
        let entry = AuditEntry {
            tool: Some(grant.tool.to_string()),
            tool_hash: Some(grant.tool_hash.clone()),
            target: grant.target.as_deref().map(|t| redact(t).into_owned()),
            approval_grant: Some(grant.id.as_str().to_owned()),
            decided_by: Some(format!("{}:{}", owner.tid, owner.oid)),
            outcome: Some(Outcome::Cancelled),
            detail: Some("The approval for this conversation is taken back.".to_owned()),
            ..AuditEntry::of_user(AuditKind::Approval, writer, owner)
        };
        self.append_about_grant(conversation, owner, &register, entry)
            .await
    }

    async fn append_about_grant(
        &self,
        conversation: &ConversationId,
        owner: &UserKey,
        register: &str,
        entry: AuditEntry,
    ) -> Result<(), AuditError> {
        let chain = conversation_chain(conversation);
        let now = self.ports.clock.now();
        self.ports
            .audit
            .append(&owner.tid, &chain, register, now, entry)
            .await
            .map(drop)
    }
}
