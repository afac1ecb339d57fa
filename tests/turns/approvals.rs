//! A change waits for a person's yes to exactly this call.

use std::time::Duration;

use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::{Answer, Person};
use azimuth_tests::script::{Script, call, say};
use serde_json::{Value, json};

use super::{PATIENCE, approval, ask_until, names, outcomes, product};

/// A turn of alice that waits.
async fn waiting(order: &str) -> (TestApp, Person, Value) {
    let (app, alice) = product(Script::clerk()).await;
    let turn = ask_until(&alice, order, &["waiting"]).await;
    (app, alice, turn)
}

fn id(turn: &Value) -> &str {
    turn["id"].as_str().unwrap()
}

fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status, answer.text("code").as_str()),
        (status, code),
        "{answer:?}"
    );
}

#[tokio::test]
async fn approved_it_runs_once() {
    let (app, alice, turn) = waiting("create a").await;
    assert_eq!(turn["waiting_for"]["for"], "approval");
    let (approval, digest) = approval(&turn);
    let shown = alice.get(&format!("/v1/approvals/{approval}")).await.body;
    assert_eq!(
        (
            &shown["state"],
            &shown["by"],
            &shown["tool"],
            &shown["arguments"],
            &shown["effect"],
            &shown["target"]
        ),
        (
            &json!("pending"),
            &json!("asker"),
            &json!("thing_create"),
            &json!({"name": "a"}),
            &json!("mutating"),
            &json!("a")
        )
    );
    assert_eq!(
        shown["asker"],
        json!({"oid": app.user("alice").oid, "name": "Alice Kim"})
    );
    let inbox = alice.get("/v1/approvals?state=pending").await.body;
    assert_eq!(inbox["items"], json!([shown]));

    let decided = alice.decide(&approval, &digest, "approve").await;
    assert_eq!(decided.status, 200, "{decided:?}");
    assert_eq!(decided.text("state"), "approved");
    assert_eq!(decided.body["decision"]["reason"], "a test");
    let ended = alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"]);
    assert_eq!(app.tools.seen().len(), 1);
    assert_eq!(alice.get("/v1/approvals").await.body["items"], json!([]));
    let all = alice.get("/v1/approvals?state=all").await.body;
    assert_eq!(all["items"][0]["state"], "approved");
    let events = alice.events(id(&turn), 0).await.all().await;
    let order: Vec<&str> = names(&events)
        .into_iter()
        .filter(|name| {
            name.contains("approval")
                || name.contains("call")
                || name.contains("wait")
                || name.contains("resumed")
        })
        .collect();
    assert_eq!(
        order,
        [
            "tool_call_requested",
            "approval_required",
            "turn_waiting",
            "approval_decided",
            "turn_resumed",
            "tool_call_started",
            "tool_call_finished"
        ]
    );
}

#[tokio::test]
async fn denied_it_never_runs_and_the_model_is_told() {
    let model = Script::in_steps([
        vec![call("a", "thing_create", &json!({"name": "a"}))],
        vec![say("It was refused.")],
    ]);
    let (app, alice) = product(model.clone()).await;
    let turn = ask_until(&alice, "create", &["waiting"]).await;
    let (approval, digest) = approval(&turn);
    assert_eq!(
        alice.decide(&approval, &digest, "deny").await.text("state"),
        "denied"
    );
    let ended = alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["denied"]);
    assert!(app.tools.seen().is_empty());
    let told = format!("{:?}", model.asked()[1].messages.last().unwrap());
    assert!(told.contains("Denied"), "{told}");
    refused(
        &alice.decide(&approval, &digest, "approve").await,
        409,
        "approval_decided",
    );
}

#[tokio::test]
async fn silence_means_no() {
    let (app, alice, turn) = waiting("create a").await;
    let (approval, digest) = approval(&turn);
    app.clock.advance(Duration::from_secs(3600 - 5));
    assert_eq!(app.sweep().await, 200);
    assert_eq!(
        alice
            .get(&format!("/v1/approvals/{approval}"))
            .await
            .text("state"),
        "pending"
    );
    app.clock.advance(Duration::from_secs(6));
    // Before anybody has swept: too late all the same.
    refused(
        &alice.decide(&approval, &digest, "approve").await,
        409,
        "approval_expired",
    );
    assert_eq!(app.sweep().await, 200);
    let ended = alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["denied"]);
    assert_eq!(
        alice
            .get(&format!("/v1/approvals/{approval}"))
            .await
            .text("state"),
        "expired"
    );
    refused(
        &alice.decide(&approval, &digest, "approve").await,
        409,
        "approval_expired",
    );
    assert!(app.tools.seen().is_empty());
}

#[tokio::test]
async fn another_digest_is_not_what_was_shown() {
    let (app, alice, turn) = waiting("create a").await;
    let other = ask_until(&alice, "create b", &["waiting"]).await;
    let (first, digest) = approval(&turn);
    let (_, others) = approval(&other);
    for wrong in ["", "x", others.as_str(), &digest.to_uppercase()] {
        for decision in ["approve", "deny"] {
            refused(
                &alice.decide(&first, wrong, decision).await,
                409,
                "digest_mismatch",
            );
        }
    }
    assert_eq!(alice.decide(&first, &digest, "approve").await.status, 200);
    alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(app.tools.seen().len(), 1);
}

#[tokio::test]
async fn a_decision_stands() {
    let (app, alice, turn) = waiting("create a").await;
    let (approval, digest) = approval(&turn);
    assert_eq!(
        alice.decide(&approval, &digest, "approve").await.status,
        200
    );
    for decision in ["approve", "deny"] {
        refused(
            &alice.decide(&approval, &digest, decision).await,
            409,
            "approval_decided",
        );
    }
    alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    refused(
        &alice.decide(&approval, &digest, "deny").await,
        409,
        "approval_decided",
    );
    assert_eq!(app.tools.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_deciders_exactly_one_wins() {
    let (app, alice, turn) = waiting("create a").await;
    let other = app.beside(AppShape::with(Script::clerk())).await;
    let (approval, digest) = approval(&turn);
    let both = futures::future::join_all((0..10).map(|n| {
        let decision = if n % 2 == 0 { "approve" } else { "deny" };
        let address = if n < 5 { &app.api } else { &other.api };
        let (alice, approval, digest) = (alice.at(address), approval.clone(), digest.clone());
        async move { (decision, alice.decide(&approval, &digest, decision).await) }
    }))
    .await;
    let winners: Vec<&str> = both
        .iter()
        .filter(|(_, a)| a.status == 200)
        .map(|(d, _)| *d)
        .collect();
    assert_eq!(winners.len(), 1, "{both:?}");
    for (_, answer) in both.iter().filter(|(_, a)| a.status != 200) {
        refused(answer, 409, "approval_decided");
    }
    let ended = alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    let (expected, calls) = if winners[0] == "approve" {
        ("ok", 1)
    } else {
        ("denied", 0)
    };
    assert_eq!(
        (outcomes(&ended), app.tools.seen().len()),
        (vec![expected], calls)
    );
}

#[tokio::test]
async fn what_destroys_needs_somebody_else() {
    let (app, alice, turn) = waiting("delete a").await;
    let (approval, digest) = approval(&turn);
    let carol = app.person("carol").await;
    let (bob, dave, eve) = (
        app.person("bob").await,
        app.person("dave").await,
        app.person("eve").await,
    );
    refused(
        &alice.decide(&approval, &digest, "approve").await,
        403,
        "not_permitted",
    );
    for person in [&bob, &dave, &eve] {
        refused(
            &person.decide(&approval, &digest, "approve").await,
            404,
            "not_found",
        );
        assert_eq!(
            person
                .get(&format!("/v1/approvals/{approval}"))
                .await
                .status,
            404,
            "{}",
            person.name
        );
        assert_eq!(person.get("/v1/approvals").await.body["items"], json!([]));
    }
    let shown = carol.get(&format!("/v1/approvals/{approval}")).await.body;
    assert_eq!(
        (
            &shown["by"],
            &shown["arguments"],
            &shown["asker"]["name"],
            &shown["turn_id"],
            &shown["call_id"]
        ),
        (
            &json!("another_approver"),
            &json!({"name": "a"}),
            &json!("Alice Kim"),
            &Value::Null,
            &Value::Null
        )
    );
    assert_eq!(
        carol.get("/v1/approvals").await.body["items"],
        json!([shown])
    );
    // The approver sees the call, not the conversation.
    assert_eq!(
        carol.get(&format!("/v1/turns/{}", id(&turn))).await.status,
        404
    );
    assert_eq!(
        carol.decide(&approval, &digest, "approve").await.status,
        200
    );
    let ended = alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["ok"]);
    let decision = &ended["calls"][0]["approval"]["decision"];
    assert_eq!(decision["by"]["oid"], app.user("carol").oid);
    let oids: Vec<String> = app.tools.seen().into_iter().map(|seen| seen.oid).collect();
    assert_eq!(oids, [app.user("alice").oid], "it runs as the asker");
}

#[tokio::test]
async fn others_do_not_see_what_only_its_asker_may_approve() {
    let (app, _alice, turn) = waiting("create a").await;
    let (approval, digest) = approval(&turn);
    for name in ["bob", "carol", "dave", "eve"] {
        let person = app.person(name).await;
        refused(
            &person.decide(&approval, &digest, "approve").await,
            404,
            "not_found",
        );
        assert_eq!(
            person
                .get(&format!("/v1/approvals/{approval}"))
                .await
                .status,
            404,
            "{name}"
        );
        assert_eq!(
            person.get("/v1/approvals?state=all").await.body["items"],
            json!([]),
            "{name}"
        );
    }
    assert!(app.tools.seen().is_empty());
}

#[tokio::test]
async fn reads_go_on_while_a_change_waits() {
    let model = Script::in_steps([vec![
        call("a", "thing_create", &json!({"name": "a"})),
        call("b", "thing_list", &json!({})),
    ]]);
    let (app, alice) = product(model).await;
    let conversation = alice.converse().await;
    let turn = alice.ask(&conversation, "both").await;
    app.tools.wait_for_calls(1).await;
    let turn = alice.wait_for(&turn, &["waiting"], PATIENCE).await;
    assert_eq!(outcomes(&turn), ["open", "ok"]);
    let (approval, digest) = approval(&turn);
    alice.decide(&approval, &digest, "deny").await;
    let ended = alice.wait_for(id(&turn), &["done"], PATIENCE).await;
    assert_eq!(outcomes(&ended), ["denied", "ok"]);
}
