//! Connection strings of storage accounts
//! (learn.microsoft.com/azure/storage/common/storage-configure-connection-string).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::connection::{Access, AccountKey, ConnectionFault, QueueConnection, endpoint};

/// The one account of every storage emulator and its key. They are public and
/// documented, and open nothing but emulators
/// (learn.microsoft.com/azure/storage/common/storage-connect-azurite).
const DEVELOPMENT_ACCOUNT: &str = "devstoreaccount1";
const DEVELOPMENT_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/// Where `UseDevelopmentStorage=true` leads.
const DEVELOPMENT_ENDPOINT: &str = "http://127.0.0.1:10001/devstoreaccount1";

/// The fields that are read.
pub(super) const FIELDS: [&str; 6] = [
    "DefaultEndpointsProtocol",
    "AccountName",
    "AccountKey",
    "QueueEndpoint",
    "EndpointSuffix",
    "UseDevelopmentStorage",
];

/// Reads a connection string with an account's key.
pub(super) fn parse(text: &str) -> Result<QueueConnection, ConnectionFault> {
    let mut fields = Fields::read(text)?;
    if let Some(value) = fields.take("UseDevelopmentStorage") {
        if !value.eq_ignore_ascii_case("true") || !fields.0.is_empty() {
            return Err(ConnectionFault::Development);
        }
        return connection(DEVELOPMENT_ENDPOINT, DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY);
    }
    if fields.take("SharedAccessSignature").is_some() {
        return Err(ConnectionFault::Signature);
    }
    let account = fields.required("AccountName")?;
    if !account.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(ConnectionFault::AccountName);
    }
    let key = fields.required("AccountKey")?;
    let protocol = fields.take("DefaultEndpointsProtocol");
    let protocol = protocol.as_deref().unwrap_or("https");
    let address = match (fields.take("QueueEndpoint"), fields.take("EndpointSuffix")) {
        (Some(address), _) => address,
        (None, Some(suffix)) => format!("{protocol}://{account}.queue.{suffix}"),
        (None, None) => return Err(ConnectionFault::NoAddress),
    };
    connection(&address, &account, &key)
}

fn connection(address: &str, account: &str, key: &str) -> Result<QueueConnection, ConnectionFault> {
    Ok(QueueConnection {
        endpoint: endpoint(address)?,
        access: Access::SharedKey(AccountKey {
            account: account.to_owned(),
            key: STANDARD
                .decode(key)
                .map_err(|_| ConnectionFault::AccountKey)?,
        }),
    })
}

/// The `name=value` fields of a connection string, names in lower case. Only
/// fields that are known, and none twice.
struct Fields(BTreeMap<String, String>);

impl Fields {
    fn read(text: &str) -> Result<Self, ConnectionFault> {
        let mut fields = BTreeMap::new();
        for field in text.split(';').map(str::trim).filter(|f| !f.is_empty()) {
            let (name, value) = field.split_once('=').ok_or(ConnectionFault::NoFields)?;
            let name = name.trim();
            if !is_known(name) {
                return Err(ConnectionFault::UnknownField);
            }
            let twin = fields.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            if twin.is_some() {
                return Err(ConnectionFault::Twice(name.to_owned()));
            }
        }
        Ok(Self(fields))
    }

    fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(&name.to_ascii_lowercase())
    }

    fn required(&mut self, name: &'static str) -> Result<String, ConnectionFault> {
        self.take(name)
            .filter(|value| !value.is_empty())
            .ok_or(ConnectionFault::NoField(name))
    }
}

/// Also the addresses of the account's other services, and what is refused with a
/// word of its own.
fn is_known(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("endpoint")
        || name == "sharedaccesssignature"
        || FIELDS.iter().any(|field| name.eq_ignore_ascii_case(field))
}
