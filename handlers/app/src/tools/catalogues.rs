//! Which tools a tenant has now: the catalogue of the tool servers, and over it what the
//! tenant's administrators have settled.
//!
//! While nobody knows what they have, nothing is decided: a tool might be switched off.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azimuth_domain::tool::ToolRef;
use azimuth_domain::tool_pins::ToolPins;
use azimuth_ports::clock::Clock;
use azimuth_ports::config::{ConfigKind, ConfigStore, ConfigVersion};
use azimuth_ports::tools::{Acceptance, Catalogue, Offered};

use super::SealedServers;
use crate::tenant_documents::{DocumentUnavailable, TenantDocuments};

/// How long what was read is not read again: every executor sees it within 15 seconds.
const FRESH_MS: i64 = 12_000;

/// The catalogue of every tenant, as this process knows it.
pub struct Catalogues {
    servers: SealedServers,
    pins: TenantDocuments<ToolPins>,
    made: Mutex<HashMap<String, Made>>,
}

/// A catalogue, and what it was made of.
struct Made {
    of: Arc<Catalogue>,
    pins: Arc<ToolPins>,
    catalogue: Arc<Catalogue>,
}

impl Catalogues {
    /// Catalogues over these servers; what administrators settle is in `store`.
    pub fn new(
        servers: SealedServers,
        store: Arc<dyn ConfigStore>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        let read = |stored: Option<&ConfigVersion>| match stored {
            None => Ok(Arc::default()),
            Some(stored) => ToolPins::read(&stored.text).map(Arc::new),
        };
        Arc::new(Self {
            servers,
            pins: TenantDocuments::new(ConfigKind::Tools, FRESH_MS, store, clock, Box::new(read)),
            made: Mutex::default(),
        })
    }

    /// The tools of `tenant`.
    pub async fn of(&self, tenant: &str) -> Result<Arc<Catalogue>, DocumentUnavailable> {
        let pins = self.pins.of(tenant).await?;
        Ok(self.make(tenant, pins))
    }

    /// The tools that `tenant` had last, or those that everybody has. Nothing may be
    /// decided by it.
    pub fn last(&self, tenant: &str) -> Arc<Catalogue> {
        match self.pins.last(tenant) {
            Some(pins) => self.make(tenant, pins),
            None => self.servers.catalogue(),
        }
    }

    /// As what the tool was accepted in `tenant`; `None` where it is as the catalogue has
    /// it.
    pub(super) async fn accepted(
        &self,
        tenant: &str,
        tool: &ToolRef,
    ) -> Result<Option<Acceptance>, DocumentUnavailable> {
        let pins = self.pins.of(tenant).await?;
        let accepted = pins.get(tool).and_then(|pin| pin.accepted.as_ref());
        Ok(accepted.map(|accepted| Acceptance {
            hash: accepted.hash.clone(),
            effect: accepted.effect,
        }))
    }

    /// The tools as they are where nothing is settled, with what servers offer.
    pub fn unsettled(&self) -> Arc<Catalogue> {
        self.servers.catalogue()
    }

    /// Asks the servers what they offer.
    pub async fn look(&self) {
        self.servers.look().await;
    }

    /// What is settled, as it is stored.
    pub fn pins(&self) -> &TenantDocuments<ToolPins> {
        &self.pins
    }

    fn make(&self, tenant: &str, pins: Arc<ToolPins>) -> Arc<Catalogue> {
        let of = self.servers.catalogue();
        if pins.is_empty() {
            return of;
        }
        if let Some(made) = self.made().get(tenant)
            && Arc::ptr_eq(&made.of, &of)
            && Arc::ptr_eq(&made.pins, &pins)
        {
            return Arc::clone(&made.catalogue);
        }
        let catalogue = Arc::new(settled(&of, &pins));
        let made = Made {
            of,
            pins,
            catalogue: Arc::clone(&catalogue),
        };
        self.made().insert(tenant.to_owned(), made);
        catalogue
    }

    fn made(&self) -> MutexGuard<'_, HashMap<String, Made>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `catalogue` as a tenant has it that settled `pins`; what servers offer stays with
/// `catalogue`.
pub(crate) fn settled(catalogue: &Catalogue, pins: &ToolPins) -> Catalogue {
    let offered = |tool: &ToolRef| match catalogue.offered(tool) {
        Offered::Unknown => None,
        // Under no hash at all.
        Offered::Missing => Some(""),
        Offered::As(hash) => Some(hash),
    };
    Catalogue {
        version: pins.version_over(&catalogue.version),
        tools: pins.over(&catalogue.tools, offered),
        ..Catalogue::default()
    }
}

#[cfg(test)]
mod tests;
