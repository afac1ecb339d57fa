//! Every file of the JSON test suite as the body of every operation that has one.

use std::collections::{BTreeMap, BTreeSet};

use azimuth_tests::corpora::corpus;
use azimuth_tests::operations::{OPERATIONS, Operation};
use azimuth_tests::reply::Reply;
use azimuth_tests::scene::{Scene, fill};
use futures::future::join_all;
use serde_json::Value;

/// What some body of the suite may be for: an object without members, or with one that is
/// read and may be null.
const TAKES_NOTHING: [&str; 5] = [
    "call_tool",
    "create_conversation",
    "patch_conversation",
    "patch_settings",
    "patch_user",
];

/// A file of the suite, and the title in it.
const TITLE: (&str, &str) = ("y_object_string_unicode.json", "Полтора Землекопа");

#[tokio::test]
async fn whatever_a_body_is_it_is_taken_or_refused_and_nothing_else() {
    let Some(folder) = corpus("json-test-suite/test_parsing") else {
        return;
    };
    let scene = Scene::set().await;
    let operations = with_bodies(&scene).await;
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    let of = |kind: &str| {
        files
            .iter()
            .filter(|(name, _)| name.starts_with(kind))
            .count()
    };
    assert!(of("n_") > 150 && of("y_") > 80, "of {}", files.len());

    let mut before = everything(&scene).await;
    // One body after the other for each operation: two changes at once refuse one of them.
    let all = operations.into_iter().map(|operation| {
        let (scene, files) = (&scene, &files);
        async move {
            let mut taken = Vec::new();
            for (name, body) in files {
                if sent(scene, operation, name, body).await {
                    taken.push((operation.id, name.as_str()));
                }
            }
            taken
        }
    });
    let taken: BTreeSet<(&str, &str)> = join_all(all).await.into_iter().flatten().collect();
    for (operation, file) in &taken {
        assert!(!file.starts_with("n_"), "{operation} takes {file}");
        assert!(
            TAKES_NOTHING.contains(operation),
            "{operation} takes {file}"
        );
    }
    assert!(taken.contains(&("create_conversation", "y_object_empty.json")));
    // One file is a title, and it is a good one.
    assert!(taken.contains(&("patch_conversation", TITLE.0)));
    let conversation = before.get_mut("/v1/conversations/{conversation}");
    conversation.unwrap()["title"] = TITLE.1.into();
    for (path, after) in everything(&scene).await {
        assert_eq!(after, before[&path], "{path}");
    }
}

/// All that the document has with a body, each once.
async fn with_bodies(scene: &Scene) -> Vec<&'static Operation> {
    let document = scene.alice.get("/openapi.json").await.body;
    let paths = document["paths"].as_object().unwrap().values();
    let documented: BTreeSet<&str> = paths
        .flat_map(|item| item.as_object().unwrap().values())
        .filter(|operation| operation.get("requestBody").is_some())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let with: Vec<&Operation> = OPERATIONS.iter().filter(|o| !o.body.is_empty()).collect();
    let known: BTreeSet<&str> = with.iter().map(|operation| operation.id).collect();
    assert_eq!(documented, known);
    with
}

/// Whether it is taken; what is not is refused with a problem that says why.
async fn sent(scene: &Scene, operation: &Operation, file: &str, body: &[u8]) -> bool {
    let path = fill(operation.path, &scene.things);
    let method = operation.method.parse().unwrap();
    let mut request = scene.entitled(operation).request(method, &path);
    for (name, value) in operation.headers {
        // Whether the body is another one is not the question.
        if *name != "idempotency-key" {
            request = request.header(*name, *value);
        }
    }
    let request = request
        .header("content-type", "application/json")
        .header("idempotency-key", ulid::Ulid::generate().to_string())
        .body(body.to_vec());
    let reply = Reply::to(request).await;
    if reply.status < 300 {
        return true;
    }
    let what = format!("{file} to {}: {}", operation.id, reply.text());
    assert!([400, 422].contains(&reply.status), "{what}");
    let code = reply.body["code"].as_str().unwrap_or_default().to_owned();
    reply.assert_problem(&what, reply.status, &code);
    false
}

/// What the operations could have changed.
async fn everything(scene: &Scene) -> BTreeMap<String, Value> {
    let (alice, dave) = (&scene.alice, &scene.dave);
    let paths = [
        (alice, "/v1/settings"),
        (alice, "/v1/conversations/{conversation}"),
        (alice, "/v1/conversations/{conversation}/messages"),
        (alice, "/v1/approvals/{approval}"),
        (alice, "/v1/turns/{running}"),
        (dave, "/v1/admin/policies"),
        (dave, "/v1/admin/users/{oid}"),
    ];
    let found = paths.map(|(person, path)| async move {
        let found = person.get(&fill(path, &scene.things)).await;
        assert_eq!(found.status, 200, "{path}: {found:?}");
        let mut body = found.body;
        // A change of nothing is a change.
        body.as_object_mut().unwrap().remove("updated_at");
        (path.to_owned(), body)
    });
    join_all(found).await.into_iter().collect()
}
