//! What the sandbox knows, as a sum of changes: the seed, then the journal line by line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::resource::Resource;
use crate::seed;

/// A resource group. None is ever made or removed: the Azure MCP Server has no tool for it.
#[derive(Clone, Debug)]
pub struct Group {
    pub subscription: &'static str,
    pub name: &'static str,
    pub location: &'static str,
    pub tags: &'static [(&'static str, &'static str)],
}

/// A secret of a key vault, its newest version only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    pub vault: String,
    pub name: String,
    pub value: String,
    /// 32 hexadecimal digits.
    pub version: String,
    pub content_type: Option<String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    pub created_ms: i64,
    pub updated_ms: i64,
}

/// A long-running operation, polled under its id; it succeeds at `ready_at_ms`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    pub id: String,
    pub subscription: String,
    pub resource_id: String,
    pub started_ms: i64,
    pub ready_at_ms: i64,
}

/// One accepted change of Azure's state: what a test counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// RFC 3339, UTC, milliseconds.
    pub at: String,
    /// The Azure operation: `Microsoft.Compute/virtualMachines/delete`.
    pub tool_or_operation: String,
    pub resource_id: String,
    /// Short name of the user: `alice`.
    pub user: String,
    pub correlation_id: String,
    pub tid: String,
    pub oid: String,
    /// The `uti` of the token that carried the request.
    pub token_id: String,
    pub client_request_id: Option<String>,
}

/// A refresh token, known by the SHA-256 of its text only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshGrant {
    pub sha256: String,
    pub user: String,
    pub client: String,
    pub sid: String,
    pub expires_s: i64,
}

/// Whether a user's grants are honoured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    #[default]
    Ok,
    /// Refresh and on-behalf-of answer `invalid_grant`.
    Revoked,
    /// Refresh and on-behalf-of answer `interaction_required`.
    InteractionRequired,
}

/// One step of the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    Resource { resource: Box<Resource> },
    Secret { secret: Secret },
    Operation { operation: Operation },
    Effect { effect: Effect },
    Refresh { grant: RefreshGrant },
    Standing { user: String, standing: Standing },
}

#[derive(Debug)]
pub struct State {
    /// By lower-case id.
    pub resources: BTreeMap<String, Resource>,
    /// By vault and name, both in lower case.
    pub secrets: BTreeMap<(String, String), Secret>,
    pub operations: BTreeMap<String, Operation>,
    pub effects: Vec<Effect>,
    pub refresh: BTreeMap<String, RefreshGrant>,
    standing: BTreeMap<String, Standing>,
}

impl State {
    /// The sandbox's Azure before anybody changed it.
    pub fn seeded() -> Self {
        let resources = seed::resources();
        let secrets = seed::secrets();
        Self {
            resources: resources
                .into_iter()
                .map(|resource| (resource.key(), resource))
                .collect(),
            secrets: secrets
                .into_iter()
                .map(|secret| (secret_key(&secret), secret))
                .collect(),
            operations: BTreeMap::new(),
            effects: Vec::new(),
            refresh: BTreeMap::new(),
            standing: BTreeMap::new(),
        }
    }

    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Resource { resource } => {
                self.resources.insert(resource.key(), *resource);
            }
            Change::Secret { secret } => {
                self.secrets.insert(secret_key(&secret), secret);
            }
            Change::Operation { operation } => {
                self.operations.insert(operation.id.clone(), operation);
            }
            Change::Effect { effect } => self.effects.push(effect),
            Change::Refresh { grant } => {
                self.refresh.insert(grant.sha256.clone(), grant);
            }
            Change::Standing { user, standing } => {
                self.standing.insert(user, standing);
            }
        }
    }

    /// Lets every accepted change whose time has come take place.
    pub fn ripen(&mut self, now_ms: i64) {
        let ripe: Vec<String> = self
            .resources
            .iter()
            .filter(|(_, resource)| {
                resource
                    .pending
                    .as_ref()
                    .is_some_and(|pending| pending.ready_at_ms <= now_ms)
            })
            .map(|(key, _)| key.clone())
            .collect();
        for key in ripe {
            if let Some(resource) = self.resources.remove(&key).and_then(Resource::ripened) {
                self.resources.insert(key, resource);
            }
        }
    }

    pub fn standing(&self, user: &str) -> Standing {
        self.standing.get(user).copied().unwrap_or_default()
    }

    /// Resources of a subscription, in the order of their ids.
    pub fn of_subscription<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Resource> + 'a {
        self.resources
            .values()
            .filter(move |found| found.subscription.eq_ignore_ascii_case(id))
    }
}

fn secret_key(secret: &Secret) -> (String, String) {
    (
        secret.vault.to_ascii_lowercase(),
        secret.name.to_ascii_lowercase(),
    )
}
