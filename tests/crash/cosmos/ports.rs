//! Each call, handed over and waited for.

use async_trait::async_trait;
use azimuth_domain::audit::{AuditEntry, AuditRecord};
use azimuth_domain::budget::Budget;
use azimuth_domain::conversation::{Conversation, Message};
use azimuth_domain::event::TurnEvent;
use azimuth_domain::ids::{CallId, ConversationKey, MessageId, OwnerKey, TurnId};
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::Turn;
use azimuth_domain::usage::{Day, UsageDay};
use azimuth_ports::audit::{Appended, AuditError, AuditLog, AuditQuery};
use azimuth_ports::secrets::SecretStore;
use azimuth_ports::store::{
    ApprovalFilter, Batch, Committed, ConversationQuery, ConversationStore, Etag, Page, StoreError,
    StoredResult, Versioned,
};
use azimuth_ports::tokens::{SealedToken, TokenStore};
use azimuth_ports::usage::UsageStore;
use azimuth_ports::users::{UserQuery, UserRecord, UserStore};

use super::Bridge;

type Done<T> = Result<T, StoreError>;

#[async_trait]
impl ConversationStore for Bridge {
    async fn commit(&self, key: &ConversationKey, batch: Batch) -> Done<Committed> {
        self.note_conversation(key);
        let turn = batch.turn.as_ref().map(|write| write.item.clone());
        let account = self.account();
        let committed = account.wait(account.store.commit(key, batch))?;
        if let Some(turn) = turn {
            self.note_turn(&key.tenant, turn);
        }
        self.tell();
        Ok(committed)
    }

    async fn conversation(&self, key: &ConversationKey) -> Done<Option<Versioned<Conversation>>> {
        let account = self.account();
        account.wait(account.store.conversation(key))
    }

    async fn conversations(
        &self,
        tenant: &str,
        owner: &OwnerKey,
        query: &ConversationQuery,
    ) -> Done<Page<Conversation>> {
        let account = self.account();
        account.wait(account.store.conversations(tenant, owner, query))
    }

    async fn purge(&self, key: &ConversationKey) -> Done<()> {
        let account = self.account();
        let purged = account.wait(account.store.purge(key));
        self.read_what_is_left(key);
        purged
    }

    async fn turn(&self, tenant: &str, id: &TurnId) -> Done<Option<Versioned<Turn>>> {
        let account = self.account();
        account.wait(account.store.turn(tenant, id))
    }

    async fn turns(&self, key: &ConversationKey, limit: usize) -> Done<Vec<Turn>> {
        let account = self.account();
        account.wait(account.store.turns(key, limit))
    }

    async fn messages(
        &self,
        key: &ConversationKey,
        limit: usize,
        cursor: Option<&str>,
    ) -> Done<Page<Message>> {
        let account = self.account();
        account.wait(account.store.messages(key, limit, cursor))
    }

    async fn message(&self, tenant: &str, id: &MessageId) -> Done<Option<Message>> {
        let account = self.account();
        account.wait(account.store.message(tenant, id))
    }

    async fn append_event(&self, tenant: &str, event: &TurnEvent) -> Done<()> {
        let account = self.account();
        account.wait(account.store.append_event(tenant, event))
    }

    async fn events(
        &self,
        tenant: &str,
        turn: &TurnId,
        after: u64,
        limit: usize,
    ) -> Done<Vec<TurnEvent>> {
        let account = self.account();
        account.wait(account.store.events(tenant, turn, after, limit))
    }

    async fn last_event_seq(&self, tenant: &str, turn: &TurnId) -> Done<u64> {
        let account = self.account();
        account.wait(account.store.last_event_seq(tenant, turn))
    }

    async fn put_result(&self, tenant: &str, result: StoredResult) -> Done<()> {
        let account = self.account();
        account.wait(account.store.put_result(tenant, result))
    }

    async fn result(&self, tenant: &str, call: &CallId) -> Done<Option<StoredResult>> {
        let account = self.account();
        account.wait(account.store.result(tenant, call))
    }

    async fn running_turns(
        &self,
        tenant: &str,
        owner: &OwnerKey,
        limit: usize,
    ) -> Done<Vec<TurnId>> {
        let account = self.account();
        account.wait(account.store.running_turns(tenant, owner, limit))
    }

    async fn turns_awaiting_sign_in(&self, tenant: &str, owner: &OwnerKey) -> Done<Vec<TurnId>> {
        let account = self.account();
        account.wait(account.store.turns_awaiting_sign_in(tenant, owner))
    }

    async fn turns_with_approvals(
        &self,
        tenant: &str,
        owner: Option<&OwnerKey>,
        filter: ApprovalFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Done<Page<Turn>> {
        let account = self.account();
        account.wait(
            account
                .store
                .turns_with_approvals(tenant, owner, filter, limit, cursor),
        )
    }

    async fn due_turns(&self, now: Timestamp, limit: usize) -> Done<Vec<(String, TurnId)>> {
        let account = self.account();
        account.wait(account.store.due_turns(now, limit))
    }

    async fn purgeable(&self, before: Timestamp, limit: usize) -> Done<Vec<ConversationKey>> {
        let account = self.account();
        account.wait(account.store.purgeable(before, limit))
    }

    async fn expire_events(&self, before: Timestamp) -> Done<u64> {
        let account = self.account();
        account.wait(account.store.expire_events(before))
    }

    async fn ping(&self) -> Done<()> {
        let account = self.account();
        account.wait(account.store.ping())
    }
}

#[async_trait]
impl AuditLog for Bridge {
    async fn append(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
        at: Timestamp,
        entry: AuditEntry,
    ) -> Result<Appended, AuditError> {
        let account = self.account();
        let appended = account.wait(account.store.append(tenant, chain, id, at, entry));
        self.note_append(tenant, appended.as_ref().ok());
        appended
    }

    async fn record(
        &self,
        tenant: &str,
        chain: &str,
        id: &str,
    ) -> Result<Option<AuditRecord>, AuditError> {
        let account = self.account();
        account.wait(account.store.record(tenant, chain, id))
    }

    async fn query(
        &self,
        tenant: &str,
        query: &AuditQuery,
    ) -> Result<Page<AuditRecord>, AuditError> {
        let account = self.account();
        account.wait(account.store.query(tenant, query))
    }

    async fn open_without_close(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, AuditError> {
        let account = self.account();
        account.wait(account.store.open_without_close(before, limit))
    }

    async fn is_closed(&self, tenant: &str, chain: &str) -> Result<bool, AuditError> {
        let account = self.account();
        account.wait(account.store.is_closed(tenant, chain))
    }
}

#[async_trait]
impl UserStore for Bridge {
    async fn user(&self, user: &UserKey) -> Done<Option<Versioned<UserRecord>>> {
        let account = self.account();
        account.wait(account.store.user(user))
    }

    async fn put_user(&self, record: &UserRecord, when: Option<&Etag>) -> Done<Option<Etag>> {
        let account = self.account();
        account.wait(account.store.put_user(record, when))
    }

    async fn users(&self, tenant: &str, query: &UserQuery) -> Done<Page<UserRecord>> {
        let account = self.account();
        account.wait(account.store.users(tenant, query))
    }
}

#[async_trait]
impl TokenStore for Bridge {
    async fn token(&self, user: &UserKey, slot: &str) -> Done<Option<SealedToken>> {
        let account = self.account();
        account.wait(account.store.token(user, slot))
    }

    async fn put_token(
        &self,
        user: &UserKey,
        slot: &str,
        sealed: &[u8],
        expires_at: Timestamp,
    ) -> Done<()> {
        let account = self.account();
        account.wait(account.store.put_token(user, slot, sealed, expires_at))
    }

    async fn lease_token(
        &self,
        user: &UserKey,
        slot: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Done<bool> {
        let account = self.account();
        account.wait(account.store.lease_token(user, slot, holder, now, until))
    }

    async fn forget_tokens(&self, user: &UserKey) -> Done<()> {
        let account = self.account();
        account.wait(account.store.forget_tokens(user))
    }
}

#[async_trait]
impl SecretStore for Bridge {
    async fn put_secret(
        &self,
        user: &UserKey,
        name: &str,
        sealed: &[u8],
        expires_at: Timestamp,
    ) -> Done<()> {
        let account = self.account();
        account.wait(account.store.put_secret(user, name, sealed, expires_at))
    }

    async fn secret(&self, user: &UserKey, name: &str) -> Done<Option<Vec<u8>>> {
        let account = self.account();
        account.wait(account.store.secret(user, name))
    }

    async fn take_secret(&self, user: &UserKey, name: &str) -> Done<Option<Vec<u8>>> {
        let account = self.account();
        account.wait(account.store.take_secret(user, name))
    }
}

#[async_trait]
impl UsageStore for Bridge {
    async fn usage(&self, user: &UserKey, day: Day) -> Done<Option<Versioned<UsageDay>>> {
        let account = self.account();
        account.wait(account.store.usage(user, day))
    }

    async fn put_usage(&self, usage: &UsageDay, when: Option<&Etag>) -> Done<Option<Etag>> {
        let account = self.account();
        account.wait(account.store.put_usage(usage, when))
    }

    async fn usage_between(&self, user: &UserKey, first: Day, last: Day) -> Done<Vec<UsageDay>> {
        let account = self.account();
        account.wait(account.store.usage_between(user, first, last))
    }

    async fn tenant_usage(
        &self,
        tenant: &str,
        day: Day,
        after: Option<&str>,
        limit: usize,
    ) -> Done<Vec<UsageDay>> {
        let account = self.account();
        account.wait(account.store.tenant_usage(tenant, day, after, limit))
    }

    async fn budget(&self, tenant: &str) -> Done<Option<Versioned<Budget>>> {
        let account = self.account();
        account.wait(account.store.budget(tenant))
    }

    async fn put_budget(&self, budget: &Budget, when: Option<&Etag>) -> Done<Option<Etag>> {
        let account = self.account();
        account.wait(account.store.put_budget(budget, when))
    }
}
