//! Conversations in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use azimuth_domain::conversation::{Conversation, Message};
use azimuth_domain::event::{EventBody, TurnEvent};
use azimuth_domain::ids::{CallId, ConversationKey, MessageId, OwnerKey, TurnId};
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::{CallState, Turn};
use azimuth_ports::store::{
    ApprovalFilter, Batch, Committed, ConversationQuery, ConversationStore, Page, Precondition,
    StoreError, StoredResult, Versioned, Write,
};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::items::{Items, etag};
use super::lists::page;
use crate::crash::flaw::Flaw;
use crate::crash::storage::OpenStore;

/// The store; what was written over although it may never change is noted.
#[derive(Default)]
pub struct MemoryStore {
    items: Mutex<Items>,
    changed: Notify,
    flaw: Option<Flaw>,
}

impl MemoryStore {
    /// An empty store with this flaw.
    pub fn with(flaw: Option<Flaw>) -> Self {
        Self {
            items: Mutex::default(),
            changed: Notify::new(),
            flaw,
        }
    }

    fn items(&self) -> MutexGuard<'_, Items> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a store with a flaw makes of a batch.
    fn bend(&self, items: &Items, key: &ConversationKey, batch: &mut Batch) {
        match self.flaw {
            Some(Flaw::StoreIgnoresVersions) => {
                if let Some(write) = &mut batch.turn
                    && let Some((_, version)) = items.turn(&key.tenant, &write.item.id)
                {
                    write.when = Precondition::Matches(etag(*version));
                }
            }
            Some(Flaw::StoreLosesTurns) => {
                let is_new = |write: &Write<Turn>| write.when == Precondition::New;
                if batch.turn.as_ref().is_some_and(is_new) {
                    batch.turn = None;
                }
            }
            Some(Flaw::StoreTurnsNoIntoYes) => {
                let turn = batch.turn.iter_mut().map(|write| &mut write.item);
                for call in turn.flat_map(|t| &mut t.steps).flat_map(|s| &mut s.calls) {
                    if let Some(approval) = &mut call.approval
                        && let Some(decided) = approval.decided.as_mut().filter(|d| !d.approved)
                    {
                        decided.approved = true;
                        let digest = Some(approval.digest.clone());
                        call.state = CallState::Queued { digest };
                    }
                }
            }
            Some(Flaw::StoreForgetsWhoRuns) => {
                if let Some(write) = &mut batch.conversation {
                    write.item.active_turn = None;
                }
            }
            _ => {}
        }
    }
}

impl OpenStore for MemoryStore {
    fn all_turns(&self) -> Vec<Turn> {
        self.items()
            .turns
            .values()
            .map(|(t, _)| t.clone())
            .collect()
    }

    fn all_have_ended(&self) -> bool {
        let items = self.items();
        items
            .turns
            .values()
            .all(|(turn, _)| turn.status.is_terminal())
    }

    fn show(&self, id: &TurnId, see: &mut dyn FnMut(&Turn)) {
        let items = self.items();
        let mut turns = items.turns.values().map(|(turn, _)| turn);
        if let Some(turn) = turns.find(|turn| turn.id == *id) {
            see(turn);
        }
    }

    fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    fn rewritten(&self) -> Vec<String> {
        self.items().rewritten.clone()
    }

    fn purge_partly(&self, key: &ConversationKey) {
        let mut items = self.items();
        let of = |tenant: &str, of| tenant == key.tenant && of == key.conversation;
        items
            .messages
            .retain(|(t, id), _| !of(t, id.conversation()));
        items.events.retain(|(t, id), _| !of(t, id.conversation()));
    }
}

#[async_trait]
impl ConversationStore for MemoryStore {
    async fn commit(&self, key: &ConversationKey, batch: Batch) -> Result<Committed, StoreError> {
        let mut items = self.items();
        let mut batch = batch;
        let made = batch.turn.as_ref().map(|_| etag(items.version + 1));
        self.bend(&items, key, &mut batch);
        if let Some(first) = batch.events.first() {
            items.note_try(&key.tenant, &first.turn_id, first.seq - 1);
        }
        items.check(key, &batch)?;
        if let Some(last) = batch.events.last() {
            items.note_end(&key.tenant, &last.turn_id, last.seq);
        }
        let mut committed = Committed::default();
        if let Some(write) = batch.conversation {
            let version = items.next_version();
            items
                .conversations
                .insert(key.clone(), (write.item, version));
            committed.conversation = Some(etag(version));
        }
        committed.turn = match batch.turn {
            Some(write) => Some(items.put_turn(&key.tenant, write)),
            None => made,
        };
        for message in batch.messages {
            let slot = (key.tenant.clone(), message.id.clone());
            items.messages.insert(slot, message);
        }
        for event in batch.events {
            items.put_event(&key.tenant, event);
        }
        self.changed.notify_waiters();
        Ok(committed)
    }

    async fn conversation(
        &self,
        key: &ConversationKey,
    ) -> Result<Option<Versioned<Conversation>>, StoreError> {
        let found = self.items().conversations.get(key).cloned();
        Ok(found.map(|(item, version)| Versioned {
            item,
            etag: etag(version),
        }))
    }

    async fn conversations(
        &self,
        tenant: &str,
        owner: &OwnerKey,
        query: &ConversationQuery,
    ) -> Result<Page<Conversation>, StoreError> {
        let all = self.items().listed_conversations(tenant, owner, query);
        page(all, query.limit, query.cursor.as_deref()).ok_or(StoreError::BadCursor)
    }

    async fn purge(&self, key: &ConversationKey) -> Result<(), StoreError> {
        self.purge_partly(key);
        let mut items = self.items();
        let of = |tenant: &str, of| tenant == key.tenant && of == key.conversation;
        items.results.retain(|(t, id), _| !of(t, id.conversation()));
        items.turns.retain(|(t, id), _| !of(t, id.conversation()));
        items.conversations.remove(key);
        self.changed.notify_waiters();
        Ok(())
    }

    async fn turn(&self, tenant: &str, id: &TurnId) -> Result<Option<Versioned<Turn>>, StoreError> {
        let found = self.items().turn(tenant, id).cloned();
        Ok(found.map(|(item, version)| Versioned {
            item,
            etag: etag(version),
        }))
    }

    async fn turns(&self, key: &ConversationKey, limit: usize) -> Result<Vec<Turn>, StoreError> {
        let mut turns = self.items().listed_turns(key);
        turns.truncate(limit);
        Ok(turns)
    }

    async fn messages(
        &self,
        key: &ConversationKey,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Message>, StoreError> {
        let all = self.items().listed_messages(key);
        page(all, limit, cursor).ok_or(StoreError::BadCursor)
    }

    async fn message(&self, tenant: &str, id: &MessageId) -> Result<Option<Message>, StoreError> {
        let slot = (tenant.to_owned(), id.clone());
        Ok(self.items().messages.get(&slot).cloned())
    }

    async fn append_event(&self, tenant: &str, event: &TurnEvent) -> Result<(), StoreError> {
        let mut items = self.items();
        items.note_try(tenant, &event.turn_id, event.seq - 1);
        if items.has_event(tenant, &event.turn_id, event.seq) {
            return Err(StoreError::EventExists);
        }
        items.note_end(tenant, &event.turn_id, event.seq);
        let mut event = event.clone();
        if self.flaw == Some(Flaw::StoreLosesText)
            && let EventBody::TextDelta { text, .. } = &mut event.body
        {
            text.clear();
        }
        items.put_event(tenant, event);
        Ok(())
    }

    async fn events(
        &self,
        tenant: &str,
        turn: &TurnId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<TurnEvent>, StoreError> {
        let items = self.items();
        let log = items.events.get(&(tenant.to_owned(), turn.clone()));
        let next = after.saturating_add(1);
        Ok(log
            .into_iter()
            .flat_map(|log| log.range(next..))
            .map(|(_, event)| event.clone())
            .take(limit)
            .collect())
    }

    async fn last_event_seq(&self, tenant: &str, turn: &TurnId) -> Result<u64, StoreError> {
        let items = self.items();
        let log = items.events.get(&(tenant.to_owned(), turn.clone()));
        let last = log.and_then(|log| log.last_key_value());
        Ok(last.map_or(0, |(seq, _)| *seq))
    }

    async fn put_result(&self, tenant: &str, result: StoredResult) -> Result<(), StoreError> {
        self.items()
            .results
            .entry((tenant.to_owned(), result.call.clone()))
            .or_default()
            .insert(result.attempt, result);
        Ok(())
    }

    async fn result(
        &self,
        tenant: &str,
        call: &CallId,
    ) -> Result<Option<StoredResult>, StoreError> {
        let items = self.items();
        let attempts = items.results.get(&(tenant.to_owned(), call.clone()));
        let newest = attempts.and_then(|attempts| attempts.last_key_value());
        Ok(newest.map(|(_, result)| result.clone()))
    }

    async fn running_turns(
        &self,
        tenant: &str,
        owner: &OwnerKey,
        limit: usize,
    ) -> Result<Vec<TurnId>, StoreError> {
        let items = self.items();
        Ok(items
            .turns
            .iter()
            .filter(|((of, id), (turn, _))| {
                of == tenant && id.owner() == *owner && !turn.status.is_terminal()
            })
            .map(|((_, id), _)| id.clone())
            .take(limit)
            .collect())
    }

    async fn turns_awaiting_sign_in(
        &self,
        tenant: &str,
        owner: &OwnerKey,
    ) -> Result<Vec<TurnId>, StoreError> {
        let items = self.items();
        Ok(items
            .turns
            .iter()
            .filter(|((of, id), (turn, _))| {
                of == tenant && id.owner() == *owner && turn.awaits_sign_in()
            })
            .map(|((_, id), _)| id.clone())
            .collect())
    }

    async fn turns_with_approvals(
        &self,
        tenant: &str,
        owner: Option<&OwnerKey>,
        filter: ApprovalFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Turn>, StoreError> {
        let all = self.items().listed_approvals(tenant, owner, filter);
        page(all, limit, cursor).ok_or(StoreError::BadCursor)
    }

    async fn due_turns(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(String, TurnId)>, StoreError> {
        let items = self.items();
        let mut due: Vec<_> = items
            .turns
            .iter()
            .filter_map(|((tenant, id), (turn, _))| {
                let at = turn.next_due_at().filter(|at| *at <= now)?;
                Some((at, tenant.clone(), id.clone()))
            })
            .collect();
        due.sort_unstable();
        due.truncate(limit);
        Ok(due
            .into_iter()
            .map(|(_, tenant, id)| (tenant, id))
            .collect())
    }

    async fn purgeable(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<ConversationKey>, StoreError> {
        let items = self.items();
        let busy = |key: &ConversationKey| {
            items.turns.iter().any(|((tenant, id), (turn, _))| {
                *tenant == key.tenant
                    && id.conversation() == key.conversation
                    && !turn.status.is_terminal()
            })
        };
        let mut found: Vec<_> = items
            .conversations
            .iter()
            .filter_map(|(key, (item, _))| {
                let at = item.deleted_at.filter(|at| *at < before)?;
                (!busy(key)).then(|| (at, key.clone()))
            })
            .collect();
        found.sort_unstable();
        found.truncate(limit);
        Ok(found.into_iter().map(|(_, key)| key).collect())
    }

    async fn expire_events(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut removed = 0;
        for log in self.items().events.values_mut() {
            log.retain(|_, event| {
                let stays = event.at >= before;
                removed += u64::from(!stays);
                stays
            });
        }
        Ok(removed)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
