//! Readers of a turn's events, in paused time.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::event::{EventBody, TurnEvent};
use azimuth_domain::ids::{ConversationId, MessageId, TurnId};
use azimuth_domain::limits::EVENT_TTL_MS;
use azimuth_domain::policy::Mode;
use azimuth_domain::principal::{Principal, UserKey};
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::{Asker, NewTurn, Turn, TurnStatus};
use azimuth_ports::clock::Clock;
use http_body_util::BodyExt;
use tokio::time::Instant;

use super::down::{Down, Log, parts};
use crate::http::HttpConfig;
use crate::http::events::{Reader, long_poll, stream};
use crate::http::states::{States, TurnState};
use crate::problem::Code;

fn user() -> UserKey {
    UserKey::new("t", "o")
}

fn turn(now: Timestamp) -> Turn {
    let id = TurnId::derived(&ConversationId::derived(&user(), "x", "y"), "k");
    let new = NewTurn {
        message: MessageId::of_user(&id),
        id,
        asker: Asker {
            user: user(),
            name: None,
            roles: BTreeSet::new(),
            token_issued_at: now,
        },
        parent: None,
        request_hash: String::new(),
        model_name: "planner".to_owned(),
        language: "en".to_owned(),
        default_subscription: None,
        mode: Mode::default(),
        sign_in_deadline_ms: None,
        claim_lease_ms: None,
        console_call: None,
        secrets: None,
        allowance: None,
    };
    new.create(now).turn
}

/// A running turn with events of these numbers.
fn running(down: &Down, numbers: &[u64]) -> Log {
    let turn = turn(down.now());
    let event = |seq: &u64| TurnEvent {
        seq: *seq,
        at: down.now(),
        turn_id: turn.id.clone(),
        body: EventBody::TextDelta {
            text: format!("part {seq}"),
            step: 0,
        },
    };
    Log {
        events: numbers.iter().map(event).collect(),
        turn,
        disabled: false,
    }
}

/// The same, ended by its last event.
fn ended(down: &Down, last: u64) -> Log {
    let mut log = running(down, &(1..=last).collect::<Vec<u64>>());
    log.events.last_mut().unwrap().body = EventBody::TurnCompleted {};
    log.turn.status = TurnStatus::Done;
    log.turn.event_seq = last;
    log
}

struct Scene {
    down: Arc<Down>,
    state: TurnState,
    log: Log,
    principal: Principal,
}

impl Scene {
    fn of(log: impl FnOnce(&Down) -> Log) -> Self {
        let down = Arc::new(Down::default());
        let log = log(&down);
        down.set_log(log.clone());
        let principal = Principal {
            user: user(),
            name: None,
            roles: BTreeSet::new(),
            token_issued_at: down.now(),
            token_expires_at: down.now().plus_ms(3_600_000),
            session: None,
        };
        Self {
            state: States::of(&parts(&down, HttpConfig::default())).turn,
            down,
            log,
            principal,
        }
    }

    fn reader(&self, after: u64) -> Reader {
        Reader::new(&self.state, &self.principal, &self.log.turn, after)
    }

    /// Everything that a stream sends until it ends itself.
    async fn streamed(&self, after: u64) -> String {
        let response = stream(self.reader(after), &self.log.turn.id);
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}

fn numbers(text: &str) -> Vec<u64> {
    text.lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .map(|number| number.parse().unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_replay_from_any_number_is_the_rest_of_the_whole() {
    let scene = Scene::of(|down| ended(down, 600));
    let begun = Instant::now();
    let whole = scene.streamed(0).await;
    assert_eq!(numbers(&whole), (1..=600).collect::<Vec<u64>>());
    for after in [1, 255, 256, 257, 599, 600] {
        let text = scene.streamed(after).await;
        assert!(
            whole.ends_with(text.strip_prefix(": open\n\n").unwrap()),
            "{after}"
        );
        assert_eq!(
            numbers(&text).first().copied(),
            (after < 600).then_some(after + 1)
        );
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn numbers_beyond_the_end_of_a_turn_end_at_once() {
    let scene = Scene::of(|down| ended(down, 3));
    assert_eq!(scene.streamed(7).await, ": open\n\n");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_not_there_yet_is_never_skipped() {
    let scene = Scene::of(|down| running(down, &[1, 2, 4]));
    let mut reader = scene.reader(0);
    let seen = |events: Vec<TurnEvent>| events.iter().map(|e| e.seq).collect::<Vec<u64>>();
    assert_eq!(seen(reader.read().await.unwrap()), [1, 2]);
    assert_eq!(seen(reader.read().await.unwrap()), [0; 0]);
    scene.down.set_log(running(&scene.down, &[1, 2, 3, 4]));
    assert_eq!(seen(reader.read().await.unwrap()), [3, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_beats_every_15_seconds_and_ends_itself_at_200() {
    let scene = Scene::of(|down| running(down, &[1]));
    let begun = Instant::now();
    let text = scene.streamed(0).await;
    assert_eq!(begun.elapsed(), Duration::from_secs(200));
    assert_eq!(text.matches(": heartbeat\n\n").count(), 13);
    assert!(text.ends_with("event: reconnect\ndata: {\"after\":1,\"reason\":\"planned\"}\n\n"));
}

#[tokio::test(start_paused = true)]
async fn a_hint_wakes_the_reader_before_its_time() {
    let scene = Scene::of(|down| running(down, &[]));
    let mut reader = scene.reader(0);
    assert!(reader.read().await.unwrap().is_empty());
    let begun = Instant::now();
    scene.state.engine.hub().announce(&scene.log.turn.id, 1);
    reader.pause(Duration::from_secs(25)).await;
    assert_eq!(begun.elapsed(), Duration::ZERO);
    reader.pause(Duration::from_secs(25)).await;
    assert_eq!(begun.elapsed(), Duration::from_millis(200));
}

#[tokio::test(start_paused = true)]
async fn text_ahead_is_given_once_and_an_event_takes_it_back() {
    let scene = Scene::of(|down| running(down, &[1]));
    let (hub, turn) = (scene.state.engine.hub(), &scene.log.turn.id);
    let mut reader = scene.reader(0);
    reader.take_ahead();
    let said = |reader: &mut Reader| reader.ahead().map(|ahead| (ahead.after, ahead.text));
    let text = |after, text: &str| Some((after, text.to_owned()));
    hub.tell_ahead(turn, 1, 0, "so");
    assert_eq!(said(&mut reader), None, "event 1 was not given yet");
    assert_eq!(reader.read().await.unwrap().len(), 1);
    assert_eq!(said(&mut reader), text(1, "so"));
    assert_eq!(said(&mut reader), None);
    hub.tell_ahead(turn, 1, 0, "so weit, 한");
    let begun = Instant::now();
    reader.pause(Duration::from_secs(25)).await;
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(said(&mut reader), text(1, " weit, 한"));
    hub.tell(turn, 2, &running(&scene.down, &[2]).events);
    assert_eq!(reader.read().await.unwrap().len(), 1);
    assert_eq!(said(&mut reader), None);
    hub.tell_ahead(turn, 2, 0, "gut");
    assert_eq!(said(&mut reader), text(2, "gut"));
    assert_eq!(said(&mut scene.reader(2)), None, "nobody asked for it");
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_within_a_minute_for_somebody_switched_off() {
    let scene = Scene::of(|down| Log {
        disabled: true,
        ..running(down, &[1])
    });
    let begun = Instant::now();
    let text = scene.streamed(0).await;
    assert!(text.contains("\"reason\":\"user_disabled\""), "{text}");
    assert!(begun.elapsed() <= Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_within_a_minute_of_its_token() {
    let mut scene = Scene::of(|down| running(down, &[1]));
    for (expired_for_ms, ends) in [(29_999, false), (30_000, true), (60_000, true)] {
        scene.principal.token_expires_at = scene.down.now().plus_ms(-expired_for_ms);
        let text = scene.streamed(0).await;
        assert_eq!(
            text.contains("\"reason\":\"token_expired\""),
            ends,
            "{expired_for_ms}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_number_that_is_gone_has_expired() {
    for (age_ms, left, after, gone) in [
        (EVENT_TTL_MS, &[][..], 0, false),
        (EVENT_TTL_MS + 1, &[][..], 0, true),
        (EVENT_TTL_MS + 1, &[][..], 2, true),
        (EVENT_TTL_MS + 1, &[][..], 3, false),
        (EVENT_TTL_MS + 1, &[2, 3][..], 0, true),
        (EVENT_TTL_MS + 1, &[2, 3][..], 1, false),
    ] {
        let scene = Scene::of(|down| {
            let mut log = ended(down, 3);
            log.turn.created_at = down.now().plus_ms(-age_ms);
            log.events.retain(|e| left.contains(&e.seq));
            log
        });
        let refused = scene.reader(after).check_not_expired().await;
        let code = refused.err().map(|problem| problem.code());
        assert_eq!(
            code,
            gone.then_some(Code::EventsExpired),
            "{age_ms} {left:?} {after}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_waits_for_the_first_event_and_no_longer_than_told() {
    let scene = Scene::of(|down| running(down, &[1, 2]));
    let begun = Instant::now();
    let page = long_poll(&mut scene.reader(0), Duration::from_secs(25))
        .await
        .unwrap();
    assert_eq!(
        (page.items.len(), page.next_after, page.ended),
        (2, 2, false)
    );
    assert_eq!(begun.elapsed(), Duration::ZERO);
    let page = long_poll(&mut scene.reader(2), Duration::from_secs(25))
        .await
        .unwrap();
    assert_eq!(
        (page.items.len(), page.next_after, page.ended),
        (0, 2, false)
    );
    assert_eq!(begun.elapsed(), Duration::from_secs(25));
    let over = Scene::of(|down| ended(down, 2));
    for (after, items) in [(0, 2), (2, 0), (9, 0)] {
        let page = long_poll(&mut over.reader(after), Duration::from_secs(25))
            .await
            .unwrap();
        assert_eq!((page.items.len(), page.ended), (items, true), "{after}");
    }
    assert_eq!(begun.elapsed(), Duration::from_secs(25));
}
