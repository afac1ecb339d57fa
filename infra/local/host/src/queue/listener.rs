use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{MessageProcessor, Polling};

/// Reads one queue for one function.
#[derive(Debug)]
pub struct QueueListener {
    pub processor: Arc<MessageProcessor>,
}

impl QueueListener {
    /// Takes messages until `stop`. A look takes at most `batchSize`; the next
    /// follows at once when a look found something and at most
    /// `newBatchThreshold` messages are in progress, so up to the sum of both
    /// are at a time. Stopping abandons what is in progress: those messages stay
    /// hidden until their visibility ends, as after a crash of the real host.
    pub async fn run(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.listen() => {}
        }
    }

    async fn listen(&self) {
        let processor = &self.processor;
        let settings = &processor.settings;
        let mut in_progress = JoinSet::new();
        let mut polling = Polling::new(processor.timing.polling_min, settings.max_polling_interval);
        loop {
            while in_progress.try_join_next().is_some() {}
            while in_progress.len() > settings.new_batch_threshold {
                in_progress.join_next().await;
            }
            let received = processor
                .queue
                .receive(
                    &processor.trigger.queue,
                    settings.batch_size,
                    processor.timing.visibility,
                )
                .await;
            match received {
                Ok(messages) if !messages.is_empty() => {
                    polling.found();
                    for message in messages {
                        let processor = Arc::clone(processor);
                        in_progress.spawn(async move { processor.process(message).await });
                    }
                }
                Ok(_) => sleep(polling.empty(jitter())).await,
                Err(error) => {
                    processor.log.warning("Host.Queues", &error);
                    sleep(polling.empty(jitter())).await;
                }
            }
        }
    }
}

fn jitter() -> f64 {
    rand::random_range(0.8..=1.2)
}
