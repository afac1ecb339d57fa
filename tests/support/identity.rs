//! The verifier and the vault of a product whose identity provider is the sandbox.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use azimuth_app::auth::algorithm::TokenAlgorithm;
use azimuth_app::auth::jwks::{Fetcher, FetcherSettings, JwksCache, JwksSettings, KeysAt};
use azimuth_app::auth::vault::{TokenVault, VaultParts, VaultSettings};
use azimuth_app::auth::verifier::{ClaimNames, OidcSettings, TokenVerifier, VerifierSettings};
use azimuth_azure::egress::Egress;
use azimuth_azure::entra::{Application, ClientProof, EntraExchange, EntraSettings};
use azimuth_embedded::{FileSealer, SqliteStore};
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::tokens::{Sealer, Secret};
use serde_json::Value;

/// Tenant of the other issuer's people.
pub const OTHER_TENANT: &str = "0c0ffee0-0000-4000-8000-000000000001";

/// Takes the tokens that the sandbox's issuer signs; with `other_issuer` those of eve's
/// tenant as an issuer's that is not Entra ID, whose keys its discovery document names.
pub fn verifier(sandbox: &Value, clock: &Arc<dyn Clock>, other_issuer: bool) -> TokenVerifier {
    let text = |field: &str| sandbox[field].as_str().unwrap().to_owned();
    let authority = text("authority");
    let issuer = format!("{authority}/{{tid}}/v2.0");
    let keys = JwksCache::new(
        JwksSettings::new(format!("{authority}/{{tid}}/discovery/v2.0/keys"), &issuer),
        Fetcher::new(&FetcherSettings::default()).unwrap(),
        clock.clone(),
    );
    let mut others = Vec::new();
    if other_issuer {
        let users = sandbox["users"].as_array().unwrap();
        let eve = users.iter().find(|user| user["name"] == "eve").unwrap();
        let issuer = issuer.replace("{tid}", eve["tid"].as_str().unwrap());
        let keys = JwksCache::new(
            JwksSettings::of(KeysAt::Discovery, &issuer, TokenAlgorithm::Rs256),
            Fetcher::new(&FetcherSettings::default()).unwrap(),
            clock.clone(),
        );
        let rules = OidcSettings {
            issuer,
            audience: text("client_id"),
            tenant: OTHER_TENANT.to_owned(),
            clients: [text("portal_client_id")].into_iter().collect(),
            algorithm: TokenAlgorithm::Rs256,
            is_typed: false,
            scope: Some(VerifierSettings::SCOPE.to_owned()),
            claims: ClaimNames {
                scope: "scp".to_owned(),
                ..ClaimNames::default()
            },
            roles: Vec::new(),
        };
        others.push((rules.into(), Arc::new(keys)));
    }
    TokenVerifier::of(
        (
            VerifierSettings {
                issuer,
                audience: text("client_id"),
                own_audiences: BTreeMap::new(),
                tenants: sandbox["tenants"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|t| t["tid"].as_str().unwrap().to_owned())
                    .collect(),
                clients: [text("portal_client_id")].into_iter().collect(),
                scope: VerifierSettings::SCOPE.to_owned(),
                leeway_seconds: VerifierSettings::LEEWAY_SECONDS,
            }
            .into(),
            Arc::new(keys),
        ),
        others,
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
            application: Application {
                client_id: text("client_id"),
                proof: ClientProof::Secret(Secret::new(text("client_secret"))),
            },
            own: BTreeMap::new(),
            egress: Egress::default(),
        },
        clock.clone(),
    )
    .unwrap();
    TokenVault::new(
        VaultSettings {
            revalidate_after_ms: 0,
            without_azure: [OTHER_TENANT.to_owned()].into(),
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
