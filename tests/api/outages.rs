//! When the identity provider does not answer, nothing is stored and the caller
//! is told to come back.

use azimuth_tests::reply::Reply;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn no_turn_without_an_answer_about_the_grant() {
    let (app, alice) = super::clerk().await;
    let id = alice.converse().await;
    let ask = || {
        let request = alice
            .request(Method::POST, &format!("/v1/conversations/{id}/turns"))
            .header("idempotency-key", "k")
            .json(&json!({"text": "list"}));
        Reply::to(request)
    };
    let fault =
        json!({"match": {"path_contains": "/oauth2/v2.0/token"}, "status": 503, "count": 8});
    app.control("/sandbox/faults", fault).await;
    let refused = ask().await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    let code = refused.body["code"].as_str().unwrap().to_owned();
    refused.assert_problem("an outage", 503, &code);
    let messages = alice.get(&format!("/v1/conversations/{id}/messages")).await;
    assert_eq!(messages.body["items"], json!([]), "nothing was stored");
    // The same request again, until Azure is back.
    let accepted = azimuth_tests::waiting::until("the outage ends", || async {
        let reply = ask().await;
        (reply.status == 202).then_some(reply)
    })
    .await;
    let turn = accepted.body["turn_id"].as_str().unwrap();
    alice
        .wait_for(turn, &["done"], azimuth_tests::waiting::PATIENCE)
        .await;
    assert_eq!(app.tools.seen().len(), 1);
}
