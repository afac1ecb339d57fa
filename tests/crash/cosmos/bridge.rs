//! One run's way to the account, and what the checks see there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azimuth_domain::audit::{AuditEntry, AuditKind, AuditRecord};
use azimuth_domain::ids::{ConversationKey, TurnId};
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::Turn;
use azimuth_ports::audit::{Appended, AuditLog, AuditQuery};
use azimuth_ports::clock::Clock;
use azimuth_ports::store::ConversationStore;
use azimuth_ports::tokens::TokenStore;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::account::{Account, Connection};
use crate::crash::history;
use crate::crash::storage::{OpenAudit, OpenStore, OpenTokens};
use crate::crash::world::clock::TrueClock;

/// More turns than any conversation here has.
const TURNS: usize = 1_000;
/// The longest page of records.
const RECORDS: usize = 1_000;

/// How the checks know what lies in the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// They read back what was written.
    Back,
    /// They take it that everything lies there as it was written: not one request is
    /// theirs.
    Away,
}

/// All ports of storage. Every call is answered when its future is first polled.
pub struct Bridge {
    account: Connection,
    clock: Arc<TrueClock>,
    looks: Looks,
    seen: Mutex<Seen>,
    changed: Notify,
}

/// What was read back after each write.
#[derive(Default)]
struct Seen {
    turns: BTreeMap<TurnId, Turn>,
    rewritten: Vec<String>,
    conversations: BTreeSet<ConversationKey>,
    tenants: BTreeSet<String>,
    /// Every record, unless one was appended since they were read.
    records: Option<Vec<AuditRecord>>,
}

impl Bridge {
    /// A run on this clock.
    pub fn new(account: &Arc<Account>, clock: &Arc<TrueClock>, looks: Looks) -> Self {
        Self {
            account: account.connect(),
            clock: clock.clone(),
            looks,
            seen: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// The account, which knows the time.
    pub(super) fn account(&self) -> &Connection {
        self.account.tell(self.clock.now());
        &self.account
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody works in a conversation.
    pub(super) fn note_conversation(&self, key: &ConversationKey) {
        self.seen().conversations.insert(key.clone());
    }

    /// A turn was written: what lies there now.
    pub(super) fn note_turn(&self, tenant: &str, written: Turn) {
        let id = written.id.clone();
        let turn = match self.looks {
            Looks::Away => written,
            Looks::Back => {
                let account = self.account();
                let read = account.wait(account.store.turn(tenant, &id)).unwrap();
                let read = read.unwrap_or_else(|| panic!("{id} was written and is not there"));
                read.item
            }
        };
        let mut seen = self.seen();
        let found = history::broken(seen.turns.get(&id), seen.turns.values(), &turn);
        seen.rewritten.extend(found);
        seen.turns.insert(id, turn);
    }

    /// Something in the store is new to those who look.
    pub(super) fn tell(&self) {
        self.changed.notify_waiters();
    }

    /// A conversation is removed, or a part of it.
    pub(super) fn read_what_is_left(&self, key: &ConversationKey) {
        let left = match self.looks {
            Looks::Back => self.turns_of(key),
            Looks::Away => BTreeMap::new(),
        };
        let mut seen = self.seen();
        seen.turns
            .retain(|id, _| id.key(&key.tenant) != *key || left.contains_key(id));
        drop(seen);
        self.tell();
    }

    /// Somebody tried to append to a tenant's audit; what they were told.
    pub(super) fn note_append(&self, tenant: &str, told: Option<&Appended>) {
        let mut seen = self.seen();
        seen.tenants.insert(tenant.to_owned());
        match (self.looks, told) {
            (Looks::Back, _) => seen.records = None,
            (Looks::Away, Some(Appended::Created(record))) => {
                seen.records.get_or_insert_default().push(record.clone());
            }
            (Looks::Away, _) => {}
        }
    }

    fn turns_of(&self, key: &ConversationKey) -> BTreeMap<TurnId, Turn> {
        let account = self.account();
        let turns = account.wait(account.store.turns(key, TURNS)).unwrap();
        turns
            .into_iter()
            .map(|turn| (turn.id.clone(), turn))
            .collect()
    }

    fn records_of(&self, tenant: &str) -> Vec<AuditRecord> {
        let account = self.account();
        let mut records = Vec::new();
        let mut query = AuditQuery {
            limit: RECORDS,
            ..AuditQuery::default()
        };
        loop {
            let page = account.wait(account.store.query(tenant, &query)).unwrap();
            records.extend(page.items);
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                return records;
            }
        }
    }
}

impl OpenStore for Bridge {
    fn all_turns(&self) -> Vec<Turn> {
        self.seen().turns.values().cloned().collect()
    }

    fn all_have_ended(&self) -> bool {
        let seen = self.seen();
        seen.turns.values().all(|turn| turn.status.is_terminal())
    }

    fn show(&self, id: &TurnId, see: &mut dyn FnMut(&Turn)) {
        if let Some(turn) = self.seen().turns.get(id) {
            see(turn);
        }
    }

    fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    fn rewritten(&self) -> Vec<String> {
        self.seen().rewritten.clone()
    }

    fn purge_partly(&self, key: &ConversationKey) {
        let account = self.account();
        account.cut(account.store.purge(key));
        self.read_what_is_left(key);
    }

    /// Everything lies there as it was last written.
    fn look_again(&self) {
        if self.looks == Looks::Away {
            return;
        }
        let conversations = self.seen().conversations.clone();
        let all = conversations.iter().flat_map(|key| self.turns_of(key));
        let all: BTreeMap<TurnId, Turn> = all.collect();
        let mut seen = self.seen();
        if all != seen.turns {
            let (there, known) = (all.keys(), seen.turns.keys());
            let text = format!("{there:?} are not as they were written: {known:?}");
            seen.rewritten.push(text);
            seen.turns = all;
        }
        seen.records = None;
    }
}

impl OpenAudit for Bridge {
    fn records(&self) -> Vec<AuditRecord> {
        let known = self.seen().records.clone();
        if self.looks == Looks::Away {
            return known.unwrap_or_default();
        }
        known.unwrap_or_else(|| {
            let tenants = self.seen().tenants.clone();
            let all = tenants.iter().flat_map(|tenant| self.records_of(tenant));
            let mut all: Vec<AuditRecord> = all.collect();
            all.sort_by_key(|r| (r.tenant.clone(), r.chain.clone(), r.seq));
            self.seen().records = Some(all.clone());
            all
        })
    }

    fn peek(&self, id: &str) -> Option<AuditRecord> {
        self.records().into_iter().find(|record| record.id == id)
    }

    /// Beside an attempt's open lies a mark until its close is there.
    fn appends_in_parts(&self, entry: &AuditEntry) -> bool {
        matches!(entry.kind, AuditKind::Open | AuditKind::Close)
    }

    fn append_partly(&self, tenant: &str, chain: &str, id: &str, at: Timestamp, entry: AuditEntry) {
        let account = self.account();
        account.cut(account.store.append(tenant, chain, id, at, entry));
        self.note_append(tenant, None);
    }
}

impl OpenTokens for Bridge {
    fn forget_partly(&self, user: &UserKey) {
        let account = self.account();
        account.cut(account.store.forget_tokens(user));
    }
}
