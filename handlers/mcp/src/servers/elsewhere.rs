//! An entry with a `url`: a server that is reached over streamable HTTP.

use std::collections::BTreeMap;

use azimuth_domain::tool_servers::ServerOAuth;
use serde_json::{Map, Value};

use super::ConfigError;
use crate::egress::allow::AllowList;
use crate::remote::endpoint::Endpoint;
use crate::remote::grant::Grant;
use crate::remote::{Remote, check_header};
use crate::secrets;

/// What `type` may say: as VS Code has it, and as others do.
const KINDS: [&str; 3] = ["http", "streamableHttp", "streamable-http"];

pub(super) fn read(
    path: &str,
    kind: Option<&Value>,
    url: &Value,
    fields: &mut Map<String, Value>,
) -> Result<Remote, ConfigError> {
    let at = |field: &str| format!("{path}.{field}");
    if kind.is_some_and(|kind| KINDS.iter().all(|known| kind != known)) {
        return Err(ConfigError::at(
            at("type"),
            "must be \"http\" where there is a url; the older \"sse\" is not supported",
        ));
    }
    let url = url
        .as_str()
        .ok_or_else(|| ConfigError::at(at("url"), "must be a string"))?;
    let endpoint =
        Endpoint::parse(url).map_err(|error| ConfigError::at(at("url"), error.to_string()))?;
    let headers = match fields.remove("headers") {
        None => BTreeMap::new(),
        Some(Value::Object(map)) => headers(&at("headers"), map)?,
        Some(_) => {
            return Err(ConfigError::at(
                at("headers"),
                "must be an object of strings",
            ));
        }
    };
    let grant = match fields.remove("oauth") {
        None => None,
        Some(given) => Some(grant(&at("oauth"), given)?),
    };
    if grant.is_some() && headers.contains_key("authorization") {
        return Err(ConfigError::at(
            at("headers.authorization"),
            "is what oauth gets the token for; give one of them",
        ));
    }
    Ok(Remote {
        endpoint,
        headers,
        grant,
    })
}

fn grant(path: &str, given: Value) -> Result<Grant, ConfigError> {
    let given: ServerOAuth = serde_json::from_value(given).map_err(|error| {
        let form = "must be {token_url, client_id, client_secret, scope?}";
        ConfigError::at(path, format!("{form}: {error}"))
    })?;
    Grant::read(&given)
        .map_err(|fault| ConfigError::at(format!("{path}.{}", fault.field), fault.why))
}

fn headers(path: &str, map: Map<String, Value>) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut read = BTreeMap::new();
    for (name, value) in map {
        let field = format!("{path}.{name}");
        let Value::String(text) = value else {
            return Err(ConfigError::at(field, "must be a string"));
        };
        // People write `Authorization`.
        let name = name.to_ascii_lowercase();
        check_header(&name, &text).map_err(|why| ConfigError::at(&field, why))?;
        if secrets::read(&text) == secrets::Value::Malformed {
            return Err(ConfigError::at(field, secrets::NO_NAME));
        }
        if read.insert(name, text).is_some() {
            return Err(ConfigError::at(field, "is given twice"));
        }
    }
    Ok(read)
}

/// Whether the hosts, where they are given, let the URLs be reached.
pub(super) fn check_hosts(remote: &Remote, hosts: &[String]) -> Result<(), &'static str> {
    let list = AllowList::parse(hosts).unwrap_or_default();
    let token_url = remote.grant.iter().map(|grant| &grant.token_url);
    std::iter::once(&remote.endpoint)
        .chain(token_url)
        .all(|endpoint| endpoint.is_allowed(list.decide(endpoint.target())))
        .then_some(())
        .ok_or("must have the hosts of url and token_url, where they are given")
}
