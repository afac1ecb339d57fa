//! What the service says, as the port has it.

use std::error::Error as StdError;

use azimuth_ports::queue::{Delivery, QueueError};
use azure_core::Error;
use azure_core::error::ErrorKind;
use azure_core::http::StatusCode;
use azure_core::time::OffsetDateTime;
use azure_storage_queue::models::{ReceivedMessage, ReceivedMessages};

use crate::egress;

/// Whether nobody has made the queue yet.
pub(super) fn is_missing_queue(error: &Error) -> bool {
    code(error) == Some("QueueNotFound")
}

/// Whether a receipt counts no more: the message is gone, or somebody else has it.
/// Of what a change is asked with, only the receipt can be a value that the
/// service does not take.
pub(super) fn is_void_receipt(error: &Error) -> bool {
    matches!(
        code(error),
        Some(
            "QueueNotFound"
                | "MessageNotFound"
                | "PopReceiptMismatch"
                | "InvalidQueryParameterValue"
        )
    )
}

/// The service's own word for what is wrong.
fn code(error: &Error) -> Option<&str> {
    match error.kind() {
        ErrorKind::HttpResponse { error_code, .. } => error_code.as_deref(),
        _ => None,
    }
}

/// An operation that did not succeed. The text has no address and no part of an
/// answer but the service's word.
#[expect(clippy::needless_pass_by_value, reason = "it is what map_err takes")]
pub(super) fn failure(error: Error) -> QueueError {
    match error.kind() {
        ErrorKind::HttpResponse {
            status, error_code, ..
        } => refusal(*status, error_code.as_deref().unwrap_or_default()),
        ErrorKind::Credential => {
            QueueError::Unavailable("the managed identity gives no token".to_owned())
        }
        ErrorKind::DataConversion => {
            QueueError::Unavailable("the answer cannot be read".to_owned())
        }
        _ => QueueError::Unavailable(network(&error).to_owned()),
    }
}

/// An answer without what every such answer has.
pub(super) fn incomplete() -> QueueError {
    QueueError::Unavailable("the answer is incomplete".to_owned())
}

fn refusal(status: StatusCode, code: &str) -> QueueError {
    let word: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(60)
        .collect();
    let answer = format!("{} {word}", u16::from(status));
    let answer = answer.trim_end();
    match u16::from(status) {
        // A success, but another than the operation has.
        200..300 => incomplete(),
        401 | 403 => QueueError::Refused(format!(
            "{answer}: the account's key is another, the identity lacks the role Storage Queue Data Contributor, or the clock is wrong"
        )),
        408 | 409 | 429 | 500.. => QueueError::Unavailable(answer.to_owned()),
        _ => QueueError::Refused(answer.to_owned()),
    }
}

fn network(error: &Error) -> &'static str {
    let mut cause: Option<&dyn StdError> = Some(error);
    while let Some(this) = cause {
        if let Some(network) = this.downcast_ref::<reqwest::Error>() {
            return egress::kind(network);
        }
        cause = this.source();
    }
    "the request broke off"
}

pub(super) fn deliveries(received: ReceivedMessages) -> Result<Vec<Delivery>, QueueError> {
    let messages = received.items.unwrap_or_default();
    messages
        .into_iter()
        .map(|message| delivery(message).ok_or_else(incomplete))
        .collect()
}

fn delivery(message: ReceivedMessage) -> Option<Delivery> {
    Some(Delivery {
        id: message.message_id?,
        receipt: message.pop_receipt?,
        // Nothing between the tags is an empty text.
        body: message.message_text.unwrap_or_default(),
        dequeue_count: u32::try_from(message.dequeue_count?).ok()?,
        inserted_at_ms: unix_ms(message.insertion_time?),
        expires_at_ms: unix_ms(message.expiration_time?),
        next_visible_at_ms: unix_ms(message.time_next_visible?),
    })
}

/// The service tells whole seconds.
fn unix_ms(time: OffsetDateTime) -> i64 {
    time.unix_timestamp().saturating_mul(1000)
}
