//! The verifier and the vault of a product whose identity provider is the sandbox.

use std::path::Path;
use std::sync::Arc;

use azimuth_app::auth::jwks::{Fetcher, FetcherSettings, JwksCache, JwksSettings};
use azimuth_app::auth::vault::{TokenVault, VaultParts, VaultSettings};
use azimuth_app::auth::verifier::{TokenVerifier, VerifierSettings};
use azimuth_azure::egress::Egress;
use azimuth_azure::entra::{ClientProof, EntraExchange, EntraSettings};
use azimuth_embedded::{FileSealer, SqliteStore};
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::tokens::{Sealer, Secret};
use serde_json::Value;

/// Takes the tokens that the sandbox's issuer signs.
pub fn verifier(sandbox: &Value, clock: &Arc<dyn Clock>) -> TokenVerifier {
    let text = |field: &str| sandbox[field].as_str().unwrap().to_owned();
    let authority = text("authority");
    let issuer = format!("{authority}/{{tid}}/v2.0");
    let keys = JwksCache::new(
        JwksSettings::new(format!("{authority}/{{tid}}/discovery/v2.0/keys"), &issuer),
        Fetcher::new(&FetcherSettings::default()).unwrap(),
        clock.clone(),
    );
    TokenVerifier::new(
        VerifierSettings {
            issuer,
            audience: text("client_id"),
            tenants: sandbox["tenants"]
                .as_array()
                .unwrap()
                .iter()
                .map(|t| t["tid"].as_str().unwrap().to_owned())
                .collect(),
            clients: [text("portal_client_id")].into_iter().collect(),
            scope: VerifierSettings::SCOPE.to_owned(),
            leeway_seconds: VerifierSettings::LEEWAY_SECONDS,
        },
        Arc::new(keys),
        clock.clone(),
    )
}

/// Seals with the data key of this folder.
pub fn sealer(data: &Path, random: &Arc<dyn Random>) -> Arc<dyn Sealer> {
    Arc::new(FileSealer::open_or_create(&data.join("data.key"), random.as_ref()).unwrap())
}

/// Exchanges tokens at the sandbox; trusts its memory for no moment.
pub fn vault(
    sandbox: &Value,
    data: &Path,
    store: &Arc<SqliteStore>,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> TokenVault {
    let text = |field: &str| sandbox[field].as_str().unwrap().to_owned();
    let exchange = EntraExchange::new(
        EntraSettings {
            token_url: format!("{}/{{tid}}/oauth2/v2.0/token", text("authority")),
            client_id: text("client_id"),
            proof: ClientProof::Secret(Secret::new(text("client_secret"))),
            egress: Egress::default(),
        },
        clock.clone(),
    )
    .unwrap();
    TokenVault::new(
        VaultSettings {
            revalidate_after_ms: 0,
            ..VaultSettings::new("https://management.azure.com", &[])
        },
        VaultParts {
            store: store.clone(),
            sealer: sealer(data, random),
            exchange: Arc::new(exchange),
            clock: clock.clone(),
            random: random.clone(),
        },
    )
}
