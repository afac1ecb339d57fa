//! What is believed about the tools of a server that is not built in.

use azimuth_domain::tool::{Availability, EffectClass, ToolRef};
use azimuth_ports::tools::{Acceptance, CallRequest, Catalogue, Offered, ToolServers};
use serde_json::json;

use crate::support::{Plan, Rig, not_started, request, text, until};

fn availability(catalogue: &Catalogue, tool: &str) -> Availability {
    catalogue
        .get(&ToolRef::new("fake", tool))
        .unwrap()
        .availability
}

/// A second process of the product over the same folder.
async fn again(rig: Rig, flags: &[&str]) -> Rig {
    let folder = rig.end().await;
    Plan {
        folder: Some(folder),
        ..Plan::flags(flags)
    }
    .start()
    .await
}

#[tokio::test]
async fn the_first_start_pins_the_tools_and_the_next_needs_no_start() {
    let rig = Plan::default().start().await;
    assert_eq!((rig.count("started"), rig.count("list")), (1, 2));
    let first = rig.servers.catalogue();
    assert_eq!(first.tools.len(), 23);
    let echo = first.get(&ToolRef::new("fake", "echo")).unwrap();
    assert_eq!(
        (echo.effect, echo.availability),
        (EffectClass::ReadOnly, Availability::Enabled)
    );
    let grow = first.get(&ToolRef::new("fake", "grow")).unwrap();
    assert_eq!(
        (grow.effect, grow.availability),
        (EffectClass::Destructive, Availability::Unclassified)
    );
    let rig = again(rig, &[]).await;
    assert_eq!(rig.count("started"), 1);
    let second = rig.servers.catalogue();
    assert_eq!(
        (&second.version, &second.tools),
        (&first.version, &first.tools)
    );
    rig.end().await;
}

#[tokio::test]
async fn a_tool_that_differs_from_its_pin_is_refused_and_the_others_work() {
    let changed = tempfile::NamedTempFile::new().unwrap();
    let rig = Plan::default().start().await;
    let version = rig.servers.catalogue().version.clone();
    let rig = again(rig, &["--changed-if", changed.path().to_str().unwrap()]).await;
    assert_eq!(
        availability(&rig.servers.catalogue(), "echo"),
        Availability::Enabled
    );
    for _ in 0..2 {
        assert_eq!(
            not_started(rig.call("alice", "echo", json!({})).await),
            "The tool fake/echo differs from the one that was pinned and is refused."
        );
    }
    assert_eq!(
        availability(&rig.servers.catalogue(), "echo"),
        Availability::Changed
    );
    assert_eq!(rig.servers.catalogue().version, version);
    let health = rig.servers.health().await;
    assert_eq!(
        health[0].detail,
        "processes: 1, busy: 0, tools that differ from their pins: 1"
    );
    assert_eq!(rig.text("alice", "slow", json!({"n": 1})).await, "slept 1");
    assert_eq!(rig.count("call echo"), 0);
    rig.end().await;
}

#[tokio::test]
async fn a_server_that_announces_other_tools_is_asked_again_before_the_next_call() {
    let plan = Plan {
        grow: true,
        ..Plan::default()
    };
    let rig = plan.start().await;
    assert_eq!(rig.text("alice", "echo", json!({})).await, "{}");
    rig.text("alice", "switch", json!({})).await;
    // The announcement is written before the answer.
    let said = not_started(rig.call("alice", "echo", json!({})).await);
    assert!(
        said.contains("differs from the one that was pinned"),
        "{said}"
    );
    let said = not_started(rig.call("alice", "grow", json!({})).await);
    assert_eq!(said, "The server fake no longer offers grow.");
    rig.end().await;
}

#[tokio::test]
async fn a_call_that_is_dropped_while_its_server_is_asked_again_hides_no_change() {
    let folder = tempfile::tempdir().unwrap();
    let hold = folder.path().join("hold");
    let rig = Plan::flags(&["--hold-list-if", hold.to_str().unwrap()])
        .start()
        .await;
    rig.text("alice", "switch", json!({})).await;
    std::fs::write(&hold, "").unwrap();
    let lists = rig.count("list");
    let servers = rig.servers.clone();
    let call = request("alice", "slow", json!({"n": 1}));
    let dropped = tokio::spawn(async move { servers.call(call).await });
    until("the tools are asked for", || rig.count("list") > lists).await;
    dropped.abort();
    assert!(dropped.await.unwrap_err().is_cancelled());
    std::fs::remove_file(&hold).unwrap();
    let said = not_started(rig.call("alice", "echo", json!({})).await);
    assert!(
        said.contains("differs from the one that was pinned"),
        "{said}"
    );
    assert_eq!(rig.count("call echo") + rig.count("call slow"), 0);
    rig.end().await;
}

#[tokio::test]
async fn a_server_that_cannot_be_learnt_is_reported_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let needed = folder.path().join("needed");
    let rig = Plan::flags(&["--fail-unless", needed.to_str().unwrap()])
        .start()
        .await;
    let health = rig.servers.health().await;
    assert!(
        !health[0].ok && health[0].detail.contains("exit status: 3"),
        "{}",
        health[0].detail
    );
    assert!(rig.servers.catalogue().tools.is_empty());
    std::fs::write(&needed, "").unwrap();
    until("it is learnt", || !rig.servers.catalogue().tools.is_empty()).await;
    assert_eq!(rig.text("alice", "echo", json!({})).await, "{}");
    assert!(rig.servers.health().await[0].ok);
    rig.end().await;
}

#[tokio::test]
async fn a_damaged_pin_is_not_replaced() {
    let rig = Plan::default().start().await;
    let folder = rig.end().await;
    let pin = folder.path().join("tools/fake.json");
    let text = std::fs::read_to_string(&pin)
        .unwrap()
        .replace("Echoes.", "Wipes.");
    std::fs::write(&pin, &text).unwrap();
    let plan = Plan {
        folder: Some(folder),
        ..Plan::default()
    };
    let rig = plan.start().await;
    let health = rig.servers.health().await;
    assert!(
        health[0].detail.contains("damaged (the hash of"),
        "{}",
        health[0].detail
    );
    assert!(rig.servers.catalogue().tools.is_empty());
    assert_eq!(std::fs::read_to_string(&pin).unwrap(), text);
    rig.end().await;
}

#[tokio::test]
async fn a_tool_that_a_tenant_accepted_runs_as_accepted_and_as_nothing_else() {
    let changed = tempfile::NamedTempFile::new().unwrap();
    let rig = Plan::default().start().await;
    let rig = again(rig, &["--changed-if", changed.path().to_str().unwrap()]).await;
    let echo = ToolRef::new("fake", "echo");
    let catalogue = rig.servers.catalogue();
    assert_eq!(catalogue.offered(&echo), Offered::Unknown);
    let pinned = catalogue.offered_text(&echo).unwrap();
    rig.servers.look().await;
    let catalogue = rig.servers.catalogue();
    let offered = catalogue.offered_text(&echo).unwrap();
    assert_eq!(catalogue.offered(&echo), Offered::As(&offered.hash));
    assert_eq!(
        (pinned.description.as_str(), offered.description.as_str()),
        ("Echoes.", "Echoes all.")
    );
    let grow = ToolRef::new("fake", "grow");
    assert_eq!(catalogue.offered(&grow), Offered::Missing);
    assert_eq!(catalogue.offered_text(&grow), None);
    assert_eq!(availability(&catalogue, "echo"), Availability::Changed);
    // Only what is not as pinned is kept.
    let texts = &catalogue.offers["fake"].texts;
    assert_eq!(texts.keys().collect::<Vec<_>>(), ["echo"]);
    // Nobody is asked twice in a minute.
    let lists = rig.count("list");
    rig.servers.look().await;
    assert_eq!(rig.count("list"), lists);

    let accepted = |hash: &str| CallRequest {
        accepted: Some(Acceptance {
            hash: hash.to_owned(),
            effect: EffectClass::ReadOnly,
        }),
        ..request("alice", "echo", json!({}))
    };
    let call = rig.servers.call(accepted(&offered.hash)).await;
    assert_eq!(text(call), "{}");
    let said = not_started(rig.servers.call(accepted(&pinned.hash)).await);
    assert!(
        said.contains("differs from the one that was pinned"),
        "{said}"
    );
    let said = not_started(rig.call("alice", "echo", json!({})).await);
    assert!(
        said.contains("differs from the one that was pinned"),
        "{said}"
    );
    rig.end().await;
}
