//! The real store, which a test can tell to refuse operations.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use azimuth_domain::conversation::{Conversation, Message};
use azimuth_domain::event::TurnEvent;
use azimuth_domain::ids::{CallId, ConversationKey, MessageId, OwnerKey, TurnId};
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::Turn;
use azimuth_ports::store::{
    ApprovalFilter, Batch, Committed, ConversationQuery, ConversationStore, Page, StoreError,
    StoredResult, Versioned,
};
use tokio::sync::Notify;

use crate::gate::Gate;

/// Which operations are refused, by name of the port's method.
type Rule = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// A store in front of another one.
pub struct WatchedStore {
    inner: Arc<dyn ConversationStore>,
    refuses: Mutex<Option<Rule>>,
    commits: Mutex<Option<(Gate, Arc<Notify>)>>,
}

impl WatchedStore {
    /// Passes everything on to `inner`.
    pub fn over(inner: Arc<dyn ConversationStore>) -> Self {
        Self {
            inner,
            refuses: Mutex::default(),
            commits: Mutex::default(),
        }
    }

    /// From now on operations whose name fits `rule` are not done.
    pub fn refuse(&self, rule: impl Fn(&str) -> bool + Send + Sync + 'static) {
        *self.refuses.lock().unwrap() = Some(Box::new(rule));
    }

    /// From now on commits wait for the gate; what is returned tells when one does.
    pub fn hold_commits(&self, gate: Gate) -> Arc<Notify> {
        let arrived = Arc::new(Notify::new());
        *self.commits.lock().unwrap() = Some((gate, Arc::clone(&arrived)));
        arrived
    }

    fn ask(&self, operation: &str) -> Result<&dyn ConversationStore, StoreError> {
        let rule = self.refuses.lock().unwrap();
        if rule.as_ref().is_some_and(|refuses| refuses(operation)) {
            return Err(StoreError::Unavailable("told to fail".to_owned()));
        }
        Ok(self.inner.as_ref())
    }
}

#[async_trait]
impl ConversationStore for WatchedStore {
    async fn commit(&self, key: &ConversationKey, batch: Batch) -> Result<Committed, StoreError> {
        let held = self.commits.lock().unwrap().clone();
        if let Some((gate, arrived)) = held {
            arrived.notify_one();
            gate.pass().await;
        }
        self.ask("commit")?.commit(key, batch).await
    }

    async fn conversation(
        &self,
        key: &ConversationKey,
    ) -> Result<Option<Versioned<Conversation>>, StoreError> {
        self.ask("conversation")?.conversation(key).await
    }

    async fn conversations(
        &self,
        tenant: &str,
        owner: &OwnerKey,
        query: &ConversationQuery,
    ) -> Result<Page<Conversation>, StoreError> {
        let store = self.ask("conversations")?;
        store.conversations(tenant, owner, query).await
    }

    async fn purge(&self, key: &ConversationKey) -> Result<(), StoreError> {
        self.ask("purge")?.purge(key).await
    }

    async fn turn(&self, tenant: &str, id: &TurnId) -> Result<Option<Versioned<Turn>>, StoreError> {
        self.ask("turn")?.turn(tenant, id).await
    }

    async fn turns(&self, key: &ConversationKey, limit: usize) -> Result<Vec<Turn>, StoreError> {
        self.ask("turns")?.turns(key, limit).await
    }

    async fn messages(
        &self,
        key: &ConversationKey,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Message>, StoreError> {
        self.ask("messages")?.messages(key, limit, cursor).await
    }

    async fn message(&self, tenant: &str, id: &MessageId) -> Result<Option<Message>, StoreError> {
        self.ask("message")?.message(tenant, id).await
    }

    async fn append_event(&self, tenant: &str, event: &TurnEvent) -> Result<(), StoreError> {
        self.ask("append_event")?.append_event(tenant, event).await
    }

    async fn events(
        &self,
        tenant: &str,
        turn: &TurnId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<TurnEvent>, StoreError> {
        let store = self.ask("events")?;
        store.events(tenant, turn, after, limit).await
    }

    async fn last_event_seq(&self, tenant: &str, turn: &TurnId) -> Result<u64, StoreError> {
        let store = self.ask("last_event_seq")?;
        store.last_event_seq(tenant, turn).await
    }

    async fn put_result(&self, tenant: &str, result: StoredResult) -> Result<(), StoreError> {
        self.ask("put_result")?.put_result(tenant, result).await
    }

    async fn result(
        &self,
        tenant: &str,
        call: &CallId,
    ) -> Result<Option<StoredResult>, StoreError> {
        self.ask("result")?.result(tenant, call).await
    }

    async fn running_turns(
        &self,
        tenant: &str,
        owner: &OwnerKey,
        limit: usize,
    ) -> Result<Vec<TurnId>, StoreError> {
        let store = self.ask("running_turns")?;
        store.running_turns(tenant, owner, limit).await
    }

    async fn turns_awaiting_sign_in(
        &self,
        tenant: &str,
        owner: &OwnerKey,
    ) -> Result<Vec<TurnId>, StoreError> {
        let store = self.ask("turns_awaiting_sign_in")?;
        store.turns_awaiting_sign_in(tenant, owner).await
    }

    async fn turns_with_approvals(
        &self,
        tenant: &str,
        owner: Option<&OwnerKey>,
        filter: ApprovalFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Turn>, StoreError> {
        let store = self.ask("turns_with_approvals")?;
        store
            .turns_with_approvals(tenant, owner, filter, limit, cursor)
            .await
    }

    async fn due_turns(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(String, TurnId)>, StoreError> {
        self.ask("due_turns")?.due_turns(now, limit).await
    }

    async fn purgeable(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<ConversationKey>, StoreError> {
        self.ask("purgeable")?.purgeable(before, limit).await
    }

    async fn expire_events(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.ask("expire_events")?.expire_events(before).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.ask("ping")?.ping().await
    }
}
