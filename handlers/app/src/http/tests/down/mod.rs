//! A product whose every port is down, and that counts how often one was asked.
//! With a [`Log`] it knows one turn and its events, and nothing else.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use azimuth_domain::audit::digest::{Digest, DigestKey};
use azimuth_domain::audit::{ActingIdentity, AuditEntry, AuditRecord};
use azimuth_domain::budget::Budget;
use azimuth_domain::event::TurnEvent;
use azimuth_domain::principal::UserKey;
use azimuth_domain::session::SessionId;
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool_servers::{AddedServer, TenantServer};
use azimuth_domain::turn::Turn;
use azimuth_domain::usage::{Day, UsageDay};
use azimuth_ports::audit::{Appended, AuditError, AuditLog, AuditQuery};
use azimuth_ports::azure::{AzureDirectory, Subscription, TagPlace, TaggedPlace};
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::config::{ConfigHead, ConfigKind, ConfigStore, ConfigVersion};
use azimuth_ports::digests::{DigestLog, DigestSigner, SignError, UnsealedChain};
use azimuth_ports::queue::{Delivery, QueueError, WorkQueue};
use azimuth_ports::secrets::SecretStore;
use azimuth_ports::sessions::{SessionRecord, SessionStore};
use azimuth_ports::store::{Etag, Page, StoreError, Versioned};
use azimuth_ports::tokens::{
    Grant, SealedToken, Sealer, Secret, TokenError, TokenExchange, TokenStore,
};
use azimuth_ports::tools::{
    Addable, AddedFault, CallOutput, CallRequest, Catalogue, Confinement, ServerHealth,
    ServerOffer, ToolError, ToolServers,
};
use azimuth_ports::usage::UsageStore;
use azimuth_ports::users::{UserQuery, UserRecord, UserStatus, UserStore};

use crate::auth::jwks::{Fetcher, FetcherSettings, JwksCache, JwksSettings};
use crate::auth::vault::{TokenVault, VaultParts, VaultSettings};
use crate::auth::verifier::{TokenVerifier, VerifierSettings};
use crate::digests::{AuditSigner, DigestWriter};
use crate::http::models::tests::model;
use crate::http::{ApiParts, HttpConfig};
use crate::models::{ModelOffers, Models};
use crate::policy::{Policies, PolicySet};
use crate::quota::{QuotaParts, Quotas};
use crate::secrets::SecretVault;
use crate::tools::{Catalogues, SealedServers};
use crate::turn::{Engine, EnginePorts};

/// Text that a problem must never repeat.
pub const INSIDE: &str = "/var/lib/azimuth.sqlite";

/// Answers nothing but what is in its log.
#[derive(Default)]
pub struct Down {
    asked: AtomicUsize,
    log: Mutex<Option<Log>>,
}

/// One turn, as far as readers of its events see it.
#[derive(Clone)]
pub struct Log {
    /// The turn.
    pub turn: Turn,
    /// Its events.
    pub events: Vec<TurnEvent>,
    /// Whether its asker is switched off.
    pub disabled: bool,
}

impl Down {
    /// How often a port was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Changes the log.
    pub fn set_log(&self, log: Log) {
        *self.log.lock().unwrap() = Some(log);
    }

    fn log(&self) -> Option<Log> {
        self.log.lock().unwrap().clone()
    }

    fn store<T>(&self) -> Result<T, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Err(StoreError::Unavailable(INSIDE.to_owned()))
    }

    fn queue<T>(&self) -> Result<T, QueueError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Err(QueueError::Unavailable(INSIDE.to_owned()))
    }

    fn audit<T>(&self) -> Result<T, AuditError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Err(AuditError::Unavailable(INSIDE.to_owned()))
    }

    fn token<T>(&self) -> Result<T, TokenError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Err(TokenError::Unavailable(INSIDE.to_owned()))
    }
}

/// The router over ports that are down.
pub fn router(down: &Arc<Down>, config: HttpConfig) -> Router {
    crate::routes::router(parts(down, config))
}

/// The parts of that router.
pub fn parts(down: &Arc<Down>, config: HttpConfig) -> ApiParts {
    let built_in = Arc::new(PolicySet::default_set().unwrap());
    let policies = Arc::new(Policies::new(built_in, down.clone(), down.clone()));
    let models = Models::new(vec![model("planner")], None).unwrap();
    let models = ModelOffers::new(models, down.clone(), down.clone());
    let vault = TokenVault::new(
        VaultSettings::new("https://management.example", &[]),
        VaultParts {
            store: down.clone(),
            sealer: down.clone(),
            exchange: down.clone(),
            clock: down.clone(),
            random: down.clone(),
        },
    );
    let quotas = quotas(down);
    let engine = Engine::new(
        EnginePorts {
            store: down.clone(),
            queue: down.clone(),
            audit: down.clone(),
            users: down.clone(),
            tools: SealedServers::over(down.clone()),
            catalogues: Catalogues::new(
                SealedServers::over(down.clone()),
                down.clone(),
                down.clone(),
            ),
            azure: down.clone(),
            secrets: Arc::new(SecretVault::new(down.clone(), down.clone(), down.clone())),
            clock: down.clone(),
            random: down.clone(),
        },
        Arc::new(vault),
        policies.clone(),
        models.clone(),
        quotas.clone(),
    );
    let writer = DigestWriter::new(down.clone(), down.clone(), down.clone());
    ApiParts {
        engine,
        store: down.clone(),
        audit: down.clone(),
        digests: down.clone(),
        signer: down.clone(),
        audit_signer: Arc::new(AuditSigner::new(writer, down.clone(), None, Vec::new())),
        users: down.clone(),
        sessions: down.clone(),
        tools: SealedServers::over(down.clone()),
        queue: down.clone(),
        verifier: Arc::new(verifier(down)),
        tenant_settings: down.clone(),
        policies,
        quotas,
        models,
        azure_grant: Arc::new(|_| Box::pin(async { Ok(false) })),
        clock: down.clone(),
        random: down.clone(),
        config,
    }
}

/// Quotas of which nobody can tell what is left.
pub fn quotas(down: &Arc<Down>) -> Arc<Quotas> {
    Quotas::new(QuotaParts {
        usage: down.clone(),
        config: down.clone(),
        clock: down.clone(),
        is_on: true,
        prices: BTreeMap::new(),
    })
}

/// Serves no tenant, so that every well-formed token is refused without a fetch.
fn verifier(down: &Arc<Down>) -> TokenVerifier {
    let issuer = "http://127.0.0.1:1/{tid}";
    let fetcher = Fetcher::new(&FetcherSettings::default()).unwrap();
    let keys = JwksCache::new(JwksSettings::new(issuer, issuer), fetcher, down.clone());
    let settings = VerifierSettings {
        issuer: issuer.to_owned(),
        audience: "api".to_owned(),
        own_audiences: [].into(),
        tenants: BTreeSet::new(),
        clients: BTreeSet::new(),
        scope: VerifierSettings::SCOPE.to_owned(),
        leeway_seconds: VerifierSettings::LEEWAY_SECONDS,
    };
    TokenVerifier::new(settings, Arc::new(keys), down.clone())
}

impl Clock for Down {
    fn now(&self) -> Timestamp {
        Timestamp(1_795_525_509_123)
    }
}

impl Random for Down {
    fn ulid(&self) -> String {
        "01jd8xk7zb3n5v9q2w4e6r8t0y".to_owned()
    }
    fn bytes32(&self) -> [u8; 32] {
        [7; 32]
    }
}

#[async_trait]
impl UserStore for Down {
    async fn user(&self, user: &UserKey) -> Result<Option<Versioned<UserRecord>>, StoreError> {
        let Some(log) = self.log() else {
            return self.store();
        };
        Ok(Some(Versioned {
            item: UserRecord {
                status: if log.disabled {
                    UserStatus::Disabled
                } else {
                    UserStatus::Active
                },
                ..UserRecord::new(user.clone(), Timestamp(0))
            },
            etag: Etag("1".to_owned()),
        }))
    }
    async fn put_user(&self, _: &UserRecord, _: Option<&Etag>) -> Result<Option<Etag>, StoreError> {
        self.store()
    }
    async fn users(&self, _: &str, _: &UserQuery) -> Result<Page<UserRecord>, StoreError> {
        self.store()
    }
}

#[async_trait]
impl SessionStore for Down {
    async fn session(
        &self,
        _: &UserKey,
        _: &SessionId,
    ) -> Result<Option<SessionRecord>, StoreError> {
        self.store()
    }
    async fn put_session(&self, _: &SessionRecord) -> Result<(), StoreError> {
        self.store()
    }
    async fn sessions(
        &self,
        _: &UserKey,
        _: usize,
        _: Option<&str>,
    ) -> Result<Page<SessionRecord>, StoreError> {
        self.store()
    }
    async fn forget_session(&self, _: &UserKey, _: &SessionId) -> Result<(), StoreError> {
        self.store()
    }
}

#[async_trait]
impl ConfigStore for Down {
    async fn config(
        &self,
        _: &str,
        _: ConfigKind,
    ) -> Result<Option<Versioned<ConfigVersion>>, StoreError> {
        self.store()
    }
    async fn put_config(
        &self,
        _: &ConfigVersion,
        _: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        self.store()
    }
    async fn config_version(
        &self,
        _: &str,
        _: ConfigKind,
        _: u64,
    ) -> Result<Option<ConfigVersion>, StoreError> {
        self.store()
    }
    async fn config_history(
        &self,
        _: &str,
        _: ConfigKind,
        _: Option<u64>,
        _: usize,
    ) -> Result<Vec<ConfigHead>, StoreError> {
        self.store()
    }
}

#[async_trait]
impl UsageStore for Down {
    async fn usage(&self, _: &UserKey, _: Day) -> Result<Option<Versioned<UsageDay>>, StoreError> {
        self.store()
    }
    async fn put_usage(&self, _: &UsageDay, _: Option<&Etag>) -> Result<Option<Etag>, StoreError> {
        self.store()
    }
    async fn usage_between(
        &self,
        _: &UserKey,
        _: Day,
        _: Day,
    ) -> Result<Vec<UsageDay>, StoreError> {
        self.store()
    }
    async fn tenant_usage(
        &self,
        _: &str,
        _: Day,
        _: Option<&str>,
        _: usize,
    ) -> Result<Vec<UsageDay>, StoreError> {
        self.store()
    }
    async fn budget(&self, _: &str) -> Result<Option<Versioned<Budget>>, StoreError> {
        self.store()
    }
    async fn put_budget(&self, _: &Budget, _: Option<&Etag>) -> Result<Option<Etag>, StoreError> {
        self.store()
    }
}

#[async_trait]
impl WorkQueue for Down {
    async fn enqueue(&self, _: &str, _: &str, _: Duration) -> Result<String, QueueError> {
        self.queue()
    }
    async fn receive(&self, _: &str, _: usize, _: Duration) -> Result<Vec<Delivery>, QueueError> {
        self.queue()
    }
    async fn renew(
        &self,
        _: &str,
        _: &str,
        _: &str,
        _: Duration,
    ) -> Result<Option<String>, QueueError> {
        self.queue()
    }
    async fn delete(&self, _: &str, _: &str, _: &str) -> Result<bool, QueueError> {
        self.queue()
    }
    async fn depth(&self, _: &str) -> Result<u64, QueueError> {
        self.queue()
    }
}

#[async_trait]
impl AuditLog for Down {
    async fn append(
        &self,
        _: &str,
        _: &str,
        _: &str,
        _: Timestamp,
        _: AuditEntry,
    ) -> Result<Appended, AuditError> {
        self.audit()
    }
    async fn record(&self, _: &str, _: &str, _: &str) -> Result<Option<AuditRecord>, AuditError> {
        self.audit()
    }
    async fn query(&self, _: &str, _: &AuditQuery) -> Result<Page<AuditRecord>, AuditError> {
        self.audit()
    }
    async fn open_without_close(
        &self,
        _: Timestamp,
        _: usize,
    ) -> Result<Vec<AuditRecord>, AuditError> {
        self.audit()
    }
    async fn is_closed(&self, _: &str, _: &str) -> Result<bool, AuditError> {
        self.audit()
    }
}

#[async_trait]
impl DigestLog for Down {
    async fn unsealed(&self, _: Option<&str>, _: usize) -> Result<Vec<UnsealedChain>, AuditError> {
        self.audit()
    }
    async fn newest_digest(&self, _: &str) -> Result<Option<Digest>, AuditError> {
        self.audit()
    }
    async fn append_digest(&self, _: &Digest) -> Result<bool, AuditError> {
        self.audit()
    }
    async fn digests(
        &self,
        _: &str,
        _: usize,
        _: Option<&str>,
    ) -> Result<Page<Digest>, AuditError> {
        self.audit()
    }
}

#[async_trait]
impl DigestSigner for Down {
    fn key(&self) -> &DigestKey {
        static KEY: LazyLock<DigestKey> = LazyLock::new(|| DigestKey::new([7; 32]));
        &KEY
    }
    async fn sign(&self, _: &[u8]) -> Result<String, SignError> {
        Err(SignError(INSIDE.to_owned()))
    }
}

#[async_trait]
impl ToolServers for Down {
    async fn call(&self, _: CallRequest) -> Result<CallOutput, ToolError> {
        Err(ToolError::NotStarted(INSIDE.to_owned()))
    }
    fn catalogue(&self) -> Arc<Catalogue> {
        Arc::default()
    }
    async fn look(&self) {}
    fn is_taken(&self, _: &str) -> bool {
        true
    }
    fn addable(&self, _: &str) -> Addable {
        Addable::default()
    }
    fn check_added(&self, _: &AddedServer) -> Result<(), AddedFault> {
        Ok(())
    }
    fn added_offer(&self, _: &TenantServer) -> Option<ServerOffer> {
        None
    }
    async fn look_at(&self, _: &TenantServer) {}
    fn acting_identity(&self, _: &str) -> ActingIdentity {
        ActingIdentity::None
    }
    async fn health(&self) -> Vec<ServerHealth> {
        vec![ServerHealth {
            server: "azure".to_owned(),
            ok: false,
            detail: INSIDE.to_owned(),
            hosts: Vec::new(),
            confinement: Confinement::default(),
        }]
    }
}

#[async_trait]
impl AzureDirectory for Down {
    async fn subscriptions(&self, _: &UserKey, _: &str) -> Result<Vec<Subscription>, TokenError> {
        self.token()
    }
    async fn tags(&self, _: &UserKey, _: &TagPlace, _: &str) -> Result<TaggedPlace, TokenError> {
        self.token()
    }
}

#[async_trait]
impl TokenExchange for Down {
    async fn on_behalf_of(&self, _: &str, _: &Secret, _: &str) -> Result<Grant, TokenError> {
        self.token()
    }
    async fn refresh(&self, _: &str, _: &Secret, _: &str) -> Result<Grant, TokenError> {
        self.token()
    }
}

impl Sealer for Down {
    fn seal(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, TokenError> {
        self.token()
    }
    fn open(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, TokenError> {
        self.token()
    }
}

#[async_trait]
impl TokenStore for Down {
    async fn token(&self, _: &UserKey, _: &str) -> Result<Option<SealedToken>, StoreError> {
        self.store()
    }
    async fn put_token(
        &self,
        _: &UserKey,
        _: &str,
        _: &[u8],
        _: Timestamp,
    ) -> Result<(), StoreError> {
        self.store()
    }
    async fn lease_token(
        &self,
        _: &UserKey,
        _: &str,
        _: &str,
        _: Timestamp,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        self.store()
    }
    async fn forget_tokens(&self, _: &UserKey) -> Result<(), StoreError> {
        self.store()
    }
}

#[async_trait]
impl SecretStore for Down {
    async fn put_secret(
        &self,
        _: &UserKey,
        _: &str,
        _: &[u8],
        _: Timestamp,
    ) -> Result<(), StoreError> {
        self.store()
    }
    async fn secret(&self, _: &UserKey, _: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.store()
    }
    async fn take_secret(&self, _: &UserKey, _: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.store()
    }
}
