//! Policies that speak of tags: read by the asker's own eyes, on record, and again when a
//! call comes to run.

use std::time::Duration;

use azimuth_domain::principal::UserKey;
use azimuth_ports::azure::{TaggedPlace, Tags};
use azimuth_tests::app::TestApp;
use azimuth_tests::azure::CONTOSO_DEV;
use azimuth_tests::person::Person;
use azimuth_tests::script::{Script, call, say};
use serde_json::{Value, json};

use super::{PATIENCE, ask_until, outcomes, product};

const POLICIES: &str = r#"@id("all") permit (principal, action, resource);
    @id("asks") @approval("asker") permit (principal, action, resource)
    when { resource.effect != Azimuth::Effect::"read_only" };
    @id("prod") @reason("not_permitted")
    forbid (principal, action == Azimuth::Action::"call", resource)
    when { resource.effect != Azimuth::Effect::"read_only" }
    when { context has tags && context.tags.contains("env=prod") };"#;

/// A turn of this person whose model wants to create a thing in the group `data`, when it
/// stands still.
async fn creating(person: &Person) -> Value {
    ask_until(person, "create", &["done", "waiting"]).await
}

/// Alice and a product under these policies, with a model that always wants to create.
async fn given() -> (TestApp, Person) {
    let arguments = json!({"subscription": "Contoso-Dev", "resource-group": "Data", "name": "new"});
    let steps = std::array::from_fn::<_, 8, _>(|step| match step % 2 {
        0 => vec![call("c", "thing_create", &arguments)],
        _ => vec![say("Done.")],
    });
    let (app, alice) = product(Script::in_steps(steps)).await;
    crate::api::replace_policies(&app.person("dave").await, POLICIES).await;
    (app, alice)
}

async fn key(person: &Person) -> UserKey {
    let me = person.get("/v1/me").await;
    UserKey::new(&me.text("tid"), &me.text("oid"))
}

fn tagged(env: &str) -> TaggedPlace {
    let tags = Tags::from([("Env".to_owned(), env.to_owned())]);
    TaggedPlace {
        groups: [("data".to_owned(), tags)].into(),
        ..TaggedPlace::default()
    }
}

/// Looks at tags that are on record, with their outcomes.
async fn on_record(person: &Person) -> Vec<Value> {
    let path = "/v1/audit?tool=azimuth/tags_read&kind=close";
    let page = person.get(path).await.body;
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_change_of_what_is_tagged_so_is_denied_whoever_else_may_look() {
    let (app, alice) = given().await;
    let carol = app.person("carol").await;
    app.azure.tag(&key(&alice).await, tagged("dev"));
    app.azure.tag(&key(&carol).await, tagged("Prod"));
    let turn = creating(&alice).await;
    assert_eq!(turn["calls"][0]["state"], "awaiting_approval", "{turn}");
    // Seen by her own eyes, within the minute of alice's look.
    let path = "/v1/tools/fake/thing_create/calls";
    let arguments = json!({"subscription": CONTOSO_DEV, "resource-group": "data"});
    let called = carol.post(path, json!({"arguments": arguments})).await;
    let turn = carol
        .wait_for(&called.text("turn_id"), &["done"], PATIENCE)
        .await;
    assert_eq!(outcomes(&turn), ["denied"]);
    let people: Vec<UserKey> = app.azure.tags_asked().into_iter().map(|a| a.0).collect();
    assert_eq!(people, [key(&alice).await, key(&carol).await]);
    let records = on_record(&alice).await;
    assert_eq!(records.len(), 1);
    let record = alice
        .get(&format!("/v1/audit/{}", records[0]["id"].as_str().unwrap()))
        .await;
    let target = format!("/subscriptions/{CONTOSO_DEV}/resourcegroups/data");
    assert_eq!(record.body["target"], target);
    assert_eq!(record.body["acting_identity"], "user");
}

#[tokio::test]
async fn a_tag_that_came_while_the_call_waited_denies_it() {
    let (app, alice) = given().await;
    let user = key(&alice).await;
    app.azure.tag(&user, tagged("dev"));
    for (later, expected) in [
        (Duration::from_secs(1), "ok"),
        (Duration::from_mins(1), "denied"),
    ] {
        app.azure.tag(&user, tagged("dev"));
        app.clock.advance(Duration::from_mins(1));
        let turn = creating(&alice).await;
        app.azure.tag(&user, tagged("prod"));
        app.clock.advance(later);
        let approval = &turn["calls"][0]["approval"];
        let decided = alice
            .post(
                &format!(
                    "/v1/approvals/{}/decision",
                    approval["approval_id"].as_str().unwrap()
                ),
                json!({"decision": "approve", "digest": approval["digest"]}),
            )
            .await;
        assert_eq!(decided.status, 200, "{}", decided.body);
        let turn = alice
            .wait_for(turn["id"].as_str().unwrap(), &["done"], PATIENCE)
            .await;
        assert_eq!(outcomes(&turn), [expected], "{later:?}");
    }
    assert_eq!(app.tools.seen().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_read_counts_as_forbidden() {
    // Azure refuses; then the audit takes no record of a look, so nobody looks.
    let (app, alice) = given().await;
    let turn = creating(&alice).await;
    assert_eq!(outcomes(&turn), ["denied"]);
    assert_eq!(on_record(&alice).await[0]["outcome"], "error");
    let asked = app.azure.tags_asked().len();
    app.azure.tag(&key(&alice).await, tagged("dev"));
    app.audit
        .refuse(|entry| entry.tool.as_deref() == Some("azimuth/tags_read"));
    let turn = creating(&alice).await;
    assert_eq!(outcomes(&turn), ["denied"]);
    assert_eq!(app.azure.tags_asked().len(), asked);
    assert!(app.tools.seen().is_empty());
}

#[tokio::test]
async fn nobody_looks_where_no_policy_asks() {
    let arguments = json!({"subscription": CONTOSO_DEV, "resource-group": "data"});
    let model = Script::in_steps([
        vec![call("c", "thing_list", &arguments)],
        vec![say("Done.")],
    ]);
    let (app, alice) = product(model).await;
    let turn = ask_until(&alice, "list", &["done"]).await;
    assert_eq!(outcomes(&turn), ["ok"]);
    assert!(app.azure.tags_asked().is_empty());
}
