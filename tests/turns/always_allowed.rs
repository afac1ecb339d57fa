//! Tools that a person always allows: what that stands for, and for what it does not.

use azimuth_domain::work::WorkItem;
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::script::Script;
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATIENCE, ask_until, call_id, outcomes, product};

async fn settings(person: &Person) -> Reply {
    Reply::to(person.request(Method::GET, "/v1/settings")).await
}

/// Sets the tools of the server `fake` that the person always allows.
async fn allow(person: &Person, tools: &[&str]) -> Reply {
    set(person, tools, false).await
}

/// The same; `anew` agrees to what has changed since.
async fn set(person: &Person, tools: &[&str], anew: bool) -> Reply {
    let named: Vec<Value> = tools
        .iter()
        .map(|tool| json!({"server": "fake", "tool": tool, "anew": anew}))
        .collect();
    let found = settings(person).await;
    let request = person
        .request(Method::PATCH, "/v1/settings")
        .header("if-match", found.header("etag"))
        .json(&json!({"always_allowed_tools": named}));
    Reply::to(request).await
}

async fn allowed(person: &Person) -> Vec<(String, bool)> {
    let found = settings(person).await.body;
    let items = found["always_allowed_tools"].as_array().unwrap();
    items
        .iter()
        .map(|one| {
            let name = one["tool"].as_str().unwrap().to_owned();
            (name, one["changed"].as_bool().unwrap())
        })
        .collect()
}

/// Tools of which the list says that they run without asking.
async fn told(person: &Person) -> Vec<String> {
    let found = person.get("/v1/tools?limit=100").await.body;
    let tools = found["items"].as_array().unwrap().iter();
    tools
        .filter(|tool| tool["always_allowed"] == true)
        .map(|tool| tool["tool"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_change_by_an_allowed_tool_runs_and_says_by_whose_setting() {
    let (app, alice) = product(Script::clerk()).await;
    assert_eq!(told(&alice).await, Vec::<String>::new());
    assert_eq!(allow(&alice, &["thing_create"]).await.status, 200);
    assert_eq!(allowed(&alice).await, [("thing_create".to_owned(), false)]);
    assert_eq!(told(&alice).await, ["thing_create"]);
    assert_eq!(told(&app.person("carol").await).await, Vec::<String>::new());
    let turn = ask_until(&alice, "create a", &["done", "waiting"]).await;
    assert_eq!(outcomes(&turn), ["ok"], "{turn}");
    let call = &turn["calls"][0];
    assert_eq!(call["approval"], json!(null));
    assert_eq!(
        call["standing_approval"],
        json!({"kind": "setting", "grant_id": null})
    );
    let id = turn["id"].as_str().unwrap();
    let opened = alice
        .get(&format!("/v1/audit?kind=open&turn_id={id}"))
        .await
        .body;
    let opened = &opened["items"][0];
    let user = app.user("alice");
    assert_eq!(opened["decided_by"], format!("{}:{}", user.tid, user.oid));
    let detail = opened["detail"].as_str().unwrap();
    assert!(detail.contains("always to allow"), "{detail}");
    // Without a model too; nobody else's calls; and not once it is taken back.
    let path = "/v1/tools/fake/thing_create/calls";
    let called = alice.post(path, json!({"arguments": {"name": "b"}})).await;
    let turn = alice
        .wait_for(&called.text("turn_id"), &["done", "waiting"], PATIENCE)
        .await;
    assert_eq!(outcomes(&turn), ["ok"], "{turn}");
    assert_eq!(allow(&alice, &[]).await.status, 200);
    let turn = ask_until(&alice, "create c", &["done", "waiting"]).await;
    assert_eq!(turn["status"], "waiting", "{turn}");
    assert_eq!(app.tools.seen().len(), 2);
}

#[tokio::test]
async fn what_a_tool_has_said_before_a_call_makes_it_ask_again() {
    let (app, alice) = product(Script::clerk()).await;
    assert_eq!(allow(&alice, &["thing_create"]).await.status, 200);
    let conversation = alice.converse().await;
    for (order, status) in [
        ("create a", "done"),
        ("list", "done"),
        ("create b", "waiting"),
    ] {
        let id = alice.ask(&conversation, order).await;
        let turn = alice.wait_for(&id, &["done", "waiting"], PATIENCE).await;
        // The first has read nothing, the last what the others returned.
        assert_eq!(turn["status"], status, "{order}: {turn}");
    }
    assert_eq!(app.tools.seen().len(), 2);
}

#[tokio::test]
async fn a_tool_that_changed_asks_until_it_is_chosen_anew() {
    let (app, alice) = product(Script::clerk()).await;
    assert_eq!(allow(&alice, &["thing_create"]).await.status, 200);
    app.tools.change(|tools| {
        for tool in tools {
            tool.hash = format!("{}-new", tool.hash);
        }
    });
    assert_eq!(allowed(&alice).await, [("thing_create".to_owned(), true)]);
    assert_eq!(told(&alice).await, Vec::<String>::new());
    let turn = ask_until(&alice, "create a", &["done", "waiting"]).await;
    assert_eq!(turn["status"], "waiting", "{turn}");
    // Whoever only adds another one, or takes one away, has not looked at it again.
    assert_eq!(allow(&alice, &["thing_create"]).await.status, 200);
    assert_eq!(allowed(&alice).await, [("thing_create".to_owned(), true)]);
    assert_eq!(set(&alice, &["thing_create"], true).await.status, 200);
    assert_eq!(allowed(&alice).await, [("thing_create".to_owned(), false)]);
    let turn = ask_until(&alice, "create b", &["done", "waiting"]).await;
    assert_eq!(outcomes(&turn), ["ok"], "{turn}");
}

#[tokio::test]
async fn a_setting_that_is_gone_when_the_call_comes_to_run_denies_it() {
    let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
    let alice = app.person("alice").await;
    assert_eq!(allow(&alice, &["thing_create"]).await.status, 200);
    let path = "/v1/tools/fake/thing_create/calls";
    let called = alice.post(path, json!({"arguments": {}})).await;
    let id = called.text("turn_id");
    let turn = alice.get(&format!("/v1/turns/{id}")).await.body;
    assert_eq!(turn["calls"][0]["state"], "queued", "{turn}");
    assert_eq!(allow(&alice, &[]).await.status, 200);
    let item = WorkItem::tool_call(&app.user("alice").tid, &call_id(&turn, 0));
    assert_eq!(app.trigger("execute-tool", &item, 1).await, 200);
    let turn = alice.wait_for(&id, &["done"], PATIENCE).await;
    assert_eq!(outcomes(&turn), ["denied"], "{turn}");
    assert!(app.tools.seen().is_empty());
}

#[tokio::test]
async fn only_tools_that_change_something_and_destroy_nothing_can_be_chosen() {
    let (app, alice) = product(Script::clerk()).await;
    for (tools, pointer) in [
        (&["thing_list"][..], "/always_allowed_tools/0"),
        (&["thing_create", "thing_delete"], "/always_allowed_tools/1"),
        (&["no_such_thing"], "/always_allowed_tools/0"),
        (&["thing_create", "thing_create"], "/always_allowed_tools/1"),
    ] {
        let refused = allow(&alice, tools).await;
        refused.assert_problem("chosen", 422, "field_invalid");
        assert_eq!(refused.body["pointer"], pointer, "{tools:?}");
    }
    // Fifty and no more.
    let many: Vec<String> = (0..51).map(|n| format!("thing_make_{n}")).collect();
    app.tools.change(|tools| {
        let create = tools.iter().find(|tool| tool.tool.name == "thing_create");
        let create = create.unwrap().clone();
        for name in &many {
            let mut made = create.clone();
            made.tool.name.clone_from(name);
            tools.push(made);
        }
    });
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (count, status) in [(49, 200), (50, 200), (51, 422)] {
        assert_eq!(
            allow(&alice, &many[..count]).await.status,
            status,
            "{count}"
        );
    }
    // Whoever only reads has no such tool.
    let refused = allow(&app.person("bob").await, &["thing_create"]).await;
    refused.assert_problem("bob", 422, "field_invalid");
}

#[tokio::test]
async fn the_choice_is_on_record_before_it_counts() {
    let (app, alice) = product(Script::clerk()).await;
    assert_eq!(allow(&alice, &["thing_create"]).await.status, 200);
    let path = "/v1/audit?kind=admin&limit=100";
    let records = app.person("carol").await.get(path).await.body;
    let about = records["items"].as_array().unwrap();
    let about = about
        .iter()
        .find(|one| one["area"] == "settings" && one["after"].is_object());
    let about = about.unwrap();
    assert_eq!(about["before"], json!({"always_allowed_tools": []}));
    let after = &about["after"]["always_allowed_tools"][0];
    assert_eq!(after["tool"], "fake/thing_create");
    assert!(after["tool_hash"].is_string(), "{after}");
    app.audit
        .refuse(|entry| entry.area.as_deref() == Some("settings"));
    assert_eq!(allow(&alice, &[]).await.status, 503);
    assert_eq!(allowed(&alice).await.len(), 1);
}

#[tokio::test]
async fn policies_say_whether_a_person_may_and_for_whom_it_counts() {
    let (app, alice) = product(Script::clerk()).await;
    let dave = app.person("dave").await;
    let built_in = dave.get("/v1/admin/policies").await.body;
    let text = built_in["text"].as_str().unwrap();
    assert_eq!(allow(&alice, &["thing_create"]).await.status, 200);
    let asked_by = async |policies: String| {
        crate::api::replace_policies(&dave, &policies).await;
        let turn = ask_until(&alice, "create a", &["done", "waiting"]).await;
        assert_eq!(turn["status"], "waiting", "{policies}: {turn}");
        turn["calls"][0]["approval"]["by"].clone()
    };
    // What was chosen stands, and does not count.
    let conversation = text.replace("@remember(\"user\")", "@remember(\"conversation\")");
    assert_eq!(asked_by(conversation).await, "asker");
    assert_eq!(allow(&alice, &[]).await.status, 200);
    let refused = allow(&alice, &["thing_create"]).await;
    refused.assert_problem("not said", 422, "field_invalid");
    assert_eq!(refused.body["pointer"], "/always_allowed_tools/0");
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains("policies"), "{detail}");
    // Whom another person has to agree with does not agree alone.
    crate::api::replace_policies(&dave, text).await;
    assert_eq!(allow(&alice, &["thing_create"]).await.status, 200);
    let another = r#"@id("another") @approval("another")
        permit (principal in Azimuth::Role::"operator",
            action == Azimuth::Action::"call",
            resource == Azimuth::Tool::"fake/thing_create");"#;
    assert_eq!(
        asked_by(format!("{text}\n{another}")).await,
        "another_approver"
    );
    assert!(app.tools.seen().is_empty());
}

#[tokio::test]
async fn what_a_model_wanted_is_denied_when_the_setting_has_gone_before_it_runs() {
    let app = TestApp::start(AppShape::undelivered(Script::clerk())).await;
    let alice = app.person("alice").await;
    assert_eq!(allow(&alice, &["thing_create"]).await.status, 200);
    let conversation = alice.converse().await;
    let id = alice.ask(&conversation, "create a").await;
    app.engine.idle().await;
    let turn = alice.get(&format!("/v1/turns/{id}")).await.body;
    assert_eq!(turn["calls"][0]["state"], "queued", "{turn}");
    assert_eq!(allow(&alice, &[]).await.status, 200);
    let item = WorkItem::tool_call(&app.user("alice").tid, &call_id(&turn, 0));
    assert_eq!(app.trigger("execute-tool", &item, 1).await, 200);
    let turn = alice.get(&format!("/v1/turns/{id}")).await.body;
    assert_eq!(turn["calls"][0]["state"], "denied", "{turn}");
    assert!(app.tools.seen().is_empty());
}
