//! Conversations, users and what they use across the line.

use async_trait::async_trait;
use azimuth_domain::budget::Budget;
use azimuth_domain::conversation::{Conversation, Message};
use azimuth_domain::event::TurnEvent;
use azimuth_domain::ids::{CallId, ConversationKey, MessageId, OwnerKey, TurnId};
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::Turn;
use azimuth_domain::usage::{Day, UsageDay};
use azimuth_ports::store::{
    ApprovalFilter, Batch, Committed, ConversationQuery, ConversationStore, Etag, Page, StoreError,
    StoredResult, Versioned,
};
use azimuth_ports::usage::UsageStore;
use azimuth_ports::users::{UserQuery, UserRecord, UserStore};

use super::{Call, Errors, Outside, Port};
use crate::crash::storage::OpenStore;

type Done<T> = Result<T, StoreError>;

const ERRORS: Errors<StoreError> = Errors::alike(StoreError::Unavailable);

const fn read(name: &'static str) -> Call {
    Call::reads(Port::Store, name)
}

const fn write(name: &'static str) -> Call {
    Call::writes(Port::Store, name)
}

#[async_trait]
impl ConversationStore for Outside<dyn OpenStore> {
    async fn commit(&self, key: &ConversationKey, batch: Batch) -> Done<Committed> {
        let act = self.port.commit(key, batch);
        self.line.pass(write("commit"), &ERRORS, act).await
    }

    async fn conversation(&self, key: &ConversationKey) -> Done<Option<Versioned<Conversation>>> {
        let act = self.port.conversation(key);
        self.line.pass(read("conversation"), &ERRORS, act).await
    }

    async fn conversations(
        &self,
        tenant: &str,
        owner: &OwnerKey,
        query: &ConversationQuery,
    ) -> Done<Page<Conversation>> {
        let act = self.port.conversations(tenant, owner, query);
        self.line.pass(read("conversations"), &ERRORS, act).await
    }

    async fn purge(&self, key: &ConversationKey) -> Done<()> {
        let act = self.port.purge(key);
        let call = Call::in_parts(Port::Store, "purge");
        let part = || self.port.purge_partly(key);
        self.line
            .pass_in_parts(call, &ERRORS, act, Some(part))
            .await
    }

    async fn turn(&self, tenant: &str, id: &TurnId) -> Done<Option<Versioned<Turn>>> {
        let act = self.port.turn(tenant, id);
        self.line.pass(read("turn"), &ERRORS, act).await
    }

    async fn turns(&self, key: &ConversationKey, limit: usize) -> Done<Vec<Turn>> {
        let act = self.port.turns(key, limit);
        self.line.pass(read("turns"), &ERRORS, act).await
    }

    async fn messages(
        &self,
        key: &ConversationKey,
        limit: usize,
        cursor: Option<&str>,
    ) -> Done<Page<Message>> {
        let act = self.port.messages(key, limit, cursor);
        self.line.pass(read("messages"), &ERRORS, act).await
    }

    async fn message(&self, tenant: &str, id: &MessageId) -> Done<Option<Message>> {
        let act = self.port.message(tenant, id);
        self.line.pass(read("message"), &ERRORS, act).await
    }

    async fn append_event(&self, tenant: &str, event: &TurnEvent) -> Done<()> {
        let act = self.port.append_event(tenant, event);
        self.line.pass(write("append_event"), &ERRORS, act).await
    }

    async fn events(
        &self,
        tenant: &str,
        turn: &TurnId,
        after: u64,
        limit: usize,
    ) -> Done<Vec<TurnEvent>> {
        let act = self.port.events(tenant, turn, after, limit);
        self.line.pass(read("events"), &ERRORS, act).await
    }

    async fn last_event_seq(&self, tenant: &str, turn: &TurnId) -> Done<u64> {
        let act = self.port.last_event_seq(tenant, turn);
        self.line.pass(read("last_event_seq"), &ERRORS, act).await
    }

    async fn put_result(&self, tenant: &str, result: StoredResult) -> Done<()> {
        let act = self.port.put_result(tenant, result);
        self.line.pass(write("put_result"), &ERRORS, act).await
    }

    async fn result(&self, tenant: &str, call: &CallId) -> Done<Option<StoredResult>> {
        let act = self.port.result(tenant, call);
        self.line.pass(read("result"), &ERRORS, act).await
    }

    async fn running_turns(
        &self,
        tenant: &str,
        owner: &OwnerKey,
        limit: usize,
    ) -> Done<Vec<TurnId>> {
        let act = self.port.running_turns(tenant, owner, limit);
        self.line.pass(read("running_turns"), &ERRORS, act).await
    }

    async fn turns_awaiting_sign_in(&self, tenant: &str, owner: &OwnerKey) -> Done<Vec<TurnId>> {
        let act = self.port.turns_awaiting_sign_in(tenant, owner);
        let call = read("turns_awaiting_sign_in");
        self.line.pass(call, &ERRORS, act).await
    }

    async fn turns_with_approvals(
        &self,
        tenant: &str,
        owner: Option<&OwnerKey>,
        filter: ApprovalFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Done<Page<Turn>> {
        let act = self
            .port
            .turns_with_approvals(tenant, owner, filter, limit, cursor);
        let call = read("turns_with_approvals");
        self.line.pass(call, &ERRORS, act).await
    }

    async fn due_turns(&self, now: Timestamp, limit: usize) -> Done<Vec<(String, TurnId)>> {
        let act = self.port.due_turns(now, limit);
        self.line.pass(read("due_turns"), &ERRORS, act).await
    }

    async fn purgeable(&self, before: Timestamp, limit: usize) -> Done<Vec<ConversationKey>> {
        let act = self.port.purgeable(before, limit);
        self.line.pass(read("purgeable"), &ERRORS, act).await
    }

    async fn expire_events(&self, before: Timestamp) -> Done<u64> {
        let act = self.port.expire_events(before);
        self.line.pass(write("expire_events"), &ERRORS, act).await
    }

    async fn ping(&self) -> Done<()> {
        let act = self.port.ping();
        self.line.pass(write("ping"), &ERRORS, act).await
    }
}

const USER_ERRORS: Errors<StoreError> = Errors::alike(StoreError::Unavailable);

#[async_trait]
impl UserStore for Outside<dyn UserStore> {
    async fn user(&self, user: &UserKey) -> Done<Option<Versioned<UserRecord>>> {
        let act = self.port.user(user);
        let call = Call::reads(Port::Users, "user");
        self.line.pass(call, &USER_ERRORS, act).await
    }

    async fn put_user(&self, record: &UserRecord, when: Option<&Etag>) -> Done<Option<Etag>> {
        let act = self.port.put_user(record, when);
        let call = Call::writes(Port::Users, "put_user");
        self.line.pass(call, &USER_ERRORS, act).await
    }

    async fn users(&self, tenant: &str, query: &UserQuery) -> Done<Page<UserRecord>> {
        let act = self.port.users(tenant, query);
        let call = Call::reads(Port::Users, "users");
        self.line.pass(call, &USER_ERRORS, act).await
    }
}

#[async_trait]
impl UsageStore for Outside<dyn UsageStore> {
    async fn usage(&self, user: &UserKey, day: Day) -> Done<Option<Versioned<UsageDay>>> {
        let act = self.port.usage(user, day);
        let call = Call::reads(Port::Users, "usage");
        self.line.pass(call, &USER_ERRORS, act).await
    }

    async fn put_usage(&self, usage: &UsageDay, when: Option<&Etag>) -> Done<Option<Etag>> {
        let act = self.port.put_usage(usage, when);
        let call = Call::writes(Port::Users, "put_usage");
        self.line.pass(call, &USER_ERRORS, act).await
    }

    async fn usage_between(&self, user: &UserKey, first: Day, last: Day) -> Done<Vec<UsageDay>> {
        let act = self.port.usage_between(user, first, last);
        let call = Call::reads(Port::Users, "usage_between");
        self.line.pass(call, &USER_ERRORS, act).await
    }

    async fn tenant_usage(
        &self,
        tenant: &str,
        day: Day,
        after: Option<&str>,
        limit: usize,
    ) -> Done<Vec<UsageDay>> {
        let act = self.port.tenant_usage(tenant, day, after, limit);
        let call = Call::reads(Port::Users, "tenant_usage");
        self.line.pass(call, &USER_ERRORS, act).await
    }

    async fn budget(&self, tenant: &str) -> Done<Option<Versioned<Budget>>> {
        let act = self.port.budget(tenant);
        let call = Call::reads(Port::Users, "budget");
        self.line.pass(call, &USER_ERRORS, act).await
    }

    async fn put_budget(&self, budget: &Budget, when: Option<&Etag>) -> Done<Option<Etag>> {
        let act = self.port.put_budget(budget, when);
        let call = Call::writes(Port::Users, "put_budget");
        self.line.pass(call, &USER_ERRORS, act).await
    }
}
