//! Waiting for a condition, never for time.

use std::future::Future;
use std::time::{Duration, Instant};

/// How long a condition may take unless a test says otherwise. Long enough for a
/// machine under load; a healthy run never comes near it.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Asks again and again until `look` finds something; panics with `what` when
/// [`PATIENCE`] is over.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, look: impl FnMut() -> F) -> T {
    until_within(PATIENCE, what, look).await
}

/// The same with a deadline of one's own.
pub async fn until_within<T, F: Future<Output = Option<T>>>(
    patience: Duration,
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {patience:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
