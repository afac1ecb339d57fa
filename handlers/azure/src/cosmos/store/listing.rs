//! A person's conversations: the list, and the search that goes through it.

use azimuth_domain::conversation::{Conversation, Message};
use azimuth_domain::ids::OwnerKey;
use azimuth_ports::cursor;
use azimuth_ports::search::{Words, fold};
use azimuth_ports::shape::decode;
use azimuth_ports::store::{ConversationQuery, Page, StoreError};
use azure_data_cosmos::feed::FeedScope;
use futures::{StreamExt, TryStreamExt, stream};

use super::super::ask::Ask;
use super::super::failure::Fault;
use super::super::order;
use super::{CosmosStore, documents, keys};

const LIST: &str = "conversations";
const LONGEST_PAGE: usize = 100;
/// Conversations of one look that a search goes through.
const LOOK: usize = 24;
/// Conversations that are searched at once.
const AT_ONCE: usize = 8;
/// What one page of a search may read: titles and messages, and their bytes. A page
/// ends between two conversations, so that none is half searched and missed.
const MAX_TEXTS: usize = 2_000;
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// What was read of a conversation to see whether it holds all words.
#[derive(Default)]
struct Searched {
    is_found: bool,
    texts: usize,
    bytes: usize,
}

impl Searched {
    fn count(&mut self, text: &str) {
        self.texts += 1;
        self.bytes += text.len();
    }
}

impl CosmosStore {
    pub(super) async fn list(
        &self,
        tenant: &str,
        owner: &OwnerKey,
        query: &ConversationQuery,
    ) -> Result<Page<Conversation>, StoreError> {
        let list = List {
            store: self,
            scope: keys::conversations_of(tenant, owner),
            shelf: documents::shelf(query.shelf),
        };
        let before: String = match &query.cursor {
            Some(text) => cursor::read(LIST, text).ok_or(StoreError::BadCursor)?,
            None => format!("{}{}", list.shelf, order::LAST),
        };
        let limit = query.limit.clamp(1, LONGEST_PAGE);
        match Words::of(query.text.as_deref()) {
            None => list.page(before, limit).await,
            Some(words) => list.search(&words, before, limit).await,
        }
    }

    /// Whether title and messages together hold all words.
    async fn look_through(
        &self,
        item: &Conversation,
        words: &Words,
    ) -> Result<Searched, StoreError> {
        let mut searched = Searched::default();
        let mut missing = words.missing();
        let title = fold(&item.title);
        searched.count(&title);
        searched.is_found = missing.look_in(&title);
        if searched.is_found {
            return Ok(searched);
        }
        let ask = Ask::new("c.body", "c.item = 'message'");
        let scope = FeedScope::partition(keys::conversation(&item.key()));
        let mut bodies = self.conversations.stream::<String>(scope, ask).await?;
        while let Some(body) = bodies.try_next().await.map_err(Fault::from)? {
            let message: Message = decode(&body)?;
            let text = fold(&message.text);
            searched.count(&text);
            if missing.look_in(&text) {
                searched.is_found = true;
                break;
            }
        }
        Ok(searched)
    }
}

/// One shelf of one person.
struct List<'a> {
    store: &'a CosmosStore,
    scope: FeedScope,
    shelf: char,
}

impl List<'_> {
    async fn page(&self, before: String, limit: usize) -> Result<Page<Conversation>, StoreError> {
        let mut items = self.behind(&before, limit.saturating_add(1)).await?;
        let next_cursor = cursor::cut(&mut items, limit).and_then(behind);
        Ok(Page { items, next_cursor })
    }

    /// Goes through the list until the page is full or its budget spent; then it is
    /// short, perhaps empty, and the next one goes on behind what was looked through.
    async fn search(
        &self,
        words: &Words,
        mut before: String,
        limit: usize,
    ) -> Result<Page<Conversation>, StoreError> {
        let mut items: Vec<Conversation> = Vec::new();
        let (mut texts, mut bytes) = (0, 0);
        loop {
            let look = self.behind(&before, LOOK).await?;
            let is_last = look.len() < LOOK;
            let mut searched = stream::iter(look)
                .map(|item| async move {
                    let searched = self.store.look_through(&item, words).await?;
                    Ok::<_, StoreError>((item, searched))
                })
                .buffered(AT_ONCE);
            while let Some((item, searched)) = searched.try_next().await? {
                if items.len() == limit && searched.is_found {
                    let next_cursor = items.last().and_then(behind);
                    return Ok(Page { items, next_cursor });
                }
                before = documents::listed(&item).unwrap_or(before);
                texts += searched.texts;
                bytes += searched.bytes;
                if searched.is_found {
                    items.push(item);
                }
                if texts >= MAX_TEXTS || bytes >= MAX_BYTES {
                    let next_cursor = cursor::write(LIST, &before);
                    return Ok(Page { items, next_cursor });
                }
            }
            if is_last {
                let next_cursor = None;
                return Ok(Page { items, next_cursor });
            }
        }
    }

    /// The next `limit` behind a position.
    async fn behind(&self, before: &str, limit: usize) -> Result<Vec<Conversation>, StoreError> {
        let ask = Ask::new("c.body", "c.item = 'conversation'")
            .only("c.listed >= @shelf", "@shelf", self.shelf)
            .only("c.listed < @before", "@before", before)
            .ordered_by("c.listed DESC")
            .top(limit);
        let bodies: Vec<String> = self
            .store
            .conversations
            .all(self.scope.clone(), ask)
            .await?;
        bodies.iter().map(|body| decode(body)).collect()
    }
}

fn behind(item: &Conversation) -> Option<String> {
    cursor::write(LIST, &documents::listed(item)?)
}
