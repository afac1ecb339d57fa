//! Whatever the catalogue of an administrator says, a server is started as it stands
//! there: no shell, nothing of our environment, a folder and a group of its own.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;

use azimuth_mcp::servers::{HostEnvironment, parse_servers};
use azimuth_mcp::{AddRules, McpServers, Options, PoolLimits, Secrets};
use azimuth_ports::tools::ToolServers;
use serde_json::{Map, Value, json};

use crate::support::{FAKE, World, request, text};

const SERVERS: usize = 24;

/// What a shell, a template or a careless join would make something of.
const PIECES: [&str; 26] = [
    "$(touch MARK)",
    "`touch MARK`",
    "; touch MARK",
    "&& touch MARK",
    "| touch MARK",
    "> MARK",
    "< /etc/passwd",
    "${HOME}",
    "$PATH",
    "~",
    "*",
    "?",
    "{a,b}",
    "\"",
    "'",
    "\\",
    "\n",
    "\t",
    " ",
    "",
    "--",
    "--dir",
    "--help",
    "%s%n",
    "한국어",
    "-c",
];

/// What every process has beside its own `env`.
const FIXED: [&str; 14] = [
    "AZURE_MCP_COLLECT_TELEMETRY",
    "AZURE_MCP_COLLECT_TELEMETRY_MICROSOFT",
    "DOTNET_BUNDLE_EXTRACT_BASE_DIR",
    "DOTNET_EnableDiagnostics",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "NODE_USE_ENV_PROXY",
    "NO_PROXY",
    "PATH",
    "TMPDIR",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Numbers that look drawn, the same in every run.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn text(&mut self, mark: &str) -> String {
        let length = 1 + self.below(4);
        let pieces: Vec<&str> = (0..length)
            .map(|_| PIECES[self.below(PIECES.len())])
            .collect();
        pieces.concat().replace("MARK", mark)
    }
}

fn catalogue(mark: &str) -> Map<String, Value> {
    let mut drawn = Drawn(0x5e1f_5eed);
    (0..SERVERS)
        .map(|n| {
            let extra = 1 + drawn.below(8);
            let mut args = vec!["serve".to_owned()];
            args.extend((0..extra).map(|_| drawn.text(mark)));
            let variables = drawn.below(5);
            let env: Map<String, Value> = (0..variables)
                .map(|k| (format!("VARIABLE_{k}"), drawn.text(mark).into()))
                .collect();
            let tools = json!({"whoami": "read_only"});
            let entry = json!({"command": FAKE, "args": args, "env": env, "tools": tools});
            (format!("s{n}"), entry)
        })
        .collect()
}

#[tokio::test]
async fn whatever_the_catalogue_says_is_passed_on_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark").display().to_string();
    let entries = catalogue(&mark);
    let host = HostEnvironment {
        path: "/usr/bin:/bin".into(),
        home: None,
    };
    let file = json!({"mcpServers": entries}).to_string();
    let servers = parse_servers(&file, Path::new("/"), &host).unwrap();
    assert_eq!(servers.len(), SERVERS);
    let options = Options {
        wrapper: vec![FAKE.into(), "confine".into()],
        host,
        environment: [].into(),
        hosts: vec![],
        proxy: None,
        work_dir: folder.path().to_owned(),
        audiences: vec![],
        limits: PoolLimits::default(),
        addable: AddRules::default(),
        secrets: Secrets::default(),
        authorities: Vec::new(),
    };
    let world = Arc::new(World(AtomicU8::new(1)));
    let pool = McpServers::start(servers, options, world.clone(), world.clone(), world)
        .await
        .unwrap();

    let (mut folders, mut groups) = (BTreeSet::new(), BTreeSet::new());
    for (name, entry) in &entries {
        let mut call = request("alice", "whoami", json!({}));
        call.tool.server.clone_from(name);
        let seen: Value = serde_json::from_str(&text(pool.call(call).await)).unwrap();
        let args = seen["args"].as_array().unwrap();
        assert_eq!(args[0], FAKE);
        assert_eq!(args[1..], entry["args"].as_array().unwrap()[..], "{name}");
        let env = seen["env"].as_object().unwrap();
        let given = entry["env"].as_object().unwrap();
        for (variable, value) in given {
            assert_eq!(&env[variable], value, "{name}");
        }
        let names: BTreeSet<&str> = env.keys().map(String::as_str).collect();
        let expected: BTreeSet<&str> = given.keys().map(String::as_str).chain(FIXED).collect();
        assert_eq!(names, expected, "{name}");
        let own = seen["folder"].as_str().unwrap().to_owned();
        assert!(own.contains("/processes/"), "{own}");
        folders.insert(own);
        groups.insert(seen["group"].as_i64().unwrap());
    }
    assert_eq!((folders.len(), groups.len()), (SERVERS, SERVERS));
    let ours = i64::from(rustix::process::getpgrp().as_raw_nonzero().get());
    assert!(!groups.contains(&ours));
    pool.shutdown().await;
    for own in folders {
        assert!(!Path::new(&own).exists(), "{own}");
    }
    assert!(!Path::new(&mark).exists(), "something was run by a shell");
}
