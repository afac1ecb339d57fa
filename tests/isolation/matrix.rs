//! Every operation × {nobody, an expired token, a token for another API, eve of
//! another tenant, bob of the same one, alice herself}.

use std::collections::BTreeMap;

use azimuth_tests::operations::{OPERATIONS, Operation, Reach, assert_covers};
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::scene::{HER_WORD, Scene};
use reqwest::RequestBuilder;
use serde_json::json;

/// Headers with which a platform in front might name the caller; nobody in this
/// process may believe one.
fn forged(request: RequestBuilder, scene: &Scene) -> RequestBuilder {
    let alice = scene.app.user("alice");
    request
        .header("x-ms-client-principal-id", &alice.oid)
        .header("x-ms-client-principal-name", "alice@contoso.example")
        .header("x-ms-client-principal-idp", "aad")
        .header("x-ms-client-principal", "eyJ1c2VySWQiOiJhbGljZSJ9")
        .header("x-ms-token-aad-access-token", scene.alice.token())
        .header("x-ms-token-aad-id-token", scene.alice.token())
        .header("x-original-url", "/api/health/live")
        .header("x-http-method-override", "GET")
        .header("x-forwarded-for", "127.0.0.1")
        .header("x-forwarded-host", "localhost")
}

/// Nothing in an answer to somebody else is alice's.
fn assert_nothing_of_hers(scene: &Scene, what: &str, reply: &Reply) {
    let text = String::from_utf8_lossy(&reply.bytes);
    let alice = scene.app.user("alice");
    for hers in [alice.owner().as_str(), &alice.oid, HER_WORD, "Alice"] {
        assert!(!text.contains(hers), "{what}: {hers} in {text}");
    }
}

async fn send(
    operation: &Operation,
    person: &Person,
    things: &BTreeMap<&'static str, String>,
) -> Reply {
    Reply::to(operation.request(person, things)).await
}

#[tokio::test]
async fn the_table_covers_the_document() {
    let scene = Scene::set().await;
    let document = Person::stranger(&scene.app.api)
        .get("/openapi.json")
        .await
        .body;
    assert_covers(&document);
}

#[tokio::test]
async fn without_a_good_token_there_is_nothing() {
    let scene = Scene::set().await;
    let app = &scene.app;
    let token = |order| async { app.token(order).await };
    let expired = token(json!({"user": "alice", "expires_in": -600})).await;
    let azures = token(json!({"user": "alice", "audience": "https://management.azure.com"})).await;
    let people = [
        (Person::stranger(&app.api), "token_missing"),
        (
            Person::new("alice, too late", &app.api, &expired),
            "token_expired",
        ),
        (
            Person::new("alice, for Azure", &app.api, &azures),
            "token_wrong_audience",
        ),
    ];
    for operation in OPERATIONS {
        for (person, code) in &people {
            for forges in [false, true] {
                let request = operation.request(person, &scene.things);
                let request = if forges {
                    forged(request, &scene)
                } else {
                    request
                };
                let reply = Reply::to(request).await;
                let what = format!("{} by {}", operation.id, person.name);
                if operation.reach == Reach::Public {
                    assert_eq!(reply.status, 200, "{what}");
                    assert_nothing_of_hers(&scene, &what, &reply);
                } else {
                    reply.assert_problem(&what, 401, code);
                }
            }
        }
    }
    assert_untouched(&scene).await;
}

#[tokio::test]
async fn what_is_anothers_is_as_if_it_did_not_exist() {
    let scene = Scene::set().await;
    for name in ["bob", "eve", "carol", "dave"] {
        let person = scene.app.person(name).await;
        let missing = scene.missing(&scene.app.user(name));
        let hers_missing = scene.missing(&scene.app.user("alice"));
        for operation in OPERATIONS.iter().filter(|o| o.reach == Reach::Thing) {
            let what = format!("{} by {name}", operation.id);
            // Carol is an auditor: the tenant's audit is hers to read.
            if operation.id == "get_audit" && name == "carol" {
                continue;
            }
            let reply = send(operation, &person, &scene.things).await;
            reply.assert_problem(&what, 404, "not_found");
            assert_nothing_of_hers(&scene, &what, &reply);
            for things in [&missing, &hers_missing] {
                let nothing = send(operation, &person, things).await;
                nothing.assert_problem(&what, 404, "not_found");
                assert_eq!(
                    reply.problem_without_id(),
                    nothing.problem_without_id(),
                    "{what}"
                );
                let headers = |reply: &Reply| {
                    let mut names: Vec<String> =
                        reply.headers.keys().map(ToString::to_string).collect();
                    names.sort();
                    names
                };
                assert_eq!(headers(&reply), headers(&nothing), "{what}");
            }
            let reply = Reply::to(forged(operation.request(&person, &scene.things), &scene)).await;
            reply.assert_problem(&format!("{what}, forged"), 404, "not_found");
        }
    }
    assert_untouched(&scene).await;
}

#[tokio::test]
async fn what_is_ones_own_is_only_ones_own() {
    let scene = Scene::set().await;
    for name in ["bob", "eve", "dave"] {
        let person = scene.app.lasting_person(name).await;
        for operation in OPERATIONS.iter().filter(|o| o.reach == Reach::Own) {
            for forges in [false, true] {
                let what = format!("{} by {name}", operation.id);
                let request = operation.request(&person, &scene.things);
                let request = if forges {
                    forged(request, &scene)
                } else {
                    request
                };
                let reply = Reply::to(request).await;
                assert!(
                    reply.status < 300,
                    "{what}: {} {}",
                    reply.status,
                    reply.text()
                );
                assert_nothing_of_hers(&scene, &what, &reply);
            }
        }
    }
    assert_untouched(&scene).await;
}

#[tokio::test]
async fn the_administration_is_for_administrators() {
    let scene = Scene::set().await;
    for name in ["alice", "bob", "carol", "eve"] {
        let person = scene.app.lasting_person(name).await;
        let missing = scene.missing(&scene.app.user(name));
        for operation in OPERATIONS.iter().filter(|o| o.reach == Reach::Admin) {
            let what = format!("{} by {name}", operation.id);
            let mut told = Vec::new();
            for things in [&scene.things, &missing] {
                let reply = send(operation, &person, things).await;
                reply.assert_problem(&what, 403, "not_permitted");
                assert_eq!(reply.body["permission"], "administration", "{what}");
                told.push(reply.problem_without_id());
            }
            assert_eq!(told[0], told[1], "{what}");
            let reply = Reply::to(forged(operation.request(&person, &scene.things), &scene)).await;
            reply.assert_problem(&format!("{what}, forged"), 403, "not_permitted");
        }
    }
    assert_untouched(&scene).await;
}

#[tokio::test]
async fn an_administrator_of_another_tenant_finds_nobody() {
    let scene = Scene::set().await;
    let roles = json!({"roles": ["admin", "auditor"]});
    let eve = scene.app.person_with("eve", roles).await;
    let missing = scene.missing(&scene.app.user("eve"));
    for operation in OPERATIONS.iter().filter(|o| o.reach == Reach::Admin) {
        let what = format!("{} by another tenant's administrator", operation.id);
        let reply = send(operation, &eve, &scene.things).await;
        assert_nothing_of_hers(&scene, &what, &reply);
        if !operation.path.contains('{') {
            assert!(reply.status < 300, "{what}: {}", reply.text());
            continue;
        }
        reply.assert_problem(&what, 404, "not_found");
        let nothing = send(operation, &eve, &missing).await;
        nothing.assert_problem(&what, 404, "not_found");
        assert_eq!(
            reply.problem_without_id(),
            nothing.problem_without_id(),
            "{what}"
        );
    }
    assert_untouched(&scene).await;
}

/// Alice has all that she had, as it was.
async fn assert_untouched(scene: &Scene) {
    let things = &scene.things;
    let get = |path: String| async move { scene.alice.get(&path).await };
    for name in ["conversation", "doomed"] {
        let found = get(format!("/v1/conversations/{}", things[name])).await;
        assert_eq!(
            (found.status, &found.body["pinned"]),
            (200, &json!(false)),
            "{name}"
        );
    }
    assert_eq!(
        get(format!("/v1/conversations/{}", things["deleted"]))
            .await
            .status,
        404
    );
    let messages = get(format!(
        "/v1/conversations/{}/messages",
        things["conversation"]
    ))
    .await;
    assert_eq!(messages.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        get(format!("/v1/turns/{}", things["running"]))
            .await
            .text("status"),
        "waiting"
    );
    for name in ["approval", "others_approval"] {
        let found = get(format!("/v1/approvals/{}", things[name])).await;
        assert_eq!(found.text("state"), "pending", "{name}");
    }
    let grants = get(format!(
        "/v1/conversations/{}/grants",
        things["conversation"]
    ))
    .await;
    assert_eq!(grants.body["items"][0]["id"], things["grant"]);
    let policies = scene.dave.get("/v1/admin/policies").await.body;
    assert_eq!(policies["stored"]["number"].to_string(), things["policy"]);
    let sessions = get("/v1/sessions?limit=100".to_owned()).await;
    for name in ["session", "other_session"] {
        let listed = sessions.body["items"].as_array().unwrap();
        assert!(
            listed.iter().any(|one| one["id"] == things[name]),
            "{name} in {listed:?}"
        );
    }
    let oid = scene.app.user("alice").oid;
    let hers = scene
        .app
        .tools
        .seen()
        .into_iter()
        .filter(|seen| seen.oid == oid)
        .count();
    assert_eq!(hers, 1, "only her own call ran as her");
}
