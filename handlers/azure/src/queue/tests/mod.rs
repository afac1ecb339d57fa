//! The queue against servers that do what Azurite never does, and with tokens.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod connections;
mod outages;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use super::{AzureQueue, QueueConnection};
use crate::egress::Egress;
use crate::loopback::StandingClock;
use crate::patience::Patience;

const NAME: &str = "AzureWebJobsStorage";

/// Enough for three tries that are answered at once, or for one that is not.
const SHORT: Patience = Patience {
    once: Duration::from_millis(400),
    whole: Duration::from_millis(1500),
};

/// A connection string as the only setting.
fn connection(text: &str) -> QueueConnection {
    QueueConnection::from_settings(NAME, |name| (name == NAME).then(|| text.to_owned())).unwrap()
}

/// A queue whose service is at `endpoint`.
fn queue_at(endpoint: &str, patience: Patience) -> AzureQueue {
    let text = format!("AccountName=a;AccountKey=a2V5;QueueEndpoint={endpoint}");
    AzureQueue::open_with(
        &connection(&text),
        &Egress::default(),
        Arc::new(StandingClock),
        patience,
    )
    .unwrap()
}
