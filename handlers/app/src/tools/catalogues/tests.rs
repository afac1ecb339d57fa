#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use async_trait::async_trait;
use azimuth_domain::audit::ActingIdentity;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::{Availability, EffectClass, ToolRef, ToolSpec};
use azimuth_ports::tools::{
    Addable, AddedFault, CallOutput, CallRequest, ServerHealth, ServerOffer, ToolError, ToolServers,
};
use serde_json::json;

use super::*;
use crate::tenant_documents::STALE_MS;
use crate::tenant_documents::doubles::Desk;

/// A server with one tool, to which nobody can add another.
struct Shed(Mutex<Arc<Catalogue>>);

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

/// A document that has the tool switched off.
fn switched_off() -> String {
    let pins = ToolPins::default().with(ToolPin {
        tool: tool(),
        accepted: None,
        switched_off: true,
        at: Timestamp(0),
        by: UserKey::new("t", "dave"),
        by_name: None,
        reason: String::new(),
    });
    serde_json::to_string(&pins).unwrap()
}

#[async_trait]
impl ToolServers for Shed {
    async fn call(&self, _: CallRequest) -> Result<CallOutput, ToolError> {
        Err(ToolError::NotStarted("none".to_owned()))
    }

    fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.0.lock().unwrap())
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
        Vec::new()
    }
}

fn set_up() -> (Arc<Desk>, Arc<Shed>, Arc<Catalogues>) {
    let desk = Arc::new(Desk::default());
    desk.pass(1_000_000);
    let shed = Arc::new(Shed(Mutex::new(catalogue())));
    let servers = SealedServers::over(shed.clone());
    let catalogues = Catalogues::new(servers, desk.clone(), desk.clone());
    (desk, shed, catalogues)
}

async fn is_off(catalogues: &Catalogues, tenant: &str) -> bool {
    let catalogue = catalogues.of(tenant).await.unwrap();
    catalogue.get(&tool()).unwrap().availability == Availability::SwitchedOff
}

#[tokio::test]
async fn a_tenant_has_what_it_settled_and_nobody_else() {
    let (desk, shed, catalogues) = set_up();
    assert!(!is_off(&catalogues, "t").await);
    let plain = catalogues.of("other").await.unwrap();
    assert!(Arc::ptr_eq(&plain, &shed.catalogue()));
    desk.write("t", ConfigKind::Tools, &switched_off());
    desk.pass(FRESH_MS - 1);
    assert!(!is_off(&catalogues, "t").await);
    desk.pass(1);
    assert!(is_off(&catalogues, "t").await);
    assert!(!is_off(&catalogues, "other").await);
    let settled = catalogues.of("t").await.unwrap();
    assert_ne!(settled.version, plain.version);
    // It is made once for what it is made of.
    assert!(Arc::ptr_eq(&settled, &catalogues.of("t").await.unwrap()));
    *shed.0.lock().unwrap() = catalogue();
    assert!(!Arc::ptr_eq(&settled, &catalogues.of("t").await.unwrap()));
    assert!(is_off(&catalogues, "t").await);
}

#[tokio::test]
async fn what_was_read_last_holds_while_the_store_is_away_and_then_nothing_does() {
    let (desk, _shed, catalogues) = set_up();
    desk.write("t", ConfigKind::Tools, &switched_off());
    assert!(is_off(&catalogues, "t").await);
    desk.set_down(true);
    desk.pass(STALE_MS - 1);
    assert!(is_off(&catalogues, "t").await);
    assert!(catalogues.of("other").await.is_err());
    desk.pass(1);
    assert!(catalogues.of("t").await.is_err());
}
