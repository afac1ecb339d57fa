use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use azimuth_ports::queue::{Delivery, WorkQueue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::time::sleep;

use crate::invocation::{InvocationFailed, Invoker, Sys, queue_envelope};
use crate::log::Log;
use crate::settings::{MessageEncoding, QueueSettings, QueueTrigger};
use crate::timing::Timing;

const POISON_SUFFIX: &str = "-poison";

/// Longest name that a storage queue can have.
const MAX_QUEUE_NAME: usize = 63;

const CATEGORY: &str = "Host.Queues";

/// Runs one function for the messages of its queue, one call per message.
pub struct MessageProcessor {
    pub function: String,
    pub trigger: QueueTrigger,
    pub settings: QueueSettings,
    pub queue: Arc<dyn WorkQueue>,
    pub invoker: Arc<Invoker>,
    pub timing: Timing,
    pub log: Log,
}

impl std::fmt::Debug for MessageProcessor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MessageProcessor")
            .field("function", &self.function)
            .field("trigger", &self.trigger)
            .finish_non_exhaustive()
    }
}

impl MessageProcessor {
    /// Takes `message` to its end: deleted, shown again, or moved to the poison
    /// queue. An error of the queue on the way leaves it hidden; it comes back.
    pub async fn process(&self, message: Delivery) {
        if message.dequeue_count > self.settings.max_dequeue_count {
            // Without a poison queue it is not run either, and stays hidden.
            self.move_to_poison(&message, &message.receipt).await;
            return;
        }
        let text = match self.settings.message_encoding {
            MessageEncoding::None => message.body.clone().into_bytes(),
            MessageEncoding::Base64 => {
                let Ok(text) = STANDARD.decode(&message.body) else {
                    self.log.warning(
                        CATEGORY,
                        format_args!(
                            "Message {} of {} is not base64.",
                            message.id, self.trigger.queue
                        ),
                    );
                    self.move_to_poison(&message, &message.receipt).await;
                    return;
                };
                text
            }
        };
        let sys = Sys::new(&self.function);
        let envelope = queue_envelope(&self.trigger, &message, &text, &sys);
        let (result, receipt) = self.run(&message, &envelope).await;
        match result {
            Ok(()) => self.delete(&message, &receipt).await,
            Err(_) if message.dequeue_count >= self.settings.max_dequeue_count => {
                self.move_to_poison(&message, &receipt).await;
            }
            Err(_) => self.release(&message, &receipt).await,
        }
    }

    /// Calls the function, and hides the message anew as long as that takes.
    /// Gives the receipt to use from here on. A void receipt ends the renewals,
    /// not the invocation. A renewal under way is always finished, else its
    /// receipt would be lost.
    async fn run(
        &self,
        message: &Delivery,
        envelope: &Value,
    ) -> (Result<(), InvocationFailed>, String) {
        let queue = &self.trigger.queue;
        let mut receipt = message.receipt.clone();
        let mut is_ours = true;
        let mut interval = self.timing.renewal;
        let mut invocation = pin!(self.invoker.invoke(&self.function, envelope));
        loop {
            tokio::select! {
                biased;
                result = &mut invocation => return (result, receipt),
                () = sleep(interval), if is_ours => {}
            }
            let renewed = self
                .queue
                .renew(queue, &message.id, &receipt, self.timing.visibility)
                .await;
            match renewed {
                Ok(Some(fresh)) => {
                    receipt = fresh;
                    interval = self.timing.renewal;
                }
                Ok(None) => {
                    is_ours = false;
                    self.log.warning(
                        CATEGORY,
                        format_args!(
                            "Message {} of {queue} was taken by somebody else.",
                            message.id
                        ),
                    );
                }
                Err(error) => {
                    self.log.warning(CATEGORY, &error);
                    interval = (interval / 2).max(self.timing.renewal_min);
                }
            }
        }
    }

    async fn delete(&self, message: &Delivery, receipt: &str) {
        match self
            .queue
            .delete(&self.trigger.queue, &message.id, receipt)
            .await
        {
            Ok(true) => {}
            Ok(false) => self.log.warning(
                CATEGORY,
                format_args!(
                    "Message {} of {} was not deleted: its receipt is void.",
                    message.id, self.trigger.queue
                ),
            ),
            Err(error) => self.log.warning(CATEGORY, &error),
        }
    }

    async fn release(&self, message: &Delivery, receipt: &str) {
        if self.poison_queue().is_none() {
            // It would come back at once and fail again, so it stays hidden.
            return;
        }
        let hidden_for: Duration = self.settings.visibility_timeout;
        let released = self
            .queue
            .renew(&self.trigger.queue, &message.id, receipt, hidden_for)
            .await;
        if let Err(error) = released {
            self.log.warning(CATEGORY, &error);
        }
    }

    async fn move_to_poison(&self, message: &Delivery, receipt: &str) {
        let Some(poison) = self.poison_queue() else {
            return;
        };
        self.log.warning(
            CATEGORY,
            format_args!(
                "Message has reached MaxDequeueCount of {}. Moving message '{}' to queue '{poison}'.",
                self.settings.max_dequeue_count, message.id
            ),
        );
        match self
            .queue
            .enqueue(&poison, &message.body, Duration::ZERO)
            .await
        {
            Ok(_) => self.delete(message, receipt).await,
            Err(error) => self.log.error(CATEGORY, &error),
        }
    }

    /// `None` for a poison queue itself and for a name that would be too long.
    fn poison_queue(&self) -> Option<String> {
        let queue = &self.trigger.queue;
        let fits = queue.len() + POISON_SUFFIX.len() <= MAX_QUEUE_NAME;
        (fits && !queue.ends_with(POISON_SUFFIX)).then(|| format!("{queue}{POISON_SUFFIX}"))
    }
}
