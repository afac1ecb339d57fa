//! Which subscriptions people can reach. Listing them is an Azure operation: recorded before it happens, ended
//! in the audit after it, and not repeated for a minute.

use std::sync::Arc;

use azimuth_domain::audit::{ActingIdentity, AuditEntry, AuditKind, admin_chain};
use azimuth_domain::event::Outcome;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_ports::audit::AuditLog;
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::subscriptions::{Subscription, SubscriptionDirectory};
use azimuth_ports::tokens::TokenError;
use moka::sync::Cache;

use crate::problem::{Answer, Problem};

/// How long a list is repeated without asking again.
const CACHED_MS: i64 = 60_000;

/// People whose lists are kept.
const MAX_PEOPLE: u64 = 10_000;

/// What the audit calls this operation.
const OPERATION: &str = "azimuth/subscriptions_list";

/// Lists of subscriptions, one per person.
pub struct SubscriptionCache {
    directory: Arc<dyn SubscriptionDirectory>,
    audit: Arc<dyn AuditLog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    lists: Cache<UserKey, (Timestamp, Arc<Vec<Subscription>>)>,
}

/// Why there is no list.
pub(crate) enum Failure {
    /// Azure or the vault refuses.
    Token(TokenError),
    /// The audit took no record, so nothing was asked or nothing is told.
    Other(Problem),
}

impl SubscriptionCache {
    /// An empty cache.
    pub fn new(
        directory: Arc<dyn SubscriptionDirectory>,
        audit: Arc<dyn AuditLog>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            directory,
            audit,
            clock,
            random,
            lists: Cache::new(MAX_PEOPLE),
        }
    }

    /// The subscriptions of `user`, as they were within the last minute.
    pub(crate) async fn list(
        &self,
        user: &UserKey,
        correlation_id: &str,
    ) -> Result<Arc<Vec<Subscription>>, Failure> {
        let now = self.clock.now();
        if let Some((at, list)) = self.lists.get(user)
            && (0..CACHED_MS).contains(&now.since(at))
        {
            return Ok(list);
        }
        let list = self.ask(user, correlation_id).await?;
        self.lists.insert(user.clone(), (now, Arc::clone(&list)));
        Ok(list)
    }

    /// One operation with its two records. Fails closed: without the first
    /// nothing is asked, without the second nothing is told.
    async fn ask(
        &self,
        user: &UserKey,
        correlation_id: &str,
    ) -> Result<Arc<Vec<Subscription>>, Failure> {
        let operation = self.random.ulid();
        let begun = self.clock.now();
        let chain = admin_chain("subscriptions", begun);
        let open = AuditEntry {
            acting_identity: ActingIdentity::User,
            tool: Some(OPERATION.to_owned()),
            attempt: Some(1),
            correlation_id: Some(correlation_id.to_owned()),
            ..AuditEntry::of_user(AuditKind::Open, operation.clone(), user)
        };
        self.append(user, &chain, &format!("{operation}:1:open"), open.clone())
            .await
            .map_err(Failure::Other)?;
        let found = self.directory.subscriptions(user, correlation_id).await;
        let close = AuditEntry {
            kind: AuditKind::Close,
            outcome: Some(if found.is_ok() {
                Outcome::Ok
            } else {
                Outcome::Error
            }),
            duration_ms: Some(self.clock.now().since(begun).max(0)),
            ..open
        };
        self.append(user, &chain, &format!("{operation}:1:close"), close)
            .await
            .map_err(Failure::Other)?;
        found.map(Arc::new).map_err(Failure::Token)
    }

    async fn append(&self, user: &UserKey, chain: &str, id: &str, entry: AuditEntry) -> Answer<()> {
        self.audit
            .append(&user.tid, chain, id, self.clock.now(), entry)
            .await?;
        Ok(())
    }
}
