//! Data keys in the store, wrapped by the key vault: several processes on one account.

use std::sync::Arc;
use std::time::Duration;

use azimuth_azure::keyvault::{DataKeyError, KeyVaultError, SealerKeys, VaultSealer};
use azimuth_ports::conformance::Rig;
use azimuth_ports::tokens::{Sealer, TokenError, TokenStore};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::azure::{Azure, Fixed, VAULT};
use crate::rig::{Cosmos, Counted};

const KEY: &str = "token-wrapping";
const KEYS: SealerKeys = SealerKeys {
    wrapping: KEY,
    signing: "audit-signing",
};
const CONTEXT: &str = "tid:oid:grant";

struct World {
    cosmos: Cosmos,
    azure: Azure,
}

impl World {
    async fn new() -> Self {
        Self {
            cosmos: Cosmos::new().await,
            azure: Azure::start().await,
        }
    }

    /// What another process would have.
    async fn sealer(&self) -> Result<VaultSealer, DataKeyError> {
        let vault = Arc::new(self.azure.vault(VAULT));
        let (store, clock) = (self.cosmos.store().await, self.cosmos.clock());
        VaultSealer::open(vault, KEYS, store, Arc::new(Counted), clock).await
    }

    /// As whoever may write to the store, past the product: a data key as it lies there.
    async fn lying(&self, number: u32) -> Value {
        let request = self.items(Method::GET, &format!("/{number}"));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    /// Lays one there, in the place of another of its number.
    async fn lay(&self, key: &Value) {
        let request = self.items(Method::POST, "");
        let request = request.header("x-ms-documentdb-is-upsert", "True");
        let answer = request.body(key.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    fn items(&self, method: Method, path: &str) -> RequestBuilder {
        let client = Client::builder().no_proxy().build().unwrap();
        let place = self.cosmos.emulator.place();
        let (endpoint, database) = place.split_once(' ').unwrap();
        client
            .request(
                method,
                format!("{endpoint}/dbs/{database}/colls/config/docs{path}"),
            )
            .header(
                "x-ms-documentdb-partitionkey",
                json!(["-", "data-key"]).to_string(),
            )
    }

    async fn pass(&self, minutes: u64) {
        let time = Duration::from_secs(minutes * 60);
        Rig::<dyn TokenStore>::advance(&self.cosmos, time).await;
    }
}

/// The number that a sealed entry names.
fn number(sealed: &[u8]) -> u32 {
    assert_eq!(sealed[0], 2);
    u32::from_be_bytes(sealed[1..5].try_into().unwrap())
}

#[tokio::test]
async fn processes_that_start_together_use_one_data_key() {
    let world = World::new().await;
    let starts = (0..4).map(|_| world.sealer());
    let sealers = futures::future::join_all(starts).await;
    let sealers: Vec<VaultSealer> = sealers.into_iter().map(Result::unwrap).collect();
    for sealer in &sealers {
        let sealed = sealer.seal(CONTEXT, b"refresh token").unwrap();
        assert_eq!(number(&sealed), 1);
        for other in &sealers {
            assert_eq!(other.open(CONTEXT, &sealed).unwrap(), b"refresh token");
        }
    }
}

#[tokio::test]
async fn what_is_sealed_opens_in_its_context_only_and_shows_every_change() {
    let world = World::new().await;
    let sealer = world.sealer().await.unwrap();
    let entry = sealer.seal(CONTEXT, b"refresh token").unwrap();
    let gone = |context: &str, sealed: &[u8]| {
        let opened = sealer.open(context, sealed);
        matches!(opened, Err(TokenError::GrantGone(_)))
    };
    assert!(gone("tid:other:grant", &entry));
    for at in 0..entry.len() {
        let mut changed = entry.clone();
        changed[at] ^= 1;
        assert!(gone(CONTEXT, &changed), "byte {at}");
        assert!(gone(CONTEXT, &entry[..at]), "cut at {at}");
    }
}

#[tokio::test]
async fn a_new_data_key_seals_when_every_process_has_had_time_to_learn_it() {
    let world = World::new().await;
    let (here, there) = (world.sealer().await.unwrap(), world.sealer().await.unwrap());
    let old = here.seal(CONTEXT, b"old").unwrap();
    assert!(here.rotate().await.unwrap());
    assert_eq!(number(&here.seal(CONTEXT, b"x").unwrap()), 1);
    world.pass(16).await;
    let new = here.seal(CONTEXT, b"new").unwrap();
    assert_eq!(number(&new), 2);
    let early = there.open(CONTEXT, &new).unwrap_err();
    assert!(matches!(early, TokenError::Unavailable(_)), "{early}");
    assert_eq!(there.learn().await.unwrap(), 2);
    let later = world.sealer().await.unwrap();
    for sealer in [&here, &there, &later] {
        assert_eq!(sealer.open(CONTEXT, &old).unwrap(), b"old");
        assert_eq!(sealer.open(CONTEXT, &new).unwrap(), b"new");
        assert_eq!(number(&sealer.seal(CONTEXT, b"x").unwrap()), 2);
    }
}

#[tokio::test]
async fn of_two_that_rotate_at_once_one_makes_the_key() {
    let world = World::new().await;
    let (here, there) = (world.sealer().await.unwrap(), world.sealer().await.unwrap());
    let (one, other) = tokio::join!(here.rotate(), there.rotate());
    let made = [one.unwrap(), other.unwrap()];
    // Unless the second began after the first had ended: then there are two.
    let keys = here.learn().await.unwrap();
    assert_eq!(keys, 1 + made.iter().filter(|made| **made).count());
}

#[tokio::test]
async fn the_vaults_key_may_get_new_versions_meanwhile() {
    let world = World::new().await;
    let first = world.sealer().await.unwrap();
    let old = first.seal(CONTEXT, b"old").unwrap();
    world.azure.rotate(KEY).await;
    let second = world.sealer().await.unwrap();
    assert_eq!(second.open(CONTEXT, &old).unwrap(), b"old");
    assert!(second.rotate().await.unwrap());
    world.pass(16).await;
    let new = second.seal(CONTEXT, b"new").unwrap();
    let third = world.sealer().await.unwrap();
    assert_eq!(third.open(CONTEXT, &old).unwrap(), b"old");
    assert_eq!(third.open(CONTEXT, &new).unwrap(), b"new");
}

#[tokio::test]
async fn an_older_data_key_that_is_lost_takes_its_grants_along_and_no_more() {
    let world = World::new().await;
    let first = world.sealer().await.unwrap();
    let old = first.seal(CONTEXT, b"old").unwrap();
    // The version that wrapped it, before there is another.
    world.azure.switch_off(KEY).await;
    world.azure.rotate(KEY).await;
    assert!(first.rotate().await.unwrap());
    world.pass(16).await;
    let second = world.sealer().await.unwrap();
    let gone = second.open(CONTEXT, &old).unwrap_err();
    assert!(matches!(gone, TokenError::GrantGone(_)), "{gone}");
    let new = second.seal(CONTEXT, b"new").unwrap();
    assert_eq!(first.open(CONTEXT, &new).unwrap(), b"new");
}

#[tokio::test]
async fn without_the_newest_key_there_is_no_sealer() {
    let world = World::new().await;
    world.sealer().await.unwrap();
    world.azure.switch_off(KEY).await;
    let error = world.sealer().await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "the data key cannot be had: the key vault refuses: 403 KeyDisabled"
    );
    let stranger = Arc::new(Fixed("t0ken".to_owned()));
    let vault = Arc::new(world.azure.vault_as(VAULT, stranger));
    let (store, clock) = (world.cosmos.store().await, world.cosmos.clock());
    let opened = VaultSealer::open(vault, KEYS, store, Arc::new(Counted), clock).await;
    let refused = KeyVaultError::Refused("401 Unauthorized".to_owned());
    assert!(matches!(opened.err(), Some(DataKeyError::Vault(error)) if error == refused));
}

#[tokio::test]
async fn a_data_key_that_the_vault_has_not_signed_is_never_used() {
    let world = World::new().await;
    let first = world.sealer().await.unwrap();
    let own = world.lying(1).await;
    let another = json!("AAAA");
    let bent = [
        ("wrapped", another.clone()),
        ("keyVersion", json!("0".repeat(32))),
        ("sealsFrom", json!(0)),
        ("signerVersion", json!("0".repeat(32))),
        ("signature", another),
    ];
    for (field, value) in bent {
        let mut key = own.clone();
        assert_ne!(key[field], value, "{field}");
        key[field] = value;
        world.lay(&key).await;
        let error = world.sealer().await.err().unwrap();
        assert!(
            matches!(error, DataKeyError::Foreign(1)),
            "{field}: {error}"
        );
    }
    world.lay(&own).await;

    // One that would be the newest: whoever runs already goes on with the old one.
    let mut next = own.clone();
    next["id"] = json!("2");
    next["number"] = json!(2);
    world.lay(&next).await;
    let error = first.learn().await.unwrap_err();
    assert!(matches!(error, DataKeyError::Foreign(2)), "{error}");
    assert_eq!(number(&first.seal(CONTEXT, b"x").unwrap()), 1);
}
