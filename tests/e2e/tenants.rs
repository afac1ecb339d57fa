//! Two tenants of Entra ID in one deployment, one of them with an application of its own.

use std::collections::BTreeSet;

use azimuth_tests::stack::{Shape, Stack};

/// As the sandbox knows them.
const FABRIKAM: &str = "00000000-0000-4000-8000-000000000002";
const COMMON_API: &str = "00000000-0000-4000-8000-0000000000a1";
const FABRIKAM_API: &str = "00000000-0000-4000-8000-0000000000a3";
const FABRIKAM_SECRET: &str = "fabrikam-client-secret-not-a-secret";

#[tokio::test(flavor = "multi_thread")]
async fn people_are_served_by_the_application_of_their_tenant_and_by_no_other() {
    let own = |name: &str, value: &str| (name.to_owned(), format!("{FABRIKAM}={value}"));
    let stack = Stack::start(Shape {
        environment: vec![
            own("AZIMUTH_TENANT_CLIENT_IDS", FABRIKAM_API),
            own("AZIMUTH_TENANT_CLIENT_SECRETS", FABRIKAM_SECRET),
        ],
        ..Shape::default()
    })
    .await;

    // Fabrikam knows the common application, too, but is not served by it.
    let elsewhere = stack.person_for("eve", COMMON_API).await;
    let refused = elsewhere.get("/v1/me").await;
    assert_eq!(refused.status, 401, "{refused:?}");
    assert_eq!(refused.text("code"), "token_wrong_audience", "{refused:?}");

    let alice = stack.person("alice").await;
    let eve = stack.person_for("eve", FABRIKAM_API).await;
    for (person, sees, does_not_see) in [
        (&alice, "Contoso-Dev", "Fabrikam"),
        (&eve, "Fabrikam", "Contoso"),
    ] {
        let conversation = person.converse().await;
        let (_, answer) = person
            .ask_and_wait(&conversation, "list subscriptions")
            .await;
        assert!(answer.contains(sees), "{}: {answer}", person.name);
        assert!(!answer.contains(does_not_see), "{}: {answer}", person.name);
    }

    let log = stack.requests().await;
    let asked = log.iter().filter(|entry| {
        let grant = entry["grant"].as_str();
        matches!(grant, Some("on_behalf_of" | "refresh_token"))
    });
    let asked: BTreeSet<(&str, &str)> = asked
        .map(|entry| {
            let text = |field: &str| entry[field].as_str().unwrap_or_default();
            (text("user"), text("client"))
        })
        .collect();
    let expected = [("alice", COMMON_API), ("eve", FABRIKAM_API)];
    assert_eq!(asked, BTreeSet::from(expected), "{log:?}");
}
