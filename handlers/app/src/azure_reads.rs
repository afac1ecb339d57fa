//! What people see in Azure, as far as decisions need it. Each look is an Azure operation:
//! recorded before it happens, ended in the audit after it, and not repeated for a minute.

use std::future::Future;
use std::sync::Arc;

use azimuth_domain::audit::{ActingIdentity, AuditEntry, AuditKind, admin_chain};
use azimuth_domain::event::Outcome;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_ports::audit::AuditLog;
use azimuth_ports::azure::{AzureDirectory, Subscription, TagPlace, TaggedPlace};
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::tokens::TokenError;
use moka::sync::Cache;

use crate::problem::{Answer, Problem};

/// How long an answer is repeated without asking again.
const CACHED_MS: i64 = 60_000;

/// People whose lists of subscriptions are kept.
const MAX_PEOPLE: u64 = 10_000;
/// Groups and resources with their tags that are kept, over all people.
const MAX_TAGGED: u64 = 200_000;

/// What people were told, each by their own identity.
pub struct AzureReads {
    directory: Arc<dyn AzureDirectory>,
    audit: Arc<dyn AuditLog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    subscriptions: Cache<UserKey, (Timestamp, Arc<Vec<Subscription>>)>,
    tags: Cache<(UserKey, TagPlace), (Timestamp, Arc<TaggedPlace>)>,
}

/// Why there is no answer.
pub(crate) enum Failure {
    /// Azure or the vault refuses.
    Token(TokenError),
    /// The audit took no record, so nothing was asked or nothing is told.
    Other(Problem),
}

/// What the audit calls a look, and where it keeps it.
struct Operation {
    area: &'static str,
    tool: &'static str,
    target: Option<String>,
}

impl AzureReads {
    /// Nothing told yet.
    pub fn new(
        directory: Arc<dyn AzureDirectory>,
        audit: Arc<dyn AuditLog>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let weight = |place: &TaggedPlace| 1 + place.groups.len() + place.resources.len();
        Self {
            directory,
            audit,
            clock,
            random,
            subscriptions: Cache::new(MAX_PEOPLE),
            tags: Cache::builder()
                .max_capacity(MAX_TAGGED)
                .weigher(move |_, (_, place): &(Timestamp, Arc<TaggedPlace>)| {
                    u32::try_from(weight(place)).unwrap_or(u32::MAX)
                })
                .build(),
        }
    }

    /// The subscriptions of `user`, as they were within the last minute.
    pub(crate) async fn subscriptions(
        &self,
        user: &UserKey,
        correlation_id: &str,
    ) -> Result<Arc<Vec<Subscription>>, Failure> {
        if let Some(list) = self.fresh(&self.subscriptions, user) {
            return Ok(list);
        }
        let operation = Operation {
            area: "subscriptions",
            tool: "azimuth/subscriptions_list",
            target: None,
        };
        let asked = self.directory.subscriptions(user, correlation_id);
        let (at, list) = self.look(user, correlation_id, operation, asked).await?;
        self.subscriptions
            .insert(user.clone(), (at, Arc::clone(&list)));
        Ok(list)
    }

    /// What is tagged at `place` in the eyes of `user`, as it was within the last minute.
    pub(crate) async fn tags(
        &self,
        user: &UserKey,
        place: &TagPlace,
        correlation_id: &str,
    ) -> Result<Arc<TaggedPlace>, Failure> {
        let key = (user.clone(), place.clone());
        if let Some(tagged) = self.fresh(&self.tags, &key) {
            return Ok(tagged);
        }
        let group = place.resource_group.as_ref();
        let operation = Operation {
            area: "tags",
            tool: "azimuth/tags_read",
            target: Some(match group {
                Some(group) => {
                    format!(
                        "/subscriptions/{}/resourcegroups/{group}",
                        place.subscription
                    )
                }
                None => format!("/subscriptions/{}", place.subscription),
            }),
        };
        let asked = self.directory.tags(user, place, correlation_id);
        let (at, tagged) = self.look(user, correlation_id, operation, asked).await?;
        self.tags.insert(key, (at, Arc::clone(&tagged)));
        Ok(tagged)
    }

    fn fresh<K, T>(&self, told: &Cache<K, (Timestamp, Arc<T>)>, key: &K) -> Option<Arc<T>>
    where
        K: std::hash::Hash + Eq + Send + Sync + 'static,
        T: Send + Sync + 'static,
    {
        let (at, answer) = told.get(key)?;
        (0..CACHED_MS)
            .contains(&self.clock.now().since(at))
            .then_some(answer)
    }

    /// One operation with its two records, and when it began. Fails closed: without the
    /// first nothing is asked, without the second nothing is told.
    async fn look<T>(
        &self,
        user: &UserKey,
        correlation_id: &str,
        operation: Operation,
        asked: impl Future<Output = Result<T, TokenError>> + Send,
    ) -> Result<(Timestamp, Arc<T>), Failure> {
        let id = self.random.ulid();
        let begun = self.clock.now();
        let chain = admin_chain(operation.area, begun);
        let open = AuditEntry {
            acting_identity: ActingIdentity::User,
            tool: Some(operation.tool.to_owned()),
            target: operation.target,
            attempt: Some(1),
            correlation_id: Some(correlation_id.to_owned()),
            ..AuditEntry::of_user(AuditKind::Open, id.clone(), user)
        };
        self.append(user, &chain, &format!("{id}:1:open"), open.clone())
            .await
            .map_err(Failure::Other)?;
        let found = asked.await;
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
        self.append(user, &chain, &format!("{id}:1:close"), close)
            .await
            .map_err(Failure::Other)?;
        let found = found.map_err(Failure::Token)?;
        Ok((begun, Arc::new(found)))
    }

    async fn append(&self, user: &UserKey, chain: &str, id: &str, entry: AuditEntry) -> Answer<()> {
        self.audit
            .append(&user.tid, chain, id, self.clock.now(), entry)
            .await?;
        Ok(())
    }
}
