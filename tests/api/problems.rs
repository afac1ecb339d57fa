//! Every error that a single request can meet, as one table.

use azimuth_tests::reply::Reply;
use azimuth_tests::scene::{Scene, fill};
use reqwest::Method;
use serde_json::Value;

/// A request, and the problem that it is.
struct Row {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
    status: u16,
    code: &'static str,
    /// The member that says where, and what it says.
    at: Option<(&'static str, &'static str)>,
}

fn row(method: &'static str, path: &str, body: &str, status: u16, code: &'static str) -> Row {
    Row {
        method,
        path: path.to_owned(),
        headers: vec![("content-type", "application/json".to_owned())],
        body: body.to_owned(),
        status,
        code,
        at: None,
    }
}

impl Row {
    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    fn at(mut self, member: &'static str, place: &'static str) -> Self {
        self.at = Some((member, place));
        self
    }
}

const TURNS: &str = "/v1/conversations/{conversation}/turns";
const CONVERSATION: &str = "/v1/conversations/{conversation}";
const DECISION: &str = "/v1/approvals/{approval}/decision";
const CALLS: &str = "/v1/tools/fake/thing_list/calls";

fn routes() -> Vec<Row> {
    [
        "/",
        "/v1",
        "/v1/",
        "/v2/me",
        "/v1/mee",
        "/v1/me/",
        "/V1/me",
        "/v1//me",
        "/v1/conversations/a/b",
        "/%00",
        "/v1/..%2f..%2fetc",
        "/execute-tool",
        "/sweep",
    ]
    .iter()
    .map(|path| row("GET", path, "", 404, "route_not_found"))
    .collect()
}

fn ids() -> Vec<Row> {
    let mut rows = Vec::new();
    let long = "a".repeat(97);
    let very_long = "a".repeat(4000);
    for id in [
        "x",
        "c_",
        "c_0_0",
        "C_ABC",
        "%20",
        "%EA%B0%80",
        "..%2F..",
        "null",
        "1%27%20OR%201%3D1",
        long.as_str(),
        very_long.as_str(),
    ] {
        for (method, path, body) in [
            ("GET", "/v1/conversations/ID", ""),
            ("PATCH", "/v1/conversations/ID", r#"{"pinned":true}"#),
            ("DELETE", "/v1/conversations/ID", ""),
            ("POST", "/v1/conversations/ID/restore", ""),
            ("GET", "/v1/conversations/ID/messages", ""),
            ("GET", "/v1/conversations/ID/export", ""),
            ("POST", "/v1/conversations/ID/turns", r#"{"text":"hello"}"#),
            ("GET", "/v1/turns/ID", ""),
            ("GET", "/v1/turns/ID/events", ""),
            ("POST", "/v1/turns/ID/cancel", ""),
            ("GET", "/v1/turns/{turn}/calls/ID/result", ""),
            ("GET", "/v1/turns/ID/calls/{call}/result", ""),
            ("GET", "/v1/approvals/ID", ""),
            (
                "POST",
                "/v1/approvals/ID/decision",
                r#"{"decision":"deny","digest":"x"}"#,
            ),
            ("GET", "/v1/audit/ID", ""),
            (
                "POST",
                "/v1/tools/ID/thing_list/calls",
                r#"{"arguments":{}}"#,
            ),
            ("POST", "/v1/tools/fake/ID/calls", r#"{"arguments":{}}"#),
        ] {
            rows.push(
                row(method, &path.replace("ID", id), body, 404, "not_found")
                    .with("if-match", "*")
                    .with("idempotency-key", "k"),
            );
        }
    }
    rows
}

fn bodies() -> Vec<Row> {
    let turn = |body: &str, status, code| {
        row("POST", TURNS, body, status, code).with("idempotency-key", "b")
    };
    let settings = |body: &str, status, code| {
        row("PATCH", "/v1/settings", body, status, code).with("if-match", "*")
    };
    let patch = |body: &str, status, code| {
        row("PATCH", CONVERSATION, body, status, code).with("if-match", "*")
    };
    let tool = |body: &str, status, code| {
        row("POST", CALLS, body, status, code).with("idempotency-key", "b")
    };
    let decide = |body: &str, status, code| row("POST", DECISION, body, status, code);
    let make = |body: &str, status, code| row("POST", "/v1/conversations", body, status, code);
    let long_title = format!(r#"{{"title":"{}"}}"#, "가".repeat(121));
    let long_reason = format!(
        r#"{{"decision":"deny","digest":"x","reason":"{}"}}"#,
        "가".repeat(1001)
    );
    let long_name = format!(r#"{{"default_subscription":"{}"}}"#, "x".repeat(129));
    let long_argument = format!(r#"{{"arguments":{{"name":"{}"}}}}"#, "x".repeat(32 * 1024));
    vec![
        // No JSON at all.
        make("", 400, "json_malformed"),
        make("{", 400, "json_malformed"),
        make("{}x", 400, "json_malformed"),
        make("{\"title\":\"a\",}", 400, "json_malformed"),
        make("{'title':'a'}", 400, "json_malformed"),
        make("\u{feff}{}", 400, "json_malformed"),
        turn("{\"text\":\"\\ud800\"}", 400, "json_malformed"),
        // JSON, but no object.
        make("null", 422, "field_invalid").at("pointer", ""),
        make("[]", 422, "field_invalid").at("pointer", ""),
        make("\"{}\"", 422, "field_invalid").at("pointer", ""),
        make("1", 422, "field_invalid").at("pointer", ""),
        // Media type.
        make("{}", 415, "media_type_unsupported")
            .without("content-type")
            .at("parameter", "Content-Type"),
        make("{}", 415, "media_type_unsupported").with("content-type", "text/plain"),
        make("{}", 415, "media_type_unsupported")
            .with("content-type", "application/x-www-form-urlencoded"),
        make("{}", 415, "media_type_unsupported")
            .with("content-type", "application/json; charset=euc-kr"),
        // Fields that nobody reads, wrong types, missing ones.
        make(r#"{"titel":"a"}"#, 422, "field_unknown").at("pointer", "/titel"),
        make(r#"{"title":7}"#, 422, "field_invalid").at("pointer", "/title"),
        make(r#"{"title":["a"]}"#, 422, "field_invalid").at("pointer", "/title"),
        make(r#"{"title":"a","title":"b"}"#, 422, "field_invalid"),
        make(r#"{"title":""}"#, 422, "field_invalid").at("pointer", "/title"),
        make(r#"{"title":" \t "}"#, 422, "field_invalid").at("pointer", "/title"),
        make(r#"{"title":"a\nb"}"#, 422, "field_invalid").at("pointer", "/title"),
        make(&long_title, 422, "title_too_long").at("pointer", "/title"),
        turn("{}", 422, "field_missing").at("pointer", "/text"),
        turn(r#"{"text":null}"#, 422, "field_invalid").at("pointer", "/text"),
        turn(r#"{"text":"a","stream":true}"#, 422, "field_unknown").at("pointer", "/stream"),
        turn(r#"{"text":""}"#, 422, "text_empty").at("pointer", "/text"),
        turn(r#"{"text":" \n\u3000"}"#, 422, "text_empty").at("pointer", "/text"),
        turn(r#"{"text":"a","model":"gpt-0"}"#, 422, "model_unknown").at("pointer", "/model"),
        turn(
            r#"{"text":"a","parent_message_id":"x"}"#,
            422,
            "parent_not_found",
        )
        .at("pointer", "/parent_message_id"),
        patch(r#"{"pinned":"yes"}"#, 422, "field_invalid").at("pointer", "/pinned"),
        patch(r#"{"id":"c_x"}"#, 422, "field_unknown").at("pointer", "/id"),
        patch(&long_title, 422, "title_too_long").at("pointer", "/title"),
        settings(r#"{"language":"fr"}"#, 422, "field_invalid").at("pointer", "/language"),
        settings(r#"{"theme":7}"#, 422, "field_invalid").at("pointer", "/theme"),
        settings(r#"{"model":"gpt-0"}"#, 422, "model_unknown").at("pointer", "/model"),
        settings(r#"{"roles":["admin"]}"#, 422, "field_unknown").at("pointer", "/roles"),
        settings(
            r#"{"default_subscription":"a\u0000b"}"#,
            422,
            "field_invalid",
        )
        .at("pointer", "/default_subscription"),
        settings(&long_name, 422, "field_invalid").at("pointer", "/default_subscription"),
        decide("{}", 422, "field_missing").at("pointer", "/decision"),
        decide(r#"{"decision":"approve"}"#, 422, "field_missing").at("pointer", "/digest"),
        decide(r#"{"decision":"maybe","digest":"x"}"#, 422, "field_invalid")
            .at("pointer", "/decision"),
        decide(&long_reason, 422, "field_invalid").at("pointer", "/reason"),
        decide(
            r#"{"decision":"approve","digest":"x"}"#,
            409,
            "digest_mismatch",
        )
        .at("pointer", "/digest"),
        tool("{}", 422, "field_missing").at("pointer", "/arguments"),
        tool(r#"{"arguments":[]}"#, 422, "field_invalid").at("pointer", "/arguments"),
        tool(r#"{"arguments":null}"#, 422, "field_invalid").at("pointer", "/arguments"),
        tool(r#"{"arguments":{"name":7}}"#, 422, "arguments_invalid")
            .at("pointer", "/arguments/name"),
        tool(r#"{"arguments":{"Name":"a"}}"#, 422, "arguments_invalid")
            .at("pointer", "/arguments/Name"),
        tool(
            r#"{"arguments":{"nobody/~knows":1}}"#,
            422,
            "arguments_invalid",
        )
        .at("pointer", "/arguments"),
        tool(&long_argument, 413, "arguments_too_large").at("pointer", "/arguments"),
        row(
            "POST",
            "/v1/tools/fake/odd_thing/calls",
            r#"{"arguments":{}}"#,
            404,
            "not_found",
        )
        .with("idempotency-key", "b"),
    ]
}

fn headers() -> Vec<Row> {
    let turn = || {
        row(
            "POST",
            TURNS,
            r#"{"text":"a"}"#,
            400,
            "idempotency_key_invalid",
        )
    };
    let mut rows = vec![
        row(
            "POST",
            TURNS,
            r#"{"text":"a"}"#,
            400,
            "idempotency_key_missing",
        )
        .at("parameter", "Idempotency-Key"),
        row(
            "POST",
            CALLS,
            r#"{"arguments":{}}"#,
            400,
            "idempotency_key_missing",
        )
        .at("parameter", "Idempotency-Key"),
        turn().with("idempotency-key", ""),
        turn().with("idempotency-key", "two words"),
        turn().with("idempotency-key", &"k".repeat(201)),
        row(
            "POST",
            "/v1/conversations",
            "{}",
            400,
            "idempotency_key_invalid",
        )
        .with("idempotency-key", "two words"),
        row(
            "PATCH",
            CONVERSATION,
            r#"{"pinned":true}"#,
            428,
            "if_match_missing",
        )
        .at("parameter", "If-Match"),
        row("PATCH", "/v1/settings", "{}", 428, "if_match_missing").at("parameter", "If-Match"),
        row("GET", "/v1/turns/{turn}/events", "", 400, "header_invalid")
            .with("last-event-id", "seven")
            .at("parameter", "Last-Event-ID"),
    ];
    for stale in ["\"x\"", "x", "", "W/*", "\"\""] {
        rows.push(
            row(
                "PATCH",
                CONVERSATION,
                r#"{"pinned":true}"#,
                412,
                "if_match_stale",
            )
            .with("if-match", stale),
        );
        rows.push(
            row("PATCH", "/v1/settings", "{}", 412, "if_match_stale").with("if-match", stale),
        );
    }
    rows
}

fn queries() -> Vec<Row> {
    let long_q = format!("/v1/conversations?q={}", "a".repeat(201));
    let bad = |path: &str, name: &'static str| {
        row("GET", path, "", 400, "query_invalid").at("parameter", name)
    };
    vec![
        bad("/v1/conversations?size=5", "size"),
        bad("/v1/conversations?limit=five", "limit"),
        bad("/v1/conversations?limit=-1", "limit"),
        bad("/v1/conversations?limit=1&limit=2", "limit"),
        bad("/v1/conversations?archived=maybe", "archived"),
        bad(&long_q, "q"),
        bad(
            "/v1/conversations/{conversation}/export?format=pdf",
            "format",
        ),
        bad("/v1/conversations/{conversation}/messages?q=x", "q"),
        bad("/v1/turns/{turn}/events?after=-1", "after"),
        bad("/v1/turns/{turn}/events?wait=26", "wait"),
        bad("/v1/turns/{turn}/calls/{call}/result?offset=x", "offset"),
        row(
            "GET",
            "/v1/turns/{turn}/calls/{call}/result?offset=99999",
            "",
            416,
            "range_invalid",
        ),
        row(
            "GET",
            "/v1/turns/{turn}/calls/{call}/result?length=0",
            "",
            416,
            "range_invalid",
        ),
        bad("/v1/approvals?state=maybe", "state"),
        bad("/v1/tools?query=x", "query"),
        bad("/v1/audit?from=yesterday", "from"),
        bad("/v1/audit?until=2026-13-01T00:00:00Z", "until"),
        bad("/v1/audit?kind=gossip", "kind"),
        bad("/v1/audit?outcome=fine", "outcome"),
        bad("/v1/audit?tool=", "tool"),
        bad("/v1/audit?limit=0", "limit"),
        bad("/v1/audit/digests?limit=101", "limit"),
        bad("/v1/audit/export?format=xml", "format"),
        bad("/v1/audit/export?limit=5", "limit"),
    ]
}

fn permissions() -> Vec<Row> {
    let other = "/v1/audit?oid=00000000-0000-4000-8000-0000000000c2";
    vec![
        row("GET", other, "", 403, "not_permitted").at("permission", "audit.read_tenant"),
        row(
            "GET",
            &other.replace("audit?", "audit/export?"),
            "",
            403,
            "not_permitted",
        )
        .at("permission", "audit.read_tenant"),
        row(
            "POST",
            "/v1/approvals/{others_approval}/decision",
            r#"{"decision":"approve","digest":"{others_digest}"}"#,
            403,
            "not_permitted",
        )
        .at("permission", "approvals.decide"),
        row("POST", "/v1/turns/{turn}/cancel", "", 409, "turn_ended"),
        row(
            "POST",
            "/v1/conversations/{deleted}/turns",
            r#"{"text":"a"}"#,
            404,
            "not_found",
        )
        .with("idempotency-key", "p"),
        row("GET", "/v1/conversations/{deleted}", "", 404, "not_found"),
    ]
}

#[tokio::test]
async fn every_error_is_a_problem_document_with_its_code() {
    let scene = Scene::set().await;
    let rows = [
        routes(),
        ids(),
        bodies(),
        headers(),
        queries(),
        permissions(),
    ];
    for row in rows.into_iter().flatten() {
        let path = fill(&row.path, &scene.things);
        let method: Method = row.method.parse().unwrap();
        let mut request = scene.alice.request(method, &path);
        for (name, value) in &row.headers {
            request = request.header(*name, value);
        }
        let body = fill(&row.body, &scene.things);
        let shown: String = body.chars().take(80).collect();
        let path: String = path.chars().take(120).collect();
        let what = format!("{} {path} {shown} {:?}", row.method, row.headers);
        let reply = Reply::to(request.body(body)).await;
        reply.assert_problem(&what, row.status, row.code);
        if let Some((member, place)) = row.at {
            assert_eq!(
                reply.body[member],
                Value::from(place),
                "{what}: {}",
                reply.text()
            );
        }
    }
}

#[tokio::test]
async fn two_headers_of_one_kind_are_refused() {
    let scene = Scene::set().await;
    let alice = &scene.alice;
    let path = fill(TURNS, &scene.things);
    let two_keys = alice
        .request(Method::POST, &path)
        .header("idempotency-key", "a")
        .header("idempotency-key", "b")
        .json(&serde_json::json!({"text": "a"}));
    let reply = Reply::to(two_keys).await;
    reply.assert_problem("two keys", 400, "idempotency_key_invalid");
    let two_tokens = alice
        .request(Method::GET, "/v1/me")
        .bearer_auth(alice.token());
    let reply = Reply::to(two_tokens).await;
    reply.assert_problem("two tokens", 401, "token_malformed");
}

#[tokio::test]
async fn somebody_without_a_role_may_look_and_not_ask() {
    let (app, _alice) = super::clerk().await;
    let user = app.user("bob");
    let bob = app.person("bob").await;
    let conversation = bob.converse().await;
    super::account::set_record(&app, &user, |record| record.roles = Some(Vec::new())).await;
    let me = bob.get("/v1/me").await;
    assert_eq!(me.body["roles"], serde_json::json!([]));
    assert_eq!(me.body["permissions"], serde_json::json!([]));
    for (path, body) in [
        (
            format!("/v1/conversations/{conversation}/turns"),
            serde_json::json!({"text": "list"}),
        ),
        (CALLS.to_owned(), serde_json::json!({"arguments": {}})),
    ] {
        let request = bob
            .request(Method::POST, &path)
            .header("idempotency-key", "k")
            .json(&body);
        let reply = Reply::to(request).await;
        reply.assert_problem(&path, 403, "not_permitted");
        assert_eq!(reply.body["permission"], "turns.create");
    }
    assert!(
        bob.get("/v1/tools").await.body["items"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}
