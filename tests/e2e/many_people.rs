//! Several people at once, on one executor, each as themselves.

use azimuth_tests::stack::{Shape, Stack};
use reqwest::Method;

const ROUNDS: usize = 20;

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
