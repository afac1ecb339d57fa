//! `PUT /v1/admin/servers/{name}`: adds a tool server, or changes one that was added.

use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use azimuth_domain::tool::is_server_name;
use azimuth_domain::tool_servers::{AddedServer, MAX_ADDED_SERVERS, ServerOAuth};
use azimuth_ports::config::ConfigKind;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{AddedServerView, told};
use crate::http::admin::stored_setting::{Replacement, Stored, Told};
use crate::http::admin::{reason, require_admin};
use crate::http::caller::Caller;
use crate::http::edge::RequestId;
use crate::http::etag::IfMatch;
use crate::http::json::JsonBody;
use crate::http::path::{PathId, ToolName};
use crate::http::states::CatalogueState;
use crate::problem::{Answer, Code, Problem};

/// Largest document of a tenant's servers, bytes.
const MAX_BYTES: usize = 64 * 1024;

/// A tool server, as an entry of `mcpServers` has it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddedServerToSet {
    /// Its program, one of those that the operator of the installation allows; or `url`.
    #[serde(default)]
    pub command: Option<String>,
    /// Its arguments, passed on as they are.
    #[serde(default)]
    pub args: Vec<String>,
    /// Its environment; no value may be a secret, but `@keyvault:name` may name one.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Hosts that it may reach, of those that the operator of the installation allows.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// How it is spoken to; what `command` or `url` say already.
    #[serde(default, rename = "type")]
    pub kind: Option<ServerKind>,
    /// Where it is reached, over streamable HTTP: `https`, at a host that the operator of
    /// the installation allows. Then there is nothing else but `headers` and `oauth`.
    #[serde(default)]
    pub url: Option<String>,
    /// Headers that are sent there, by name in any case; no value may be a secret, but
    /// `@keyvault:name` may name one.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Who gives the token that a server with a `url` asks for.
    #[serde(default)]
    pub oauth: Option<OAuthToSet>,
    /// Why, 1–500 characters.
    pub reason: String,
}

/// Who gives a token for a tool server: got as this installation, the same for everybody
/// (OAuth 2.0, client credentials), and sent to that server alone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OAuthToSet {
    /// Where tokens are given: `https`, at a host that the operator of the installation
    /// allows.
    pub token_url: String,
    /// The id of the client there.
    pub client_id: String,
    /// The name of its secret, `@keyvault:name`.
    pub client_secret: String,
    /// What the token is for.
    #[serde(default)]
    pub scope: Option<String>,
}

impl From<OAuthToSet> for ServerOAuth {
    fn from(given: OAuthToSet) -> Self {
        Self {
            token_url: given.token_url,
            client_id: given.client_id,
            client_secret: given.client_secret,
            scope: given.scope.filter(|scope| !scope.is_empty()),
        }
    }
}

/// How a tool server is spoken to, as an entry of `mcpServers` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
pub enum ServerKind {
    /// Over its standard input and output.
    #[serde(rename = "stdio")]
    Stdio,
    /// Over streamable HTTP.
    #[serde(rename = "http")]
    Http,
    /// The same in another spelling.
    #[serde(rename = "streamableHttp")]
    StreamableHttp,
}

/// Adds a tool server for the caller's tenant alone. None of its tools may be used before
/// it is accepted. Within 15 seconds every process knows the server; a process of it is
/// started when it is needed.
#[utoipa::path(
    put,
    path = "/v1/admin/servers/{name}",
    operation_id = "put_added_server",
    tag = "admin",
    params(
        ("name" = String, Path, description = "Name of the server: 1–32 characters of a–z, 0–9 and -"),
        ("If-Match" = String, Header, description = "The ETag that was read, or *")
    ),
    request_body = AddedServerToSet,
    responses((status = 200, body = AddedServerView, headers(("ETag" = String, description = "New version"))))
)]
pub async fn handle(
    State(state): State<CatalogueState>,
    Extension(request): Extension<RequestId>,
    caller: Caller,
    PathId(ToolName(name)): PathId<ToolName>,
    expected: IfMatch,
    JsonBody(wanted): JsonBody<AddedServerToSet>,
) -> Answer<Response> {
    require_admin(&caller)?;
    let reason = reason(&wanted.reason)?;
    check_name(&name)?;
    let refused = |field: &str, detail: String| {
        Problem::new(Code::FieldInvalid)
            .pointer(format!("/{field}"))
            .detail(detail)
    };
    let is_by_url = wanted.url.is_some();
    let told_kind = wanted.kind.map(|kind| kind != ServerKind::Stdio);
    if told_kind.is_some_and(|told| told != is_by_url) {
        let detail = "The type is http where there is a url, and stdio where there is a command.";
        return Err(refused("type", detail.to_owned()));
    }
    if !is_by_url && wanted.command.is_none() {
        return Err(Problem::new(Code::FieldMissing).pointer("/command"));
    }
    if state.servers.is_taken(&name) {
        return Err(Problem::new(Code::ServerNameTaken));
    }
    let now = state.clock.now();
    let user = &caller.principal.user;
    let server = AddedServer {
        name: name.clone(),
        command: wanted.command,
        args: wanted.args,
        env: wanted.env,
        url: wanted.url,
        headers: in_lower_case(wanted.headers)?,
        oauth: wanted.oauth.map(ServerOAuth::from),
        hosts: wanted.hosts,
        at: now,
        by: user.clone(),
        by_name: caller.principal.name.clone(),
        reason: reason.clone(),
    };
    let checked = state.servers.check_added(&server);
    checked.map_err(|fault| refused(&fault.field, fault.detail))?;
    let documents = state.catalogues.added();
    let stored = Stored::read(documents, &user.tid).await?;
    let former = stored.item.get(&name);
    if former.is_some_and(|former| is_same(former, &server)) {
        return Ok(stored.answer(former.map(AddedServerView::from)));
    }
    let before = former.map_or(Value::Null, told);
    let after = told(&server);
    let item = stored.item.clone().with(server);
    let bytes = serde_json::to_vec(&item).map_or(usize::MAX, |text| text.len());
    if item.len() > MAX_ADDED_SERVERS || bytes > MAX_BYTES {
        return Err(Problem::new(Code::TooManyServers));
    }
    let replacement = Replacement {
        kind: ConfigKind::Servers,
        area: "servers",
        caller: &caller,
        request: &request,
        expected,
        item,
        reason,
        now,
    };
    let told = Told {
        target: name.clone(),
        before,
        after,
    };
    let stored = stored
        .replace_and_tell(documents, &state.recorder, replacement, told)
        .await?;
    Ok(stored.answer(stored.item.get(&name).map(AddedServerView::from)))
}

/// As headers are kept; two spellings of one are refused.
fn in_lower_case(headers: BTreeMap<String, String>) -> Answer<BTreeMap<String, String>> {
    let count = headers.len();
    let headers: BTreeMap<String, String> = headers
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    (headers.len() == count).then_some(headers).ok_or_else(|| {
        Problem::new(Code::FieldInvalid)
            .pointer("/headers")
            .detail("A header is given twice.")
    })
}

/// Whether nothing would change, not even the reason.
fn is_same(former: &AddedServer, wanted: &AddedServer) -> bool {
    let of = |server: &AddedServer| AddedServer {
        at: wanted.at,
        by: wanted.by.clone(),
        by_name: None,
        ..server.clone()
    };
    of(former) == of(wanted)
}

/// As in the configuration of the installation.
fn check_name(name: &str) -> Answer<()> {
    is_server_name(name).then_some(()).ok_or_else(|| {
        Problem::new(Code::FieldInvalid)
            .parameter("name")
            .detail("A server's name is 1 to 32 characters of a-z, 0-9 and -.")
    })
}
