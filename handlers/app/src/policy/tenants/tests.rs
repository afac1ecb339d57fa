#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::tenant_documents::STALE_MS;
use crate::tenant_documents::doubles::Desk;

const READ: &str = r#"@id("read") permit (principal, action, resource);"#;

fn desk() -> (Arc<Desk>, Policies) {
    let desk = Arc::new(Desk::default());
    desk.pass(1_000_000);
    let built_in = Arc::new(PolicySet::default_set().unwrap());
    let policies = Policies::new(built_in, desk.clone(), desk.clone());
    (desk, policies)
}

fn write(desk: &Desk, tenant: &str, text: &str) {
    desk.write(tenant, ConfigKind::Policies, text);
}

async fn version(policies: &Policies, tenant: &str) -> String {
    policies.of(tenant).await.unwrap().version().to_owned()
}

#[tokio::test]
async fn without_policies_of_its_own_a_tenant_has_the_built_in_ones() {
    let (desk, policies) = desk();
    write(&desk, "own", READ);
    let own = version(&policies, "own").await;
    let built_in = policies.built_in().version();
    assert_eq!(version(&policies, "none").await, built_in);
    assert_ne!(own, built_in);
    assert_eq!(own, PolicySet::of_tenant(READ).unwrap().version());
}

#[tokio::test]
async fn what_decisions_are_traced_to_and_what_is_stored_is_told() {
    let (desk, policies) = desk();
    write(&desk, "t", READ);
    assert_eq!(policies.known_version("t"), None);
    let own = PolicySet::of_tenant(READ).unwrap().version().to_owned();
    assert_eq!(policies.version("t").await, Some(own.clone()));
    assert_eq!(policies.known_version("t"), Some(own));
    let stored = policies.stored("t").await.unwrap().unwrap();
    assert_eq!(stored.item.text, READ);
    assert_eq!(policies.stored("none").await.unwrap(), None);
}

#[tokio::test]
async fn a_change_is_seen_when_what_was_read_is_old_and_the_store_is_asked_seldom() {
    let (desk, policies) = desk();
    write(&desk, "t", READ);
    let before = version(&policies, "t").await;
    write(&desk, "t", "");
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
    write(&desk, "t", READ);
    policies.forget("t");
    assert_eq!(version(&policies, "t").await, before);
    // A clock that was set back makes nothing young.
    write(&desk, "t", "");
    desk.pass(-5);
    assert_eq!(version(&policies, "t").await, after);
}

#[tokio::test]
async fn while_the_store_is_away_the_last_known_policies_hold_and_never_the_built_in_ones() {
    let (desk, policies) = desk();
    write(&desk, "t", "");
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
    write(&desk, "t", READ);
    assert_ne!(version(&policies, "t").await, strict);
}

#[tokio::test]
async fn what_this_build_does_not_understand_is_not_replaced_by_anything() {
    let (desk, policies) = desk();
    write(
        &desk,
        "t",
        "@id(\"new\") permit (principal, action, resource) when { context.novelty };",
    );
    let error = policies.of("t").await.err().unwrap();
    assert!(error.to_string().contains("version 1"), "{error}");
    write(&desk, "t", "");
    let strict = version(&policies, "t").await;
    write(&desk, "t", "permit");
    desk.pass(FRESH_MS);
    assert_eq!(version(&policies, "t").await, strict);
    desk.pass(STALE_MS);
    assert!(policies.of("t").await.is_err());
}
