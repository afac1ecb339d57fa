//! Which tools a tenant has now: the catalogue of the tool servers, and over it what the
//! tenant's administrators have settled, also about servers that they added.
//!
//! While nobody knows what they have, nothing is decided: a tool might be switched off.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azimuth_domain::tool::ToolRef;
use azimuth_domain::tool_pins::{ToolPin, ToolPins};
use azimuth_domain::tool_servers::{AddedServer, AddedServers, TenantServer};
use azimuth_ports::clock::Clock;
use azimuth_ports::config::{ConfigKind, ConfigStore, ConfigVersion};
use azimuth_ports::tools::{Acceptance, Catalogue, Offered};
use futures::{StreamExt, stream};

use super::SealedServers;
use crate::tenant_documents::{DocumentUnavailable, TenantDocuments};

/// How long what was read is not read again: every executor sees it within 15 seconds.
const FRESH_MS: i64 = 12_000;

/// Added servers that are asked at once what they offer.
const LOOKS: usize = 4;

/// The catalogue of every tenant, as this process knows it.
pub struct Catalogues {
    servers: SealedServers,
    pins: TenantDocuments<ToolPins>,
    added: TenantDocuments<AddedServers>,
    made: Mutex<HashMap<String, Made>>,
}

/// A catalogue, and what it was made of.
struct Made {
    of: Arc<Catalogue>,
    pins: Arc<ToolPins>,
    added: Arc<AddedServers>,
    catalogue: Arc<Catalogue>,
}

impl Catalogues {
    /// Catalogues over these servers; what administrators settle is in `store`.
    pub fn new(
        servers: SealedServers,
        store: Arc<dyn ConfigStore>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        let pins = |stored: Option<&ConfigVersion>| match stored {
            None => Ok(Arc::default()),
            Some(stored) => ToolPins::read(&stored.text).map(Arc::new),
        };
        let added = |stored: Option<&ConfigVersion>| match stored {
            None => Ok(Arc::default()),
            Some(stored) => AddedServers::read(&stored.text).map(Arc::new),
        };
        let (kind, others) = (ConfigKind::Tools, ConfigKind::Servers);
        let (same_store, same_clock) = (Arc::clone(&store), Arc::clone(&clock));
        Arc::new(Self {
            servers,
            pins: TenantDocuments::new(kind, FRESH_MS, same_store, same_clock, Box::new(pins)),
            added: TenantDocuments::new(others, FRESH_MS, store, clock, Box::new(added)),
            made: Mutex::default(),
        })
    }

    /// The tools of `tenant`.
    pub async fn of(&self, tenant: &str) -> Result<Arc<Catalogue>, DocumentUnavailable> {
        let pins = self.pins.of(tenant).await?;
        let added = self.added.of(tenant).await?;
        Ok(self.make(tenant, pins, added))
    }

    /// The tools that `tenant` had last, or those that everybody has. Nothing may be
    /// decided by it.
    pub fn last(&self, tenant: &str) -> Arc<Catalogue> {
        match (self.pins.last(tenant), self.added.last(tenant)) {
            (Some(pins), Some(added)) => self.make(tenant, pins, added),
            _ => self.servers.catalogue(),
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
        let added = self.added.of(tenant).await?;
        let pin = pins.get(tool).filter(|pin| self.counts(&added, pin));
        let accepted = pin.and_then(|pin| pin.accepted.as_ref());
        Ok(accepted.map(|accepted| Acceptance {
            hash: accepted.hash.clone(),
            effect: accepted.effect,
        }))
    }

    /// The server of that name, where `tenant` added it.
    pub(super) async fn added_server(
        &self,
        tenant: &str,
        server: &str,
    ) -> Result<Option<Arc<TenantServer>>, DocumentUnavailable> {
        if self.servers.is_taken(server) {
            return Ok(None);
        }
        let added = self.added.of(tenant).await?;
        let found = added.get(server).map(|server| of_tenant(tenant, server));
        Ok(found.map(Arc::new))
    }

    /// The tools as they are where nothing is settled, with what servers offer.
    pub async fn unsettled(&self, tenant: &str) -> Result<Arc<Catalogue>, DocumentUnavailable> {
        let added = self.added.of(tenant).await?;
        Ok(self.with_added(tenant, &added))
    }

    /// Those of `pins` that count.
    pub async fn that_count(
        &self,
        tenant: &str,
        pins: &ToolPins,
    ) -> Result<ToolPins, DocumentUnavailable> {
        let added = self.added.of(tenant).await?;
        Ok(pins.only(|pin| self.counts(&added, pin)))
    }

    /// Asks the servers of `tenant` what they offer.
    pub async fn look(&self, tenant: &str) -> Result<(), DocumentUnavailable> {
        let added = self.added.of(tenant).await?;
        self.servers.look().await;
        stream::iter(added.iter())
            .for_each_concurrent(LOOKS, |server| async {
                self.servers.look_at(&of_tenant(tenant, server)).await;
            })
            .await;
        Ok(())
    }

    /// What is settled, as it is stored.
    pub fn pins(&self) -> &TenantDocuments<ToolPins> {
        &self.pins
    }

    /// Servers that were added, as they are stored.
    pub fn added(&self) -> &TenantDocuments<AddedServers> {
        &self.added
    }

    /// Whether the pin is about a server that is there, and was settled since that is what
    /// it is.
    fn counts(&self, added: &AddedServers, pin: &ToolPin) -> bool {
        let server = &pin.tool.server;
        match added.get(server) {
            _ if self.servers.is_taken(server) => true,
            Some(added) => pin.at >= added.at,
            None => false,
        }
    }

    fn with_added(&self, tenant: &str, added: &AddedServers) -> Arc<Catalogue> {
        let of_all = self.servers.catalogue();
        let mut offers = of_all.offers.clone();
        for server in added.iter().filter(|s| !self.servers.is_taken(&s.name)) {
            let offer = self.servers.added_offer(&of_tenant(tenant, server));
            offers.extend(offer.map(|offer| (server.name.clone(), offer)));
        }
        if offers.len() == of_all.offers.len() {
            return of_all;
        }
        Arc::new(Catalogue {
            version: of_all.version.clone(),
            tools: of_all.tools.clone(),
            offers,
        })
    }

    fn make(&self, tenant: &str, pins: Arc<ToolPins>, added: Arc<AddedServers>) -> Arc<Catalogue> {
        let of = self.servers.catalogue();
        if pins.is_empty() {
            return of;
        }
        if let Some(made) = self.made().get(tenant)
            && Arc::ptr_eq(&made.of, &of)
            && Arc::ptr_eq(&made.pins, &pins)
            && Arc::ptr_eq(&made.added, &added)
        {
            return Arc::clone(&made.catalogue);
        }
        let that_count = pins.only(|pin| self.counts(&added, pin));
        let catalogue = Arc::new(settled(&self.with_added(tenant, &added), &that_count));
        let made = Made {
            of,
            pins,
            added,
            catalogue: Arc::clone(&catalogue),
        };
        self.made().insert(tenant.to_owned(), made);
        catalogue
    }

    fn made(&self) -> MutexGuard<'_, HashMap<String, Made>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn of_tenant(tenant: &str, server: &AddedServer) -> TenantServer {
    TenantServer {
        tenant: tenant.to_owned(),
        server: server.clone(),
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
