//! A sign-in to Azure that fails takes nothing away.

use azimuth_tests::reply::Reply;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn an_outage_during_a_sign_in_keeps_the_grant_that_was_there() {
    let (app, alice) = super::clerk().await;
    let sign_in = || Reply::to(alice.request(Method::POST, "/v1/me/azure-sign-in"));
    sign_in().await.expect("the first", 200);
    let fault =
        json!({"match": {"path_contains": "/oauth2/v2.0/token"}, "status": 503, "count": 20});
    app.control("/sandbox/faults", fault).await;
    let failed = sign_in().await;
    failed.assert_problem("an outage", 503, "azure_unavailable");
    assert_eq!(alice.get("/v1/me").await.body["azure_sign_in"], "ok");
}
