//! How long the SDK's clients may take. Their own defaults hold a caller for a minute.

use std::sync::Arc;
use std::time::Duration;

use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions, Transport};

use crate::egress::{Egress, EgressError};

/// How long an operation may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// One try, connection included.
    pub once: Duration,
    /// All tries and the pauses between them.
    pub whole: Duration,
}

impl Default for Patience {
    /// The lease of a call is 20 s and renewed every 5 s: within 8 s its holder
    /// knows, and can still act.
    fn default() -> Self {
        Self {
            once: Duration::from_secs(3),
            whole: Duration::from_secs(8),
        }
    }
}

/// Pauses double up to the longest, with up to a quarter of a second on top.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const MAX_RETRIES: u32 = 6;

impl Patience {
    /// Our transport, and tries that end in time. The time-out of `egress` is not
    /// used.
    pub(crate) fn options(self, egress: &Egress) -> Result<ClientOptions, EgressError> {
        let client = Egress {
            timeout: self.once,
            ..egress.clone()
        }
        .client()?;
        let retry = RetryOptions::exponential(ExponentialRetryOptions {
            initial_delay: time(FIRST_PAUSE),
            max_retries: MAX_RETRIES,
            max_total_elapsed: time(self.whole),
            max_delay: time(LONGEST_PAUSE),
        });
        Ok(ClientOptions {
            retry,
            transport: Some(Transport::new(Arc::new(client))),
            ..ClientOptions::default()
        })
    }
}

fn time(duration: Duration) -> azure_core::time::Duration {
    azure_core::time::Duration::try_from(duration).unwrap_or(azure_core::time::Duration::MAX)
}
