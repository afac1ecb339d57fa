//! The queue across the line, as the engine uses it.

use std::time::Duration;

use async_trait::async_trait;
use azimuth_ports::queue::{Delivery, QueueError, WorkQueue};

use super::{Call, Errors, Outside, Port};

/// How the queue fails.
pub const ERRORS: Errors<QueueError> = Errors::alike(QueueError::Unavailable);

#[async_trait]
impl WorkQueue for Outside<dyn WorkQueue> {
    async fn enqueue(
        &self,
        queue: &str,
        body: &str,
        delay: Duration,
    ) -> Result<String, QueueError> {
        let act = self.port.enqueue(queue, body, delay);
        let call = Call::writes(Port::Queue, "enqueue");
        self.line.pass(call, &ERRORS, act).await
    }

    async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        let act = self.port.receive(queue, max, visibility);
        let call = Call::writes(Port::Host, "receive");
        self.line.pass(call, &ERRORS, act).await
    }

    async fn renew(
        &self,
        queue: &str,
        id: &str,
        receipt: &str,
        visibility: Duration,
    ) -> Result<Option<String>, QueueError> {
        let act = self.port.renew(queue, id, receipt, visibility);
        let call = Call::writes(Port::Host, "renew");
        self.line.pass(call, &ERRORS, act).await
    }

    async fn delete(&self, queue: &str, id: &str, receipt: &str) -> Result<bool, QueueError> {
        let act = self.port.delete(queue, id, receipt);
        let call = Call::writes(Port::Host, "delete");
        self.line.pass(call, &ERRORS, act).await
    }

    async fn depth(&self, queue: &str) -> Result<u64, QueueError> {
        self.port.depth(queue).await
    }
}
