//! Tool servers that are reached by URL: MCP over streamable HTTP.
//!
//! **Invariants:** a session serves one server and one person, and shares nothing with
//! another one, no connection either; everything goes to the origin that the configuration
//! names, by an address that was judged (`egress/dial.rs`), and no answer leads elsewhere;
//! nothing of ours goes along but the headers that the configuration gives, so no cookie,
//! no token of a person and none for Azure; a token that is got for it goes there alone.

pub mod endpoint;
pub mod grant;

mod exchange;
mod headers;
mod messages;
mod open;
mod transport;

use std::collections::BTreeMap;

use self::endpoint::Endpoint;
pub(crate) use self::exchange::Trust;
use self::grant::Grant;
pub(crate) use self::headers::check as check_header;
pub(crate) use self::open::{Open, OpenSession, open};
pub(crate) use self::transport::Health;

/// A tool server that is reached by URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Where it is.
    pub endpoint: Endpoint,
    /// Headers of every request, by name in lower case; a value may name a secret.
    pub headers: BTreeMap<String, String>,
    /// Who gives us a token for it; `None`: nobody.
    pub grant: Option<Grant>,
}

impl Remote {
    /// The patterns of what is reached for it.
    pub(crate) fn patterns(&self) -> Vec<String> {
        let token_url = self.grant.iter().map(|grant| &grant.token_url);
        let all = std::iter::once(&self.endpoint).chain(token_url);
        all.map(Endpoint::pattern).collect()
    }
}
