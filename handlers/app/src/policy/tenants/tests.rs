#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_ports::config::{CONFIG_VERSION, ConfigHead};
use azimuth_ports::store::Etag;

use super::*;
use crate::tenant_documents::STALE_MS;

const READ: &str = r#"@id("read") permit (principal, action, resource);"#;

/// One document for every tenant but `none`, which the test changes.
#[derive(Default)]
struct Desk {
    text: Mutex<String>,
    number: AtomicI64,
    is_down: Mutex<bool>,
    asked: AtomicUsize,
    now: AtomicI64,
}

impl Desk {
    fn write(&self, text: &str) {
        text.clone_into(&mut self.text.lock().unwrap());
        self.number.fetch_add(1, Ordering::SeqCst);
    }

    fn set_down(&self, is_down: bool) {
        *self.is_down.lock().unwrap() = is_down;
    }

    fn pass(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Clock for Desk {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl ConfigStore for Desk {
    async fn config(
        &self,
        tenant: &str,
        kind: ConfigKind,
    ) -> Result<Option<Versioned<ConfigVersion>>, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if *self.is_down.lock().unwrap() {
            return Err(StoreError::Unavailable("told to".to_owned()));
        }
        let number = self.number.load(Ordering::SeqCst);
        if tenant == "none" || number == 0 {
            return Ok(None);
        }
        let head = ConfigHead {
            v: CONFIG_VERSION,
            tenant: tenant.to_owned(),
            kind,
            number: u64::try_from(number).unwrap(),
            at: Timestamp(0),
            by: UserKey::new(tenant, "dave"),
            by_name: None,
            reason: String::new(),
        };
        let text = self.text.lock().unwrap().clone();
        Ok(Some(Versioned {
            item: ConfigVersion { head, text },
            etag: Etag(number.to_string()),
        }))
    }

    async fn put_config(
        &self,
        _: &ConfigVersion,
        _: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        Ok(None)
    }

    async fn config_version(
        &self,
        _: &str,
        _: ConfigKind,
        _: u64,
    ) -> Result<Option<ConfigVersion>, StoreError> {
        Ok(None)
    }

    async fn config_history(
        &self,
        _: &str,
        _: ConfigKind,
        _: Option<u64>,
        _: usize,
    ) -> Result<Vec<ConfigHead>, StoreError> {
        Ok(Vec::new())
    }
}

fn desk() -> (Arc<Desk>, Policies) {
    let desk = Arc::new(Desk::default());
    desk.pass(1_000_000);
    let built_in = Arc::new(PolicySet::default_set().unwrap());
    let policies = Policies::new(built_in, desk.clone(), desk.clone());
    (desk, policies)
}

async fn version(policies: &Policies, tenant: &str) -> String {
    policies.of(tenant).await.unwrap().version().to_owned()
}

#[tokio::test]
async fn without_policies_of_its_own_a_tenant_has_the_built_in_ones() {
    let (desk, policies) = desk();
    desk.write(READ);
    let own = version(&policies, "own").await;
    let built_in = policies.built_in().version();
    assert_eq!(version(&policies, "none").await, built_in);
    assert_ne!(own, built_in);
    assert_eq!(own, PolicySet::of_tenant(READ).unwrap().version());
}

#[tokio::test]
async fn a_change_is_seen_when_what_was_read_is_old_and_the_store_is_asked_seldom() {
    let (desk, policies) = desk();
    desk.write(READ);
    let before = version(&policies, "t").await;
    desk.write("");
    desk.pass(FRESH_MS - 1);
    for _ in 0..100 {
        assert_eq!(version(&policies, "t").await, before);
    }
    assert_eq!(desk.asked(), 1);
    desk.pass(1);
    let after = version(&policies, "t").await;
    assert_ne!(after, before);
    assert_eq!(desk.asked(), 2);
    // What is as it was is not made anew.
    let set = policies.of("t").await.unwrap();
    desk.pass(FRESH_MS);
    assert!(Arc::ptr_eq(&set, &policies.of("t").await.unwrap()));
    // Whoever made the change sees it at once.
    desk.write(READ);
    policies.forget("t");
    assert_eq!(version(&policies, "t").await, before);
    // A clock that was set back makes nothing young.
    desk.write("");
    desk.pass(-5);
    assert_eq!(version(&policies, "t").await, after);
}

#[tokio::test]
async fn while_the_store_is_away_the_last_known_policies_hold_and_never_the_built_in_ones() {
    let (desk, policies) = desk();
    desk.write("");
    let strict = version(&policies, "t").await;
    desk.set_down(true);
    desk.pass(FRESH_MS);
    for _ in 0..100 {
        assert_eq!(version(&policies, "t").await, strict);
    }
    assert_eq!(desk.asked(), 2, "it is not asked at every decision");
    desk.pass(STALE_MS - FRESH_MS - 1);
    assert_eq!(version(&policies, "t").await, strict);
    desk.pass(1);
    assert!(policies.of("t").await.is_err());
    assert!(policies.of("never read").await.is_err());
    assert_eq!(policies.version("t").await, None);
    desk.set_down(false);
    desk.write(READ);
    assert_ne!(version(&policies, "t").await, strict);
}

#[tokio::test]
async fn what_this_build_does_not_understand_is_not_replaced_by_anything() {
    let (desk, policies) = desk();
    desk.write("@id(\"new\") permit (principal, action, resource) when { context.novelty };");
    let error = policies.of("t").await.err().unwrap();
    assert!(error.to_string().contains("version 1"), "{error}");
    desk.write("");
    let strict = version(&policies, "t").await;
    desk.write("permit");
    desk.pass(FRESH_MS);
    assert_eq!(version(&policies, "t").await, strict);
    desk.pass(STALE_MS);
    assert!(policies.of("t").await.is_err());
}
