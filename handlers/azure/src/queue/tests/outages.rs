//! A service that refuses, waits, or makes no sense.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use azimuth_ports::queue::{QueueError, WorkQueue};

use super::super::AzureQueue;
use super::{SHORT, queue_at};
use crate::loopback::{Loopback, closed_port};
use crate::patience::Patience;

/// What the service says to the n-th request (the first is 0).
type Says = fn(usize) -> Response;

struct Service {
    server: Loopback,
    requests: Arc<AtomicUsize>,
}

impl Service {
    async fn saying(says: Says) -> Self {
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let answer = move || {
            let answer = says(counter.fetch_add(1, Ordering::SeqCst));
            async move { answer }
        };
        Self {
            server: Loopback::serving(Router::new().fallback(answer)).await,
            requests,
        }
    }

    fn queue(&self, patience: Patience) -> AzureQueue {
        queue_at(&self.server.url("/a"), patience)
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn error(status: u16, code: &'static str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("x-ms-error-code", code)], "<Error/>").into_response()
}

fn depth_of_three() -> Response {
    [("x-ms-approximate-messages-count", "3")].into_response()
}

fn unavailable(error: &QueueError) -> &str {
    match error {
        QueueError::Unavailable(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    for says in [
        (|n| match n {
            0 => error(503, "ServerBusy"),
            1 => error(500, "InternalError"),
            2 => error(429, "TooManyRequests"),
            _ => depth_of_three(),
        }) as Says,
        |n| match n {
            0 => error(500, "OperationTimedOut"),
            _ => depth_of_three(),
        },
    ] {
        let service = Service::saying(says).await;
        let queue = service.queue(Patience::default());
        assert_eq!(queue.depth("work").await.unwrap(), 3);
    }
}

#[tokio::test]
async fn a_service_that_refuses_for_ever_is_given_up_within_the_budget() {
    for (says, told) in [
        ((|_| error(503, "ServerBusy")) as Says, "503 ServerBusy"),
        (|_| error(500, "InternalError"), "500 InternalError"),
        (|_| error(429, "TooManyRequests"), "429 TooManyRequests"),
    ] {
        let service = Service::saying(says).await;
        let started = Instant::now();
        let failed = service.queue(SHORT).depth("work").await.unwrap_err();
        let why = unavailable(&failed);
        assert!(why == told || why == "no answer in time", "{why}");
        let took = started.elapsed();
        assert!(took < SHORT.whole + Duration::from_secs(1), "{took:?}");
        let requests = service.requests();
        assert!((2..=7).contains(&requests), "{requests}");
    }
}

#[tokio::test]
async fn nobody_waits_for_an_hour_because_the_service_says_so() {
    let service = Service::saying(|_| {
        let headers = [("retry-after", "3600"), ("x-ms-error-code", "ServerBusy")];
        (StatusCode::SERVICE_UNAVAILABLE, headers).into_response()
    })
    .await;
    let started = Instant::now();
    let failed = service
        .queue(SHORT)
        .receive("work", 1, Duration::ZERO)
        .await;
    assert_eq!(unavailable(&failed.unwrap_err()), "no answer in time");
    assert!(started.elapsed() < SHORT.whole + Duration::from_secs(1));
    assert_eq!(service.requests(), 1);
}

#[tokio::test]
async fn a_service_that_is_silent_is_given_up_within_the_budget() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/a", silent.local_addr().unwrap());
    let queue = queue_at(&address, SHORT);
    let started = Instant::now();
    let failed = queue.enqueue("work", "x", Duration::ZERO).await;
    assert_eq!(unavailable(&failed.unwrap_err()), "no answer in time");
    let took = started.elapsed();
    assert!(took >= SHORT.once, "{took:?}");
    assert!(took < SHORT.whole + Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn a_service_that_is_away_is_told_so() {
    let port = closed_port().await;
    let queue = queue_at(&format!("http://127.0.0.1:{port}/a"), SHORT);
    let failed = queue.depth("work").await.unwrap_err();
    let why = unavailable(&failed);
    assert!(
        why == "no connection" || why == "no answer in time",
        "{why}"
    );
}

#[tokio::test]
async fn who_is_not_let_in_is_told_why_and_not_tried_again() {
    for says in [(|_| error(403, "AuthenticationFailed")) as Says, |_| {
        error(403, "AuthorizationPermissionMismatch")
    }] {
        let service = Service::saying(says).await;
        let failed = service.queue(SHORT).depth("work").await.unwrap_err();
        assert!(matches!(failed, QueueError::Refused(_)), "{failed:?}");
        let told = failed.to_string();
        for part in [
            "403 Auth",
            "key",
            "role Storage Queue Data Contributor",
            "clock",
        ] {
            assert!(told.contains(part), "{told}");
        }
        assert_eq!(service.requests(), 1);
    }
}

#[tokio::test]
async fn what_the_service_does_not_take_is_refused() {
    let service = Service::saying(|_| error(400, "InvalidXmlDocument")).await;
    let queue = service.queue(SHORT);
    let failed = queue.enqueue("work", "x", Duration::ZERO).await;
    let told = failed.unwrap_err().to_string();
    assert_eq!(told, "the work queue refuses: 400 InvalidXmlDocument");
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_unavailable_and_not_repeated() {
    for says in [
        (|_| "<QueueMessagesList><QueueMessage>".into_response()) as Says,
        |_| "not XML".into_response(),
        |_| "<QueueMessagesList><QueueMessage/></QueueMessagesList>".into_response(),
    ] {
        let service = Service::saying(says).await;
        let failed = service
            .queue(SHORT)
            .receive("work", 1, Duration::ZERO)
            .await;
        let failed = failed.unwrap_err();
        let why = unavailable(&failed);
        assert!(why.starts_with("the answer"), "{why}");
    }
    let service = Service::saying(|_| StatusCode::NO_CONTENT.into_response()).await;
    let queue = service.queue(SHORT);
    let failed = queue.renew("work", "id", "receipt", Duration::ZERO).await;
    assert_eq!(
        unavailable(&failed.unwrap_err()),
        "the answer is incomplete"
    );
    let failed = queue.depth("work").await.unwrap_err();
    assert_eq!(unavailable(&failed), "the answer is incomplete");
}

#[tokio::test]
async fn an_error_names_no_address_and_no_word_of_a_stranger() {
    let service = Service::saying(|_| {
        let code = [("x-ms-error-code", "<script> AKIA/secret")];
        (StatusCode::BAD_REQUEST, code, "alice@contoso.test").into_response()
    })
    .await;
    let told = service.queue(SHORT).depth("work").await.unwrap_err();
    assert_eq!(
        told.to_string(),
        "the work queue refuses: 400 scriptAKIAsecret"
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let service = Service::saying(|_| {
        let location = [("location", "/a/elsewhere")];
        (StatusCode::TEMPORARY_REDIRECT, location).into_response()
    })
    .await;
    assert!(service.queue(SHORT).depth("work").await.is_err());
    assert_eq!(service.requests(), 1);
}
