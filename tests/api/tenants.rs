//! Administrators see their own tenant, who vouches for it and what it has settled.

use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::script::Script;
use serde_json::{Value, json};

const PATH: &str = "/v1/admin/tenants";

async fn only_tenant(admin: &Person) -> Value {
    let told = admin.get(PATH).await;
    assert_eq!(told.status, 200, "{told:?}");
    let items = told.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{told:?}");
    items[0].clone()
}

/// Kinds that the tenant has settled, with number and reason.
fn settled(tenant: &Value) -> Vec<(&str, u64, &str)> {
    let settings = tenant["settings"].as_array().unwrap();
    settings
        .iter()
        .filter(|setting| !setting["stored"].is_null())
        .map(|setting| {
            let stored = &setting["stored"];
            (
                setting["kind"].as_str().unwrap(),
                stored["number"].as_u64().unwrap(),
                stored["reason"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn an_administrator_sees_who_vouches_and_what_the_tenant_has_settled() {
    let app = TestApp::start(AppShape::with(Script::answering(|_| Vec::new()))).await;
    let dave = app.person("dave").await;
    let eve = app.person_with("eve", json!({"roles": ["admin"]})).await;

    let before = only_tenant(&dave).await;
    let tid = app.user("dave").tid;
    assert_eq!(before["id"], tid.as_str());
    let issuer = before["issuer"].as_str().unwrap();
    assert!(issuer.ends_with(&format!("/{tid}/v2.0")), "{issuer}");
    assert_eq!(before["has_own_application"], false);
    assert_eq!(before["admits_new_people"], true);
    assert_eq!(settled(&before), []);
    let kinds: Vec<&str> = before["settings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|setting| setting["kind"].as_str().unwrap())
        .collect();
    let all = [
        "policies",
        "tools",
        "servers",
        "models",
        "quotas",
        "kill-switch",
    ];
    assert_eq!(kinds, all);

    for reason in ["too many", "too few"] {
        let put = dave
            .request(reqwest::Method::PUT, "/v1/admin/quotas")
            .header("if-match", "*")
            .json(&json!({"person": {"turns_per_day": 7}, "reason": reason}));
        let put = dave.send(put).await;
        assert_eq!(put.status, 200, "{put:?}");
    }
    let after = only_tenant(&dave).await;
    assert_eq!(settled(&after), [("quotas", 2, "too few")]);

    // Of the other tenant, nothing.
    let theirs = only_tenant(&eve).await;
    assert_eq!(theirs["id"], app.user("eve").tid.as_str());
    assert_ne!(theirs["issuer"], after["issuer"]);
    assert_eq!(settled(&theirs), []);
}
