//! A process that owns a pool and hangs in a call, as a handler would.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::{EffectClass, ToolRef};
use azimuth_mcp::servers::{HostEnvironment, Identity, Program, Runs, ServerConfig};
use azimuth_mcp::{AddRules, McpServers, Options, PoolLimits, Secrets};
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::tokens::{AccessToken, TokenError, UserTokens};
use azimuth_ports::tools::{Begun, CallRequest, HostsReached, TokenUsed, ToolServers};
use serde_json::json;

struct Nothing;

impl Clock for Nothing {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }
}

impl Random for Nothing {
    fn ulid(&self) -> String {
        String::new()
    }

    fn bytes32(&self) -> [u8; 32] {
        [7; 32]
    }
}

#[async_trait]
impl UserTokens for Nothing {
    async fn access_token(&self, _: &UserKey, audience: &str) -> Result<AccessToken, TokenError> {
        Err(TokenError::Audience(audience.to_owned()))
    }
}

/// `host <folder> <flag…>`: calls `hang` on `serve <flag…>` and waits for it.
pub(crate) fn run(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let (Some(folder), Ok(program)) = (arguments.next(), std::env::current_exe()) else {
        return ExitCode::FAILURE;
    };
    let flags = arguments.filter_map(|flag| flag.into_string().ok());
    let server = ServerConfig {
        name: "fake".to_owned(),
        runs: Runs::Here(Program {
            command: program.clone(),
            args: std::iter::once("serve".to_owned()).chain(flags).collect(),
            env: BTreeMap::new(),
            writes: vec![folder.clone().into()],
        }),
        identity: Identity::None,
        tools: BTreeMap::from([("hang".to_owned(), EffectClass::ReadOnly)]),
        hosts: None,
    };
    let options = Options {
        wrapper: vec![program.into(), "confine".into()],
        host: HostEnvironment {
            path: String::new(),
            home: None,
        },
        environment: BTreeMap::new(),
        hosts: Vec::new(),
        proxy: None,
        work_dir: folder.into(),
        audiences: Vec::new(),
        limits: PoolLimits::default(),
        addable: AddRules::default(),
        secrets: Secrets::default(),
        authorities: Vec::new(),
    };
    let Ok(runtime) = tokio::runtime::Runtime::new() else {
        return ExitCode::FAILURE;
    };
    runtime.block_on(async {
        let (tokens, clock, random) = (Arc::new(Nothing), Arc::new(Nothing), Arc::new(Nothing));
        let Ok(servers) = McpServers::start(vec![server], options, tokens, clock, random).await
        else {
            return ExitCode::FAILURE;
        };
        let request = CallRequest {
            user: UserKey::new("tid", "alice"),
            tool: ToolRef::new("fake", "hang"),
            accepted: None,
            added: None,
            arguments: json!({}),
            deadline: Duration::from_mins(2),
            consent: false,
            correlation_id: String::new(),
            begun: Begun::default(),
            token: TokenUsed::default(),
            hosts: HostsReached::default(),
        };
        #[expect(clippy::disallowed_methods, reason = "it plays the handler")]
        let _never = servers.call(request).await;
        ExitCode::FAILURE
    })
}
