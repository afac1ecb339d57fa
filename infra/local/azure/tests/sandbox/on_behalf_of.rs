//! On-behalf-of: how our API proves itself, what it gets, and what is refused in which words.

use azimuth_sandbox::directory::{API_CLIENT, CONTOSO, FABRIKAM, IDENTITY_HEADER, user};
use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::client::{ARM, Running, VAULT};
use crate::entra::{claims, pick, refresh};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

#[tokio::test]
async fn our_api_gets_a_users_token_for_azure_and_the_log_says_for_whom() {
    let world = Running::start().await;
    let assertion = world.api_token("alice").await;
    let answer = world.exchange(CONTOSO, &assertion, ARM).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let said = claims(answer.body["access_token"].as_str().unwrap());
    assert_eq!(
        (&said["aud"], &said["oid"]),
        (&json!(ARM), &json!(user("alice").unwrap().oid))
    );

    let token = answer.body["refresh_token"].as_str().unwrap();
    let vault = refresh(&world, API_CLIENT, token, &format!("{VAULT}/.default")).await;
    assert_eq!(
        claims(vault.body["access_token"].as_str().unwrap())["aud"],
        VAULT
    );

    let log = world.items("/sandbox/requests").await;
    let issued: Vec<(&str, &str, &str)> = log
        .iter()
        .filter(|entry| entry["kind"] == "token")
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap_or_default();
            (text("grant"), text("user"), text("audience"))
        })
        .collect();
    assert_eq!(
        issued,
        [
            ("control", "alice", API_CLIENT),
            ("on_behalf_of", "alice", ARM),
            ("refresh_token", "alice", VAULT)
        ]
    );
    assert_eq!(log[1]["assertion_token_id"], claims(&assertion)["uti"]);
    assert_eq!(log[1]["token_id"], said["uti"]);
}

#[tokio::test]
async fn on_behalf_of_refuses_what_entra_refuses() {
    let world = Running::start().await;
    let good = world.api_token("alice").await;
    let forge = async |order: Value| {
        let answer = world.post("/sandbox/token", &order).await;
        answer.body["access_token"].as_str().unwrap().to_owned()
    };
    let wrong_audience = forge(json!({"user": "alice", "audience": ARM})).await;
    let wrong_key = forge(json!({"user": "alice", "key": "other"})).await;
    let ended = forge(json!({"user": "alice", "expires_in": -1})).await;
    let mut unscoped = claims(&good);
    unscoped["scp"] = "other".into();
    let unscoped = forge(json!({"header": {"alg": "RS256"}, "claims": unscoped})).await;
    let unsigned = forge(json!({"header": {"alg": "none"}, "claims": claims(&good)})).await;
    for (assertion, code) in [
        (&wrong_audience, 500_131),
        (&wrong_key, 50013),
        (&ended, 500_133),
        (&unscoped, 65001),
        (&unsigned, 50013),
    ] {
        let answer = world.exchange(CONTOSO, assertion, ARM).await;
        assert_eq!(answer.refusal(), ("invalid_grant", code));
        assert!(
            answer.body["error_description"]
                .as_str()
                .unwrap()
                .starts_with(&format!("AADSTS{code}: "))
        );
    }
    assert_eq!(
        world.exchange(FABRIKAM, &good, ARM).await.refusal(),
        ("invalid_grant", 50034)
    );
    assert_eq!(
        world
            .exchange(CONTOSO, &good, "https://other.example")
            .await
            .refusal(),
        ("invalid_resource", 500_011)
    );

    world.advance(76 * 60 * 1000);
    assert_eq!(
        world.exchange(CONTOSO, &good, ARM).await.refusal(),
        ("invalid_grant", 500_133)
    );
}

#[tokio::test]
async fn a_revoked_user_gets_nothing_until_signing_in_again() {
    let world = Running::start().await;
    let assertion = world.api_token("alice").await;
    let answer = world.exchange(CONTOSO, &assertion, ARM).await;
    let token = answer.body["refresh_token"].as_str().unwrap();
    let scope = format!("{ARM}/.default");
    for (state, refusal) in [
        ("revoked", ("invalid_grant", 50173)),
        ("interaction_required", ("interaction_required", 50076)),
    ] {
        world
            .post("/sandbox/grants", &json!({"user": "alice", "state": state}))
            .await;
        assert_eq!(
            world.exchange(CONTOSO, &assertion, ARM).await.refusal(),
            refusal
        );
        assert_eq!(
            refresh(&world, API_CLIENT, token, &scope).await.refusal(),
            refusal
        );
    }
    let bob = world.api_token("bob").await;
    assert_eq!(
        world.exchange(CONTOSO, &bob, ARM).await.status,
        StatusCode::OK
    );

    pick(&world, "alice").await;
    assert_eq!(
        world.exchange(CONTOSO, &assertion, ARM).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn our_api_proves_itself_by_secret_or_by_its_managed_identity() {
    let world = Running::start().await;
    let assertion = world.api_token("alice").await;
    let with = async |proof: &[(&str, &str)]| {
        let scope = format!("{ARM}/.default");
        let mut form = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("requested_token_use", "on_behalf_of"),
            ("client_id", API_CLIENT),
            ("assertion", &assertion),
            ("scope", &scope),
        ];
        form.extend_from_slice(proof);
        world
            .form(&format!("/{CONTOSO}/oauth2/v2.0/token"), &form)
            .await
    };
    assert_eq!(with(&[]).await.refusal(), ("invalid_client", 7_000_218));
    assert_eq!(
        with(&[("client_secret", "guess")]).await.refusal(),
        ("invalid_client", 7_000_215)
    );
    let request =
        Request::get("/msi/token?api-version=2019-08-01&resource=api://AzureADTokenExchange")
            .header("x-identity-header", IDENTITY_HEADER)
            .body(Full::default())
            .unwrap();
    let identity = world.send(request).await.body["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let asserted = async |token: &str| {
        let form = [
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", token),
        ];
        with(&form).await
    };
    assert_eq!(asserted(&identity).await.status, StatusCode::OK);
    assert_eq!(
        with(&[("client_assertion", &identity)]).await.refusal(),
        ("invalid_request", 900_144)
    );
    assert_eq!(
        asserted(&assertion).await.refusal(),
        ("invalid_client", 700_212),
        "a user's token is for another audience"
    );
    let alice = user("alice").unwrap().oid;
    let elsewhere = claims(&identity)["iss"]
        .as_str()
        .unwrap()
        .replace(CONTOSO, FABRIKAM);
    for (claim, value, code) in [
        ("sub", json!(alice), 700_213),
        ("aud", json!(ARM), 700_212),
        ("iss", json!(elsewhere), 700_211),
        ("exp", json!(1_794_999_999), 700_024),
    ] {
        let mut bent = claims(&identity);
        bent[claim] = value;
        let order = json!({"header": {"alg": "RS256"}, "claims": bent});
        let bent = world.post("/sandbox/token", &order).await;
        let bent = bent.body["access_token"].as_str().unwrap().to_owned();
        let refused = asserted(&bent).await;
        assert_eq!(refused.refusal(), ("invalid_client", code), "{claim}");
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    }
    let order = json!({"header": {"alg": "RS256"}, "claims": claims(&identity), "key": "other"});
    let forged = world.post("/sandbox/token", &order).await;
    let forged = forged.body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        asserted(&forged).await.refusal(),
        ("invalid_client", 700_027)
    );
    let stranger = world
        .get("/msi/token?resource=https://management.azure.com/")
        .await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
}
