mod app;
mod client;
mod memory_queue;

pub use app::{TestApp, http_function, is_running, queue_function, timer_function};
pub use client::{Answer, BrokenOff, RawClient, send};
pub use memory_queue::MemoryQueue;

use std::time::{Duration, Instant};

/// How long a test waits for what must happen.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Looks until `look` finds something; the test fails at the deadline.
pub async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < DEADLINE, "did not happen: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
