//! The control port: faults, forged tokens, reset, and what lies on disk.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use azimuth_sandbox::directory::{API_CLIENT, CONTOSO};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{ARM, DEV, Running, arm_request, exchange};

fn machine(name: &str) -> String {
    format!(
        "/subscriptions/{DEV}/resourceGroups/rg-dev/providers/Microsoft.Compute/virtualMachines/{name}"
    )
}

/// Asks again until an entry of `list` fits; far above what it takes, a test ends that waits in vain.
async fn until(world: &Running, list: &str, fits: impl Fn(&Value) -> bool) {
    let asking = async { while !world.items(list).await.iter().any(&fits) {} };
    tokio::time::timeout(Duration::from_secs(20), asking)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_slow_request_holds_up_no_other_and_changes_nothing_before_its_time() {
    let world = Running::start().await;
    let (slow, other) = (machine("vm-dev-1"), machine("vm-dev-2"));
    let order =
        json!({"match": {"method": "DELETE", "path_contains": "vm-dev-1"}, "delay_ms": 30_000});
    assert_eq!(
        world.post("/sandbox/faults", &order).await.status,
        StatusCode::CREATED
    );
    let token = world.azure_token("alice", ARM).await;
    let stream = world.tunnel("management.azure.com").await;
    let request = arm_request(&token, Method::DELETE, &slow, None);
    let under_way =
        tokio::spawn(async move { exchange(stream, "management.azure.com", request).await });
    until(&world, "/sandbox/requests", |entry| {
        entry["method"] == "DELETE" && entry["path"] == *slow && entry["status"].is_null()
    })
    .await;

    assert_eq!(
        world
            .arm("alice", Method::DELETE, &other, None)
            .await
            .status,
        StatusCode::ACCEPTED
    );
    under_way.abort();
    assert!(under_way.await.is_err());
    world.advance(60_000);
    assert_eq!(
        world.arm("alice", Method::GET, &slow, None).await.status,
        StatusCode::OK
    );
    let effects = world.items("/sandbox/effects").await;
    assert_eq!(effects.len(), 1);
    assert!(
        effects[0]["resource_id"]
            .as_str()
            .unwrap()
            .ends_with("vm-dev-2")
    );
}

#[tokio::test]
async fn a_client_that_leaves_after_the_effect_cannot_undo_it() {
    let world = Running::start().await;
    let path = machine("vm-dev-1");
    let order = json!({"match": {"method": "DELETE"}, "when": "after", "delay_ms": 30_000});
    world.post("/sandbox/faults", &order).await;
    let token = world.azure_token("alice", ARM).await;
    let stream = world.tunnel("management.azure.com").await;
    let request = arm_request(&token, Method::DELETE, &path, None);
    let under_way =
        tokio::spawn(async move { exchange(stream, "management.azure.com", request).await });
    until(&world, "/sandbox/effects", |_| true).await;
    under_way.abort();
    world.advance(1000);
    assert_eq!(
        world.arm("alice", Method::GET, &path, None).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn ordered_failures_come_as_often_as_ordered() {
    let world = Running::start().await;
    let order = json!({"match": {"path_contains": "/subscriptions"}, "status": 503, "count": 2});
    world.post("/sandbox/faults", &order).await;
    let ask = async || {
        world
            .arm("alice", Method::GET, "/subscriptions", None)
            .await
            .status
            .as_u16()
    };
    assert_eq!([ask().await, ask().await, ask().await], [503, 503, 200]);
    assert_eq!(world.items("/sandbox/faults").await[0]["hits"], 2);

    let order = json!({"match": {"path_contains": "/oauth2/v2.0/token"}, "status": 500});
    world.post("/sandbox/faults", &order).await;
    let assertion = world.api_token("alice").await;
    assert_eq!(
        world
            .exchange(CONTOSO, &assertion, ARM)
            .await
            .status
            .as_u16(),
        500
    );
    let clear = http::Request::delete("/sandbox/faults")
        .body(http_body_util::Full::default())
        .unwrap();
    assert_eq!(world.send(clear).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        world.exchange(CONTOSO, &assertion, ARM).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_forged_token_says_exactly_what_was_ordered() {
    let world = Running::start().await;
    let header = json!({"alg": "RS256", "kid": "../../dev/null", "crit": ["urn:x"]});
    let payload = r#"{"tid":"a","tid":"b"}"#;
    let answer = world
        .post(
            "/sandbox/token",
            &json!({"header": header, "claims": payload}),
        )
        .await;
    let token = answer.body["access_token"].as_str().unwrap();
    let parts: Vec<Vec<u8>> = token
        .split('.')
        .map(|part| URL_SAFE_NO_PAD.decode(part).unwrap())
        .collect();
    assert_eq!(serde_json::from_slice::<Value>(&parts[0]).unwrap(), header);
    assert_eq!(parts[1], payload.as_bytes());
    assert_eq!(parts[2].len(), 256);

    let answer = world
        .post("/sandbox/token", &json!({"user": "eve", "expires_in": 60}))
        .await
        .body;
    assert_eq!(
        (&answer["claims"]["aud"], &answer["expires_in"]),
        (&json!(API_CLIENT), &json!(60))
    );
    let nobody = world
        .post("/sandbox/token", &json!({"user": "mallory"}))
        .await;
    assert_eq!(nobody.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn reset_brings_the_first_day_back_and_leaves_people_signed_in() {
    let world = Running::start().await;
    let assertion = world.api_token("alice").await;
    let answer = world.exchange(CONTOSO, &assertion, ARM).await;
    let refresh = answer.body["refresh_token"].as_str().unwrap();
    world
        .arm("alice", Method::DELETE, &machine("vm-dev-1"), None)
        .await;
    world
        .post(
            "/sandbox/grants",
            &json!({"user": "alice", "state": "revoked"}),
        )
        .await;
    world.post("/sandbox/faults", &json!({"status": 500})).await;
    assert_eq!(
        world.post("/sandbox/reset", &json!({})).await.status,
        StatusCode::OK
    );

    let world = world.restart().await;
    for list in ["/sandbox/effects", "/sandbox/faults", "/sandbox/requests"] {
        assert_eq!(world.items(list).await, [] as [Value; 0], "{list}");
    }
    let back = world
        .arm("alice", Method::GET, &machine("vm-dev-1"), None)
        .await;
    assert_eq!(back.body["properties"]["provisioningState"], "Succeeded");
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", API_CLIENT),
        (
            "client_secret",
            azimuth_sandbox::directory::API_CLIENT_SECRET,
        ),
        ("refresh_token", refresh),
        ("scope", "https://vault.azure.net/.default"),
    ];
    let again = world
        .form(&format!("/{CONTOSO}/oauth2/v2.0/token"), &form)
        .await;
    assert_eq!(again.status, StatusCode::OK, "{again:?}");
}

#[tokio::test]
async fn tokens_outlive_a_restart_and_none_lies_on_disk() {
    let world = Running::start().await;
    let api = world.api_token("alice").await;
    let answer = world.exchange(CONTOSO, &api, ARM).await.body;
    let (azure, refresh) = (
        answer["access_token"].clone(),
        answer["refresh_token"].clone(),
    );
    let authority = |world: &Running| std::fs::read(world.dir().join("ca.pem")).unwrap();
    let before = authority(&world);
    let world = world.restart().await;
    assert_eq!(authority(&world), before);
    let request = arm_request(azure.as_str().unwrap(), Method::GET, "/subscriptions", None);
    assert_eq!(
        world.azure("management.azure.com", request).await.status,
        StatusCode::OK
    );

    for entry in std::fs::read_dir(world.dir()).unwrap() {
        let path = entry.unwrap().path();
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        for token in [
            api.as_str(),
            azure.as_str().unwrap(),
            refresh.as_str().unwrap(),
        ] {
            assert!(!text.contains(token), "{}", path.display());
        }
        if path.to_string_lossy().contains("key") {
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

#[tokio::test]
async fn the_description_names_everything_and_everybody() {
    let world = Running::start().await;
    let said = world.description();
    for name in [
        "control",
        "issuer",
        "proxy",
        "ca_file",
        "client_id",
        "portal_client_id",
        "pid",
    ] {
        assert!(!said[name].is_null(), "{name}");
    }
    let names: Vec<&str> = said["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["alice", "bob", "carol", "dave", "eve"]);
    assert_eq!(said["users"][1]["subscriptions"][0]["role"], "Reader");
    assert_eq!(world.get("/sandbox/health").await.body["status"], "ok");
}
