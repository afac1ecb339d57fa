//! What servers offer now, for those who decide about it: whatever a process was found to
//! offer, and, where nobody looked for a while, what a process without an identity says.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use azimuth_domain::tool::ToolSpec;
use azimuth_domain::tool_servers::TenantServer;
use azimuth_ports::tools::{ServerOffer, ToolText};
use futures::future::join_all;
use tokio::time::Instant;

use super::{Known, Shared, learning};
use crate::catalogue::is_built_in;
use crate::catalogue::pins::LearnedTool;
use crate::child::{Offered, hashes};
use crate::servers::ServerConfig;

/// How long a server is not asked again.
const FRESH: Duration = Duration::from_mins(1);
/// Offers of added servers that are kept.
const MAX_ADDED_OFFERS: usize = 64;
/// Servers whose last question is remembered.
const MAX_LOOKS: usize = 256;
/// Longest wait for a server; somebody waits for the answer.
const PATIENCE: Duration = Duration::from_secs(20);
const PATIENCE_FOR_ADDED: Duration = Duration::from_secs(10);

/// When each server was asked last, by name. One is asked once at a time, and none waits
/// for another.
#[derive(Default)]
pub(super) struct Looks(Mutex<BTreeMap<String, Arc<Look>>>);

type Look = tokio::sync::Mutex<Option<Instant>>;

impl Looks {
    fn of(&self, server: &str) -> Arc<Look> {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.len() >= MAX_LOOKS {
            // Of servers that were added once, for the most part.
            looks.retain(|_, look| Arc::strong_count(look) > 1);
        }
        Arc::clone(looks.entry(server.to_owned()).or_default())
    }
}

impl Shared {
    /// Asks the servers that were not asked for a while.
    pub(super) async fn look(&self) {
        let asked = self.servers.values().filter(|s| !self.is_lasting(s));
        join_all(asked.map(|server| self.ask(server, PATIENCE))).await;
    }

    /// Asks a server that a tenant added, unless it was asked a moment ago.
    pub(super) async fn look_at(&self, server: &TenantServer) {
        match self.addable.config(server, &self.no_home()) {
            Ok(config) => self.ask(&config, PATIENCE_FOR_ADDED).await,
            Err(problem) => {
                tracing::warn!(problem, "an added tool server is not asked what it offers");
            }
        }
    }

    async fn ask(&self, server: &ServerConfig, patience: Duration) {
        let look = self.looks.of(&server.name);
        let mut asked_at = look.lock().await;
        if asked_at.is_some_and(|at| at.elapsed() < FRESH) {
            return;
        }
        match learning::list(self, server, patience).await {
            Ok(tools) => self.note_offer(&server.name, &hashes(&tools), tools),
            Err(problem) => {
                let server = &server.name;
                tracing::warn!(server, problem, "a tool server does not say what it offers");
            }
        }
        *asked_at = Some(Instant::now());
    }

    /// A folder that is not there: what tenants add finds nobody's sign-ins.
    pub(super) fn no_home(&self) -> PathBuf {
        self.pool.launcher().work_dir.join("no-home")
    }

    /// Makes room for what an added server offers: of those that were added once, and
    /// changed or removed since, nobody tells.
    pub(super) fn forget_offers(&self, known: &mut Known) {
        let mut added = known.offers.keys();
        let is_added = |name: &&String| !self.servers.contains_key(*name);
        let one = added.find(is_added).cloned();
        let count = known.offers.len().saturating_sub(self.servers.len());
        if let Some(one) = one.filter(|_| count >= MAX_ADDED_OFFERS) {
            known.offers.remove(&one);
        }
    }

    /// Whether what is known of a server lasts. The program of a built-in one is one file:
    /// its processes say when that changes, and asking costs seconds of a processor.
    fn is_lasting(&self, server: &ServerConfig) -> bool {
        let known = self.known();
        let Some(offer) = known.offers.get(&server.name) else {
            return false;
        };
        let specs = known.tools.get(&server.name).into_iter().flatten();
        let pinned: BTreeMap<&str, &str> = specs
            .map(|spec| (spec.tool.name.as_str(), spec.hash.as_str()))
            .collect();
        let is_known = offer.hashes.iter().all(|(name, hash)| {
            pinned.get(name.as_str()) == Some(&hash.as_str()) || offer.texts.contains_key(name)
        });
        is_known && is_built_in(&server.name)
    }
}

/// What a server offers, with the texts of what is not pinned like that: those of `listed`
/// and those that were known `before`.
pub(super) fn offer(
    pinned: &[ToolSpec],
    before: Option<&ServerOffer>,
    offered: &Offered,
    listed: Vec<LearnedTool>,
) -> ServerOffer {
    let is_pinned = |name: &str, hash: &str| {
        let mut specs = pinned.iter();
        specs.any(|spec| spec.tool.name == name && spec.hash == hash)
    };
    let hashes: BTreeMap<String, String> = offered
        .iter()
        .map(|(name, hash)| (name.clone(), hash.clone()))
        .collect();
    let known = before
        .map(|before| before.texts.clone())
        .unwrap_or_default();
    let listed = listed.into_iter().map(|tool| {
        let text = ToolText {
            hash: tool.hash,
            description: tool.description,
            input_schema: tool.input_schema,
        };
        (tool.name, text)
    });
    let texts = known
        .into_iter()
        .chain(listed)
        .filter(|(name, text)| hashes.get(name) == Some(&text.hash) && !is_pinned(name, &text.hash))
        .collect();
    ServerOffer { hashes, texts }
}
