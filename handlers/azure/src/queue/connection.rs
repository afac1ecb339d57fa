//! Where a storage account's queues are and how to be let in, from the settings
//! with which the Functions host is told the same
//! (learn.microsoft.com/azure/azure-functions/functions-reference#connections).

use std::fmt;

use azimuth_ports::tokens::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;

use super::connection_string;
use crate::egress::is_loopback;

/// A queue service and how to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueConnection {
    /// Address of the queue service.
    pub(super) endpoint: Url,
    pub(super) access: Access,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Access {
    /// Whoever has the key of the account.
    SharedKey(AccountKey),
    /// The process's own identity in Azure: the system's, or the user-assigned one
    /// of this client id.
    ManagedIdentity { client_id: Option<String> },
}

/// An account's name and key. Shows nothing of the key.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct AccountKey {
    pub(super) account: String,
    pub(super) key: Vec<u8>,
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountKey")
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// The settings of a connection cannot be used. The text names the setting and
/// never what it holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionError {
    /// None of the settings is there.
    #[error(
        "{0} is missing: a connection string (Azurite: UseDevelopmentStorage=true), or {0}__queueServiceUri for a managed identity"
    )]
    Missing(String),
    /// One of them is not what it must be.
    #[error("{setting}: {fault}")]
    Malformed {
        /// Name of the setting.
        setting: String,
        /// What is wrong with it.
        fault: ConnectionFault,
    },
}

/// What is wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionFault {
    /// A part of a connection string has no equals sign.
    #[error("it is not made of name=value, separated by semicolons")]
    NoFields,
    /// A field of another name. It is not told: it may be a piece of a key.
    #[error("it has a field that is none of {}", connection_string::FIELDS.join(", "))]
    UnknownField,
    /// A field is there again.
    #[error("{0} is there twice")]
    Twice(String),
    /// A field is not there, or empty.
    #[error("{0} is missing")]
    NoField(&'static str),
    /// The short form with something beside it, or with another value.
    #[error("UseDevelopmentStorage must be true and stand alone")]
    Development,
    /// A signature instead of a key.
    #[error("SharedAccessSignature is not supported: give AccountKey, or a managed identity")]
    Signature,
    /// No name that an account can have.
    #[error("AccountName must be letters and digits")]
    AccountName,
    /// No key.
    #[error("AccountKey is not base64")]
    AccountKey,
    /// Nothing tells the address.
    #[error("there is neither QueueEndpoint nor EndpointSuffix")]
    NoAddress,
    /// No address, or one of another scheme.
    #[error("the queue service's address is no http(s) address")]
    Address,
    /// More than host and path.
    #[error("the queue service's address must be nothing but host and path")]
    AddressWithMore,
    /// Anybody on the way could read and write.
    #[error(
        "the queue service must be reached over https (plain http only on this machine, 127.0.0.1)"
    )]
    PlainHttp,
    /// The same for a token, wherever it is sent.
    #[error("a token is sent over https only")]
    TokenOverHttp,
    /// Another credential than the one that there is.
    #[error("must be managedidentity, or be left out")]
    Credential,
    /// The account's name, from which no address is made here.
    #[error("is not enough here: set {0}")]
    AccountAlone(String),
}

impl QueueConnection {
    /// Reads the connection `name` as the Functions host does: the setting of that
    /// name is a connection string; without it `name__queueServiceUri`,
    /// `name__credential` and `name__clientId` tell of a managed identity. Empty
    /// counts as missing.
    pub fn from_settings(
        name: &str,
        get: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConnectionError> {
        let get = |setting: &str| {
            get(setting)
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        if let Some(text) = get(name) {
            return connection_string::parse(&text).map_err(in_setting(name));
        }
        let uri = format!("{name}__queueServiceUri");
        let Some(address) = get(&uri) else {
            let account = format!("{name}__accountName");
            return Err(match get(&account) {
                Some(_) => in_setting(&account)(ConnectionFault::AccountAlone(uri)),
                None => ConnectionError::Missing(name.to_owned()),
            });
        };
        let endpoint = endpoint(&address).map_err(in_setting(&uri))?;
        if endpoint.scheme() != "https" {
            return Err(in_setting(&uri)(ConnectionFault::TokenOverHttp));
        }
        let credential = format!("{name}__credential");
        if get(&credential).is_some_and(|kind| !kind.eq_ignore_ascii_case("managedidentity")) {
            return Err(in_setting(&credential)(ConnectionFault::Credential));
        }
        Ok(Self {
            endpoint,
            access: Access::ManagedIdentity {
                client_id: get(&format!("{name}__clientId")),
            },
        })
    }

    /// Name and key (base64) of the account, where a key lets in.
    pub fn shared_key(&self) -> Option<(String, Secret)> {
        match &self.access {
            Access::SharedKey(account) => {
                let key = STANDARD.encode(&account.key);
                Some((account.account.clone(), Secret::new(key)))
            }
            Access::ManagedIdentity { .. } => None,
        }
    }

    /// Whether the queue service is on this machine, so that no other one sees its
    /// messages.
    pub fn is_on_this_machine(&self) -> bool {
        is_loopback(&self.endpoint)
    }
}

fn in_setting(setting: &str) -> impl FnOnce(ConnectionFault) -> ConnectionError {
    let setting = setting.to_owned();
    |fault| ConnectionError::Malformed { setting, fault }
}

/// The address of a queue service, without a slash at its end: https, or http to
/// this machine only.
pub(super) fn endpoint(address: &str) -> Result<Url, ConnectionFault> {
    let mut url = Url::parse(address).map_err(|_| ConnectionFault::Address)?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(ConnectionFault::Address);
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(ConnectionFault::PlainHttp);
    }
    let is_bare = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if !is_bare {
        return Err(ConnectionFault::AddressWithMore);
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}
