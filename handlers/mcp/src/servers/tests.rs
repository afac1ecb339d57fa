#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::remote::endpoint::Endpoint;

fn host(folder: &Path) -> HostEnvironment {
    HostEnvironment {
        path: format!("relative:{}", folder.display()),
        home: None,
    }
}

fn parse(json: &str) -> Result<Vec<ServerConfig>, ConfigError> {
    parse_servers(json, Path::new("/app"), &host(Path::new("/nowhere")))
}

fn program_of(server: &ServerConfig) -> &Path {
    match &server.runs {
        Runs::Here(program) => &program.command,
        Runs::Elsewhere(remote) => panic!("{remote:?}"),
    }
}

fn refusal(json: &str) -> String {
    parse(json).unwrap_err().to_string()
}

#[test]
fn the_form_of_claude_desktop_reads_whole() {
    let servers = parse(
        r#"{"mcpServers": {
            "azure": {"command": "/opt/azmcp", "args": ["server", "start", "a b; c"],
                      "env": {"MODE": "${NOT_EXPANDED}"}, "identity": "user"},
            "everything": {"type": "stdio", "command": "/bin/cat",
                           "tools": {"echo": "read_only", "wipe": "destructive"},
                           "hosts": ["api.test", "*.a.test:8443"],
                           "writes": ["/var/lib/everything"]}
        }}"#,
    )
    .unwrap();
    assert_eq!(
        servers,
        [
            ServerConfig {
                name: "azure".into(),
                runs: Runs::Here(Program {
                    command: "/opt/azmcp".into(),
                    args: vec!["server".into(), "start".into(), "a b; c".into()],
                    env: BTreeMap::from([("MODE".into(), "${NOT_EXPANDED}".into())]),
                    writes: vec![],
                }),
                identity: Identity::User,
                tools: BTreeMap::new(),
                hosts: None,
            },
            ServerConfig {
                name: "everything".into(),
                runs: Runs::Here(Program {
                    command: "/bin/cat".into(),
                    args: vec![],
                    env: BTreeMap::new(),
                    writes: vec!["/var/lib/everything".into()],
                }),
                identity: Identity::None,
                tools: BTreeMap::from([
                    ("echo".into(), EffectClass::ReadOnly),
                    ("wipe".into(), EffectClass::Destructive),
                ]),
                hosts: Some(vec!["api.test".into(), "*.a.test:8443".into()]),
            },
        ]
    );
    assert_eq!(
        parse(r#"{"servers": {"a": {"command": "/x"}}}"#).unwrap()[0].name,
        "a"
    );
    assert_eq!(parse(r#"{"mcpServers": {}}"#).unwrap(), []);
}

#[test]
fn a_server_elsewhere_reads_as_vs_code_has_it() {
    let servers = parse(
        r#"{"servers": {"files": {"type": "http", "url": "https://mcp.test/mcp?a=b",
            "headers": {"Authorization": "@keyvault:files"},
            "tools": {"read": "read_only"}}}}"#,
    )
    .unwrap();
    let remote = Remote {
        endpoint: Endpoint::parse("https://mcp.test/mcp?a=b").unwrap(),
        headers: BTreeMap::from([("authorization".into(), "@keyvault:files".into())]),
        grant: None,
    };
    let expected = ServerConfig {
        name: "files".into(),
        runs: Runs::Elsewhere(remote),
        identity: Identity::None,
        tools: BTreeMap::from([("read".into(), EffectClass::ReadOnly)]),
        hosts: None,
    };
    assert_eq!(servers, [expected]);
    for kind in ["http", "streamableHttp", "streamable-http"] {
        let json = format!(
            r#"{{"mcpServers": {{"a": {{"type": "{kind}", "url": "https://mcp.test:8443/",
                "hosts": ["*.test.example", "mcp.test:8443"]}}}}}}"#
        );
        assert!(parse(&json).is_ok(), "{kind}");
    }
}

#[test]
fn every_mistake_names_its_field() {
    for (json, field) in [
        ("[]", "(document)"),
        ("{", "(document)"),
        ("{}", "mcpServers: is missing"),
        (r#"{"mcpServers": []}"#, "mcpServers: must be"),
        (
            r#"{"mcpServers": {}, "servers": {}}"#,
            "servers: give either",
        ),
        (
            r#"{"mcpServers": {}, "inputs": []}"#,
            "inputs: unknown field",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x"}, "a": {"command":"/y"}}}"#,
            "a is given twice",
        ),
        (
            r#"{"mcpServers": {"A": {"command":"/x"}}}"#,
            "mcpServers.A: a server's name",
        ),
        (
            r#"{"mcpServers": {"": {"command":"/x"}}}"#,
            "mcpServers.: a server's name",
        ),
        (
            r#"{"mcpServers": {"a": 1}}"#,
            "mcpServers.a: must be an object",
        ),
        (
            r#"{"mcpServers": {"a": {}}}"#,
            "mcpServers.a.command: is missing",
        ),
        (
            r#"{"mcpServers": {"a": {"command": ""}}}"#,
            "mcpServers.a.command: must name",
        ),
        (
            r#"{"mcpServers": {"a": {"command": 1}}}"#,
            "mcpServers.a.command: must be a string",
        ),
        (
            r#"{"mcpServers": {"a": {"command": "nope-x"}}}"#,
            "nope-x is not on PATH",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","type":"http"}}}"#,
            "mcpServers.a.type: must be",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","headers":{}}}}"#,
            "mcpServers.a.headers: unknown field",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","env":{"K":"@keyvault:a b"}}}}"#,
            "mcpServers.a.env.K: after @keyvault:",
        ),
        (
            r#"{"mcpServers": {"a": {"url": 1}}}"#,
            "mcpServers.a.url: must be a string",
        ),
        (
            r#"{"mcpServers": {"a": {"url": "http://mcp.test/"}}}"#,
            "mcpServers.a.url: must begin with https",
        ),
        (
            r#"{"mcpServers": {"azure": {"url": "https://mcp.test/"}}}"#,
            "mcpServers.azure.url: this server is",
        ),
        (
            r#"{"mcpServers": {"a": {"url": "https://mcp.test/", "type": "sse"}}}"#,
            "mcpServers.a.type: must be \"http\"",
        ),
        (
            r#"{"mcpServers": {"a": {"url": "https://mcp.test/", "command": "/x"}}}"#,
            "mcpServers.a.command: unknown field",
        ),
        (
            r#"{"mcpServers": {"a": {"url": "https://mcp.test/", "identity": "user"}}}"#,
            "mcpServers.a.identity: a server that",
        ),
        (
            r#"{"mcpServers": {"a": {"url": "https://mcp.test/", "hosts": ["other.test"]}}}"#,
            "mcpServers.a.hosts: must have the hosts",
        ),
        (
            r#"{"mcpServers": {"a": {"url": "https://mcp.test/", "oauth": 1}}}"#,
            "mcpServers.a.oauth: must be",
        ),
        (
            r#"{"mcpServers": {"a": {"url": "https://mcp.test/", "oauth":
                {"token_url": "http://login.test/", "client_id": "a",
                 "client_secret": "@keyvault:a"}}}}"#,
            "mcpServers.a.oauth.token_url: must begin",
        ),
        (
            r#"{"mcpServers": {"a": {"url": "https://mcp.test/", "oauth":
                {"token_url": "https://login.test/", "client_id": "a",
                 "client_secret": "in clear"}}}}"#,
            "mcpServers.a.oauth.client_secret: must be @keyvault:",
        ),
        (
            r#"{"mcpServers": {"a": {"url": "https://mcp.test/", "hosts": ["mcp.test"], "oauth":
                {"token_url": "https://login.test/", "client_id": "a",
                 "client_secret": "@keyvault:a"}}}}"#,
            "mcpServers.a.hosts: must have the hosts",
        ),
        (
            r#"{"mcpServers": {"a": {"url": "https://mcp.test/",
                "headers": {"authorization": "a"}, "oauth":
                {"token_url": "https://login.test/", "client_id": "a",
                 "client_secret": "@keyvault:a"}}}}"#,
            "mcpServers.a.headers.authorization: is",
        ),
        (
            r#"{"mcpServers": {"a": {"url": "https://mcp.test/", "headers": {"Cookie": "a"}}}}"#,
            "mcpServers.a.headers.Cookie: is set by",
        ),
        (
            r#"{"mcpServers": {"a": {"url": "https://mcp.test/",
                "headers": {"X-Area": "@keyvault:"}}}}"#,
            "mcpServers.a.headers.X-Area: after @keyvault:",
        ),
        (
            r#"{"mcpServers": {"a": {"url": "https://mcp.test/",
                "headers": {"X-Area": "a", "x-area": "b"}}}}"#,
            "is given twice",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","args":"s"}}}"#,
            "mcpServers.a.args: must be",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","args":["s",1]}}}"#,
            "mcpServers.a.args[1]: must",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","env":["s"]}}}"#,
            "mcpServers.a.env: must be",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","env":{"K":1}}}}"#,
            "mcpServers.a.env.K: must be",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","env":{"K=":"v"}}}}"#,
            "mcpServers.a.env.K=: is no",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","env":{"IDENTITY_HEADER":"v"}}}}"#,
            "mcpServers.a.env.IDENTITY_HEADER: is set by",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","env":{"https_proxy":"v"}}}}"#,
            "mcpServers.a.env.https_proxy: is set by",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","hosts":"api.test"}}}"#,
            "mcpServers.a.hosts: must be",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","hosts":["*.com"]}}}"#,
            "mcpServers.a.hosts: must have two labels",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","writes":"/tmp"}}}"#,
            "mcpServers.a.writes: must be",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","writes":["/a","b"]}}}"#,
            "mcpServers.a.writes[1]: must be the absolute",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","writes":["/"]}}}"#,
            "mcpServers.a.writes[0]: must be the absolute",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","identity":"alice"}}}"#,
            "mcpServers.a.identity: must be",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","tools":{"t":"harmless"}}}}"#,
            "mcpServers.a.tools.t: must be",
        ),
        (
            r#"{"mcpServers": {"azure": {"command":"/x","tools":{"t":"read_only"}}}}"#,
            "mcpServers.azure.tools: the tools of this server",
        ),
        (
            r#"{"mcpServers": {"a": {"command":"/x","disabled":true}}}"#,
            "mcpServers.a.disabled: unknown field",
        ),
    ] {
        let text = refusal(json);
        assert!(
            text.contains(field),
            "{json}\n  said {text}\n  not  {field}"
        );
    }
}

#[test]
fn names_are_at_most_32_characters() {
    let with = |name: &str| {
        parse(&format!(
            r#"{{"mcpServers": {{"{name}": {{"command":"/x"}}}}}}"#
        ))
    };
    assert!(with(&"a".repeat(31)).is_ok());
    assert!(with(&"a".repeat(32)).is_ok());
    assert!(with(&"a".repeat(33)).is_err());
}

#[test]
fn a_bare_name_is_found_on_path_once_and_only_if_it_can_run() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tool");
    std::fs::write(&file, "").unwrap();
    let json = r#"{"mcpServers": {"a": {"command":"tool"}}}"#;
    assert!(parse_servers(json, Path::new("/app"), &host(folder.path())).is_err());
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
    let servers = parse_servers(json, Path::new("/app"), &host(folder.path())).unwrap();
    assert_eq!(program_of(&servers[0]), file);
}

#[test]
fn a_path_is_relative_to_the_folder_of_the_file() {
    for (command, program) in [
        ("azmcp/azmcp", "/app/azmcp/azmcp"),
        ("./tool", "/app/./tool"),
        ("../tool", "/app/../tool"),
        ("/opt/tool", "/opt/tool"),
    ] {
        let json = format!(r#"{{"mcpServers": {{"a": {{"command": "{command}"}}}}}}"#);
        assert_eq!(program_of(&parse(&json).unwrap()[0]), Path::new(program));
    }
}
