//! Turns, as people and executors find them.

use azimuth_domain::ids::{ConversationKey, OwnerKey, TurnId};
use azimuth_domain::turn::Turn;
use azimuth_ports::cursor;
use azimuth_ports::shape::decode;
use azimuth_ports::store::{ApprovalFilter, Page, StoreError};
use azure_data_cosmos::feed::FeedScope;

use super::super::ask::Ask;
use super::super::order::LAST;
use super::{CosmosStore, documents, keys};

const LIST: &str = "approvals";

impl CosmosStore {
    pub(super) async fn turns_of(
        &self,
        key: &ConversationKey,
        limit: usize,
    ) -> Result<Vec<Turn>, StoreError> {
        let ask = Ask::new("c.body", "c.item = 'turn'")
            .ordered_by("c.created ASC")
            .top(limit);
        self.turns_in(FeedScope::partition(keys::conversation(key)), ask)
            .await
    }

    /// Ids and no count: a count over several partitions cannot be asked for.
    pub(super) async fn running(
        &self,
        tenant: &str,
        owner: &OwnerKey,
        limit: usize,
    ) -> Result<Vec<TurnId>, StoreError> {
        let ask = Ask::new("c.id", "c.item = 'turn' AND IS_DEFINED(c.dueAt)").top(limit);
        self.ids_in(keys::conversations_of(tenant, owner), ask)
            .await
    }

    pub(super) async fn awaiting_sign_in(
        &self,
        tenant: &str,
        owner: &OwnerKey,
    ) -> Result<Vec<TurnId>, StoreError> {
        let ask = Ask::new("c.id", "c.item = 'turn' AND c.awaitsSignIn = true");
        self.ids_in(keys::conversations_of(tenant, owner), ask)
            .await
    }

    pub(super) async fn approvals(
        &self,
        tenant: &str,
        owner: Option<&OwnerKey>,
        filter: ApprovalFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Turn>, StoreError> {
        let before: Option<String> = cursor
            .map(|text| cursor::read(LIST, text).ok_or(StoreError::BadCursor))
            .transpose()?;
        let before = before.as_deref().unwrap_or(LAST);
        let limit = limit.max(1);
        let ask = Ask::new("c.body", "c.item = 'turn'").top(limit.saturating_add(1));
        let ask = match filter {
            ApprovalFilter::Pending => ask
                .only("c.awaitsApproval < @before", "@before", before)
                .ordered_by("c.awaitsApproval DESC"),
            ApprovalFilter::All => ask
                .only("c.askedForApproval < @before", "@before", before)
                .ordered_by("c.askedForApproval DESC"),
        };
        let scope = match owner {
            Some(owner) => keys::conversations_of(tenant, owner),
            None => keys::tenant(tenant),
        };
        let mut items = self.turns_in(scope, ask).await?;
        let next_cursor = cursor::cut(&mut items, limit)
            .and_then(|last| cursor::write(LIST, &documents::approval_place(last)));
        Ok(Page { items, next_cursor })
    }

    async fn turns_in(&self, scope: FeedScope, ask: Ask) -> Result<Vec<Turn>, StoreError> {
        let bodies: Vec<String> = self.conversations.all(scope, ask).await?;
        bodies.iter().map(|body| decode(body)).collect()
    }

    async fn ids_in(&self, scope: FeedScope, ask: Ask) -> Result<Vec<TurnId>, StoreError> {
        let ids: Vec<String> = self.conversations.all(scope, ask).await?;
        ids.iter().map(|text| id(text)).collect()
    }
}

/// A stored id again.
pub(super) fn id(text: &str) -> Result<TurnId, StoreError> {
    let damaged = || StoreError::Unreadable("a turn's id is damaged".to_owned());
    TurnId::parse(text).ok_or_else(damaged)
}
