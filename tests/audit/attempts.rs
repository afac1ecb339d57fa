//! Whoever asks for what is not theirs, or not permitted to them, is on record before
//! they are told.

use azimuth_ports::users::UserStatus;
use azimuth_tests::operations::{OPERATIONS, Reach};
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::scene::{Scene, fill};
use reqwest::Method;
use serde_json::{Value, json};

/// Refusals of `person`, newest first.
async fn denied(person: &Person) -> Vec<Value> {
    let found = person.get("/v1/audit?limit=100&kind=denied").await;
    assert_eq!(found.status, 200, "{found:?}");
    found.body["items"].as_array().unwrap().clone()
}

fn request_id(reply: &Reply) -> Value {
    json!(reply.headers["x-request-id"].to_str().unwrap())
}

#[tokio::test]
async fn asking_for_what_is_anothers_is_on_record_whether_it_exists_or_not() {
    let scene = Scene::set().await;
    for name in ["bob", "eve"] {
        let person = scene.app.person(name).await;
        let user = scene.app.user(name);
        let hers_missing = scene.missing(&scene.app.user("alice"));
        let mut count = 0;
        for operation in OPERATIONS.iter().filter(|o| o.reach == Reach::Thing) {
            for things in [&scene.things, &hers_missing] {
                let what = format!("{} by {name}", operation.id);
                let reply = Reply::to(operation.request(&person, things)).await;
                reply.assert_problem(&what, 404, "not_found");
                let records = denied(&person).await;
                count += 1;
                assert_eq!(records.len(), count, "{what}");
                let record = &records[0];
                assert_eq!(record["tid"], user.tid, "{what}");
                assert_eq!(record["oid"], user.oid, "{what}");
                assert_eq!(record["outcome"], "denied", "{what}");
                assert_eq!(record["correlation_id"], request_id(&reply), "{what}");
                let target = record["target"].as_str().unwrap();
                assert!(fill(operation.path, things).contains(target), "{record}");
                assert!(
                    record["detail"]
                        .as_str()
                        .unwrap()
                        .starts_with(&format!("{} /api/v1/", operation.method)),
                    "{record}"
                );
            }
        }
        assert!(count > 20, "{count}");
    }
    // Alice refused nobody, and was not refused.
    assert_eq!(denied(&scene.alice).await.len(), 0);
}

#[tokio::test]
async fn what_refuses_nobody_leaves_no_record() {
    let scene = Scene::set().await;
    let bob = scene.app.person("bob").await;
    let own_missing = scene.missing(&scene.app.user("bob"));
    for operation in OPERATIONS.iter().filter(|o| o.reach == Reach::Thing) {
        let reply = Reply::to(operation.request(&bob, &own_missing)).await;
        reply.assert_problem(operation.id, 404, "not_found");
    }
    for path in ["/v1/turns/none", "/v1/nothing", "/v1/turns?limit=x"] {
        assert!(bob.get(path).await.status >= 400, "{path}");
    }
    assert_eq!(denied(&bob).await.len(), 0);
    // An auditor may look for anybody's record.
    let carol = scene.app.person("carol").await;
    let missing = scene.things["record"].replace("-o1", "-o9");
    let path = format!("/v1/audit/{missing}");
    assert_eq!(carol.get(&path).await.status, 404);
    let carols = format!("/v1/audit?kind=denied&oid={}", scene.app.user("carol").oid);
    assert_eq!(carol.get(&carols).await.body["items"], json!([]));
}

#[tokio::test]
async fn a_missing_permission_is_on_record() {
    let (app, alice) = super::clerk().await;
    let dave = app.person("dave").await;
    let carols = app.user("carol").oid;
    let reply = Reply::to(dave.request(Method::GET, &format!("/v1/audit?oid={carols}"))).await;
    reply.assert_problem("the audit of others", 403, "not_permitted");
    let records = denied(&dave).await;
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0]["correlation_id"], request_id(&reply));
    assert_eq!(
        records[0]["detail"],
        "GET /api/v1/audit: The caller does not hold the permission for this."
    );

    // Without any role nothing can be asked; with a role again, one reads about it.
    let conversation = alice.converse().await;
    let user = app.user("alice");
    crate::api::set_record(&app, &user, |record| record.roles = Some(Vec::new())).await;
    let path = format!("/v1/conversations/{conversation}/turns");
    let refused = alice
        .post_with_key(&path, "k", json!({"text": "hello"}))
        .await;
    assert_eq!(refused.status, 403, "{refused:?}");
    crate::api::set_record(&app, &user, |record| record.roles = None).await;
    let records = denied(&alice).await;
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0]["target"], conversation);
}

#[tokio::test]
async fn whoever_is_switched_off_is_on_record() {
    let (app, alice) = super::clerk().await;
    let user = app.user("alice");
    assert_eq!(alice.get("/v1/me").await.status, 200);
    crate::api::set_record(&app, &user, |record| record.status = UserStatus::Disabled).await;
    let reply = Reply::to(alice.request(Method::GET, "/v1/me")).await;
    reply.assert_problem("me", 403, "user_disabled");
    crate::api::set_record(&app, &user, |record| record.status = UserStatus::Active).await;
    let records = denied(&alice).await;
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0]["correlation_id"], request_id(&reply));
}

#[tokio::test]
async fn without_a_record_no_refusal_is_told() {
    let scene = Scene::set().await;
    let bob = scene.app.person("bob").await;
    scene.app.audit.refuse(|_| true);
    // Neither tells whether the thing exists.
    let hers_missing = scene.missing(&scene.app.user("alice"));
    for things in [&scene.things, &hers_missing] {
        let path = format!("/v1/turns/{}", things["turn"]);
        let reply = Reply::to(bob.request(Method::GET, &path)).await;
        reply.assert_problem(&path, 503, "audit_unavailable");
    }
    let own_missing = scene.missing(&scene.app.user("bob"));
    let path = format!("/v1/turns/{}", own_missing["turn"]);
    assert_eq!(bob.get(&path).await.status, 404, "nobody is refused");
}
