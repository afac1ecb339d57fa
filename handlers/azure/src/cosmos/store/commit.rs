//! One batch in one partition.

use azimuth_domain::ids::ConversationKey;
use azimuth_ports::store::{Batch, Committed, Etag, Precondition, StoreError};
use azure_core::http::Etag as SdkEtag;
use azure_data_cosmos::TransactionalBatch;
use azure_data_cosmos::options::{BatchReplaceOptions, Precondition as SdkPrecondition};
use serde::Serialize;

use super::super::container::BatchFault;
use super::super::failure::Fault;
use super::documents::{self, Document};
use super::{CosmosStore, keys};

/// What an operation of the batch is, in their order: the order in which conditions
/// are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Conversation,
    Turn,
    Events,
    Message,
}

impl CosmosStore {
    pub(super) async fn commit_batch(
        &self,
        key: &ConversationKey,
        batch: Batch,
    ) -> Result<Committed, StoreError> {
        if !lies_in(key, &batch) {
            return Err(StoreError::Unreadable(
                "the batch holds an item of another partition".to_owned(),
            ));
        }
        let (operations, parts) = operations(key, &batch)?;
        if parts.is_empty() {
            return Ok(Committed::default());
        }
        let versions = match self.conversations.batch(operations).await {
            Ok(versions) => versions,
            Err(BatchFault::Refused(place)) => return Err(refusal(parts.get(place))),
            Err(BatchFault::Other(fault)) => return Err(fault.into()),
        };
        let version_of = |part| {
            let place = parts.iter().position(|p| *p == part)?;
            versions.get(place).cloned().flatten().map(Etag)
        };
        Ok(Committed {
            conversation: version_of(Part::Conversation),
            turn: version_of(Part::Turn),
        })
    }
}

fn refusal(part: Option<&Part>) -> StoreError {
    match part {
        Some(Part::Conversation) => StoreError::ConversationChanged,
        Some(Part::Turn) => StoreError::TurnChanged,
        Some(Part::Events) => StoreError::EventExists,
        // A message is put whatever stands there.
        Some(Part::Message) | None => {
            StoreError::Unavailable("Cosmos DB refuses a part without a condition".to_owned())
        }
    }
}

fn lies_in(key: &ConversationKey, batch: &Batch) -> bool {
    let conversation = batch.conversation.as_ref().map(|w| w.item.key());
    let turn = batch.turn.as_ref().map(|w| w.item.key());
    let events = batch.events.iter().map(|e| e.turn_id.key(&key.tenant));
    let messages = batch.messages.iter().map(|m| m.id.key(&key.tenant));
    conversation
        .into_iter()
        .chain(turn)
        .chain(events)
        .chain(messages)
        .all(|of| of == *key)
}

fn operations(
    key: &ConversationKey,
    batch: &Batch,
) -> Result<(TransactionalBatch, Vec<Part>), StoreError> {
    let mut operations = TransactionalBatch::new(keys::conversation(key));
    let mut parts = Vec::new();
    if let Some(write) = &batch.conversation {
        let document = documents::conversation(key, &write.item)?;
        operations = guarded(operations, document, &write.when)?;
        parts.push(Part::Conversation);
    }
    if let Some(write) = &batch.turn {
        let document = documents::turn(key, &write.item)?;
        operations = guarded(operations, document, &write.when)?;
        parts.push(Part::Turn);
    }
    for run in documents::runs(&batch.events) {
        if let Some(document) = documents::events(key, run)? {
            operations = operations.create_item(document).map_err(Fault::from)?;
            parts.push(Part::Events);
        }
    }
    for message in &batch.messages {
        operations = operations
            .upsert_item(documents::message(key, message)?, None)
            .map_err(Fault::from)?;
        parts.push(Part::Message);
    }
    Ok((operations, parts))
}

fn guarded<F: Serialize>(
    operations: TransactionalBatch,
    document: Document<F>,
    when: &Precondition,
) -> Result<TransactionalBatch, StoreError> {
    let added = match when {
        Precondition::New => operations.create_item(document),
        Precondition::Matches(etag) => {
            let as_read = SdkPrecondition::IfMatch(SdkEtag::from(etag.0.clone()));
            let options = BatchReplaceOptions::default().with_precondition(as_read);
            operations.replace_item(document.id.clone(), document, Some(options))
        }
    };
    Ok(added.map_err(Fault::from)?)
}
