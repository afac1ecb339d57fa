//! Servers that are reached by URL.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::time::{Duration, Instant};

use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::{EffectClass, ToolRef};
use azimuth_domain::tool_servers::{AddedServer, ServerOAuth, TenantServer};
use azimuth_mcp::servers::{HostEnvironment, parse_servers};
use azimuth_mcp::{AddRules, McpServers, Options, PoolLimits, Secrets};
use azimuth_ports::tokens::Secret;
use azimuth_ports::tools::{Acceptance, CallOutput, CallRequest, ToolError, ToolServers};
use serde_json::{Value, json};

use crate::support::{World, not_started, request, text, unclear, until};
use crate::web::{Trick, Web};

/// What is configured, and what tenants may add.
struct Plan {
    limits: PoolLimits,
    headers: Value,
    oauth: Option<Value>,
    addable: AddRules,
    authorities: Vec<u8>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            limits: PoolLimits {
                start_timeout: Duration::from_secs(20),
                max_line_bytes: 64 * 1024,
                ..PoolLimits::default()
            },
            headers: json!({"Authorization": "@keyvault:files", "X-Area": "north"}),
            oauth: None,
            addable: AddRules::default(),
            authorities: Vec::new(),
        }
    }
}

struct Rig {
    servers: Arc<McpServers>,
    _folder: tempfile::TempDir,
}

impl Plan {
    /// Over one server, `web`.
    async fn start(self, url: &str) -> Rig {
        let folder = tempfile::tempdir().unwrap();
        let host = HostEnvironment {
            path: String::new(),
            home: None,
        };
        let tools = json!({"read": "read_only", "change": "mutating"});
        let mut entry =
            json!({"type": "http", "url": url, "headers": self.headers, "tools": tools});
        if let Some(oauth) = self.oauth {
            entry["oauth"] = oauth;
        }
        let json = json!({"mcpServers": {"web": entry}}).to_string();
        let options = Options {
            wrapper: Vec::new(),
            host: host.clone(),
            environment: BTreeMap::new(),
            hosts: Vec::new(),
            proxy: None,
            work_dir: folder.path().to_owned(),
            audiences: Vec::new(),
            limits: self.limits,
            addable: self.addable,
            secrets: Secrets::of(Arc::new(|name| {
                let found = match name.as_str() {
                    "files" | "mcp-t--files" | "mcp-t--token" => {
                        Ok(Secret::new(format!("Bearer of {name}")))
                    }
                    _ => Err("there is none".to_owned()),
                };
                Box::pin(async { found })
            })),
            authorities: self.authorities,
        };
        let servers = parse_servers(&json, folder.path(), &host).unwrap();
        let world = Arc::new(World(AtomicU8::new(1)));
        let started = McpServers::start(servers, options, world.clone(), world.clone(), world);
        Rig {
            servers: Arc::new(started.await.unwrap()),
            _folder: folder,
        }
    }
}

fn asked(user: &str, tool: &str) -> CallRequest {
    CallRequest {
        tool: ToolRef::new("web", tool),
        ..request(user, tool, json!({"a": 1}))
    }
}

impl Rig {
    async fn call(&self, user: &str, tool: &str) -> Result<CallOutput, ToolError> {
        self.servers.call(asked(user, tool)).await
    }
}

#[tokio::test]
async fn a_call_goes_to_the_url_in_a_session_of_its_person_and_takes_nothing_of_ours_along() {
    for is_streaming in [false, true] {
        let web = Web::start().await;
        if is_streaming {
            web.stream();
        }
        let rig = Plan::default().start(&web.url()).await;
        let call = asked("alice", "read");
        let hosts = call.hosts.clone();
        let said = text(rig.servers.call(call).await);
        assert!(
            said.contains(r#"call read {\"a\":1}"#) || said.contains(r#"call read {"a":1}"#),
            "{said}"
        );
        assert_eq!(hosts.list(), [web.address().to_string()]);
        for user in ["alice", "bob", "bob"] {
            text(rig.call(user, "change").await);
        }
        web.seen(|seen| {
            let mut by_session = BTreeMap::<String, usize>::new();
            for (what, headers) in &seen.requests {
                let of = |name: &str| headers.get(name).map(|v| v.to_str().unwrap());
                assert_eq!(of("authorization"), Some("Bearer of files"), "{what}");
                assert_eq!(of("x-area"), Some("north"));
                assert_eq!(of("host"), Some(web.address().to_string().as_str()));
                assert_eq!(of("cookie"), None);
                assert_eq!(of("mcp-session-id").is_some(), what != "initialize");
                let version = (what != "initialize").then_some("2025-11-25");
                assert_eq!(of("mcp-protocol-version"), version, "{what}");
                if what.starts_with("call ") {
                    *by_session
                        .entry(of("mcp-session-id").unwrap().to_owned())
                        .or_default() += 1;
                }
                let known = [
                    "accept",
                    "authorization",
                    "content-length",
                    "content-type",
                    "host",
                    "mcp-protocol-version",
                    "mcp-session-id",
                    "user-agent",
                    "x-area",
                ];
                let other = headers.keys().find(|name| !known.contains(&name.as_str()));
                assert_eq!(other, None, "{what}");
            }
            // Alice's and Bob's, two calls each.
            assert_eq!(by_session.values().copied().collect::<Vec<_>>(), [2, 2]);
        });
        rig.servers.shutdown().await;
        // One that learned the tools, Alice's and Bob's.
        assert_eq!(
            (
                web.count("initialize"),
                web.count("DELETE"),
                web.open_sessions()
            ),
            (3, 3, 0)
        );
    }
}

/// The only server's problem, which is why its tools are not known.
async fn problem(rig: &Rig) -> String {
    let health = rig.servers.health().await;
    assert!(!health[0].ok, "{}", health[0].detail);
    health[0].detail.clone()
}

#[tokio::test]
async fn whatever_comes_instead_of_an_answer_is_unclear_and_leads_nowhere() {
    let elsewhere = Web::start().await;
    let web = Web::start().await;
    let rig = Plan::default().start(&web.url()).await;
    let header = |name, value: &str| (name, value.to_owned());
    let moved = || vec![header("location", &elsewhere.url())];
    let json = |id: Value| {
        let message = json!({"jsonrpc": "2.0", "id": id, "result": {"content": []}});
        message.to_string().into_bytes()
    };
    let max = Plan::default().limits.max_line_bytes;
    let event = |length: usize| format!("data: {}\n\n", "x".repeat(length)).into_bytes();
    let (kib, events) = (vec![b'x'; 1024], "text/event-stream");
    let table = [
        (
            Trick::Status(307, moved()),
            "answered 307, which leads elsewhere",
        ),
        (Trick::Status(302, moved()), "answered 302"),
        (Trick::Status(500, vec![]), "answered 500"),
        (Trick::Status(429, vec![]), "answered 429"),
        (
            Trick::Status(401, vec![header("www-authenticate", "Bearer")]),
            "wants a sign-in (401)",
        ),
        (Trick::Status(202, vec![]), "without a content type"),
        (
            Trick::Status(200, vec![header("content-encoding", "gzip")]),
            "encoded its answer",
        ),
        (Trick::Body("text/html", vec![]), "content type text/html"),
        (
            Trick::Body("application/json", b"{".to_vec()),
            "no answer of MCP",
        ),
        (
            Trick::Body("application/json", b"[]".to_vec()),
            "no answer of MCP",
        ),
        (
            Trick::Body("application/json", json(json!(999))),
            "no answer of MCP",
        ),
        (Trick::Body(events, json(json!(999))), "ended its answer"),
        (Trick::Floods("application/json", kib), "more than 64 KiB"),
        (Trick::Floods(events, vec![b'x'; 4096]), "more than 64 KiB"),
        (Trick::Floods(events, event(max / 2)), "more than 256 KiB"),
    ];
    for (trick, expected) in table {
        web.trick(trick);
        let said = unclear(rig.call("alice", "change").await);
        assert!(said.contains(expected), "{expected}: {said}");
        // The next one has a session of its own.
        text(rig.call("alice", "read").await);
    }
    elsewhere.seen(|seen| assert!(seen.requests.is_empty()));
    rig.servers.shutdown().await;
    assert_eq!(web.open_sessions(), 0);
}

#[tokio::test]
async fn nobody_waits_longer_than_allowed_and_the_server_is_told() {
    let web = Web::start().await;
    let rig = Plan::default().start(&web.url()).await;
    for trick in [Trick::Hangs(b"data: {".to_vec()), Trick::Drips] {
        let before = web.count("notifications/cancelled");
        web.trick(trick);
        let call = CallRequest {
            deadline: Duration::from_millis(300),
            ..asked("alice", "change")
        };
        let began = Instant::now();
        let said = unclear(rig.servers.call(call).await);
        assert!(said.contains("did not answer within 0.3 s"), "{said}");
        assert!(began.elapsed() < Duration::from_secs(5));
        assert_eq!(web.count("notifications/cancelled"), before + 1);
    }
    // Whoever asked is gone: the same.
    web.trick(Trick::Drips);
    let before = web.count("call change");
    let servers = Arc::clone(&rig.servers);
    let calling = tokio::spawn(async move { servers.call(asked("alice", "change")).await });
    until("the server has the call", || {
        web.count("call change") > before
    })
    .await;
    calling.abort();
    until("it is told", || web.count("notifications/cancelled") == 3).await;
    rig.servers.shutdown().await;
    assert_eq!(web.open_sessions(), 0);
}

#[tokio::test]
async fn a_forgotten_session_lets_a_read_be_asked_again_and_a_change_be_unclear() {
    let web = Web::start().await;
    let rig = Plan::default().start(&web.url()).await;
    text(rig.call("alice", "read").await);
    web.forget();
    text(rig.call("alice", "read").await);
    assert_eq!(web.count("call read"), 3);
    web.forget();
    let said = unclear(rig.call("alice", "change").await);
    assert!(
        said.contains("does not know the session any more"),
        "{said}"
    );
    assert_eq!(web.count("call change"), 1);
    text(rig.call("alice", "change").await);
    // A server that forgets every session is not asked for ever.
    web.trick(Trick::Status(404, vec![]));
    web.trick(Trick::Status(404, vec![]));
    let said = unclear(rig.call("bob", "read").await);
    assert!(
        said.contains("does not know the session any more"),
        "{said}"
    );
    assert_eq!(web.count("call read"), 5);
    rig.servers.shutdown().await;
}

#[tokio::test]
async fn what_could_not_be_sent_has_not_run() {
    let web = Web::start().await;
    let rig = Plan::default().start(&web.url()).await;
    text(rig.call("alice", "change").await);
    web.stop().await;
    for user in ["alice", "bob"] {
        let said = not_started(rig.call(user, "change").await);
        assert!(said.contains("is not reached"), "{said}");
    }
    assert_eq!(web.count("call change"), 1);
    rig.servers.shutdown().await;
}

#[tokio::test]
async fn an_id_of_a_session_is_one_word_and_one_only() {
    let long = "x".repeat(513);
    for ids in [&["a b"][..], &[""], &[&long], &["a", "b"]] {
        let web = Web::start().await;
        web.give_ids(ids);
        let rig = Plan::default().start(&web.url()).await;
        let said = problem(&rig).await;
        assert!(
            said.contains("gave its session an id that is none"),
            "{said}"
        );
        assert_eq!(web.count("tools/list"), 0);
        rig.servers.shutdown().await;
    }
}

#[tokio::test]
async fn a_question_is_answered_with_yes_only_for_the_call_that_a_person_agreed_to() {
    let web = Web::start().await;
    let rig = Plan::default().start(&web.url()).await;
    for (consent, user, action) in [(true, "alice", "accept"), (false, "bob", "decline")] {
        let before = web.seen(|seen| seen.answers.len());
        assert_eq!(before, 0);
        web.trick(Trick::Asks);
        let call = CallRequest {
            consent,
            ..asked(user, "change")
        };
        let said = text(rig.servers.call(call).await);
        let said: Value = serde_json::from_str(&said).unwrap();
        let of = |id: u64| {
            said.as_array()
                .unwrap()
                .iter()
                .find(|a| a["id"] == id)
                .unwrap()
        };
        assert_eq!(of(77)["result"]["action"], action, "{said}");
        // Our model answers nobody's questions.
        assert!(of(78)["error"]["code"].is_i64(), "{said}");
        web.forget_answers();
    }
    rig.servers.shutdown().await;
}

#[tokio::test]
async fn a_tool_that_is_described_otherwise_is_refused() {
    let web = Web::start().await;
    let rig = Plan::default().start(&web.url()).await;
    text(rig.call("alice", "read").await);
    web.describe("read", "Does something else.");
    let said = not_started(rig.call("bob", "read").await);
    assert!(
        said.contains("differs from the one that was pinned"),
        "{said}"
    );
    text(rig.call("bob", "change").await);
    assert_eq!(web.count("call read"), 1);
    rig.servers.shutdown().await;
}

#[tokio::test]
async fn a_certificate_must_be_for_the_host_and_by_somebody_who_is_trusted() {
    let web = Web::over_tls("127.0.0.1").await;
    let other = Web::over_tls("mcp.test").await;
    for (web, authority, is_trusted) in [
        (&web, web.authority(), true),
        (&web, Vec::new(), false),
        (&web, other.authority(), false),
        (&other, other.authority(), false),
    ] {
        let plan = Plan {
            authorities: authority,
            ..Plan::default()
        };
        let rig = plan.start(&web.url()).await;
        if is_trusted {
            text(rig.call("alice", "read").await);
        } else {
            let said = problem(&rig).await;
            assert!(said.contains("does not speak TLS with us"), "{said}");
        }
        rig.servers.shutdown().await;
    }
    assert_eq!(other.count("initialize"), 0);
}

#[tokio::test]
async fn a_secret_that_is_not_to_be_had_opens_nothing_and_is_named() {
    let web = Web::start().await;
    let plan = Plan {
        headers: json!({"Authorization": "@keyvault:other"}),
        ..Plan::default()
    };
    let rig = plan.start(&web.url()).await;
    let said = problem(&rig).await;
    assert!(
        said.contains("The secret other is not to be had: there is none"),
        "{said}"
    );
    web.seen(|seen| assert!(seen.requests.is_empty()));
    rig.servers.shutdown().await;
}

/// With a secret in a header.
fn added(tenant: &str, url: &str) -> Arc<TenantServer> {
    let server = AddedServer {
        name: "wiki".to_owned(),
        command: None,
        args: Vec::new(),
        env: BTreeMap::new(),
        url: Some(url.to_owned()),
        headers: BTreeMap::from([(
            "authorization".to_owned(),
            "@keyvault:mcp-t--files".to_owned(),
        )]),
        oauth: None,
        hosts: Vec::new(),
        at: Timestamp(1),
        by: UserKey::new(tenant, "dave"),
        by_name: None,
        reason: "a test".to_owned(),
    };
    Arc::new(TenantServer {
        tenant: tenant.to_owned(),
        server,
    })
}

#[tokio::test]
async fn a_tenant_reaches_what_it_added_with_its_own_secret_and_nobody_elses() {
    let (web, other) = (Web::start().await, Web::start().await);
    let plan = Plan {
        addable: AddRules {
            hosts: vec![web.address().to_string()],
            secrets: Some("mcp-".to_owned()),
            ..AddRules::default()
        },
        ..Plan::default()
    };
    let rig = plan.start(&other.url()).await;
    let before = other.seen(|seen| seen.requests.len());
    let ours = added("t", &web.url());
    rig.servers.look_at(&ours).await;
    let hash = rig.servers.added_offer(&ours).unwrap().hashes["read"].clone();
    let call = |server: &Arc<TenantServer>| CallRequest {
        tool: ToolRef::new("wiki", "read"),
        user: UserKey::new(&server.tenant, "alice"),
        added: Some(Arc::clone(server)),
        accepted: Some(Acceptance {
            hash: hash.clone(),
            effect: EffectClass::ReadOnly,
        }),
        ..asked("alice", "read")
    };
    text(rig.servers.call(call(&ours)).await);
    web.seen(|seen| {
        for (what, headers) in &seen.requests {
            assert_eq!(headers["authorization"], "Bearer of mcp-t--files", "{what}");
        }
    });
    let seen = web.seen(|seen| seen.requests.len());
    for (server, why) in [
        (added("u", &web.url()), "begin with mcp-u-- may be named"),
        (added("t", &other.url()), "AZIMUTH_MCP_HOSTS"),
        (added("t", "https://127.0.0.1/"), "AZIMUTH_MCP_HOSTS"),
    ] {
        let said = not_started(rig.servers.call(call(&server)).await);
        assert!(said.contains(why), "{said}");
        rig.servers.look_at(&server).await;
        assert_eq!(rig.servers.added_offer(&server), None);
    }
    assert_eq!(web.seen(|now| now.requests.len()), seen);
    assert_eq!(other.seen(|now| now.requests.len()), before);
    rig.servers.shutdown().await;
}

#[tokio::test]
async fn a_tenant_adds_a_server_that_asks_for_a_token_and_who_gives_it() {
    let (web, login, other) = (Web::start().await, Web::start().await, Web::start().await);
    let hosts = [&web, &login].map(|server| server.address().to_string());
    let plan = Plan {
        addable: AddRules {
            hosts: hosts.into(),
            secrets: Some("mcp-".to_owned()),
            ..AddRules::default()
        },
        ..Plan::default()
    };
    let rig = plan.start(&other.url()).await;
    let asking_at = |login: &Web, secret: &str| {
        let oauth = ServerOAuth {
            token_url: format!("http://{}/token", login.address()),
            client_id: "azimuth".to_owned(),
            client_secret: format!("@keyvault:{secret}"),
            scope: None,
        };
        let TenantServer { tenant, server } = (*added("t", &web.url())).clone();
        let server = AddedServer {
            headers: BTreeMap::new(),
            oauth: Some(oauth),
            ..server
        };
        Arc::new(TenantServer { tenant, server })
    };
    let ours = asking_at(&login, "mcp-t--token");
    rig.servers.look_at(&ours).await;
    assert!(rig.servers.added_offer(&ours).is_some());
    web.seen(|seen| {
        for (what, headers) in &seen.requests {
            assert_eq!(headers["authorization"], "Bearer token-1", "{what}");
        }
        assert!(!seen.requests.is_empty());
    });
    // Not where the operator allows nobody to go, and not with what is another's.
    let before = (
        web.seen(|s| s.requests.len()),
        login.seen(|s| s.requests.len()),
    );
    let untouched = other.seen(|seen| seen.requests.len());
    for refused in [
        asking_at(&other, "mcp-t--token"),
        asking_at(&login, "mcp-u--token"),
    ] {
        rig.servers.look_at(&refused).await;
        assert_eq!(rig.servers.added_offer(&refused), None);
    }
    let after = (
        web.seen(|s| s.requests.len()),
        login.seen(|s| s.requests.len()),
    );
    assert_eq!(after, before);
    assert_eq!(other.seen(|seen| seen.requests.len()), untouched);
    rig.servers.shutdown().await;
}

#[tokio::test]
async fn a_token_is_got_as_ourselves_for_each_session_and_goes_to_its_server_alone() {
    let (web, login) = (Web::start().await, Web::start().await);
    for (secret, is_known) in [("files", true), ("mcp-t--files", false)] {
        let plan = Plan {
            headers: json!({"X-Area": "north"}),
            oauth: Some(json!({
                "token_url": format!("http://{}/token", login.address()),
                "client_id": "azimuth", "client_secret": format!("@keyvault:{secret}"),
                "scope": "api://wiki/.default",
            })),
            ..Plan::default()
        };
        let rig = plan.start(&web.url()).await;
        if is_known {
            for user in ["alice", "bob"] {
                text(rig.call(user, "read").await);
            }
        } else {
            let said = problem(&rig).await;
            assert!(said.contains("gives no token: it answered 401"), "{said}");
        }
        rig.servers.shutdown().await;
    }
    let mut tokens = web.seen(|seen| {
        let of = |(what, headers): &(String, axum::http::HeaderMap)| {
            let value = headers["authorization"].to_str().unwrap().to_owned();
            (what == "initialize").then_some(value)
        };
        seen.requests.iter().filter_map(of).collect::<Vec<_>>()
    });
    tokens.sort();
    assert_eq!(
        tokens,
        ["Bearer token-1", "Bearer token-2", "Bearer token-3"]
    );
    login.seen(|seen| {
        let (form, headers) = &seen.requests[0];
        let expected = "token grant_type=client_credentials&client_id=azimuth\
                        &client_secret=Bearer+of+files&scope=api%3A%2F%2Fwiki%2F.default";
        assert_eq!(form, expected);
        assert_eq!(
            (headers.get("x-area"), headers.get("authorization")),
            (None, None)
        );
    });
}
