//! What every listener of the sandbox shares.

use crate::clock::{Clock, rfc3339};
use crate::entra::codes::Codes;
use crate::faults::{Fault, Faults, When};
use crate::keys::SigningKeys;
use crate::requests::{Facts, Kind, RequestLog};
use crate::store::Store;
use crate::vault_keys::VaultKeys;

#[derive(Debug)]
pub struct World {
    pub clock: Clock,
    /// `http://127.0.0.1:P`, without a trailing slash: control port and issuer.
    pub base_url: String,
    pub keys: SigningKeys,
    pub store: Store,
    pub vault_keys: VaultKeys,
    pub codes: Codes,
    pub requests: RequestLog,
    pub faults: Faults,
    /// How long a long-running operation takes, in milliseconds.
    pub operation_ms: i64,
}

impl World {
    /// The present as the logs write it.
    pub fn now(&self) -> String {
        rfc3339(self.clock.now_ms())
    }

    pub fn log(&self, kind: Kind, facts: Facts) -> u64 {
        self.requests.add(kind, self.now(), facts)
    }
}

/// Waits out a fault that strikes at `when` and says which status it answers, if it does.
pub async fn suffer(fault: Option<&Fault>, when: When) -> Option<u16> {
    let fault = fault.filter(|fault| fault.when == when)?;
    if fault.delay_ms > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(fault.delay_ms)).await;
    }
    fault.status
}
