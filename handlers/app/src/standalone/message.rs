//! Takes one message to its end: deleted, shown again, or moved to the poison queue. An
//! error of the queue on the way leaves it hidden; it comes back.

use std::pin::pin;
use std::time::Duration;

use azimuth_ports::queue::Delivery;
use tokio::time::{sleep, timeout};

use super::{Standalone, Until};
use crate::triggers::{QueueFunction, TriggerError};

/// How the work on a message ended.
enum End {
    Done,
    /// It goes back to its queue.
    Failed,
    /// Somebody else shall do it.
    HandedBack,
}

impl Standalone {
    pub(super) async fn process(&self, function: QueueFunction, message: Delivery, until: &Until) {
        let pace = &self.pace;
        // Where nobody else could do more, it is tried as long as it takes.
        let poison = function.poison();
        if let Some(poison) = poison
            && message.dequeue_count > pace.max_dequeue_count
        {
            // Whoever had it last died of it, or with it.
            self.poison(function, poison, &message, &message.receipt)
                .await;
            return;
        }
        let (end, receipt) = self.work(function, &message, until).await;
        match (end, poison) {
            (End::Done, _) => self.delete(function, &message, &receipt).await,
            (End::Failed, Some(poison)) if message.dequeue_count >= pace.max_dequeue_count => {
                self.poison(function, poison, &message, &receipt).await;
            }
            (End::Failed, _) => {
                self.hide(function, &message, &receipt, pace.retry_after)
                    .await;
            }
            (End::HandedBack, _) => {
                self.hide(function, &message, &receipt, pace.handed_back_for)
                    .await;
            }
        }
    }

    /// Works on it, and hides it anew as long as that takes. Gives the receipt to use
    /// from here on. A void receipt ends the renewals, not the work.
    async fn work(
        &self,
        function: QueueFunction,
        message: &Delivery,
        until: &Until,
    ) -> (End, String) {
        let work = function.deliver(&self.engine, &message.body, message.dequeue_count);
        let mut work = pin!(timeout(self.pace.deadline, work));
        let mut receipt = message.receipt.clone();
        let mut is_ours = true;
        loop {
            tokio::select! {
                biased;
                done = &mut work => return (Self::told(function, done.ok()), receipt),
                () = until.give_up.cancelled() => return (End::HandedBack, receipt),
                () = sleep(self.pace.renewal), if is_ours => {}
            }
            // A renewal under way is finished, else its receipt would be lost.
            let renewed = self
                .queue
                .renew(function.queue(), &message.id, &receipt, self.pace.hidden)
                .await;
            match renewed {
                Ok(Some(fresh)) => receipt = fresh,
                Ok(None) => is_ours = false,
                Err(error) => {
                    tracing::warn!(queue = function.queue(), %error, "a message cannot be kept hidden");
                }
            }
        }
    }

    /// `None` is a delivery that took too long.
    fn told(function: QueueFunction, done: Option<Result<(), TriggerError>>) -> End {
        let function = function.name();
        let failed = |reason: &str| {
            tracing::warn!(function, reason, "a delivery goes back to its queue");
            End::Failed
        };
        match done {
            Some(Ok(())) => End::Done,
            Some(Err(TriggerError::Fail(reason))) => {
                tracing::error!(function, reason, "a delivery was given up");
                End::Done
            }
            Some(Err(TriggerError::Retry(reason))) => failed(&reason),
            None => failed("it took too long"),
        }
    }

    async fn delete(&self, function: QueueFunction, message: &Delivery, receipt: &str) {
        let queue = function.queue();
        if let Err(error) = self.queue.delete(queue, &message.id, receipt).await {
            tracing::warn!(queue, %error, "a message that is done stays; it comes again");
        }
    }

    async fn hide(
        &self,
        function: QueueFunction,
        message: &Delivery,
        receipt: &str,
        hidden: Duration,
    ) {
        let queue = function.queue();
        if let Err(error) = self.queue.renew(queue, &message.id, receipt, hidden).await {
            tracing::warn!(queue, %error, "a message stays hidden longer than it should");
        }
    }

    /// Gives it to whoever ends what cannot be worked on.
    async fn poison(
        &self,
        function: QueueFunction,
        poison: QueueFunction,
        message: &Delivery,
        receipt: &str,
    ) {
        let queue = poison.queue();
        tracing::warn!(queue, id = message.id, "a message failed too often");
        match self
            .queue
            .enqueue(queue, &message.body, Duration::ZERO)
            .await
        {
            Ok(_) => self.delete(function, message, receipt).await,
            Err(error) => tracing::error!(queue, %error, "a message cannot be moved"),
        }
    }
}
