//! Points 1 and 2: the body of an invocation.

use azimuth_host::invocation::{Sys, queue_envelope};
use azimuth_host::settings::QueueTrigger;
use azimuth_ports::queue::Delivery;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What a real host (4.x) sent for the message `hello!!` on 2025-02-18; the
/// random ids are shortened in the reference and filled up here.
const CAPTURE: &str = r#"{"Data":{"queue":"\"hello!!\""},"Metadata":{"DequeueCount":"1","ExpirationTime":"2025-02-25T03:06:19+00:00","Id":"\"52d53c5f-e212-487e-998b-abbe3b9d51e4\"","InsertionTime":"2025-02-18T03:06:19+00:00","NextVisibleTime":"2025-02-18T03:16:20+00:00","PopReceipt":"\"MThGZWIyMDI1\"","sys":{"MethodName":"queue","RandGuid":"e59556b5-0000-4000-8000-000000000000","UtcNow":"2025-02-18T03:06:20.7562691Z"}}}"#;

fn instant(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &Rfc3339).unwrap()
}

fn unix_ms(text: &str) -> i64 {
    (instant(text).unix_timestamp_nanos() / 1_000_000)
        .try_into()
        .unwrap()
}

fn delivery(body: &str) -> Delivery {
    Delivery {
        id: "52d53c5f-e212-487e-998b-abbe3b9d51e4".into(),
        receipt: "MThGZWIyMDI1".into(),
        body: body.into(),
        dequeue_count: 1,
        inserted_at_ms: unix_ms("2025-02-18T03:06:19.483Z"),
        expires_at_ms: unix_ms("2025-02-25T03:06:19.483Z"),
        next_visible_at_ms: unix_ms("2025-02-18T03:16:20.999Z"),
    }
}

fn sys() -> Sys {
    Sys {
        method_name: "queue".into(),
        utc_now: instant("2025-02-18T03:06:20.7562691Z"),
        rand_guid: "e59556b5-0000-4000-8000-000000000000".into(),
    }
}

fn envelope_of(message: &str, binary: bool) -> Value {
    let trigger = QueueTrigger {
        binding: "queue".into(),
        queue: "messages".into(),
        connection: "AzureWebJobsStorage".into(),
        binary,
    };
    queue_envelope(&trigger, &delivery(message), message.as_bytes(), &sys())
}

#[test]
fn a_text_message_equals_the_capture_byte_for_byte() {
    assert_eq!(envelope_of("hello!!", false).to_string(), CAPTURE);
}

#[test]
fn a_json_message_is_a_json_string_in_a_json_string() {
    let message = r#"{"a":1}"#;
    let data = envelope_of(message, false)["Data"]["queue"].clone();
    assert_eq!(data, json!("\"{\\\"a\\\":1}\""));
    let once: String = serde_json::from_str(data.as_str().unwrap()).unwrap();
    assert_eq!(once, message);
}

#[test]
fn text_of_every_kind_survives_the_double_quoting() {
    for message in [
        "",
        "ä\u{1f600}\u{2028}",
        "line\nbreak\ttab\u{1}",
        r#"back\slash "quote""#,
    ] {
        let data = envelope_of(message, false)["Data"]["queue"].clone();
        let once: String = serde_json::from_str(data.as_str().unwrap()).unwrap();
        assert_eq!(once, message);
    }
}

#[test]
fn the_dequeue_count_is_a_string_and_times_have_whole_seconds() {
    let trigger = QueueTrigger {
        binding: "item".into(),
        queue: "items".into(),
        connection: "AzureWebJobsStorage".into(),
        binary: false,
    };
    let mut message = delivery("x");
    message.dequeue_count = 4;
    let metadata = queue_envelope(&trigger, &message, b"x", &sys())["Metadata"].clone();
    assert_eq!(metadata["DequeueCount"], "4");
    assert_eq!(metadata["InsertionTime"], "2025-02-18T03:06:19+00:00");
    assert_eq!(metadata["NextVisibleTime"], "2025-02-18T03:16:20+00:00");
}

#[test]
fn properties_of_a_json_message_leak_into_the_metadata() {
    let message = r#"{"v":1,"tenant":"t","on":true,"ratio":0.5,"nested":{"a":[1]},"list":[1],"gone":null,"MyTrigger":"x"}"#;
    let metadata = envelope_of(message, false)["Metadata"].clone();
    assert_eq!(metadata["v"], "\"1\"");
    assert_eq!(metadata["tenant"], "\"t\"");
    assert_eq!(metadata["on"], "\"True\"");
    assert_eq!(metadata["ratio"], "\"0.5\"");
    assert_eq!(metadata["nested"], json!({"a": [1]}));
    for absent in ["list", "gone", "MyTrigger"] {
        assert!(metadata.get(absent).is_none(), "{absent}");
    }
    assert_eq!(metadata["DequeueCount"], "1");
}

#[test]
fn leaked_properties_override_the_host_s_own_whatever_their_case() {
    let message = r#"{"id":"mine","DEQUEUECOUNT":99,"sys":"mine","popreceipt":"mine"}"#;
    let metadata = envelope_of(message, false)["Metadata"].clone();
    let names: Vec<&String> = metadata.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "DequeueCount",
            "ExpirationTime",
            "Id",
            "InsertionTime",
            "NextVisibleTime",
            "PopReceipt",
            "sys"
        ]
    );
    assert_eq!(metadata["Id"], "\"mine\"");
    assert_eq!(metadata["DequeueCount"], "\"99\"");
    assert_eq!(metadata["PopReceipt"], "\"mine\"");
    assert_eq!(metadata["sys"], "\"mine\"");
}

#[test]
fn only_json_objects_leak() {
    for message in ["[1,2]", "\"text\"", "7", "null", "{broken", "hello"] {
        let metadata = envelope_of(message, false)["Metadata"].clone();
        assert_eq!(metadata.as_object().unwrap().len(), 7, "{message}");
    }
}

#[test]
fn a_binary_binding_gets_plain_base64_and_no_leaks() {
    let envelope = envelope_of(r#"{"a":1}"#, true);
    assert_eq!(envelope["Data"]["queue"], "eyJhIjoxfQ==");
    assert!(envelope["Metadata"].get("a").is_none());
}
