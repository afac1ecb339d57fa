//! What is wrong with an account is said at start, all of it and clearly.

use std::process::Command;
use std::sync::Arc;

use azimuth_azure::cosmos::{CosmosAuth, CosmosSettings, CosmosStartError, CosmosStore};
use azimuth_azure::egress::Egress;
use azimuth_ports::store::ConversationStore;
use azimuth_ports::tokens::Secret;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration, OffsetDateTime};
use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::rig::{Counted, ManualClock};

const PRODUCT: &str = include_str!("../../../../infra/local/cosmos/containers.json");
/// Makes a child of `a_child_connects`.
const ENDPOINT: &str = "COSMOS_TEST_ENDPOINT";

async fn connect(settings: &CosmosSettings) -> Result<CosmosStore, CosmosStartError> {
    CosmosStore::connect(settings, Arc::<ManualClock>::default(), Arc::new(Counted)).await
}

/// What is said of an account with these arguments.
async fn said(arguments: &[&str]) -> String {
    let emulator = Emulator::start(arguments).await;
    match connect(&emulator.settings()).await {
        Ok(_) => "nothing".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// What is said of the product's containers once `change` was made.
async fn said_of(change: impl FnOnce(&mut Vec<Value>)) -> String {
    let mut containers: Vec<Value> = serde_json::from_str(PRODUCT).unwrap();
    change(&mut containers);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("containers.json");
    std::fs::write(&file, Value::from(containers).to_string()).unwrap();
    said(&["--containers", file.to_str().unwrap()]).await
}

const SET_UP: &str = "the Cosmos DB account is not set up for Azimuth: ";

#[tokio::test]
async fn the_products_containers_are_found_right() {
    assert_eq!(said(&[]).await, "nothing");
}

#[tokio::test]
async fn a_container_that_is_not_as_it_must_be_is_named() {
    let place = |name: &'static str| {
        move |containers: &mut Vec<Value>| -> usize {
            containers.iter().position(|c| c["name"] == name).unwrap()
        }
    };
    let audit = place("audit");
    let told = said_of(|containers| {
        let audit = audit(containers);
        containers.remove(audit);
    });
    assert_eq!(told.await, format!("{SET_UP}there is no container audit"));

    let told = said_of(|containers| {
        let audit = audit(containers);
        containers[audit]["uniqueKey"] = Value::Null;
    });
    let expected = "the unique keys of audit are [] and must be [/seq]";
    assert_eq!(told.await, format!("{SET_UP}{expected}"));

    let users = place("users");
    let told = said_of(|containers| {
        let users = users(containers);
        containers[users]["partitionKey"] = json!(["/tenantId"]);
    });
    let expected = "the partition key of users is /tenantId and must be /tenantId, /userId";
    assert_eq!(told.await, format!("{SET_UP}{expected}"));

    let tokens = place("tokens");
    let told = said_of(|containers| {
        let tokens = tokens(containers);
        containers[tokens]["hasTtl"] = json!(false);
    });
    let expected = "tokens must have a time to live without a default (-1)";
    assert_eq!(told.await, format!("{SET_UP}{expected}"));

    let told = said_of(|containers| {
        let audit = audit(containers);
        containers[audit]["hasTtl"] = json!(true);
    });
    assert_eq!(
        told.await,
        format!("{SET_UP}audit must have no time to live")
    );

    let told = said_of(|containers| {
        let audit = audit(containers);
        containers[audit]["indexed"] = json!(["at", "item"]);
    });
    let expected = "audit must index kind, oid, outcome, place, seq, tool, turn";
    assert_eq!(told.await, format!("{SET_UP}{expected}"));
}

#[tokio::test]
async fn another_consistency_level_is_refused() {
    let expected = "its consistency level is Session and must be Strong";
    let told = said(&["--consistency", "Session"]).await;
    assert_eq!(told, format!("{SET_UP}{expected}"));
}

#[tokio::test]
async fn an_account_that_takes_writes_everywhere_is_refused() {
    // Such an account cannot be strongly consistent.
    let told = said(&["--multi-write", "--consistency", "Session"]).await;
    let level = "its consistency level is Session and must be Strong";
    let regions = "it takes writes in several regions (Korea Central) and must in one";
    assert_eq!(told, format!("{SET_UP}{level}; {regions}"));
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let told = said_of(Vec::clear).await;
    for name in ["conversations", "audit", "users", "tokens", "config"] {
        assert!(
            told.contains(&format!("there is no container {name}")),
            "{told}"
        );
    }
}

#[derive(Debug)]
struct Given(&'static str);

#[async_trait::async_trait]
impl TokenCredential for Given {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let end = OffsetDateTime::now_utc() + Duration::hours(1);
        Ok(AccessToken::new(self.0, end))
    }
}

#[tokio::test]
async fn a_token_is_sent_and_another_one_refused() {
    let emulator = Emulator::start(&["--token", "a.right+one"]).await;
    let with = |auth| CosmosSettings {
        auth,
        ..emulator.settings()
    };
    let right = with(CosmosAuth::Token(Arc::new(Given("a.right+one"))));
    let store = connect(&right)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    store.ping().await.unwrap();
    for auth in [
        CosmosAuth::Token(Arc::new(Given("a.wrong+one"))),
        CosmosAuth::Key(Secret::new("a2V5")),
    ] {
        let refused = connect(&with(auth)).await.err();
        assert!(
            matches!(refused, Some(CosmosStartError::Refused)),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn an_account_that_is_not_there_does_not_answer() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let settings = CosmosSettings {
        endpoint,
        database: "azimuth".to_owned(),
        auth: CosmosAuth::Key(Secret::new("a2V5")),
        egress: Egress::default(),
    };
    let error = connect(&settings).await.err();
    assert!(
        matches!(error, Some(CosmosStartError::NoAnswer(_))),
        "{error:?}"
    );
}

/// Not a test of its own, unless this process is a child.
#[tokio::test]
async fn a_child_connects() {
    #[expect(clippy::disallowed_methods, reason = "the parent tells where to")]
    let Ok(endpoint) = std::env::var(ENDPOINT) else {
        return;
    };
    let settings = CosmosSettings {
        endpoint,
        database: "azimuth".to_owned(),
        auth: CosmosAuth::Key(Secret::new("a2V5")),
        egress: Egress::default(),
    };
    let error = connect(&settings).await.err();
    println!("{}", error.map_or_else(String::new, |e| e.to_string()));
}

#[tokio::test]
async fn no_client_starts_that_would_ask_a_metadata_address() {
    let emulator = Emulator::start(&[]).await;
    let said = |value: Option<&str>| {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child
            .args(["start::a_child_connects", "--exact", "--nocapture"])
            .env(ENDPOINT, emulator.endpoint())
            .env_remove("COSMOS_DISABLE_IMDS")
            .envs(value.map(|value| ("COSMOS_DISABLE_IMDS", value)));
        let output = child.output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    for value in [None, Some("0"), Some("")] {
        assert!(
            said(value).contains("COSMOS_DISABLE_IMDS must be 1"),
            "{value:?}"
        );
    }
    assert!(!said(Some("1")).contains("must be 1"));
}
