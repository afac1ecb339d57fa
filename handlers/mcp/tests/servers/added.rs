//! Servers that tenants added.

use std::collections::BTreeMap;
use std::sync::Arc;

use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::{EffectClass, ToolRef};
use azimuth_domain::tool_servers::{AddedServer, TenantServer};
use azimuth_ports::tools::{Acceptance, CallRequest, ToolServers};
use serde_json::{Value, json};

use crate::support::{FAKE, Plan, Rig, not_started, request, text};

fn server(tenant: &str, command: &str) -> Arc<TenantServer> {
    let server = AddedServer {
        name: "files".to_owned(),
        command: Some(command.to_owned()),
        args: vec!["serve".to_owned()],
        env: BTreeMap::from([("LEVEL".to_owned(), "debug".to_owned())]),
        url: None,
        headers: BTreeMap::new(),
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

/// A call of `whoami` at an added server, accepted under this hash.
fn whoami(server: &Arc<TenantServer>, hash: Option<&str>) -> CallRequest {
    CallRequest {
        tool: ToolRef::new("files", "whoami"),
        user: UserKey::new(&server.tenant, "alice"),
        added: Some(Arc::clone(server)),
        accepted: hash.map(|hash| Acceptance {
            hash: hash.to_owned(),
            effect: EffectClass::ReadOnly,
        }),
        ..request("alice", "whoami", json!({}))
    }
}

async fn run(rig: &Rig, call: CallRequest) -> Value {
    serde_json::from_str(&text(rig.servers.call(call).await)).unwrap()
}

#[tokio::test]
async fn a_server_that_a_tenant_added_runs_what_was_accepted_behind_the_same_walls() {
    let rig = Plan::default().start().await;
    let ours = server("t", FAKE);
    assert_eq!(rig.servers.added_offer(&ours), None);
    rig.servers.look_at(&ours).await;
    let offer = rig.servers.added_offer(&ours).unwrap();
    let hash = offer.hashes["whoami"].clone();
    assert_eq!(offer.texts.len(), offer.hashes.len());
    // It is nobody else's.
    let catalogue = rig.servers.catalogue();
    assert_eq!(catalogue.offers.len(), 0, "{:?}", catalogue.offers.keys());
    assert!(
        catalogue
            .tools
            .iter()
            .all(|spec| spec.tool.server == "fake")
    );
    let theirs = server("u", FAKE);
    assert_eq!(rig.servers.added_offer(&theirs), None);

    let said = not_started(rig.servers.call(whoami(&ours, None)).await);
    assert_eq!(said, "The tool files/whoami is not enabled here.");
    let said = not_started(rig.servers.call(whoami(&ours, Some("other"))).await);
    assert!(
        said.contains("differs from the one that was pinned"),
        "{said}"
    );
    let first = run(&rig, whoami(&ours, Some(&hash))).await;
    let (home, level) = (&first["env"]["HOME"], &first["env"]["LEVEL"]);
    assert!(home.as_str().unwrap().ends_with("/no-home"), "{home}");
    assert_eq!(level, "debug");
    assert_eq!(first["env"].get("IDENTITY_ENDPOINT"), None);
    let again = run(&rig, whoami(&ours, Some(&hash))).await;
    assert_eq!(again["pid"], first["pid"]);
    let other = run(&rig, whoami(&theirs, Some(&hash))).await;
    assert_ne!(other["pid"], first["pid"]);
    rig.end().await;
}

#[tokio::test]
async fn what_the_operator_does_not_allow_is_not_started_whoever_stored_it() {
    let rig = Plan::default().start().await;
    let started = rig.count("started");
    let server = server("t", "/bin/sh");
    let said = not_started(rig.servers.call(whoami(&server, Some("x"))).await);
    assert!(said.contains("AZIMUTH_MCP_COMMANDS"), "{said}");
    rig.servers.look_at(&server).await;
    assert_eq!(rig.servers.added_offer(&server), None);
    assert_eq!(rig.count("started"), started);
    for (name, taken) in [("fake", true), ("azure", true), ("files", false)] {
        assert_eq!(rig.servers.is_taken(name), taken, "{name}");
    }
    rig.end().await;
}
