//! The token vault where instances share nothing but Cosmos DB and the data key.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use azimuth_app::auth::vault::{TokenVault, VaultParts, VaultSettings};
use azimuth_azure::cosmos::{CosmosAuth, CosmosSettings, CosmosStore};
use azimuth_azure::egress::Egress;
use azimuth_domain::principal::UserKey;
use azimuth_embedded::{FileSealer, SystemClock, SystemRandom};
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::tokens::{AccessToken, Grant, Secret, TokenError, TokenExchange, UserTokens};
use azimuth_stack::cosmos::{self, Cosmos};
use azimuth_tests::app::ShiftedClock;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::try_join_all;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const ARM: &str = "https://management.example.invalid";

/// What every token of the provider begins with.
const MARK: &str = "eyJ-a-token-of-";

const LIFE_MS: i64 = 3_600_000;

/// Gives tokens that name their person, after a while; each refresh another one.
struct Provider {
    clock: Arc<dyn Clock>,
    refreshes: AtomicUsize,
}

impl Provider {
    async fn grant(&self, person: &str, number: usize) -> Grant {
        // So that whoever asks at the same time does ask meanwhile.
        tokio::time::sleep(Duration::from_millis(200)).await;
        Grant {
            access: AccessToken {
                token: Secret::new(format!("{MARK}{person}-{number}")),
                expires_at: self.clock.now().plus_ms(LIFE_MS),
            },
            refresh: Some(Secret::new(format!("{MARK}{person}-refresh-{number}"))),
        }
    }
}

#[async_trait]
impl TokenExchange for Provider {
    async fn on_behalf_of(
        &self,
        _tenant: &str,
        assertion: &Secret,
        _audience: &str,
    ) -> Result<Grant, TokenError> {
        Ok(self.grant(assertion.expose(), 0).await)
    }

    async fn refresh(
        &self,
        _tenant: &str,
        refresh: &Secret,
        _audience: &str,
    ) -> Result<Grant, TokenError> {
        let number = self.refreshes.fetch_add(1, Ordering::SeqCst) + 1;
        let person = refresh.expose().trim_start_matches(MARK);
        let person = person.split('-').next().unwrap();
        Ok(self.grant(person, number).await)
    }
}

/// What instances share.
struct Ground {
    folder: TempDir,
    cosmos: Cosmos,
    clock: Arc<ShiftedClock>,
    provider: Arc<Provider>,
}

impl Ground {
    async fn lay() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<ShiftedClock> = Arc::default();
        Self {
            cosmos: Cosmos::start(folder.path(), &[]).await.unwrap(),
            folder,
            provider: Arc::new(Provider {
                clock: clock.clone(),
                refreshes: AtomicUsize::new(0),
            }),
            clock,
        }
    }

    /// The vault of one more instance, with a client and a memory of its own.
    async fn instance(&self) -> TokenVault {
        let clock: Arc<dyn Clock> = self.clock.clone();
        let random: Arc<dyn Random> = Arc::new(SystemRandom::new(Arc::new(SystemClock)));
        let settings = CosmosSettings {
            endpoint: self.cosmos.endpoint().to_owned(),
            database: self.cosmos.database().to_owned(),
            auth: CosmosAuth::Key(Secret::new(cosmos::KEY)),
            egress: Egress::default(),
        };
        let store = CosmosStore::connect(&settings, clock.clone(), random.clone()).await;
        let key = self.folder.path().join("data.key");
        TokenVault::new(
            VaultSettings::new(ARM, &[]),
            VaultParts {
                store: Arc::new(store.unwrap()),
                sealer: Arc::new(FileSealer::open_or_create(&key, &*random).unwrap()),
                exchange: self.provider.clone(),
                clock,
                random,
            },
        )
    }

    /// Every item of the container of tokens, as it lies there.
    async fn items(&self) -> Vec<Value> {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let (endpoint, database) = (self.cosmos.endpoint(), self.cosmos.database());
        let url = format!("{endpoint}/dbs/{database}/colls/tokens/docs");
        let mut items = Vec::new();
        let mut continuation: Option<String> = None;
        loop {
            let mut request = client
                .post(&url)
                .header("content-type", "application/query+json")
                .header("x-ms-documentdb-isquery", "True")
                .header("x-ms-documentdb-query-enablecrosspartition", "True")
                .header("x-ms-max-item-count", "1000")
                .body(json!({"query": "SELECT * FROM c"}).to_string());
            if let Some(continuation) = &continuation {
                request = request.header("x-ms-continuation", continuation);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200);
            let next = answer.headers().get("x-ms-continuation").cloned();
            let page: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            items.extend(page["Documents"].as_array().unwrap().iter().cloned());
            match next {
                None => return items,
                Some(next) => continuation = Some(next.to_str().unwrap().to_owned()),
            }
        }
    }
}

fn person(number: usize) -> UserKey {
    UserKey::new(TENANT, &format!("22222222-2222-4222-8222-{number:012}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_peoples_tokens_lie_sealed() {
    const PEOPLE: usize = 1_000;
    let ground = Ground::lay().await;
    let vault = ground.instance().await;
    stream::iter(0..PEOPLE)
        .map(|number| {
            let vault = &vault;
            async move {
                let name = Secret::new(format!("person{number}"));
                vault.accept(&person(number), &name).await
            }
        })
        .buffer_unordered(32)
        .try_collect::<()>()
        .await
        .unwrap();
    let items = ground.items().await;
    assert!(items.len() >= 2 * PEOPLE, "{} items", items.len());
    // As it is, and in each of the three places where base64 may begin.
    let mut marks = vec![MARK.to_owned(), "person".to_owned()];
    for before in ["", "x", "xx"] {
        let text = STANDARD.encode(format!("{before}{MARK}"));
        marks.push(text[4..text.len() - 4].to_owned());
    }
    for item in &items {
        let text = item.to_string();
        let shown = marks.iter().find(|mark| text.contains(*mark));
        assert_eq!(shown, None, "{text}");
    }
    println!(
        "{} people, {} items, none shows a token",
        PEOPLE,
        items.len()
    );
    // And another instance opens each for its owner.
    let other = ground.instance().await;
    for number in [0, 1, PEOPLE - 1] {
        let token = other.access_token(&person(number), ARM).await.unwrap();
        assert_eq!(token.token.expose(), format!("{MARK}person{number}-0"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_with_fifty_askers_each_refresh_once() {
    const ASKERS: usize = 50;
    let ground = Ground::lay().await;
    let alice = person(7);
    let first = ground.instance().await;
    let name = Secret::new("person7");
    first.accept(&alice, &name).await.unwrap();
    ground.clock.advance(Duration::from_mins(61));
    let instances = [ground.instance().await, ground.instance().await];
    let asked = instances
        .iter()
        .flat_map(|vault| (0..ASKERS).map(|_| vault.access_token(&alice, ARM)));
    let tokens = try_join_all(asked).await.unwrap();
    assert_eq!(tokens.len(), 2 * ASKERS);
    assert_eq!(ground.provider.refreshes.load(Ordering::SeqCst), 1);
    for token in tokens {
        assert_eq!(token.token.expose(), format!("{MARK}person7-1"));
    }
}
