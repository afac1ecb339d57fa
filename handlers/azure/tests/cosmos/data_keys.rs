//! Data keys in the store, wrapped by the key vault: several processes on one account.

use std::sync::Arc;
use std::time::Duration;

use azimuth_azure::keyvault::{DataKeyError, KeyVaultError, VaultSealer};
use azimuth_ports::conformance::Rig;
use azimuth_ports::tokens::{Sealer, TokenError, TokenStore};

use crate::azure::{Azure, Fixed, VAULT};
use crate::rig::{Cosmos, Counted};

const KEY: &str = "token-wrapping";
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
        VaultSealer::open(vault, KEY, store, Arc::new(Counted), clock).await
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
    let opened = VaultSealer::open(vault, KEY, store, Arc::new(Counted), clock).await;
    let refused = KeyVaultError::Refused("401 Unauthorized".to_owned());
    assert!(matches!(opened.err(), Some(DataKeyError::Vault(error)) if error == refused));
}
