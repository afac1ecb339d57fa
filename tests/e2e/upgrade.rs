//! A new build takes the place of the former one, process by process, while people ask.
//!
//! Both are this build, unless `AZIMUTH_TEST_FORMER` names the app folder of another one
//! to begin with.

use std::path::PathBuf;

use azimuth_tests::person::Person;
use azimuth_tests::stack::{Shape, Stack, given};
use azimuth_tests::waiting::until_within;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{TURN, approval_of, call_of, effects_on, reaches_azure};

const HTTP: &str = "http";
const EXECUTOR: &str = "function:execute-tool";
const ADVANCE: &str = "function:advance-turn";

/// Longer than a replacement takes.
const AZURE_TAKES_MS: u32 = 5_000;

#[tokio::test(flavor = "multi_thread")]
async fn turns_begun_by_the_former_build_end_under_the_new_one() {
    let new = given("AZIMUTH_TEST_APP");
    let mut stack = Stack::start(Shape {
        groups: vec![HTTP, EXECUTOR, ADVANCE],
        app: std::env::var_os("AZIMUTH_TEST_FORMER").map(PathBuf::from),
        ..Shape::default()
    })
    .await;
    let slow = json!({"match": {"method": "PUT", "path_contains": "stbusy"}, "delay_ms": AZURE_TAKES_MS, "count": 99});
    stack.control("/sandbox/faults", Some(slow)).await;
    let mut alice = stack.person("alice").await;
    let bob = stack.person("bob").await;
    let (api, address) = watch::channel(stack.api());
    let (stop, stopped) = watch::channel(false);
    let people = tokio::task::JoinSet::from_iter([ask_on(bob.clone(), address, stopped)]);

    for (number, group) in [HTTP, EXECUTOR, ADVANCE].into_iter().enumerate() {
        let (waits, busy) = (format!("stwait{number}"), format!("stbusy{number}"));
        let waiting = create(&alice, &waits).await;
        let running = create(&alice, &busy).await;
        let (id, digest) = approval_of(&alice, &running).await;
        assert_eq!(alice.decide(&id, &digest, "approve").await.status, 200);
        reaches_azure(&stack, "PUT", &busy).await;

        stack.replace_host(group, &new).await;

        api.send_replace(stack.api());
        alice = alice.at(&stack.api());
        // What waited goes on with the yes that it is given now.
        let (id, digest) = approval_of(&alice, &waiting).await;
        assert_eq!(alice.decide(&id, &digest, "approve").await.status, 200);
        let ended = alice.wait_for(&waiting, &["done"], TURN).await;
        assert_eq!(outcome(&ended), "ok", "{group}: {ended}");
        assert_eq!(effects_on(&stack, &waits).await.len(), 1, "{group}");
        // What ran when its executor went may have happened, and nobody knows.
        let ended = alice.wait_for(&running, &["done"], TURN).await;
        let effects = effects_on(&stack, &busy).await.len();
        match outcome(&ended).as_str() {
            "ok" => assert_eq!(effects, 1, "{group}: {ended}"),
            "unknown" => assert!(group == EXECUTOR && effects <= 1, "{group}: {ended}"),
            other => panic!("{group}: {other}: {ended}"),
        }
    }

    stop.send_replace(true);
    let asked = people.join_all().await.remove(0);
    let bob = bob.at(&stack.api());
    assert!(asked.turns.len() >= 3, "{:?}", asked.turns);
    for turn in &asked.turns {
        let ended = bob.wait_for(turn, &["done"], TURN).await;
        assert_eq!(ended["calls"][0]["outcome"], "ok", "{ended}");
    }
    let questions = questions(&bob, &asked.conversation).await;
    assert_eq!(questions, asked.turns.len(), "none is lost or doubled");
    let carol = stack.person("carol").await;
    let export = stack.exported_audit(&carol).await;
    let verified = stack.handler(&["audit", "verify", "--file", export.to_str().unwrap()]);
    let told = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success(), "{told}");
}

/// How many questions a conversation has, all pages together.
async fn questions(person: &Person, conversation: &str) -> usize {
    let path = format!("/v1/conversations/{conversation}/messages?limit=100");
    let mut count = 0;
    let mut page = person.get(&path).await.body;
    loop {
        let messages = page["items"].as_array().expect("messages").iter();
        count += messages
            .filter(|message| message["author"] == "user")
            .count();
        let Some(cursor) = page["next_cursor"].as_str() else {
            return count;
        };
        page = person.get(&format!("{path}&cursor={cursor}")).await.body;
    }
}

async fn create(person: &Person, account: &str) -> String {
    let conversation = person.converse().await;
    let text = format!("create storage account {account} in rg-dev");
    person.ask(&conversation, &text).await
}

fn outcome(turn: &Value) -> String {
    let call = call_of(turn, "storage_account_create");
    call["outcome"].as_str().unwrap_or_default().to_owned()
}

struct Asked {
    conversation: String,
    turns: Vec<String>,
}

/// Asks one question after the other, each with its key until it is taken, as a careful
/// client does; the last one is answered when this returns.
async fn ask_on(
    person: Person,
    api: watch::Receiver<String>,
    stopped: watch::Receiver<bool>,
) -> Asked {
    let conversation = person.converse().await;
    let path = format!("/v1/conversations/{conversation}/turns");
    let mut turns = Vec::new();
    while !*stopped.borrow() {
        let key = ulid::Ulid::generate().to_string();
        let turn = until_within(TURN, "a question is taken", || async {
            let request = person.at(&api.borrow()).request(Method::POST, &path);
            let request = request.header("idempotency-key", &key);
            let answer = answered(request.json(&json!({"text": "list subscriptions"}))).await?;
            answer["turn_id"].as_str().map(ToOwned::to_owned)
        })
        .await;
        until_within(TURN, "it is answered", || async {
            let person = person.at(&api.borrow());
            let turn = answered(person.request(Method::GET, &format!("/v1/turns/{turn}"))).await?;
            (turn["status"] == "done").then_some(())
        })
        .await;
        turns.push(turn);
    }
    Asked {
        conversation,
        turns,
    }
}

/// The body of a good answer; `None` where the process that was asked is gone.
async fn answered(request: reqwest::RequestBuilder) -> Option<Value> {
    let response = request.send().await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    serde_json::from_slice(&response.bytes().await.ok()?).ok()
}
