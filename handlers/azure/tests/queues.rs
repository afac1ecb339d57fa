//! The work queue on Azurite: its public contract, and what is particular to a
//! service that speaks XML and counts seconds.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod azurite;

use std::time::Duration;

use azimuth_ports::queue::{Delivery, MAX_MESSAGE_BYTES, QueueError, WorkQueue};
use azurite::{OnAzurite, queue};

const MINUTE: Duration = Duration::from_mins(1);

mod storage_queues {
    use super::azurite::OnAzurite;

    azimuth_ports::conformance!(queue, OnAzurite::new().await);
    azimuth_ports::conformance!(processes of queue, OnAzurite, OnAzurite::new().await);
}

async fn receive(queue: &dyn WorkQueue, name: &str) -> Vec<Delivery> {
    queue.receive(name, 32, MINUTE).await.unwrap()
}

/// Sends `body` and gives what comes out.
async fn through(queue: &dyn WorkQueue, body: &str) -> String {
    let id = queue.enqueue("work", body, Duration::ZERO).await.unwrap();
    let delivery = receive(queue, "work").await.remove(0);
    assert_eq!(delivery.id, id);
    assert!(queue.delete("work", &id, &delivery.receipt).await.unwrap());
    delivery.body
}

#[tokio::test]
async fn texts_of_every_kind_come_out_as_they_went_in() {
    let queue = OnAzurite::new().await.queue();
    for body in [
        "{\"v\":1}",
        "plain text!",
        "aGVsbG8=",
        "<QueueMessage><MessageText>x</MessageText></QueueMessage>",
        "<![CDATA[x]]>",
        "]]>",
        "&amp;&#13;&lt;",
        "a\r\nb\rc\nd\te",
        "  in the middle  of  spaces  ",
        "\n",
        "서울 日本語 עברית \u{202e}rtl\u{202c}",
        "😀👩‍👩‍👧‍👧 \u{10ffff}\u{fffd}",
        "\u{7f}\u{85}\u{a0}\u{2028}\u{feff}",
        "",
    ] {
        assert_eq!(through(&queue, body).await, body, "{body:?}");
    }
}

#[tokio::test]
async fn a_character_that_xml_has_not_is_refused_and_nothing_is_sent() {
    let queue = OnAzurite::new().await.queue();
    for body in ["a\0b", "\u{1}", "\u{b}", "\u{1f}", "\u{fffe}", "\u{ffff}"] {
        let refused = queue.enqueue("work", body, Duration::ZERO).await;
        assert!(matches!(refused, Err(QueueError::Refused(_))), "{body:?}");
    }
    assert_eq!(queue.depth("work").await.unwrap(), 0);
}

#[tokio::test]
async fn the_limit_holds_for_text_that_grows_on_its_way() {
    let queue = OnAzurite::new().await.queue();
    for length in [MAX_MESSAGE_BYTES - 1, MAX_MESSAGE_BYTES] {
        let body = "&".repeat(length);
        assert!(through(&queue, &body).await == body, "{length}");
    }
    let body = "&".repeat(MAX_MESSAGE_BYTES + 1);
    let refused = queue.enqueue("work", &body, Duration::ZERO).await;
    assert!(matches!(refused, Err(QueueError::TooLarge(_))));
}

#[tokio::test]
async fn as_many_are_received_as_the_service_can_give_at_once() {
    let queue = OnAzurite::new().await.queue();
    for number in 0..34 {
        let body = number.to_string();
        queue.enqueue("work", &body, Duration::ZERO).await.unwrap();
    }
    for (max, got) in [(0, 1), (1, 1), (33, 32)] {
        let some = queue.receive("work", max, MINUTE).await.unwrap();
        assert_eq!(some.len(), got, "{max}");
    }
}

#[tokio::test]
async fn times_are_rounded_up_to_what_the_service_counts_in() {
    let queue = OnAzurite::new().await.queue();
    let tenth = Duration::from_millis(100);
    queue.enqueue("work", "x", tenth).await.unwrap();
    assert!(receive(&queue, "work").await.is_empty(), "not before");
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let delivery = queue.receive("work", 1, Duration::ZERO).await.unwrap();
    assert_eq!(delivery.len(), 1, "a second later");
    assert!(receive(&queue, "work").await.is_empty(), "hidden for one");
}

#[tokio::test]
async fn times_beyond_what_the_service_counts_are_cut() {
    let queue = OnAzurite::new().await.queue();
    let year = Duration::from_hours(365 * 24);
    queue.enqueue("work", "later", year).await.unwrap();
    let id = queue.enqueue("work", "x", Duration::ZERO).await.unwrap();
    let delivery = queue.receive("work", 32, year).await.unwrap().remove(0);
    assert_eq!(delivery.id, id);
    let renewed = queue.renew("work", &id, &delivery.receipt, year).await;
    assert!(renewed.unwrap().is_some());
    assert_eq!(queue.depth("work").await.unwrap(), 2);
}

#[tokio::test]
async fn many_who_find_no_queue_make_one() {
    let rig = OnAzurite::new().await;
    let queue = rig.queue();
    let all = (0..16).map(|_| queue.enqueue("new", "x", Duration::ZERO));
    for sent in futures::future::join_all(all).await {
        sent.unwrap();
    }
    assert_eq!(rig.queue().depth("new").await.unwrap(), 16);
}

#[tokio::test]
async fn another_key_is_refused_with_what_to_look_at() {
    let rig = OnAzurite::new().await;
    let stranger = queue(&rig.0.connection_string_with("YW5vdGhlciBrZXk="));
    let results = [
        stranger
            .enqueue("work", "x", Duration::ZERO)
            .await
            .map(drop),
        stranger.receive("work", 1, MINUTE).await.map(drop),
        stranger
            .renew("work", "id", "receipt", MINUTE)
            .await
            .map(drop),
        stranger.delete("work", "id", "receipt").await.map(drop),
        stranger.depth("work").await.map(drop),
    ];
    for failed in results {
        let failed = failed.unwrap_err();
        assert!(matches!(failed, QueueError::Refused(_)), "{failed:?}");
        let told = failed.to_string();
        assert!(told.contains("403") && told.contains("key"), "{told}");
    }
    assert_eq!(rig.queue().depth("work").await.unwrap(), 0);
}

#[tokio::test]
async fn a_name_that_no_queue_can_have_is_refused() {
    let queue = OnAzurite::new().await.queue();
    for name in ["Work", "a", "-work", "wo--rk"] {
        let refused = queue.enqueue(name, "x", Duration::ZERO).await;
        assert!(
            matches!(refused, Err(QueueError::Refused(_))),
            "{name}: {refused:?}"
        );
    }
}
