//! How many exports are made at the same time: each may hold many times the
//! bytes of its conversation.

use std::time::Duration;

use axum::response::Response;
use http::{HeaderValue, header};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::problem::{Code, Problem};

/// The seats of this process, because its memory is what they guard.
pub(in crate::http) static SEATS: Semaphore = Semaphore::const_new(2);

/// How long an export waits for a seat.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a caller without a seat is told to wait, seconds.
const RETRY_AFTER_SECONDS: u16 = 5;

/// A seat, or `None` when none becomes free in time.
pub(in crate::http) async fn take(seats: &Semaphore) -> Option<SemaphorePermit<'_>> {
    timeout(PATIENCE, seats.acquire()).await.ok()?.ok()
}

/// The whole answer for a caller without a seat. It is written here and not at the
/// edge, which says `Retry-After: 2` with every 503.
pub(in crate::http) fn none_free(request_id: &str) -> Response {
    let mut response = Problem::new(Code::Unavailable)
        .detail("Too many exports are made at the same time.")
        .respond(request_id);
    let seconds = HeaderValue::from(RETRY_AFTER_SECONDS);
    response.headers_mut().insert(header::RETRY_AFTER, seconds);
    response
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_third_waits_five_seconds_for_a_seat_and_no_longer() {
        let seats = Semaphore::new(2);
        let first = take(&seats).await.unwrap();
        let _second = take(&seats).await.unwrap();
        let begun = Instant::now();
        assert!(take(&seats).await.is_none());
        assert_eq!(begun.elapsed(), PATIENCE);
        for (after, seated) in [
            (
                PATIENCE.checked_sub(Duration::from_millis(1)).unwrap(),
                true,
            ),
            (PATIENCE + Duration::from_millis(1), false),
        ] {
            let seats = Semaphore::new(1);
            let held = take(&seats).await.unwrap();
            let release = async {
                sleep(after).await;
                drop(held);
            };
            let (third, ()) = tokio::join!(take(&seats), release);
            assert_eq!(third.is_some(), seated, "{after:?}");
        }
        drop(first);
        assert!(take(&seats).await.is_some());
    }

    #[test]
    fn without_a_seat_the_answer_says_when_to_come_back() {
        let response = none_free("r");
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()[header::RETRY_AFTER], "5");
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
    }
}
