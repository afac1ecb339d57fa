//! Several people at once, on one executor, each as themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use azimuth_tests::person::Person;
use azimuth_tests::stack::{Shape, Stack};
use futures::future::join_all;
use reqwest::Method;
use serde_json::Value;

const ROUNDS: usize = 20;

/// People of the crowd who ask at once; `AZIMUTH_TEST_PEOPLE` asks for another number.
/// Each has a process of the Azure MCP Server, which takes 3.5 s of a processor to start.
const PEOPLE: usize = 8;
/// For the last of fifty.
const PATIENCE: Duration = Duration::from_mins(4);
/// The second time the processes are there, and whatever was kept.
const TIMES: usize = 2;

/// What one of the crowd asked, and was told.
struct Asked {
    person: Person,
    turn: String,
    text: String,
}

async fn ask(person: &Person) -> Asked {
    let conversation = person.converse().await;
    // A stream waits without asking again and again, which many would do too often.
    let question = "list my resource groups";
    let events = person.ask_streaming(&conversation, question).await;
    let turn = events[0].data["turn_id"]
        .as_str()
        .expect("a turn")
        .to_owned();
    person.wait_for(&turn, &["done"], PATIENCE).await;
    Asked {
        text: person.said(&conversation, &turn).await,
        person: person.clone(),
        turn,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_asks_the_same_at_once_and_each_is_served_as_themselves() {
    let count = std::env::var("AZIMUTH_TEST_PEOPLE")
        .map_or(PEOPLE, |count| count.parse().expect("a number of people"));
    let stack = Stack::start(Shape::default()).await;
    let names: Vec<String> = (1..=count).map(|n| format!("crowd-{n:02}")).collect();
    let people = join_all(names.iter().map(|name| stack.person(name))).await;
    let since = std::time::Instant::now();
    let mut asked = Vec::new();
    for _ in 0..TIMES {
        asked.extend(join_all(people.iter().map(ask)).await);
    }
    let seconds = since.elapsed().as_secs_f64();

    // What anybody is told is of the one subscription that is theirs.
    for one in &asked {
        let name = &one.person.name;
        let sees_prod = sees_prod(name);
        for (group, is_theirs) in [
            ("rg-prod-web", sees_prod),
            ("rg-prod-data", sees_prod),
            ("rg-dev", !sees_prod),
        ] {
            assert_eq!(one.text.contains(group), is_theirs, "{name}: {}", one.text);
        }
    }
    // Every request was made by one of them, where they may look.
    let requests = to_azure(&stack).await;
    let (prod, dev) = (
        stack.subscription("Contoso-Prod"),
        stack.subscription("Contoso-Dev"),
    );
    let mut listings: BTreeMap<&str, usize> = BTreeMap::new();
    for request in &requests {
        let name = request["user"].as_str().expect("an identity");
        assert!(names.iter().any(|known| known == name), "{request}");
        assert_eq!(request["status"], 200, "{request}");
        let others = if sees_prod(name) { &dev } else { &prod };
        let path = request["path"].as_str().expect("a path");
        assert!(!path.contains(others.as_str()), "{request}");
        if path == "/subscriptions" {
            *listings.entry(name).or_default() += 1;
        }
    }
    // Each question was answered by Azure, for the one who asked it.
    let expected = names.iter().map(|name| (name.as_str(), TIMES)).collect();
    assert_eq!(listings, expected);
    // The token that each call's record names was used by its asker alone.
    for one in &asked {
        let token = token_of(one).await;
        let users: BTreeSet<&str> = requests
            .iter()
            .filter(|request| request["token_id"] == token.as_str())
            .filter_map(|request| request["user"].as_str())
            .collect();
        assert_eq!(users, BTreeSet::from([one.person.name.as_str()]), "{token}");
    }
    println!(
        "{count} people at once, {TIMES} questions each: {} requests to Azure, each as its \
         asker; {seconds:.0} s",
        requests.len()
    );
}

/// By their number; the others see Contoso-Dev.
fn sees_prod(name: &str) -> bool {
    let number: usize = name.trim_start_matches("crowd-").parse().expect("a number");
    number % 2 == 1
}

/// Id of the token that the audit names for the one call of the turn.
async fn token_of(one: &Asked) -> String {
    let records = one.person.get("/v1/audit?limit=100").await.body;
    let of_call = |record: &&Value| record["turn_id"] == one.turn && record["kind"] == "close";
    let found = records["items"].as_array().expect("records");
    let close = found.iter().find(of_call);
    let close = close.unwrap_or_else(|| panic!("no close of {} in {records}", one.turn));
    close["token_uti"].as_str().expect("a token").to_owned()
}

async fn to_azure(stack: &Stack) -> Vec<Value> {
    let mut requests = stack.requests().await;
    requests.retain(|request| request["host"] == "management.azure.com");
    requests
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_ask_interleaved_and_each_call_carries_its_asker_s_identity() {
    let stack = Stack::start(Shape::default()).await;
    let (alice, bob) = (stack.person("alice").await, stack.person("bob").await);
    let mut asked = Vec::new();
    for round in 0..ROUNDS {
        let (person, question) = if round % 2 == 0 {
            (&alice, "list my resource groups")
        } else {
            (&bob, "list my resource groups")
        };
        let conversation = person.converse().await;
        let both = tokio::join!(person.ask_and_wait(&conversation, question), async {
            let other = if round % 2 == 0 { &bob } else { &alice };
            let conversation = other.converse().await;
            (
                other.name.clone(),
                other.ask_and_wait(&conversation, question).await,
            )
        });
        let ((turn, text), (other_name, (_, other_text))) = both;
        asked.push((person.name.clone(), conversation, turn));
        for (name, text) in [(person.name.clone(), text), (other_name, other_text)] {
            assert!(text.contains("rg-dev"), "{name}: {text}");
            assert_eq!(
                text.contains("rg-prod-web"),
                name == "alice",
                "{name}: {text}"
            );
        }
    }

    let requests = stack.requests().await;
    let to_azure: Vec<_> = requests
        .iter()
        .filter(|r| r["host"] == "management.azure.com")
        .collect();
    assert!(to_azure.len() >= 2 * ROUNDS, "{}", to_azure.len());
    for request in &to_azure {
        let oid = request["oid"].as_str().expect("an identity");
        assert!(
            oid == stack.oid("alice") || oid == stack.oid("bob"),
            "{request}"
        );
        let path = request["path"].as_str().unwrap_or_default();
        if oid == stack.oid("bob") {
            assert_ne!(
                request["status"], 403,
                "bob asked for what is not his: {path}"
            );
        }
    }

    // Every question lists the asker's subscriptions once, under the asker's name.
    for name in ["alice", "bob"] {
        let listings = to_azure
            .iter()
            .filter(|r| r["path"] == "/subscriptions" && r["oid"] == stack.oid(name))
            .count();
        assert_eq!(listings, ROUNDS, "listings as {name}");
    }
    let production = stack.subscription("Contoso-Prod");
    let strayed = to_azure.iter().find(|r| {
        r["oid"] == stack.oid("bob")
            && r["path"]
                .as_str()
                .is_some_and(|path| path.contains(&production))
    });
    assert_eq!(strayed, None, "bob's calls stay in what is bob's");

    let (_, conversation, turn) = &asked[0];
    let turn_id = turn["id"].as_str().expect("id");
    let call = turn["calls"][0]["call_id"].as_str().expect("a call");
    for path in [
        format!("/v1/conversations/{conversation}"),
        format!("/v1/conversations/{conversation}/messages"),
        format!("/v1/conversations/{conversation}/export?format=json"),
        format!("/v1/turns/{turn_id}"),
        format!("/v1/turns/{turn_id}/events"),
        format!("/v1/turns/{turn_id}/calls/{call}/result"),
    ] {
        assert_eq!(bob.get(&path).await.status, 404, "{path}");
        assert_eq!(
            alice.get(&path.replace("/events", "")).await.status,
            200,
            "{path}"
        );
    }
    let cancel = bob
        .send(bob.request(Method::POST, &format!("/v1/turns/{turn_id}/cancel")))
        .await;
    assert_eq!(cancel.status, 404);
}
