//! Azure behind the proxy: who is let in, and who sees what.

use azimuth_sandbox::directory::{CONTOSO, FABRIKAM_MAIN};
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::client::{ARM, DEV, PROD, Running, VAULT, arm_request};

pub const ACCOUNT: &str = "providers/Microsoft.Storage/storageAccounts";
pub const MACHINE: &str = "providers/Microsoft.Compute/virtualMachines";

pub fn dev(rest: &str) -> String {
    format!("/subscriptions/{DEV}/resourceGroups/rg-dev/{rest}")
}

pub fn account_body() -> Value {
    json!({"location": "Korea Central", "kind": "StorageV2", "sku": {"name": "Standard_LRS"},
           "properties": {"accessTier": "Cool"}})
}

async fn graph(world: &Running, user: &str, query: &str) -> crate::client::Answer {
    let body = json!({"subscriptions": [DEV], "query": query});
    world
        .arm(
            user,
            Method::POST,
            "/providers/Microsoft.ResourceGraph/resources",
            Some(&body),
        )
        .await
}

#[tokio::test]
async fn everybody_sees_their_own_azure_and_nothing_else() {
    let world = Running::start().await;
    for (user, visible) in [
        ("alice", &["Contoso-Prod", "Contoso-Dev"][..]),
        ("bob", &["Contoso-Dev"]),
        ("carol", &["Contoso-Prod", "Contoso-Dev"]),
        ("dave", &["Contoso-Prod", "Contoso-Dev"]),
        ("eve", &["Fabrikam"]),
    ] {
        let listed = world.arm(user, Method::GET, "/subscriptions", None).await;
        assert_eq!(listed.names(), visible, "{user}");
    }
    let groups = format!("/subscriptions/{PROD}/resourcegroups");
    assert_eq!(
        world.arm("alice", Method::GET, &groups, None).await.names(),
        ["rg-prod-web", "rg-prod-data"]
    );
    let refused = world.arm("bob", Method::GET, &groups, None).await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::FORBIDDEN, "AuthorizationFailed")
    );
    let absent = world.arm("eve", Method::GET, &groups, None).await;
    assert_eq!(
        (absent.status, absent.code()),
        (StatusCode::NOT_FOUND, "SubscriptionNotFound")
    );
    let absent = world
        .arm(
            "alice",
            Method::GET,
            &format!("/subscriptions/{FABRIKAM_MAIN}"),
            None,
        )
        .await;
    assert_eq!(absent.status, StatusCode::NOT_FOUND);

    let read_only = world
        .arm(
            "bob",
            Method::DELETE,
            &dev(&format!("{MACHINE}/vm-dev-1")),
            None,
        )
        .await;
    assert_eq!(
        (read_only.status, read_only.code()),
        (StatusCode::FORBIDDEN, "AuthorizationFailed")
    );
    let path = dev(&format!("{ACCOUNT}/stbob"));
    let read_only = world
        .arm("bob", Method::PUT, &path, Some(&account_body()))
        .await;
    assert_eq!(read_only.status, StatusCode::FORBIDDEN);
    assert_eq!(world.items("/sandbox/effects").await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_request_without_a_good_token_is_challenged() {
    let world = Running::start().await;
    let path = "/subscriptions";
    let anonymous = Request::get(format!("{path}?api-version=2022-12-01"))
        .body(Full::default())
        .unwrap();
    let answer = world.azure("management.azure.com", anonymous).await;
    assert_eq!(
        (answer.status, answer.code()),
        (StatusCode::UNAUTHORIZED, "AuthenticationFailed")
    );
    assert!(
        answer
            .header("www-authenticate")
            .starts_with("Bearer authorization_uri=")
    );

    let for_vault = world.azure_token("alice", VAULT).await;
    let for_api = world.api_token("alice").await;
    let for_arm = world.azure_token("alice", ARM).await;
    let with_slash = world
        .azure_token("alice", "https://management.azure.com/")
        .await;
    let ask = async |token: &str| {
        let request = arm_request(token, Method::GET, path, None);
        let answer = world.azure("management.azure.com", request).await;
        (answer.status.as_u16(), answer.code().to_owned())
    };
    assert_eq!(
        ask(&for_vault).await,
        (401, "InvalidAuthenticationTokenAudience".to_owned())
    );
    assert_eq!(
        ask(&for_api).await,
        (401, "InvalidAuthenticationTokenAudience".to_owned())
    );
    assert_eq!(
        ask("nonsense").await,
        (401, "InvalidAuthenticationToken".to_owned())
    );
    assert_eq!(ask(&for_arm).await.0, 200);
    assert_eq!(ask(&with_slash).await.0, 200);
    world.advance(76 * 60 * 1000);
    assert_eq!(
        ask(&for_arm).await,
        (401, "ExpiredAuthenticationToken".to_owned())
    );
}

#[tokio::test]
async fn resource_graph_answers_the_tools_queries_and_refuses_others() {
    let world = Running::start().await;
    let of_type = "resources | where type =~ 'Microsoft.Storage/storageAccounts'";
    let all = graph(&world, "bob", &format!("{of_type} | limit 50")).await;
    assert_eq!(all.names(), ["stcontosotest", "stcontosodev"]);
    assert_eq!(all.body["resultTruncated"], "false");
    let one = graph(
        &world,
        "bob",
        &format!("{of_type} and name =~ 'STCONTOSODEV' | limit 1"),
    )
    .await;
    assert_eq!(one.names(), ["stcontosodev"]);
    assert_eq!(one.body["data"][0]["resourceGroup"], "rg-dev");

    let refused = graph(&world, "bob", "resources | summarize count()").await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::BAD_REQUEST, "BadRequest")
    );
    assert!(
        refused.body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("summarize count()")
    );
    let blind = graph(&world, "eve", &format!("{of_type} | limit 50")).await;
    assert_eq!(blind.code(), "NoValidSubscriptionsInQueryRequest");
    let log = world.items("/sandbox/requests").await;
    assert!(
        log.iter()
            .any(|entry| entry["graph_query"] == "resources | summarize count()")
    );
}

#[tokio::test]
async fn a_vault_challenges_and_then_gives_each_what_is_theirs() {
    let world = Running::start().await;
    let host = "kv-dev.vault.azure.net";
    let anonymous = Request::get("/secrets?api-version=7.5")
        .body(Full::default())
        .unwrap();
    let challenge = world.azure(host, anonymous).await;
    assert_eq!(challenge.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        challenge.header("www-authenticate"),
        format!(
            "Bearer authorization=\"https://login.microsoftonline.com/{CONTOSO}\", \
             resource=\"https://vault.azure.net\""
        )
    );
    let listed = world.vault("bob", "kv-dev", "/secrets").await;
    assert_eq!(listed.status, StatusCode::OK);
    assert!(!listed.body.to_string().contains("sandbox-value"));
    assert_eq!(
        listed.body["value"][1]["id"],
        format!("https://{host}/secrets/db-connection")
    );
    let hidden = world.vault("bob", "kv-dev", "/secrets/db-connection").await;
    assert_eq!(hidden.status, StatusCode::FORBIDDEN);
    assert_eq!(
        hidden.body["error"]["innererror"]["code"],
        "ForbiddenByRbac"
    );
    let shown = world
        .vault("alice", "kv-dev", "/secrets/db-connection/")
        .await;
    assert_eq!(shown.body["value"], "sandbox-value-of-dev-db-connection");
    assert_eq!(
        world.vault("eve", "kv-dev", "/secrets").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        world.vault("alice", "kv-none", "/secrets").await.code(),
        "VaultNotFound"
    );

    let token = world.azure_token("alice", VAULT).await;
    let body = json!({"value": "sandbox-made"});
    let set = arm_request(&token, Method::PUT, "/secrets/fresh", Some(&body));
    assert_eq!(world.azure(host, set).await.status, StatusCode::OK);
    assert_eq!(
        world.vault("alice", "kv-dev", "/secrets/fresh").await.body["value"],
        "sandbox-made"
    );
    let effects = world.items("/sandbox/effects").await;
    assert_eq!(effects.len(), 1);
    assert_eq!(
        effects[0]["resource_id"],
        format!("https://{host}/secrets/fresh")
    );
}

#[tokio::test]
async fn other_hosts_are_refused_and_logged() {
    let world = Running::start().await;
    for target in [
        "example.com:443",
        "login.microsoftonline.com:443",
        "management.azure.com:80",
    ] {
        assert_eq!(
            world.connect(target).await.unwrap_err(),
            "HTTP/1.1 403 Forbidden"
        );
    }
    let log = world.items("/sandbox/requests").await;
    let refused: Vec<&str> = log
        .iter()
        .filter(|entry| entry["kind"] == "refused_connect")
        .map(|entry| entry["host"].as_str().unwrap())
        .collect();
    assert_eq!(
        refused,
        [
            "example.com:443",
            "login.microsoftonline.com:443",
            "management.azure.com:80"
        ]
    );
}
