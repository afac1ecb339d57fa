//! Writes to Azure: accepted, followed as operations, counted, kept.

use azimuth_sandbox::directory::CONTOSO_DEV as DEV;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;

use crate::azure::{ACCOUNT, MACHINE, account_body, dev};
use crate::client::Running;

#[tokio::test]
async fn a_storage_account_is_made_by_an_operation_and_counted_once() {
    let world = Running::start().await;
    let path = dev(&format!("{ACCOUNT}/stdemo1"));
    let accepted = world
        .arm("alice", Method::PUT, &path, Some(&account_body()))
        .await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{accepted:?}");
    let status = Url::parse(accepted.header("azure-asyncoperation")).unwrap();
    let result = Url::parse(accepted.header("location")).unwrap();
    assert_eq!(status.host_str(), Some("management.azure.com"));

    let poll = async |url: &Url| world.arm("alice", Method::GET, url.path(), None).await;
    assert_eq!(poll(&status).await.body["status"], "InProgress");
    assert_eq!(poll(&result).await.status, StatusCode::ACCEPTED);
    let early = world.arm("alice", Method::GET, &path, None).await;
    assert_eq!(early.body["properties"]["provisioningState"], "Creating");
    let twice = world
        .arm("alice", Method::PUT, &path, Some(&account_body()))
        .await;
    assert_eq!(
        (twice.status, twice.code()),
        (StatusCode::CONFLICT, "StorageAccountOperationInProgress")
    );

    world.advance(1000);
    assert_eq!(poll(&status).await.body["status"], "Succeeded");
    assert_eq!(poll(&result).await.body["name"], "stdemo1");
    let made = world.arm("bob", Method::GET, &path, None).await.body;
    assert_eq!(made["properties"]["provisioningState"], "Succeeded");
    assert_eq!(
        (&made["location"], &made["properties"]["accessTier"]),
        (&json!("koreacentral"), &json!("Cool"))
    );

    let effects = world.items("/sandbox/effects").await;
    assert_eq!(effects.len(), 1);
    let effect = &effects[0];
    assert_eq!(
        effect["tool_or_operation"],
        "Microsoft.Storage/storageAccounts/write"
    );
    assert_eq!(
        (&effect["resource_id"], &effect["user"]),
        (&made["id"], &json!("alice"))
    );
    assert_eq!(
        effect["correlation_id"],
        accepted.header("x-ms-correlation-request-id")
    );
    assert_eq!(effect["client_request_id"], "test-client-request");
}

#[tokio::test]
async fn a_storage_account_that_cannot_be_is_refused_as_azure_does() {
    let world = Running::start().await;
    let put = async |name: &str, body: &Value| {
        let path = dev(&format!("{ACCOUNT}/{name}"));
        let answer = world.arm("alice", Method::PUT, &path, Some(body)).await;
        (answer.status.as_u16(), answer.code().to_owned())
    };
    let mut elsewhere = account_body();
    elsewhere["location"] = "moon".into();
    for (name, body, refusal) in [
        (
            "stfabrikam",
            account_body(),
            (409, "StorageAccountAlreadyTaken"),
        ),
        ("St-Demo", account_body(), (400, "AccountNameInvalid")),
        ("st", account_body(), (400, "AccountNameInvalid")),
        (
            "stmoon",
            elsewhere,
            (400, "LocationNotAvailableForResourceType"),
        ),
        (
            "stsku",
            json!({"location": "koreacentral"}),
            (400, "InvalidValuesForRequestParameters"),
        ),
    ] {
        assert_eq!(
            put(name, &body).await,
            (refusal.0, refusal.1.to_owned()),
            "{name}"
        );
    }
    let nowhere = format!("/subscriptions/{DEV}/resourceGroups/rg-none/{ACCOUNT}/stdemo1");
    let answer = world
        .arm("alice", Method::PUT, &nowhere, Some(&account_body()))
        .await;
    assert_eq!(
        (answer.status, answer.code()),
        (StatusCode::NOT_FOUND, "ResourceGroupNotFound")
    );
    assert_eq!(world.items("/sandbox/effects").await.len(), 0);
}

#[tokio::test]
async fn a_machine_changes_its_power_state_and_goes_away_over_a_restart_too() {
    let world = Running::start().await;
    let path = dev(&format!("{MACHINE}/vm-dev-1"));
    let power = async |world: &Running| {
        let view = world
            .arm("bob", Method::GET, &format!("{path}/instanceView"), None)
            .await;
        view.body["statuses"][1]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(power(&world).await, "PowerState/running");
    let accepted = world
        .arm("alice", Method::POST, &format!("{path}/deallocate"), None)
        .await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED);
    assert_eq!(power(&world).await, "PowerState/deallocating");
    world.advance(1000);
    assert_eq!(power(&world).await, "PowerState/deallocated");
    let refused = world
        .arm("alice", Method::POST, &format!("{path}/restart"), None)
        .await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::CONFLICT, "OperationNotAllowed")
    );

    let world = world.restart().await;
    assert_eq!(power(&world).await, "PowerState/deallocated");
    let accepted = world.arm("alice", Method::DELETE, &path, None).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED);
    let repeated = world.arm("alice", Method::DELETE, &path, None).await;
    assert_eq!(repeated.status, StatusCode::ACCEPTED);
    world.advance(1000);
    let world = world.restart().await;
    assert_eq!(
        world.arm("alice", Method::GET, &path, None).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        world.arm("alice", Method::DELETE, &path, None).await.status,
        StatusCode::NO_CONTENT
    );

    let effects = world.items("/sandbox/effects").await;
    let done: Vec<&str> = effects
        .iter()
        .map(|effect| effect["tool_or_operation"].as_str().unwrap())
        .collect();
    let (stop, gone) = (
        "Microsoft.Compute/virtualMachines/deallocate/action",
        "Microsoft.Compute/virtualMachines/delete",
    );
    // A repeated delivery that Azure accepts shows as a second effect; a deletion of nothing does not.
    assert_eq!(done, [stop, gone, gone]);
}

#[tokio::test]
async fn tags_of_a_machine_are_replaced_by_whoever_may_and_nothing_else_of_it() {
    let world = Running::start().await;
    let path = dev(&format!("{MACHINE}/vm-dev-1"));
    let put =
        async |name: &str, body: &Value| world.arm(name, Method::PATCH, &path, Some(body)).await;
    let tags = json!({"tags": {"note": "new"}});
    assert_eq!(put("bob", &tags).await.status, StatusCode::FORBIDDEN);
    let done = put("alice", &tags).await;
    assert_eq!(
        (done.status, &done.body["tags"]),
        (StatusCode::OK, &tags["tags"])
    );
    let seen = world.arm("bob", Method::GET, &path, None).await.body;
    assert_eq!(seen["tags"], tags["tags"]);
    for other in [
        json!({"properties": {}}),
        json!({"tags": {"n": 1}}),
        json!([]),
    ] {
        let refused = put("alice", &other).await;
        assert_eq!(
            (refused.status, refused.code()),
            (StatusCode::BAD_REQUEST, "InvalidRequestContent"),
            "{other}"
        );
    }
    let effects = world.items("/sandbox/effects").await;
    assert_eq!(effects.len(), 1);
    assert_eq!(
        effects[0]["tool_or_operation"],
        "Microsoft.Compute/virtualMachines/write"
    );
}
