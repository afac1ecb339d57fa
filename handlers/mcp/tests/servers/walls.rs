//! What holds a tool server back whatever it tries. On a kernel that cannot do that the
//! same tests show that health says so: which of both was shown is printed.

use std::net::TcpListener;
use std::path::Path;

use azimuth_mcp::confine::walls::Offer;
use azimuth_mcp::servers::Identity;
use azimuth_ports::tools::ToolServers;
use serde_json::{Value, json};

use crate::support::{AUDIENCE, FAKE, Plan, Rig, request, text};

/// What this kernel does, told to whoever reads the output.
fn offer() -> Offer {
    let offer = Offer::of_this_kernel();
    let word = |is| if is { "enforced" } else { "advisory" };
    println!(
        "files: {}, connections: {}",
        word(offer.files),
        word(offer.connections)
    );
    offer
}

async fn tries(rig: &Rig, what: &str, on: &str) -> String {
    rig.text("alice", "try", json!({what: on})).await
}

/// How an attempt ends that the walls are there for.
fn stopped(is_enforced: bool) -> &'static str {
    if is_enforced {
        "PermissionDenied"
    } else {
        "done"
    }
}

#[tokio::test]
async fn a_server_writes_only_in_its_own_folder_and_reads_nothing_of_ours() {
    let offer = offer();
    let plan = Plan {
        writes: Some(vec![]),
        ..Plan::default()
    };
    let rig = plan.start().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let ours = rig.path().join("audit.key");
    std::fs::write(&ours, "key").unwrap();
    let path = |name: &str| elsewhere.path().join(name).display().to_string();
    // There before the process is: what comes beside our folder later is not readable.
    std::fs::write(path("readable"), "").unwrap();

    assert_eq!(tries(&rig, "write", "mine").await, "done");
    assert_eq!(tries(&rig, "read", "mine").await, "done");
    let temporary = r#"echo x > "$TMPDIR/x""#;
    assert_eq!(tries(&rig, "run", temporary).await, "done");
    assert_eq!(tries(&rig, "write", "/dev/null").await, "done");
    assert_eq!(tries(&rig, "read", "/etc/passwd").await, "done");
    assert_eq!(tries(&rig, "read", &path("readable")).await, "done");

    let no = stopped(offer.files);
    assert_eq!(tries(&rig, "write", &path("new")).await, no);
    assert_eq!(Path::new(&path("new")).exists(), !offer.files);
    assert_eq!(tries(&rig, "write", &path("readable")).await, no);
    let script = format!("echo x > {}", path("from-a-child"));
    assert_eq!(tries(&rig, "run", &script).await, no);
    assert_eq!(tries(&rig, "read", ours.to_str().unwrap()).await, no);
    assert_eq!(tries(&rig, "write", ours.to_str().unwrap()).await, no);
    // Another person's folder is one of ours.
    let bob: Value = serde_json::from_str(&rig.text("bob", "whoami", json!({})).await).unwrap();
    let bobs = format!("{}/x", bob["folder"].as_str().unwrap());
    assert_eq!(tries(&rig, "write", &bobs).await, no);
    rig.end().await;
}

#[tokio::test]
async fn a_server_does_not_read_what_somebody_signed_in_with() {
    let offer = offer();
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).display().to_string();
    std::fs::create_dir_all(path(".azure")).unwrap();
    std::fs::create_dir_all(path(".config/app")).unwrap();
    for name in [
        ".azure/token_cache.json",
        ".netrc",
        "notes",
        ".config/app/settings",
    ] {
        std::fs::write(path(name), "").unwrap();
    }
    let plan = Plan {
        home: path(""),
        ..Plan::default()
    };
    let rig = plan.start().await;
    for name in ["notes", ".config/app/settings"] {
        assert_eq!(tries(&rig, "read", &path(name)).await, "done", "{name}");
    }
    std::fs::create_dir_all(path(".ssh")).unwrap();
    std::fs::write(path(".ssh/id"), "").unwrap();
    let no = stopped(offer.files);
    for name in [".azure/token_cache.json", ".netrc", ".ssh/id"] {
        assert_eq!(tries(&rig, "read", &path(name)).await, no, "{name}");
    }
    rig.end().await;
}

#[tokio::test]
async fn a_server_does_not_see_into_other_processes() {
    let offer = offer();
    let rig = Plan::default().start().await;
    let path = |name: &str| format!("/proc/{}/{name}", std::process::id());
    // Without walls a process of the same user may; one of root may not, once it has given
    // up what root may do more.
    let is_root = rustix::process::geteuid().is_root();
    let no = stopped(offer.files || offer.connections || is_root);
    assert_eq!(tries(&rig, "read", &path("environ")).await, no);
    assert_eq!(tries(&rig, "read", &path("maps")).await, no);
    assert_eq!(tries(&rig, "read", "/proc/self/environ").await, "done");
    let may = "test $(awk '/^Cap(Inh|Prm|Eff)/ {print $2}' /proc/self/status | sort -u) = 0000000000000000";
    assert_eq!(tries(&rig, "run", may).await, "done");
    rig.end().await;
}

#[tokio::test]
async fn a_program_that_lies_among_what_is_ours_runs_and_reads_what_lies_beside_it() {
    let offer = offer();
    let folder = tempfile::tempdir().unwrap();
    // As `cargo xtask dev` has it: data and downloads below one folder.
    let home = folder.path().join("cache/server");
    std::fs::create_dir_all(&home).unwrap();
    let command = home.join("program");
    std::fs::copy(FAKE, &command).unwrap();
    std::fs::write(home.join("beside"), "").unwrap();
    for ours in ["audit.key", "cache/another"] {
        std::fs::write(folder.path().join(ours), "").unwrap();
    }
    let plan = Plan {
        folder: Some(folder),
        command,
        writes: Some(vec![]),
        ..Plan::default()
    };
    let rig = plan.start().await;
    let path = |name: &str| rig.path().join(name).display().to_string();
    assert_eq!(
        tries(&rig, "read", &path("cache/server/beside")).await,
        "done"
    );
    let no = stopped(offer.files);
    assert_eq!(tries(&rig, "write", &path("cache/server/beside")).await, no);
    for ours in ["audit.key", "cache/another"] {
        assert_eq!(tries(&rig, "read", &path(ours)).await, no, "{ours}");
    }
    rig.end().await;
}

#[tokio::test]
async fn a_server_connects_only_to_the_proxy_and_the_broker() {
    let offer = offer();
    let plan = Plan {
        identity: Identity::User,
        ..Plan::default()
    };
    let rig = plan.start().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let no = stopped(offer.connections);
    assert_eq!(tries(&rig, "connect", &address).await, no);
    assert_eq!(tries(&rig, "listen", "127.0.0.1:0").await, no);
    let answer = tries(&rig, "proxy", &address).await;
    assert_eq!(answer, "HTTP/1.1 403 Forbidden");
    let resource = json!({"resource": AUDIENCE});
    let token = rig.text("alice", "token", resource).await;
    assert!(token.contains("token of alice"), "{token}");
    rig.end().await;
}

#[tokio::test]
async fn the_proxy_lets_a_server_reach_its_hosts_and_the_call_names_them() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let plan = Plan {
        hosts: Some(vec![address.clone()]),
        ..Plan::default()
    };
    let rig = plan.start().await;
    let call = request("alice", "try", json!({"proxy": address}));
    let hosts = call.hosts.clone();
    assert_eq!(text(rig.servers.call(call).await), "HTTP/1.1 200 OK");
    assert_eq!(hosts.list(), std::slice::from_ref(&address));
    listener.accept().unwrap();

    let call = request("alice", "try", json!({"proxy": "127.0.0.1:9"}));
    let none = call.hosts.clone();
    assert_eq!(text(rig.servers.call(call).await), "HTTP/1.1 403 Forbidden");
    assert_eq!(none.list(), [""; 0]);

    let (_, alice) = rig.whoami("alice").await;
    let (_, bob) = rig.whoami("bob").await;
    assert_ne!(
        alice["HTTPS_PROXY"], bob["HTTPS_PROXY"],
        "each has its own pass"
    );
    assert_eq!(rig.servers.health().await[0].hosts, [address]);
    rig.end().await;
}

#[tokio::test]
async fn health_says_what_is_enforced_and_why_not_all_of_it() {
    let offer = offer();
    let rig = Plan::default().start().await;
    let found = rig.servers.health().await.remove(0);
    let walls = found.confinement;
    let both = (walls.files, walls.connections);
    assert_eq!(both, (offer.files, offer.connections));
    assert_eq!(walls.why.is_empty(), walls.is_enforced(), "{}", walls.why);
    assert_eq!(found.hosts, [""; 0], "it acts as nobody and names no hosts");
    rig.end().await;

    let plan = Plan {
        wrapped: false,
        identity: Identity::User,
        ..Plan::default()
    };
    let rig = plan.start().await;
    let found = rig.servers.health().await.remove(0);
    assert!(!found.confinement.is_enforced());
    assert!(found.confinement.why.contains("without the wrapper"));
    assert_eq!(found.hosts, ["management.azure.test:443"]);
    rig.end().await;
}
