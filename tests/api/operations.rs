//! Every operation of the document works, and nothing else does.

use std::collections::{BTreeMap, BTreeSet};

use azimuth_tests::contract::{assert_fits, schema_of};
use azimuth_tests::operations::{OPERATIONS, assert_covers, documented};
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::scene::Scene;
use reqwest::Method;

#[tokio::test]
async fn every_operation_of_the_document_works_for_its_owner() {
    let scene = Scene::set().await;
    let anybody = Person::stranger(&scene.app.api);
    let document = anybody.get("/openapi.json").await.body;
    assert_covers(&document);
    for operation in OPERATIONS {
        let reply = Reply::to(operation.request(scene.entitled(operation), &scene.things)).await;
        assert_eq!(
            reply.status,
            operation.success,
            "{}: {}",
            operation.id,
            reply.text()
        );
        assert!(!reply.header("x-request-id").is_empty(), "{}", operation.id);
        match schema_of(&document, operation.id, reply.status) {
            Some(schema) => assert_fits(&document, schema, &reply.body, operation.id),
            None => assert!(reply.body.is_null(), "{}: {}", operation.id, reply.body),
        }
    }
}

#[tokio::test]
async fn other_methods_are_refused_with_those_that_work() {
    let (app, alice) = super::clerk().await;
    let document = alice.get("/openapi.json").await.body;
    let mut paths: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, method, path) in documented(&document) {
        paths.entry(path).or_default().insert(method);
    }
    for (template, methods) in paths {
        let path: String = template
            .split('/')
            .map(|part| if part.starts_with('{') { "x" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let mut allowed = methods.clone();
        if methods.contains("GET") {
            allowed.insert("HEAD".to_owned());
        }
        for method in [
            "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE",
        ] {
            if methods.contains(method) {
                continue;
            }
            let method: Method = method.parse().unwrap();
            let what = format!("{method} {path}");
            let reply = alice.reply(alice.request(method, &path)).await;
            reply.assert_problem(&what, 405, "method_not_allowed");
            let told: BTreeSet<String> = reply
                .header("allow")
                .split(',')
                .map(|m| m.trim().to_owned())
                .collect();
            assert_eq!(told, allowed, "{what}");
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let (_app, alice) = super::clerk().await;
    for path in ["/health/live", "/v1/me", "/v1/conversations"] {
        let reply = alice.reply(alice.request(Method::HEAD, path)).await;
        assert_eq!((reply.status, reply.bytes.len()), (200, 0), "{path}");
    }
}

#[tokio::test]
async fn the_document_is_openapi_3_1_and_names_who_needs_a_token() {
    let (_app, alice) = super::clerk().await;
    let document = alice.get("/openapi.json").await.body;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document["servers"][0]["url"], "/api");
    assert!(document["components"]["schemas"]["Problem"].is_object());
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let needs = operation["security"]
                .as_array()
                .unwrap()
                .iter()
                .any(|s| s.get("bearer").is_some());
            let public = path.starts_with("/health") || path == "/openapi.json";
            assert_eq!(needs, !public, "{method} {path}");
        }
    }
    assert_no_dangling_reference(&document, &document);
}

fn assert_no_dangling_reference(document: &serde_json::Value, part: &serde_json::Value) {
    match part {
        serde_json::Value::Object(members) => {
            if let Some(target) = members.get("$ref").and_then(|r| r.as_str()) {
                let pointer = target.strip_prefix('#').expect("a local reference");
                assert!(
                    document.pointer(pointer).is_some(),
                    "{target} leads nowhere"
                );
            }
            for value in members.values() {
                assert_no_dangling_reference(document, value);
            }
        }
        serde_json::Value::Array(items) => {
            for value in items {
                assert_no_dangling_reference(document, value);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn turns_events_and_problems_are_as_described() {
    let scene = Scene::set().await;
    let document = scene.alice.get("/openapi.json").await.body;
    for turn in ["turn", "running"] {
        let id = &scene.things[turn];
        let view = scene.alice.get(&format!("/v1/turns/{id}")).await;
        let schema = schema_of(&document, "get_turn", 200).unwrap();
        assert_fits(&document, schema, &view.body, turn);
        let poll = scene
            .alice
            .request(Method::GET, &format!("/v1/turns/{id}/events"))
            .header("accept", "application/json");
        let page = scene.alice.send(poll).await;
        let schema = schema_of(&document, "read_events", 200).unwrap();
        assert!(page.body["items"].as_array().unwrap().len() > 4);
        assert_fits(&document, schema, &page.body, "events");
    }
    let problem = scene.alice.get("/v1/turns/x").await;
    let schema = &document["components"]["schemas"]["Problem"];
    assert_fits(&document, schema, &problem.body, "a problem");
    let records = scene.alice.get("/v1/audit?limit=100").await;
    let schema = schema_of(&document, "list_audit", 200).unwrap();
    assert_fits(&document, schema, &records.body, "audit");
}
