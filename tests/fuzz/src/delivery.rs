//! What the host delivers, and what lies in a queue.

use azimuth_app::triggers::TriggerError;
use azimuth_app::triggers::envelope::Envelope;
use azimuth_app::triggers::item::{Delivered, is_newer};
use azimuth_domain::work::WORK_ITEM_VERSION;
use serde_json::Value;

/// The host's envelope: what comes out is an object, and reads the same without one.
pub fn envelope(data: &[u8]) -> bool {
    let Some(envelope) = Envelope::decode(data) else {
        return false;
    };
    assert!(envelope.message.is_object(), "{envelope:?}");
    let again = Envelope::of_message(&envelope.message.to_string(), envelope.dequeue_count);
    assert_eq!(again.as_ref(), Some(&envelope));
    judge(envelope)
}

/// A message as it lies in a queue.
pub fn work_item(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    Envelope::of_message(&text, 1).is_some_and(judge)
}

/// An item that is taken agrees with itself, and is what was sent.
fn judge(envelope: Envelope) -> bool {
    let message = envelope.message.clone();
    if is_newer(&message) {
        let version = message["v"].as_u64();
        assert!(version > Some(u64::from(WORK_ITEM_VERSION)), "{message}");
        return false;
    }
    match Delivered::from_envelope(envelope) {
        Ok(delivered) => {
            let item = delivered.item;
            assert!((1..=WORK_ITEM_VERSION).contains(&item.v), "{item:?}");
            assert!(item.is_consistent(), "{item:?}");
            let written = serde_json::to_value(&item).unwrap();
            for (name, value) in written.as_object().unwrap() {
                assert_eq!(message.get(name), Some(value), "{name} of {message}");
            }
            true
        }
        Err(TriggerError::Fail(told)) => {
            assert_quotes_nothing(&told, &message);
            false
        }
        Err(TriggerError::Retry(told)) => panic!("{told} will not help {message}"),
    }
}

/// A refusal goes to the log: it says the same of whatever cannot be taken, and so repeats
/// nothing of a message.
fn assert_quotes_nothing(told: &str, message: &Value) {
    const SENTENCES: [&str; 3] = [
        "a work item without a version",
        "a work item that cannot be read",
        "a work item that contradicts itself",
    ];
    assert!(SENTENCES.contains(&told), "{told} of {message}");
}
