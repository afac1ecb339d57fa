//! The managed identity, and our application that it vouches for. The platform tells a
//! process its identity in the environment, so the asker is this test binary, started
//! again.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::Arc;

use azimuth_azure::egress::Egress;
use azimuth_azure::entra::{Application, ClientProof, EntraExchange, EntraSettings};
use azimuth_azure::identity::Identity;
use azimuth_embedded::SystemClock;
use azimuth_ports::tokens::{Secret, TokenExchange};
use azimuth_sandbox::directory::{API_CLIENT, CONTOSO, IDENTITY_HEADER};
use serde_json::Value;

use crate::rig::Azure;

const BASE: &str = "IDENTITY_TEST_BASE";
const ASSERTION: &str = "IDENTITY_TEST_ASSERTION";
/// Marks what the child says; the test harness prints beside it.
const MARK: &str = "@@";
const ARM: &str = "https://management.azure.com";

/// Not a test of its own: exchanges a person's token twice, when this binary is a child.
#[tokio::test]
async fn child_entry() {
    #[expect(clippy::disallowed_methods, reason = "the parent tells what and where")]
    let (Ok(base), Ok(assertion)) = (std::env::var(BASE), std::env::var(ASSERTION)) else {
        return;
    };
    // A proxy that nobody listens on: the identity's endpoint is asked directly.
    let egress = Egress {
        proxy: Some("http://127.0.0.1:9".to_owned()),
        ..Egress::default()
    };
    let identity = Identity::Managed { client_id: None };
    let settings = EntraSettings {
        token_url: format!("{base}/{{tid}}/oauth2/v2.0/token"),
        application: Application {
            client_id: API_CLIENT.to_owned(),
            proof: ClientProof::Assertion(identity.credential(&egress).unwrap()),
        },
        own: BTreeMap::new(),
        egress,
    };
    let exchange = EntraExchange::new(settings, Arc::new(SystemClock)).unwrap();
    for _ in 0..2 {
        let assertion = Secret::new(assertion.clone());
        match exchange.on_behalf_of(CONTOSO, &assertion, ARM).await {
            Ok(grant) => println!("{MARK}{}", grant.access.token.expose().len() > 100),
            Err(error) => println!("{MARK}{error}"),
        }
    }
}

/// What a process says that is the function app, with this secret of its endpoint.
async fn said(azure: &Azure, header: &str) -> Vec<String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["identity::child_entry", "--exact", "--nocapture"])
        .env(BASE, azure.control(""))
        .env(ASSERTION, azure.api_token("alice").await)
        .env("IDENTITY_ENDPOINT", azure.control("/msi/token"))
        .env("IDENTITY_HEADER", header)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let ended = tokio::task::spawn_blocking(move || command.output());
    let ended = ended.await.unwrap().unwrap();
    let text = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success(), "{text}");
    let lines = text.lines().filter_map(|line| line.split_once(MARK));
    lines.map(|(_, said)| said.to_owned()).collect()
}

#[tokio::test]
async fn our_identity_stands_in_for_a_secret_and_its_token_is_kept() {
    let azure = Azure::start().await;
    assert_eq!(said(&azure, IDENTITY_HEADER).await, ["true", "true"]);
    let log = azure.requests().await;
    let grants: Vec<&str> = log.iter().filter_map(|l| l["grant"].as_str()).collect();
    assert_eq!(
        grants,
        [
            "control",
            "managed_identity",
            "on_behalf_of",
            "on_behalf_of"
        ]
    );
    assert_eq!(log[1]["audience"], "api://AzureADTokenExchange");
}

#[tokio::test]
async fn an_identity_that_is_refused_vouches_for_nobody() {
    let azure = Azure::start().await;
    let told = "no token can be had now: our identity cannot vouch for our application: the \
                answer is 401";
    assert_eq!(said(&azure, "guess").await, [told; 2]);
    let log: Vec<Value> = azure.requests().await;
    let grants: Vec<&str> = log.iter().filter_map(|l| l["grant"].as_str()).collect();
    assert_eq!(grants, ["control"]);
}
