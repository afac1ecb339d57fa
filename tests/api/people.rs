//! Administrators decide who is let in and which roles count; each change is on record.

use std::collections::BTreeSet;

use azimuth_app::http::caller::NewPeople;
use azimuth_domain::audit::AuditKind;
use azimuth_domain::principal::Role;
use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::Clock;
use azimuth_ports::users::{Granted, UserStatus, UserStore};
use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::person::Person;
use azimuth_tests::reply::Reply;
use azimuth_tests::script::Script;
use reqwest::Method;
use serde_json::{Value, json};

/// Dave, and a product in which everybody of the sandbox's first tenant has signed in.
async fn office() -> (TestApp, Person) {
    let (app, _alice) = super::clerk().await;
    for name in ["alice", "bob", "carol", "eve"] {
        let me = app.person(name).await.get("/v1/me").await;
        assert_eq!(me.status, 200, "{name}: {me:?}");
    }
    let dave = app.person("dave").await;
    assert_eq!(dave.get("/v1/me").await.status, 200);
    (app, dave)
}

fn path_of(app: &TestApp, name: &str) -> String {
    format!("/v1/admin/users/{}", app.user(name).oid)
}

/// A change under the version that is there now.
async fn patch(admin: &Person, path: &str, body: &Value) -> Reply {
    let found = Reply::to(admin.request(Method::GET, path)).await;
    let request = admin
        .request(Method::PATCH, path)
        .header("if-match", found.header("etag"));
    Reply::to(request.json(body)).await
}

/// The tenant's records of administration, oldest first, without their places.
async fn changes(app: &TestApp) -> Vec<Value> {
    let carol = app.person("carol").await;
    let page = carol.get("/v1/audit?kind=admin&limit=100").await.body;
    let mut items = page["items"].as_array().unwrap().clone();
    items.reverse();
    items
}

#[tokio::test]
async fn roles_are_told_with_what_they_permit() {
    let (app, dave) = office().await;
    let told = dave.get("/v1/admin/roles").await;
    assert_eq!(told.status, 200, "{told:?}");
    let items = told.body["items"].as_array().unwrap();
    let names: Vec<&str> = items
        .iter()
        .map(|item| item["role"].as_str().unwrap())
        .collect();
    assert_eq!(names, Role::ALL.map(Role::as_str));
    // What everybody is told of the own permissions is what their roles permit.
    for name in ["alice", "bob", "carol", "dave"] {
        let me = app.person(name).await.get("/v1/me").await.body;
        let permitted: BTreeSet<&str> = items
            .iter()
            .filter(|item| me["roles"].as_array().unwrap().contains(&item["role"]))
            .flat_map(|item| item["permissions"].as_array().unwrap())
            .map(|permission| permission.as_str().unwrap())
            .collect();
        assert_eq!(me["permissions"], json!(permitted), "{name}");
    }
    let refused = app.person("carol").await.get("/v1/admin/roles").await;
    assert_eq!(refused.status, 403);
}

#[tokio::test]
async fn somebody_who_is_new_waits_where_it_is_said() {
    let app = TestApp::start(AppShape {
        new_people: NewPeople::Pending,
        ..AppShape::with(Script::clerk())
    })
    .await;
    let bob = app.person("bob").await;
    let me = bob.get("/v1/me").await;
    assert_eq!(me.status, 200, "{me:?}");
    assert_eq!(
        (
            &me.body["status"],
            &me.body["roles"],
            &me.body["permissions"]
        ),
        (&json!("pending"), &json!([]), &json!([]))
    );
    for path in [
        "/v1/conversations",
        "/v1/settings",
        "/v1/sessions",
        "/v1/tools",
    ] {
        let reply = Reply::to(bob.request(Method::GET, path)).await;
        reply.assert_problem(path, 403, "user_pending");
        let detail = reply.body["detail"].as_str().unwrap();
        assert!(detail.contains("administrator"), "{detail}");
    }
    // Whoever administers is admitted by that.
    let dave = app.person("dave").await;
    assert_eq!(dave.get("/v1/me").await.body["status"], "active");
    let waiting = dave.get("/v1/admin/users?status=pending").await.body;
    assert_eq!(waiting["items"][0]["oid"], app.user("bob").oid);
    assert_eq!(waiting["items"][0]["effective_roles"], json!([]));
    let admitted = patch(&dave, &path_of(&app, "bob"), &json!({"status": "active"})).await;
    assert_eq!(admitted.status, 200, "{}", admitted.text());
    assert_eq!(admitted.body["effective_roles"], json!(["reader"]));
    assert_eq!(bob.get("/v1/conversations").await.status, 200);
    assert_eq!(bob.get("/v1/me").await.body["status"], "active");
}

#[tokio::test]
async fn people_are_listed_found_and_paged() {
    let (app, dave) = office().await;
    let oid = |name: &str| app.user(name).oid;
    let everybody: BTreeSet<String> = ["alice", "bob", "carol", "dave"].map(oid).into();
    let list = |query: String| {
        let dave = &dave;
        async move { dave.get(&format!("/v1/admin/users?{query}")).await }
    };
    for limit in [1, 3, 4, 5] {
        let mut seen = Vec::new();
        let mut query = format!("limit={limit}");
        loop {
            let page = list(query).await;
            assert_eq!(page.status, 200, "{page:?}");
            let items = page.body["items"].as_array().unwrap();
            assert!(items.len() <= limit, "{page:?}");
            seen.extend(
                items
                    .iter()
                    .map(|one| one["oid"].as_str().unwrap().to_owned()),
            );
            match page.body["next_cursor"].as_str() {
                Some(cursor) => query = format!("limit={limit}&cursor={cursor}"),
                None => break,
            }
        }
        assert!(seen.is_sorted(), "{seen:?}");
        assert_eq!(seen.len(), 4, "each once, and nobody of another tenant");
        assert_eq!(BTreeSet::from_iter(seen), everybody, "{limit}");
    }
    for (query, expected) in [
        ("q=kim", vec!["alice"]),
        ("q=KIM%20alice", vec!["alice"]),
        ("q=kim%20bob", vec![]),
        ("status=disabled", vec![]),
        ("status=active&q=park", vec!["carol"]),
    ] {
        let page = list(query.to_owned()).await.body;
        let found: Vec<&str> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["oid"].as_str().unwrap())
            .collect();
        let expected: Vec<String> = expected.into_iter().map(oid).collect();
        assert_eq!(found, expected, "{query}");
    }
    let by_id = list(format!("q={}", oid("bob"))).await.body;
    assert_eq!(by_id["items"].as_array().unwrap().len(), 1);
    let dots = |n: usize| format!("q={}", ".".repeat(n));
    for (query, status) in [
        ("limit=1".to_owned(), 200),
        ("limit=100".to_owned(), 200),
        ("limit=0".to_owned(), 400),
        ("limit=101".to_owned(), 400),
        ("cursor=x".to_owned(), 400),
        ("cursor=".to_owned(), 400),
        ("status=gone".to_owned(), 400),
        ("oid=x".to_owned(), 400),
        (dots(199), 200),
        (dots(200), 200),
        (dots(201), 400),
    ] {
        assert_eq!(list(query.clone()).await.status, status, "{query}");
    }
}

#[tokio::test]
async fn a_person_is_shown_without_what_is_private() {
    let (app, dave) = office().await;
    let shown = Reply::to(dave.request(Method::GET, &path_of(&app, "carol"))).await;
    assert!(!shown.header("etag").is_empty());
    let mut body = shown.body.clone();
    assert!(body["created_at"].is_string());
    body["created_at"] = Value::Null;
    assert_eq!(
        body,
        json!({
            "oid": app.user("carol").oid, "name": "Carol Park", "status": "active",
            "roles": null, "granted_roles": ["approver", "auditor"],
            "effective_roles": ["approver", "auditor"], "created_at": null,
            "signed_out_at": null,
        })
    );
}

#[tokio::test]
async fn what_names_nobody_is_not_found() {
    let (app, dave) = office().await;
    let eves = app.user("eve").oid;
    for oid in [
        "x",
        "alice",
        "00000000-0000-4000-8000-00000000dead",
        &eves,
        "%20",
        "..%2f..",
        &"a".repeat(500),
        "%ED%95%9C",
    ] {
        let path = format!("/v1/admin/users/{oid}");
        for (method, path) in [
            (Method::GET, path.clone()),
            (Method::GET, format!("{path}/sessions")),
            (Method::DELETE, format!("{path}/sessions")),
            (Method::DELETE, format!("{path}/sessions/x")),
        ] {
            let what = format!("{method} {path}");
            let reply = Reply::to(dave.request(method, &path)).await;
            reply.assert_problem(&what, 404, "not_found");
        }
        let request = dave.request(Method::PATCH, &path).header("if-match", "*");
        let reply = Reply::to(request.json(&json!({"status": "disabled"}))).await;
        reply.assert_problem(&path, 404, "not_found");
    }
    // Object ids have no letter case.
    let shouted = format!("/v1/admin/users/{}", app.user("bob").oid.to_uppercase());
    assert_eq!(dave.get(&shouted).await.status, 200);
}

#[tokio::test]
async fn roles_that_are_taken_away_count_nowhere() {
    let (app, dave) = office().await;
    let carol = app.person("carol").await;
    let of_alice = format!("/v1/audit?oid={}", app.user("alice").oid);
    assert_eq!(carol.get(&of_alice).await.status, 200);
    let cut = patch(
        &dave,
        &path_of(&app, "carol"),
        &json!({"roles": ["approver", "admin"]}),
    )
    .await;
    assert_eq!(cut.status, 200, "{}", cut.text());
    assert_eq!(
        cut.body["effective_roles"],
        json!(["approver"]),
        "none is given"
    );
    let reply = Reply::to(carol.request(Method::GET, &of_alice)).await;
    reply.assert_problem("the tenant's audit", 403, "not_permitted");
    let reply = Reply::to(carol.request(Method::GET, "/v1/admin/users")).await;
    reply.assert_problem("administration", 403, "not_permitted");
    assert_eq!(carol.get("/v1/me").await.body["roles"], json!(["approver"]));
    let back = patch(&dave, &path_of(&app, "carol"), &json!({"roles": null})).await;
    assert_eq!(back.body["roles"], Value::Null);
    assert_eq!(carol.get(&of_alice).await.status, 200);
}

#[tokio::test]
async fn who_is_switched_off_is_off_at_once_and_on_again_later() {
    let (app, dave) = office().await;
    let alice = app.person("alice").await;
    let path = path_of(&app, "alice");
    assert_eq!(alice.get("/v1/settings").await.status, 200);
    assert_eq!(
        patch(&dave, &path, &json!({"status": "disabled"}))
            .await
            .status,
        200
    );
    for place in ["/v1/me", "/v1/settings", "/v1/conversations"] {
        let reply = Reply::to(alice.request(Method::GET, place)).await;
        reply.assert_problem(place, 403, "user_disabled");
    }
    assert_eq!(
        patch(&dave, &path, &json!({"status": "active"}))
            .await
            .status,
        200
    );
    assert_eq!(alice.get("/v1/settings").await.status, 200);
}

#[tokio::test]
async fn a_change_is_on_record_with_before_and_after() {
    let (app, dave) = office().await;
    let path = path_of(&app, "bob");
    let body = json!({"status": "disabled", "roles": ["reader"]});
    assert_eq!(patch(&dave, &path, &body).await.status, 200);
    // What changes nothing is no change.
    assert_eq!(patch(&dave, &path, &body).await.status, 200);
    let records = changes(&app).await;
    assert_eq!(records.len(), 2, "{records:?}");
    let (first, last) = (&records[0], &records[1]);
    let user = app.user("dave");
    for record in [first, last] {
        assert_eq!(record["kind"], "admin");
        assert_eq!(record["area"], "users");
        assert_eq!(record["oid"], user.oid, "who changed it");
        assert_eq!(record["target"], app.user("bob").oid);
        let chain = record["chain"].as_str().unwrap();
        assert!(chain.starts_with("admin-users-20"), "{chain}");
    }
    assert_eq!(first["before"], json!({"status": "active", "roles": null}));
    assert_eq!(
        first["after"],
        json!({"status": "disabled", "roles": ["reader"]})
    );
    assert_eq!(first["outcome"], Value::Null);
    assert_eq!(
        (&last["outcome"], &last["before"]),
        (&json!("ok"), &Value::Null)
    );
    assert_eq!(first["correlation_id"], last["correlation_id"]);
    // Each is found by its own id, too.
    let carol = app.person("carol").await;
    let id = first["id"].as_str().unwrap();
    let alone = carol.get(&format!("/v1/audit/{id}")).await;
    assert_eq!(alone.body["after"], first["after"], "{alone:?}");
    let csv = carol.request(Method::GET, "/v1/audit/export?format=csv&kind=admin");
    let csv = Reply::to(csv).await.text();
    assert!(
        csv.contains(r#"{""roles"":[""reader""],""status"":""disabled""}"#),
        "{csv}"
    );
}

#[tokio::test]
async fn what_the_audit_does_not_take_is_not_changed() {
    let (app, dave) = office().await;
    let bob = app.person("bob").await;
    app.audit
        .refuse(|entry| entry.kind == AuditKind::Administration);
    let path = path_of(&app, "bob");
    let reply = patch(&dave, &path, &json!({"status": "disabled"})).await;
    reply.assert_problem("disable", 503, "audit_unavailable");
    for sessions in [format!("{path}/sessions"), "/v1/sessions".to_owned()] {
        let reply = Reply::to(dave.request(Method::DELETE, &sessions)).await;
        reply.assert_problem(&sessions, 503, "audit_unavailable");
    }
    assert_eq!(bob.get("/v1/settings").await.status, 200);
    assert_eq!(dave.get(&path).await.body["status"], "active");
    // A change is made when only its end is not taken.
    app.audit
        .refuse(|entry| entry.kind == AuditKind::Administration && entry.outcome.is_some());
    assert_eq!(
        patch(&dave, &path, &json!({"status": "disabled"}))
            .await
            .status,
        200
    );
    app.audit.accept_all();
    let records = changes(&app).await;
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0]["after"]["status"], "disabled");
}

#[tokio::test]
async fn a_change_is_of_the_version_that_was_read() {
    let (app, dave) = office().await;
    let path = path_of(&app, "bob");
    let read = Reply::to(dave.request(Method::GET, &path)).await;
    let body = json!({"status": "disabled"});
    assert_eq!(patch(&dave, &path, &body).await.status, 200);
    let stale = dave
        .request(Method::PATCH, &path)
        .header("if-match", read.header("etag"));
    let reply = Reply::to(stale.json(&json!({"status": "active"}))).await;
    reply.assert_problem("stale", 412, "if_match_stale");
    let reply = Reply::to(dave.request(Method::PATCH, &path).json(&body)).await;
    reply.assert_problem("without a version", 428, "if_match_missing");
    for (body, at) in [
        (json!({"status": "gone"}), "/status"),
        (json!({"roles": ["root"]}), "/roles/0"),
        (json!({"oid": "x"}), "/oid"),
    ] {
        let reply = patch(&dave, &path, &body).await;
        assert_eq!(
            (reply.status, &reply.body["pointer"]),
            (422, &json!(at)),
            "{body}"
        );
    }
    assert_eq!(dave.get(&path).await.body["status"], "disabled");
}

#[tokio::test]
async fn nobody_takes_the_administration_from_themselves() {
    let (app, dave) = office().await;
    let path = path_of(&app, "dave");
    for body in [
        json!({"status": "disabled"}),
        json!({"roles": []}),
        json!({"roles": ["reader", "auditor"]}),
    ] {
        let reply = patch(&dave, &path, &body).await;
        reply.assert_problem(&body.to_string(), 409, "administrator_needed");
    }
    assert_eq!(changes(&app).await.len(), 0, "nothing was about to change");
    let kept = patch(&dave, &path, &json!({"roles": ["admin"]})).await;
    assert_eq!(kept.status, 200, "{}", kept.text());
}

#[tokio::test]
async fn another_administrator_can_be_dismissed() {
    let (app, dave) = office().await;
    let bob = app.person_with("bob", json!({"roles": ["admin"]})).await;
    assert_eq!(bob.get("/v1/admin/users").await.status, 200);
    let reply = patch(&dave, &path_of(&app, "bob"), &json!({"roles": ["reader"]})).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let reply = Reply::to(bob.request(Method::GET, "/v1/admin/users")).await;
    reply.assert_problem("dismissed", 403, "not_permitted");
}

#[tokio::test]
async fn two_who_shut_each_other_out_leave_one() {
    let (app, dave) = office().await;
    let bob = app.person_with("bob", json!({"roles": ["admin"]})).await;
    assert_eq!(bob.get("/v1/me").await.status, 200);
    let off = json!({"status": "disabled"});
    let (of_bob, of_dave) = (path_of(&app, "bob"), path_of(&app, "dave"));
    for round in 0..20 {
        let (one, other) = tokio::join!(patch(&dave, &of_bob, &off), patch(&bob, &of_dave, &off));
        let (left, right) = tokio::join!(dave.get("/v1/me"), bob.get("/v1/me"));
        assert!(
            left.status == 200 || right.status == 200,
            "round {round}: {} {}",
            one.text(),
            other.text()
        );
        for name in ["bob", "dave"] {
            super::set_record(&app, &app.user(name), |record| {
                record.status = UserStatus::Active;
            })
            .await;
        }
    }
}

#[tokio::test]
async fn granted_roles_follow_the_younger_token() {
    let (app, _dave) = office().await;
    let user = app.user("bob");
    let now = app.clock.now().0 / 1000;
    let token =
        |roles: Value, iat: i64| app.person_with("bob", json!({"roles": roles, "iat": iat}));
    let older = token(json!(["auditor"]), now - 100).await;
    let younger = token(json!(["operator"]), now + 40).await;
    for person in [&younger, &older, &younger, &older] {
        assert_eq!(person.get("/v1/me").await.status, 200);
        let record = app.store.user(&user).await.unwrap().unwrap().item;
        let expected = Granted {
            roles: [Role::Operator].into(),
            at: Timestamp((now + 40) * 1000),
        };
        assert_eq!(record.granted, Some(expected));
    }
    // What a token says counts with that token.
    assert_eq!(older.get("/v1/me").await.body["roles"], json!(["auditor"]));
}
