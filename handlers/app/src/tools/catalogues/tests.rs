#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use azimuth_domain::audit::ActingIdentity;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::{Availability, EffectClass, ToolRef, ToolSpec};
use azimuth_ports::config::{CONFIG_VERSION, ConfigHead};
use azimuth_ports::store::{Etag, StoreError, Versioned};
use azimuth_ports::tools::{
    Addable, AddedFault, CallOutput, CallRequest, ServerHealth, ServerOffer, ToolError, ToolServers,
};
use serde_json::json;

use super::*;
use crate::tenant_documents::STALE_MS;

/// One tool; tenant `t` has a document of so many versions, and switches the tool off
/// with every second one.
#[derive(Default)]
struct Desk {
    catalogue: Mutex<Arc<Catalogue>>,
    number: AtomicU64,
    is_down: Mutex<bool>,
    now: AtomicI64,
}

fn tool() -> ToolRef {
    ToolRef::new("s", "a")
}

fn catalogue() -> Arc<Catalogue> {
    let spec = ToolSpec {
        tool: tool(),
        description: String::new(),
        input_schema: json!({"type": "object"}),
        hash: "1".to_owned(),
        effect: EffectClass::ReadOnly,
        secret: false,
        argument_rules: vec![],
        scope: azimuth_domain::tool::ScopeParameters::default(),
        target_parameter: None,
        preview: None,
        availability: Availability::Enabled,
        shared_identity: false,
        enabled_by_name: true,
    };
    Arc::new(Catalogue {
        version: "1".to_owned(),
        tools: vec![spec],
        ..Catalogue::default()
    })
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
        if *self.is_down.lock().unwrap() {
            return Err(StoreError::Unavailable("told to".to_owned()));
        }
        let number = self.number.load(Ordering::SeqCst);
        if tenant != "t" || number == 0 || kind != ConfigKind::Tools {
            return Ok(None);
        }
        let by = UserKey::new(tenant, "dave");
        let pins = ToolPins::default().with(ToolPin {
            tool: tool(),
            accepted: None,
            switched_off: number % 2 == 1,
            at: Timestamp(0),
            by: by.clone(),
            by_name: None,
            reason: String::new(),
        });
        let head = ConfigHead {
            v: CONFIG_VERSION,
            tenant: tenant.to_owned(),
            kind,
            number,
            at: Timestamp(0),
            by,
            by_name: None,
            reason: String::new(),
        };
        let text = serde_json::to_string(&pins).unwrap();
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

#[async_trait]
impl ToolServers for Desk {
    async fn call(&self, _: CallRequest) -> Result<CallOutput, ToolError> {
        Err(ToolError::NotStarted("none".to_owned()))
    }

    fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue.lock().unwrap())
    }

    async fn look(&self) {}

    fn is_taken(&self, _: &str) -> bool {
        true
    }

    fn addable(&self) -> Addable {
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
        Vec::new()
    }
}

fn desk() -> (Arc<Desk>, Arc<Catalogues>) {
    let desk = Arc::new(Desk::default());
    *desk.catalogue.lock().unwrap() = catalogue();
    desk.now.store(1_000_000, Ordering::SeqCst);
    let servers = SealedServers::over(desk.clone());
    let catalogues = Catalogues::new(servers, desk.clone(), desk.clone());
    (desk, catalogues)
}

async fn is_off(catalogues: &Catalogues, tenant: &str) -> bool {
    let catalogue = catalogues.of(tenant).await.unwrap();
    catalogue.get(&tool()).unwrap().availability == Availability::SwitchedOff
}

#[tokio::test]
async fn a_tenant_has_what_it_settled_and_nobody_else() {
    let (desk, catalogues) = desk();
    assert!(!is_off(&catalogues, "t").await);
    let plain = catalogues.of("other").await.unwrap();
    assert!(Arc::ptr_eq(&plain, &desk.catalogue()));
    desk.number.store(1, Ordering::SeqCst);
    desk.now.fetch_add(FRESH_MS - 1, Ordering::SeqCst);
    assert!(!is_off(&catalogues, "t").await);
    desk.now.fetch_add(1, Ordering::SeqCst);
    assert!(is_off(&catalogues, "t").await);
    assert!(!is_off(&catalogues, "other").await);
    let settled = catalogues.of("t").await.unwrap();
    assert_ne!(settled.version, plain.version);
    // It is made once for what it is made of.
    assert!(Arc::ptr_eq(&settled, &catalogues.of("t").await.unwrap()));
    *desk.catalogue.lock().unwrap() = catalogue();
    assert!(!Arc::ptr_eq(&settled, &catalogues.of("t").await.unwrap()));
    assert!(is_off(&catalogues, "t").await);
}

#[tokio::test]
async fn what_was_read_last_holds_while_the_store_is_away_and_then_nothing_does() {
    let (desk, catalogues) = desk();
    desk.number.store(1, Ordering::SeqCst);
    assert!(is_off(&catalogues, "t").await);
    *desk.is_down.lock().unwrap() = true;
    desk.now.fetch_add(STALE_MS - 1, Ordering::SeqCst);
    assert!(is_off(&catalogues, "t").await);
    assert!(catalogues.of("other").await.is_err());
    desk.now.fetch_add(1, Ordering::SeqCst);
    assert!(catalogues.of("t").await.is_err());
}
