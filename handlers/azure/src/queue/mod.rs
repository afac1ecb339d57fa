//! The work queue on Azure Storage Queues
//! (learn.microsoft.com/rest/api/storageservices/queue-service-rest-api).
//!
//! Messages are plain text, as `messageEncoding: none` of `host.json` says. The
//! service counts in whole seconds: what is shorter lasts up to the next one.

mod answer;
mod client;
mod connection;
mod connection_string;
mod shared_key;
#[cfg(test)]
mod tests;
mod text;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azimuth_ports::clock::Clock;
use azimuth_ports::queue::{Delivery, MAX_MESSAGE_BYTES, QueueError, WorkQueue};
use azure_core::Bytes;
use azure_core::http::headers::HeaderName;
use azure_storage_queue::models::{
    QueueClientGetPropertiesResultHeaders, QueueClientReceiveMessagesOptions,
    QueueClientSendMessageOptions, SentMessage,
};
use azure_storage_queue::{QueueClient, QueueServiceClient};

pub use client::OpenError;
pub use connection::{ConnectionError, ConnectionFault, QueueConnection};

use crate::egress::Egress;
use crate::patience::Patience;

/// How long an unread message is kept: the service's own default.
pub const MESSAGE_TTL: Duration = Duration::from_hours(7 * 24);

/// Most messages of one [`WorkQueue::receive`].
const MAX_RECEIVED: usize = 32;

/// Where a renewal tells the receipt that follows.
const POP_RECEIPT: HeaderName = HeaderName::from_static("x-ms-popreceipt");

/// [`WorkQueue`] on the queues of a storage account, or of Azurite.
///
/// A lost answer is asked for again, within a budget. So an enqueue can double a
/// message, a receive can hide some that nobody gets before their time ends, and a
/// renewal or deletion that has happened can be told as a void receipt.
pub struct AzureQueue {
    service: QueueServiceClient,
    whole: Duration,
}

impl AzureQueue {
    /// A queue with a client of its own; asks nobody yet. `egress` tells proxy and
    /// roots; its time-out is not used. The clock dates requests that are signed
    /// with a key: the service refuses one that is 15 minutes off.
    pub fn open(
        connection: &QueueConnection,
        egress: &Egress,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        Self::open_with(connection, egress, clock, Patience::default())
    }

    fn open_with(
        connection: &QueueConnection,
        egress: &Egress,
        clock: Arc<dyn Clock>,
        patience: Patience,
    ) -> Result<Self, OpenError> {
        Ok(Self {
            service: client::service(connection, egress, clock, patience)?,
            whole: patience.whole,
        })
    }

    fn queue(&self, name: &str) -> Result<QueueClient, QueueError> {
        self.service.queue_client(name).map_err(answer::failure)
    }

    /// Whatever the service says or does not say, an operation ends in time: a
    /// `Retry-After` of an hour is not waited for.
    async fn in_time<T>(
        &self,
        operation: impl Future<Output = azure_core::Result<T>>,
    ) -> Result<azure_core::Result<T>, QueueError> {
        tokio::time::timeout(self.whole, operation)
            .await
            .map_err(|_| QueueError::Unavailable("no answer in time".to_owned()))
    }
}

#[async_trait]
impl WorkQueue for AzureQueue {
    async fn enqueue(
        &self,
        queue: &str,
        body: &str,
        delay: Duration,
    ) -> Result<String, QueueError> {
        if body.len() > MAX_MESSAGE_BYTES {
            return Err(QueueError::TooLarge(body.len()));
        }
        let message = text::message(body)?;
        let queue = self.queue(queue)?;
        let added = self.in_time(add(&queue, &message, seconds(delay))).await?;
        added
            .map_err(answer::failure)?
            .message_id
            .ok_or_else(answer::incomplete)
    }

    async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        let max = i32::try_from(max.clamp(1, MAX_RECEIVED)).unwrap_or(1);
        let options = QueueClientReceiveMessagesOptions {
            number_of_messages: Some(max),
            // The service takes no zero here.
            visibility_timeout: Some(seconds(visibility).max(1)),
            ..QueueClientReceiveMessagesOptions::default()
        };
        let queue = self.queue(queue)?;
        match self.in_time(queue.receive_messages(Some(options))).await? {
            Ok(received) => answer::deliveries(received.into_model().map_err(answer::failure)?),
            Err(error) if answer::is_missing_queue(&error) => Ok(Vec::new()),
            Err(error) => Err(answer::failure(error)),
        }
    }

    async fn renew(
        &self,
        queue: &str,
        id: &str,
        receipt: &str,
        visibility: Duration,
    ) -> Result<Option<String>, QueueError> {
        let queue = self.queue(queue)?;
        let renewal = queue.update_message(id, receipt, seconds(visibility), None);
        match self.in_time(renewal).await? {
            Ok(renewed) => renewed
                .headers()
                .get_optional_str(&POP_RECEIPT)
                .map(|receipt| Some(receipt.to_owned()))
                .ok_or_else(answer::incomplete),
            Err(error) if answer::is_void_receipt(&error) => Ok(None),
            Err(error) => Err(answer::failure(error)),
        }
    }

    async fn delete(&self, queue: &str, id: &str, receipt: &str) -> Result<bool, QueueError> {
        let queue = self.queue(queue)?;
        match self
            .in_time(queue.delete_message(id, receipt, None))
            .await?
        {
            Ok(_) => Ok(true),
            Err(error) if answer::is_void_receipt(&error) => Ok(false),
            Err(error) => Err(answer::failure(error)),
        }
    }

    async fn depth(&self, queue: &str) -> Result<u64, QueueError> {
        let queue = self.queue(queue)?;
        match self.in_time(queue.get_properties(None)).await? {
            Ok(properties) => properties
                .approximate_messages_count()
                .map_err(answer::failure)?
                .and_then(|count| u64::try_from(count).ok())
                .ok_or_else(answer::incomplete),
            Err(error) if answer::is_missing_queue(&error) => Ok(0),
            Err(error) => Err(answer::failure(error)),
        }
    }
}

/// Adds a message; makes the queue where nobody has.
async fn add(queue: &QueueClient, message: &Bytes, delay: i32) -> azure_core::Result<SentMessage> {
    let add = || {
        let options = QueueClientSendMessageOptions {
            message_time_to_live: Some(seconds(MESSAGE_TTL)),
            // A message must be seen before its end.
            visibility_timeout: Some(delay.min(seconds(MESSAGE_TTL) - 1)),
            ..QueueClientSendMessageOptions::default()
        };
        queue.send_message(message.clone().into(), Some(options))
    };
    let added = match add().await {
        Err(error) if answer::is_missing_queue(&error) => {
            queue.create(None).await?;
            add().await?
        }
        added => added?,
    };
    added.into_model()?.into_message()
}

/// Whole seconds, rounded up: nobody gets a message before the time that was asked
/// for. Longer than it is kept, a message cannot be hidden.
fn seconds(duration: Duration) -> i32 {
    let duration = duration.min(MESSAGE_TTL);
    let whole = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(whole).unwrap_or(i32::MAX)
}
