//! Results of tool calls.
//!
//! A call has one head: the newest attempt's result, or its first part and where the
//! others are. Every write names its parts anew, puts them there before the head names
//! them, and removes those that the head no longer names. So a reader of a head finds
//! all of one result or, while it is replaced, looks again.

use azimuth_domain::ids::CallId;
use azimuth_ports::store::{StoreError, StoredResult};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::super::failure::Fault;
use super::documents::{ById, Document, Stored, part_id};
use super::{CosmosStore, keys};

/// Longest part, bytes; in base64 it stays well below the 2 MB of an item.
const PART: usize = 1024 * 1024;
/// How often a head is read anew because somebody else replaces it.
const TRIES: usize = 20;

/// What a head says; its document's body.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    v: u32,
    attempt: u32,
    media_type: String,
    truncated: bool,
    is_error: bool,
    /// How many parts there are, this one included.
    parts: usize,
    /// Names the write, and with it the other parts.
    write: String,
    /// The first part, base64.
    bytes: String,
}

const HEAD_VERSION: u32 = 1;

impl CosmosStore {
    pub(super) async fn store_result(
        &self,
        tenant: &str,
        result: StoredResult,
    ) -> Result<(), StoreError> {
        let key = result.call.key(tenant);
        let partition = keys::conversation(&key);
        let id = result.call.to_string();
        let write = self.random.ulid();
        let parts = result.bytes.chunks(PART).skip(1);
        let count = result.bytes.len().div_ceil(PART).max(1);
        for (number, part) in (1..).zip(parts) {
            let id = part_id(&result.call, &write, number);
            let part = Document::new(&key, id, "part", ById {}, STANDARD.encode(part));
            self.conversations
                .put(partition.clone(), &part.id, &part)
                .await?;
        }
        let head = Head {
            v: HEAD_VERSION,
            attempt: result.attempt,
            media_type: result.media_type,
            truncated: result.truncated,
            is_error: result.is_error,
            parts: count,
            write,
            bytes: STANDARD.encode(result.bytes.chunks(PART).next().unwrap_or_default()),
        };
        let body = azimuth_ports::shape::encode(&head)?;
        let document = Document::new(&key, id.clone(), "result", ById {}, body);
        for _ in 0..TRIES {
            let created = self
                .conversations
                .create(partition.clone(), &id, &document)
                .await;
            match created {
                Ok(_) => return Ok(()),
                Err(Fault::Exists) => {}
                Err(other) => return Err(other.into()),
            }
            let Some((known, etag)) = self.head(tenant, &result.call).await? else {
                continue;
            };
            if known.attempt > head.attempt {
                return self.drop_parts(tenant, &result.call, &head).await;
            }
            let replaced = self
                .conversations
                .replace(partition.clone(), &id, &document, &etag)
                .await;
            match replaced {
                Ok(_) => return self.drop_parts(tenant, &result.call, &known).await,
                Err(Fault::Changed | Fault::Missing) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(too_busy())
    }

    pub(super) async fn newest_result(
        &self,
        tenant: &str,
        call: &CallId,
    ) -> Result<Option<StoredResult>, StoreError> {
        for _ in 0..TRIES {
            let Some((head, _)) = self.head(tenant, call).await? else {
                return Ok(None);
            };
            let mut bytes = read_bytes(&head.bytes)?;
            let mut is_whole = true;
            for number in 1..head.parts {
                let id = part_id(call, &head.write, number);
                let partition = keys::conversation(&call.key(tenant));
                let part: Option<Stored> = self.conversations.read(partition, &id).await?;
                let Some(part) = part else {
                    is_whole = false;
                    break;
                };
                bytes.extend(read_bytes(&part.body)?);
            }
            if is_whole {
                return Ok(Some(StoredResult {
                    call: call.clone(),
                    attempt: head.attempt,
                    media_type: head.media_type,
                    bytes,
                    truncated: head.truncated,
                    is_error: head.is_error,
                }));
            }
        }
        Err(too_busy())
    }

    async fn head(
        &self,
        tenant: &str,
        call: &CallId,
    ) -> Result<Option<(Head, String)>, StoreError> {
        let partition = keys::conversation(&call.key(tenant));
        let read = self.conversations.read(partition, call.as_str()).await?;
        let Some(Stored { body, etag }) = read else {
            return Ok(None);
        };
        let head: Head =
            serde_json::from_str(&body).map_err(|e| StoreError::Unreadable(e.to_string()))?;
        if head.v > HEAD_VERSION {
            return Err(StoreError::Unreadable(
                "a newer version of Azimuth wrote the result".to_owned(),
            ));
        }
        Ok(Some((head, etag)))
    }

    /// Removes the parts of a head that nobody reads any more.
    async fn drop_parts(&self, tenant: &str, call: &CallId, gone: &Head) -> Result<(), StoreError> {
        for number in 1..gone.parts {
            let partition = keys::conversation(&call.key(tenant));
            let id = part_id(call, &gone.write, number);
            self.conversations.delete(partition, &id).await?;
        }
        Ok(())
    }
}

fn read_bytes(text: &str) -> Result<Vec<u8>, StoreError> {
    let damaged = |_| StoreError::Unreadable("a result's bytes are damaged".to_owned());
    STANDARD.decode(text).map_err(damaged)
}

fn too_busy() -> StoreError {
    StoreError::Unavailable("the result is written by others all the time".to_owned())
}
