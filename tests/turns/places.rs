//! A name is a place only once the asker's own identity says which one it is.

use azimuth_tests::app::TestApp;
use azimuth_tests::azure::CONTOSO_DEV as DEV;
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::script::{Script, call, say};
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATIENCE, ask_until, outcomes, product};

/// Only what lies in Contoso-Dev is permitted.
fn only_there() -> String {
    format!(
        r#"@id("see") permit (principal, action == Azimuth::Action::"see", resource);
        @id("there") permit (principal, action == Azimuth::Action::"call", resource)
        when {{ context has subscription && context.subscription == "{DEV}" }};"#
    )
}

/// Alice under these policies, with a model that lists with these arguments.
async fn asking(policies: Option<&str>, arguments: &Value) -> (TestApp, Person) {
    let model = Script::in_steps([vec![call("c", "thing_list", arguments)], vec![say("Done.")]]);
    let (app, alice) = product(model).await;
    if let Some(text) = policies {
        crate::api::replace_policies(&app.person("dave").await, text).await;
    }
    (app, alice)
}

async fn choose(person: &Person, subscription: &str) {
    let found = Reply::to(person.request(Method::GET, "/v1/settings")).await;
    let request = person
        .request(Method::PATCH, "/v1/settings")
        .header("if-match", found.header("etag"))
        .json(&json!({"default_subscription": subscription}));
    assert_eq!(Reply::to(request).await.status, 200);
}

/// How often the subscriptions were listed for her, by the audit.
async fn listings(alice: &Person) -> usize {
    let path = "/v1/audit?tool=azimuth/subscriptions_list&kind=open";
    let page = alice.get(path).await.body;
    page["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_call_by_name_is_decided_by_the_id_that_it_means() {
    for (arguments, expected) in [
        (json!({"subscription": "Contoso-Dev"}), "ok"),
        (json!({"subscription": DEV}), "ok"),
        (json!({"subscription": "Contoso-Prod"}), "denied"),
        (json!({}), "denied"),
    ] {
        let (app, alice) = asking(Some(&only_there()), &arguments).await;
        let turn = ask_until(&alice, "list", &["done"]).await;
        assert_eq!(outcomes(&turn), [expected], "{arguments}");
        let seen = app.tools.seen();
        if expected == "ok" {
            assert_eq!(
                seen[0].arguments,
                json!({"subscription": DEV}),
                "{arguments}"
            );
            assert_eq!(turn["calls"][0]["arguments"], json!({"subscription": DEV}));
        }
        assert_eq!(seen.len(), usize::from(expected == "ok"), "{arguments}");
        let named = arguments["subscription"]
            .as_str()
            .is_some_and(|name| name != DEV);
        assert_eq!(listings(&alice).await, usize::from(named), "{arguments}");
    }
}

#[tokio::test]
async fn a_call_that_names_none_is_about_the_chosen_one() {
    let (app, alice) = asking(Some(&only_there()), &json!({"name": "a"})).await;
    choose(&alice, "Contoso-Dev").await;
    let turn = ask_until(&alice, "list", &["done"]).await;
    assert_eq!(outcomes(&turn), ["ok"]);
    let full = json!({"name": "a", "subscription": DEV});
    assert_eq!(app.tools.seen()[0].arguments, full);
    // Without a model too.
    let path = "/v1/tools/fake/thing_list/calls";
    let called = alice.post(path, json!({"arguments": {"name": "a"}})).await;
    let turn = alice
        .wait_for(&called.text("turn_id"), &["done"], PATIENCE)
        .await;
    assert_eq!(turn["calls"][0]["arguments"], full);
    assert_eq!(outcomes(&turn), ["ok"]);
}

#[tokio::test]
async fn names_stay_where_no_policy_asks_or_nobody_says_what_they_mean() {
    let by_name = json!({"subscription": "Contoso-Dev"});
    let (app, alice) = asking(None, &by_name).await;
    let turn = ask_until(&alice, "list", &["done"]).await;
    assert_eq!(outcomes(&turn), ["ok"]);
    assert_eq!(app.tools.seen()[0].arguments, by_name);
    assert_eq!(listings(&alice).await, 0);
    // The audit takes no record of a look at Azure: nobody looks.
    let (app, alice) = asking(Some(&only_there()), &by_name).await;
    app.audit
        .refuse(|entry| entry.tool.as_deref() == Some("azimuth/subscriptions_list"));
    let turn = ask_until(&alice, "list", &["done"]).await;
    assert_eq!(outcomes(&turn), ["denied"]);
    assert!(app.tools.seen().is_empty());
}
