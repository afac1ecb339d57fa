//! The product inside the test's own process: real store, queue, verifier, vault
//! and policy; the sandbox's issuer; a fake tool server; a model of the test's
//! choice. It is served on loopback, so that people talk to it as to the real one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use azimuth_app::digests::{AuditSigner, AuditWithDigests, DigestWriter};
use azimuth_app::http::caller::NewPeople;
use azimuth_app::http::{ApiParts, HttpConfig, StreamTimings};
use azimuth_app::models::{ModelOffers, Models};
use azimuth_app::policy::{Policies, PolicySet};
use azimuth_app::quota::{QuotaParts, Quotas};
use azimuth_app::routes;
use azimuth_app::secrets::SecretVault;
use azimuth_app::tools::{Catalogues, SealedServers};
use azimuth_app::triggers::QueueFunction;
use azimuth_app::turn::{Engine, EnginePorts};
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_domain::usage::Price;
use azimuth_domain::work::WorkItem;
use azimuth_embedded::{
    FileSigner, SqliteDigests, SqliteQueue, SqliteStore, SystemClock, SystemRandom,
};
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::model::ChatModel;
use azimuth_ports::queue::{Delivery, WorkQueue};
use azimuth_sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::audit::WatchedAudit;
use crate::azure::AzureDouble;
use crate::host::{deliver, envelope};
use crate::identity::{sealer, vault, verifier};
use crate::person::Person;
use crate::store::WatchedStore;
use crate::tools::FakeTools;

/// Life of the tokens of [`TestApp::person`], seconds: ten days, so that they
/// outlive every deadline that a test sets the clock past.
const TOKEN_LIFE_S: i64 = 10 * 24 * 3600;

/// How far ahead the tokens of [`TestApp::lasting_person`] are issued, seconds: within
/// the verifier's leeway.
const AHEAD_S: i64 = 45;

/// A clock that runs, and can be set forward.
#[derive(Default)]
pub struct ShiftedClock(AtomicI64);

impl ShiftedClock {
    /// Sets the clock forward.
    pub fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap();
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_ms(self.0.load(Ordering::SeqCst))
    }
}

/// How a test wants its product.
pub struct AppShape {
    /// The models, the last one the default.
    pub models: Vec<Arc<dyn ChatModel>>,
    /// Whether quotas are enforced.
    pub quotas: bool,
    /// What tokens cost, by the names of models.
    pub prices: BTreeMap<String, Price>,
    /// Whether queued work is delivered; without it a test delivers by hand.
    pub deliver: bool,
    /// How event streams behave.
    pub stream: StreamTimings,
    /// Origins that browsers may call from.
    pub cors_origins: Vec<String>,
    /// Whether people who were never here before are let in.
    pub new_people: NewPeople,
    /// Whether eve's tenant comes in as people of another issuer than Entra ID.
    pub other_issuer: bool,
}

impl AppShape {
    /// One model, quotas on, everything delivered.
    pub fn with(model: Arc<dyn ChatModel>) -> Self {
        Self {
            models: vec![model],
            quotas: true,
            prices: BTreeMap::new(),
            deliver: true,
            stream: StreamTimings::default(),
            cors_origins: Vec::new(),
            new_people: NewPeople::Admitted,
            other_issuer: false,
        }
    }

    /// The same, but nothing that is queued is delivered.
    pub fn undelivered(model: Arc<dyn ChatModel>) -> Self {
        Self {
            deliver: false,
            ..Self::with(model)
        }
    }
}

/// What products on the same machine share: files, clock, Azure, tools.
struct Ground {
    folder: TempDir,
    clock: Arc<ShiftedClock>,
    tools: Arc<FakeTools>,
    azure: Arc<AzureDouble>,
    sandbox: Value,
    _running: Sandbox,
}

impl Ground {
    async fn lay() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox_dir = folder.path().join("sandbox");
        let running = Sandbox::start(Options {
            data: sandbox_dir.clone(),
            port: 0,
            operation_ms: 1,
            clock: azimuth_sandbox::clock::Clock::default(),
        })
        .await
        .unwrap();
        let text = std::fs::read(sandbox_dir.join("sandbox.json")).unwrap();
        std::fs::create_dir_all(folder.path().join("data")).unwrap();
        Self {
            sandbox: serde_json::from_slice(&text).unwrap(),
            folder,
            clock: Arc::default(),
            tools: Arc::default(),
            azure: Arc::default(),
            _running: running,
        }
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }
}

/// A running product.
pub struct TestApp {
    /// `http://127.0.0.1:…/api`.
    pub api: String,
    /// What its tools saw.
    pub tools: Arc<FakeTools>,
    /// What people see in Azure, and who looked.
    pub azure: Arc<AzureDouble>,
    /// Its engine.
    pub engine: Arc<Engine>,
    /// Its store.
    pub store: Arc<SqliteStore>,
    /// The same as its engine sees it, which can be told to fail.
    pub watched_store: Arc<WatchedStore>,
    /// Its queue.
    pub queue: Arc<SqliteQueue>,
    /// Its clock.
    pub clock: Arc<ShiftedClock>,
    /// Its audit, which can be told to fail.
    pub audit: Arc<WatchedAudit>,
    /// What seals its audit in the background.
    pub digest_writer: Arc<DigestWriter>,
    /// What does so when the timer says.
    pub audit_signer: Arc<AuditSigner>,
    base: String,
    ground: Arc<Ground>,
    tasks: JoinSet<()>,
}

impl TestApp {
    /// Starts a product.
    pub async fn start(shape: AppShape) -> Self {
        Self::on(Arc::new(Ground::lay().await), shape).await
    }

    /// Another product over the same files, clock, Azure and tools, with handles,
    /// caches and engine of its own: what a second process is.
    pub async fn beside(&self, shape: AppShape) -> Self {
        Self::on(Arc::clone(&self.ground), shape).await
    }

    async fn on(ground: Arc<Ground>, shape: AppShape) -> Self {
        let data = ground.data();
        let sandbox = &ground.sandbox;
        let clock = Arc::clone(&ground.clock);
        let as_clock: Arc<dyn Clock> = clock.clone();
        let random: Arc<dyn Random> = Arc::new(SystemRandom::new(as_clock.clone()));
        let store = Arc::new(SqliteStore::open(&data, as_clock.clone(), random.clone()).unwrap());
        let queue = Arc::new(SqliteQueue::open(&data).unwrap());
        let signer = Arc::new(FileSigner::open_or_create(&data, random.as_ref()).unwrap());
        let digests = Arc::new(SqliteDigests::open(&data, store.clone()).unwrap());
        let digest_writer = DigestWriter::new(digests.clone(), signer.clone(), as_clock.clone());
        let audit = AuditWithDigests::over(store.clone(), digest_writer.clone());
        let audit = Arc::new(WatchedAudit::over(Arc::new(audit)));
        let tools = Arc::clone(&ground.tools);
        let azure = Arc::clone(&ground.azure);
        let vault = Arc::new(vault(sandbox, &data, &store, &as_clock, &random));
        let built_in = Arc::new(PolicySet::default_set().unwrap());
        let policies = Arc::new(Policies::new(built_in, store.clone(), as_clock.clone()));
        let models = Models::new(shape.models, None).unwrap();
        let models = ModelOffers::new(models, store.clone(), as_clock.clone());
        let watched_store = Arc::new(WatchedStore::over(store.clone()));
        let quotas = Quotas::new(QuotaParts {
            usage: store.clone(),
            config: store.clone(),
            clock: as_clock.clone(),
            is_on: shape.quotas,
            prices: shape.prices,
        });
        let engine = Engine::new(
            EnginePorts {
                store: watched_store.clone(),
                queue: queue.clone(),
                audit: audit.clone(),
                users: store.clone(),
                tools: SealedServers::over(tools.clone()),
                catalogues: Catalogues::new(
                    SealedServers::over(tools.clone()),
                    store.clone(),
                    as_clock.clone(),
                ),
                azure: azure.clone(),
                secrets: Arc::new(SecretVault::new(
                    store.clone(),
                    sealer(&data, &random),
                    as_clock.clone(),
                )),
                clock: as_clock.clone(),
                random: random.clone(),
            },
            vault.clone(),
            policies.clone(),
            models.clone(),
            quotas.clone(),
        );
        let audit_signer = Arc::new(AuditSigner::new(
            digest_writer.clone(),
            digests.clone(),
            None,
            Vec::new(),
        ));
        let parts = ApiParts {
            engine: engine.clone(),
            store: store.clone(),
            audit: audit.clone(),
            digests,
            signer,
            audit_signer: audit_signer.clone(),
            users: store.clone(),
            sessions: store.clone(),
            tools: SealedServers::over(tools.clone()),
            queue: queue.clone(),
            verifier: Arc::new(verifier(sandbox, &as_clock, shape.other_issuer)),
            tenant_settings: store.clone(),
            policies,
            quotas,
            models,
            azure_grant: Arc::new(move |user| {
                let vault = vault.clone();
                Box::pin(async move { vault.has_grant(&user).await })
            }),
            clock: as_clock,
            random,
            config: HttpConfig {
                stream: shape.stream,
                cors_origins: shape.cors_origins,
                new_people: shape.new_people,
                ..HttpConfig::default()
            },
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = routes::router(parts);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        let in_background = digest_writer.clone();
        tasks.spawn(async move { in_background.run().await });
        if shape.deliver {
            for function in QueueFunction::ALL {
                let queue: Arc<dyn WorkQueue> = queue.clone();
                let url = format!("{base}/{}", function.name());
                tasks.spawn(deliver(queue, function, url));
            }
        }
        Self {
            api: format!("{base}/api"),
            tools,
            azure,
            engine,
            store,
            watched_store,
            queue,
            clock,
            audit,
            digest_writer,
            audit_signer,
            base,
            ground,
            tasks,
        }
    }

    /// The folder of the store.
    pub fn data(&self) -> std::path::PathBuf {
        self.ground.data()
    }

    /// A person of the sandbox with a fresh token.
    pub async fn person(&self, name: &str) -> Person {
        let order = json!({"user": name, "expires_in": TOKEN_LIFE_S});
        Person::new(name, &self.api, &self.token(order).await)
    }

    /// A person of the sandbox whose token was issued so little ahead of our clock that
    /// it passes, and that signing out everywhere does not end it.
    pub async fn lasting_person(&self, name: &str) -> Person {
        let ahead_s = self.clock.now().0 / 1000 + AHEAD_S;
        self.person_with(name, json!({"iat": ahead_s})).await
    }

    /// A person of the sandbox whose token says something else in these claims; a null
    /// takes a claim away.
    pub async fn person_with(&self, name: &str, changes: Value) -> Person {
        let order = json!({"user": name, "expires_in": TOKEN_LIFE_S});
        let answer = self.control("/sandbox/token", order).await;
        let mut claims = answer["claims"].clone();
        for (claim, value) in changes.as_object().unwrap() {
            claims[claim] = value.clone();
        }
        claims
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        let signed = json!({"header": answer["header"], "claims": claims});
        Person::new(name, &self.api, &self.token(signed).await)
    }

    /// Who a person of the sandbox is to the product.
    pub fn user(&self, name: &str) -> UserKey {
        let user = self.ground.sandbox["users"]
            .as_array()
            .unwrap()
            .iter()
            .find(|u| u["name"] == name)
            .unwrap_or_else(|| panic!("nobody is called {name}"));
        UserKey::new(user["tid"].as_str().unwrap(), user["oid"].as_str().unwrap())
    }

    /// Sets whether Azure honours a person's grants: `ok`, `revoked`.
    pub async fn set_grant(&self, name: &str, state: &str) {
        self.control("/sandbox/grants", json!({"user": name, "state": state}))
            .await;
    }

    /// Delivers a work item to a trigger as the host does; the HTTP status.
    pub async fn trigger(&self, function: &str, item: &WorkItem, dequeue_count: u32) -> u16 {
        let delivery = Delivery {
            id: "by-hand".to_owned(),
            receipt: "by-hand".to_owned(),
            body: serde_json::to_string(item).unwrap(),
            dequeue_count,
            inserted_at_ms: 0,
            expires_at_ms: 0,
            next_visible_at_ms: 0,
        };
        self.post_to_host(function, &envelope(&delivery)).await
    }

    /// Lets the timer run once; the HTTP status.
    pub async fn sweep(&self) -> u16 {
        let envelope = json!({"Data": {"timer": {}}, "Metadata": {}});
        self.post_to_host("sweep", &envelope).await
    }

    async fn post_to_host(&self, function: &str, body: &Value) -> u16 {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}/{function}", self.base);
        let answer = client.post(url).json(body).send().await.unwrap();
        answer.status().as_u16()
    }

    /// Takes everything that is visible in a queue now, and deletes it.
    pub async fn drain(&self, queue: &str) -> Vec<WorkItem> {
        let mut items = Vec::new();
        loop {
            let found = self
                .queue
                .receive(queue, 32, Duration::from_mins(1))
                .await
                .unwrap();
            if found.is_empty() {
                return items;
            }
            for delivery in found {
                items.push(serde_json::from_str(&delivery.body).unwrap());
                let (id, receipt) = (&delivery.id, &delivery.receipt);
                self.queue.delete(queue, id, receipt).await.unwrap();
            }
        }
    }

    /// Whatever the sandbox's issuer signs for this order.
    pub async fn token(&self, order: Value) -> String {
        let answer = self.control("/sandbox/token", order).await;
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// Talks to the sandbox's control port.
    pub async fn control(&self, path: &str, body: Value) -> Value {
        let base = self.ground.sandbox["control"].as_str().unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let response = client
            .post(format!("{base}{path}"))
            .json(&body)
            .send()
            .await
            .unwrap();
        assert!(response.status().is_success(), "{path}: {response:?}");
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    /// What the sandbox says of itself.
    pub fn sandbox(&self) -> &Value {
        &self.ground.sandbox
    }

    /// Ends what runs in the background.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}
