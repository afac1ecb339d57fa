//! Bodies on their way through the proxy: passed on frame by frame, never
//! collected.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::activity::Activity;
use crate::invocation::Deadline;

/// Kestrel's limit as the host sets it (`DefaultMaxRequestBodySize`), in bytes.
pub const MAX_REQUEST_BODY_BYTES: u64 = 104_857_600;

/// Why a body broke off.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    #[error("the request body is above {MAX_REQUEST_BODY_BYTES} bytes")]
    TooLarge,
    #[error("nothing was sent or received for the activity timeout")]
    Idle,
    #[error(transparent)]
    Connection(#[from] hyper::Error),
}

/// The body of any answer of the host.
pub type AnswerBody = UnsyncBoxBody<Bytes, BodyError>;

pub fn text(text: impl Into<Bytes>) -> AnswerBody {
    Full::new(text.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// A client's body, which can be offered to the handler again as long as
/// nothing of it was read.
#[derive(Debug, Clone)]
pub struct Offer(Arc<Mutex<OfferState>>);

#[derive(Debug)]
struct OfferState {
    body: Option<Incoming>,
    read: bool,
    too_large: bool,
}

impl Offer {
    pub fn new(body: Incoming) -> Self {
        Self(Arc::new(Mutex::new(OfferState {
            body: Some(body),
            read: false,
            too_large: false,
        })))
    }

    /// Whether the request may be sent again: nothing of its body is gone.
    pub fn is_untouched(&self) -> bool {
        !self.state().read
    }

    pub fn was_too_large(&self) -> bool {
        self.state().too_large
    }

    pub fn body(&self, activity: Arc<Activity>) -> RequestBody {
        let hint = self
            .state()
            .body
            .as_ref()
            .map_or_else(SizeHint::default, Body::size_hint);
        RequestBody {
            offer: self.clone(),
            hint,
            taken: None,
            passed: 0,
            activity,
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, OfferState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The request's body as the handler gets it. Takes the client's body with the
/// first poll.
#[derive(Debug)]
pub struct RequestBody {
    offer: Offer,
    hint: SizeHint,
    taken: Option<Incoming>,
    passed: u64,
    activity: Arc<Activity>,
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.taken.is_none() {
            let taken = {
                let mut state = self.offer.state();
                state.read = true;
                state.body.take()
            };
            self.taken = taken;
        }
        let Some(body) = self.taken.as_mut() else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(body).poll_frame(context)).transpose()?;
        self.activity.touch();
        let length = frame
            .as_ref()
            .and_then(Frame::data_ref)
            .map_or(0, |data| data.len() as u64);
        self.passed += length;
        if self.passed > MAX_REQUEST_BODY_BYTES {
            self.offer.state().too_large = true;
            return Poll::Ready(Some(Err(BodyError::TooLarge)));
        }
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        match &self.taken {
            Some(body) => body.is_end_stream(),
            None => self.hint.exact() == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.taken {
            Some(body) => body.size_hint(),
            None => self.hint,
        }
    }
}

/// The handler's answer as the client gets it. Dropping it before its end, as
/// happens when the client goes away, drops the connection to the handler.
pub struct ResponseBody {
    body: Incoming,
    activity: Arc<Activity>,
    idle: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// The invocation lasts until its body ends.
    _deadline: Deadline,
}

impl ResponseBody {
    pub fn new(body: Incoming, activity: Arc<Activity>, deadline: Deadline) -> Self {
        let watched = Arc::clone(&activity);
        Self {
            body,
            activity,
            idle: Box::pin(async move { watched.idle().await }),
            _deadline: deadline,
        }
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(frame) => {
                self.activity.touch();
                Poll::Ready(frame.map(|frame| frame.map_err(BodyError::from)))
            }
            Poll::Pending => {
                ready!(self.idle.as_mut().poll(context));
                Poll::Ready(Some(Err(BodyError::Idle)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
