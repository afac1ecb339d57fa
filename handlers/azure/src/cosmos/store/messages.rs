//! Messages of a conversation.

use azimuth_domain::conversation::Message;
use azimuth_domain::ids::ConversationKey;
use azimuth_ports::cursor;
use azimuth_ports::shape::decode;
use azimuth_ports::store::{Page, StoreError};
use azure_data_cosmos::feed::FeedScope;

use super::super::ask::Ask;
use super::super::order::LAST;
use super::{CosmosStore, documents, keys};

const LIST: &str = "messages";

impl CosmosStore {
    pub(super) async fn messages_of(
        &self,
        key: &ConversationKey,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Message>, StoreError> {
        let before: Option<String> = cursor
            .map(|text| cursor::read(LIST, text).ok_or(StoreError::BadCursor))
            .transpose()?;
        let limit = limit.max(1);
        let ask = Ask::new("c.body", "c.item = 'message'")
            .only(
                "c.said < @before",
                "@before",
                before.as_deref().unwrap_or(LAST),
            )
            .ordered_by("c.said DESC")
            .top(limit.saturating_add(1));
        let scope = FeedScope::partition(keys::conversation(key));
        let bodies: Vec<String> = self.conversations.all(scope, ask).await?;
        let mut items = bodies
            .iter()
            .map(|body| decode(body))
            .collect::<Result<Vec<Message>, _>>()?;
        let next_cursor = cursor::cut(&mut items, limit)
            .and_then(|last| cursor::write(LIST, &documents::said(last)));
        Ok(Page { items, next_cursor })
    }
}
