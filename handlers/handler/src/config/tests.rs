//! Every fault is told, with the setting's name.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use azimuth_app::http::caller::NewPeople;
use azimuth_azure::identity::Identity;

use super::*;

/// A variable and its new value; `None` removes it.
type Change<'a> = (&'a str, Option<&'a str>);

fn good(file: &str) -> Vec<(String, String)> {
    [
        ("PATH", "/bin"),
        ("AZIMUTH_DATA_DIR", "/data"),
        ("AZIMUTH_AUTH_ISSUER", "https://issuer.invalid/{tid}/v2.0"),
        ("AZIMUTH_AUTH_JWKS_URL", "http://127.0.0.1:1/{tid}/keys"),
        ("AZIMUTH_AUTH_AUDIENCE", "api"),
        ("AZIMUTH_AUTH_TENANTS", "a, b,"),
        ("AZIMUTH_AUTH_CLIENTS", "portal"),
        ("AZIMUTH_TOKEN_URL", "https://issuer.invalid/{tid}/token"),
        ("AZIMUTH_CLIENT_ID", "api"),
        ("AZIMUTH_CLIENT_SECRET", "s3cret"),
        ("AZIMUTH_ARM_URL", "https://arm.invalid"),
        ("AZIMUTH_TOKEN_AUDIENCES", "https://arm.invalid"),
        ("AZIMUTH_MCP_SERVERS", file),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn file() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").to_owned()
}

fn faults(change: &[Change]) -> Vec<String> {
    let mut environment = good(&file());
    for (name, value) in change {
        environment.retain(|(known, _)| known != name);
        if let Some(value) = value {
            environment.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    match Config::read(environment) {
        Ok(_) => Vec::new(),
        Err(ConfigFaults(faults)) => faults,
    }
}

#[test]
fn a_good_configuration_is_read() {
    let config = Config::read(good(&file())).unwrap();
    assert_eq!(config.auth.tenants(), ["a", "b"]);
    assert!(config.http.quotas);
    assert_eq!(config.auth.new_people, NewPeople::Admitted);
    assert!(config.models.openai.is_none());
    assert!(!format!("{config:?}").contains("s3cret"));
}

/// Another identity provider, with nothing left out that must be said.
const OIDC: [Change; 4] = [
    ("AZIMUTH_OIDC_ISSUER", Some("https://id.invalid/realms/a")),
    (
        "AZIMUTH_OIDC_TENANT",
        Some("0C0FFEE0-0000-4000-8000-000000000001"),
    ),
    ("AZIMUTH_OIDC_AUDIENCE", Some("azimuth-api")),
    ("AZIMUTH_OIDC_CLIENTS", Some("azimuth-portal")),
];

#[test]
fn another_identity_provider_stands_beside_entra_id_or_alone() {
    let mut environment = good(&file());
    let added = OIDC.map(|(name, value)| (name.to_owned(), value.unwrap().to_owned()));
    environment.extend(added);
    let config = Config::read(environment.clone()).unwrap();
    assert!(config.auth.entra.is_some() && config.azure.exchange.is_some());
    let tenant = "0c0ffee0-0000-4000-8000-000000000001";
    assert_eq!(config.auth.tenants(), ["a", "b", tenant]);

    let of_entra = ["AZIMUTH_AUTH_", "AZIMUTH_TOKEN_URL", "AZIMUTH_CLIENT_"];
    environment.retain(|(name, _)| !of_entra.iter().any(|prefix| name.starts_with(prefix)));
    let config = Config::read(environment).unwrap();
    assert!(config.auth.entra.is_none() && config.azure.exchange.is_none());
    assert_eq!(config.auth.tenants(), [tenant]);
}

#[test]
fn what_is_wrong_about_another_identity_provider_is_told() {
    let table: [(Change, &str); 10] = [
        (
            ("AZIMUTH_OIDC_ISSUER", Some("http://id.invalid")),
            "AZIMUTH_OIDC_ISSUER must be an https",
        ),
        (
            ("AZIMUTH_OIDC_JWKS_URL", Some("http://id.invalid/k")),
            "AZIMUTH_OIDC_JWKS_URL must be an https",
        ),
        (
            ("AZIMUTH_OIDC_TENANT", None),
            "AZIMUTH_OIDC_TENANT is missing",
        ),
        (
            ("AZIMUTH_OIDC_TENANT", Some("contoso")),
            "AZIMUTH_OIDC_TENANT must be a GUID",
        ),
        (
            ("AZIMUTH_OIDC_AUDIENCE", None),
            "AZIMUTH_OIDC_AUDIENCE is missing",
        ),
        (
            ("AZIMUTH_OIDC_CLIENTS", None),
            "AZIMUTH_OIDC_CLIENTS is missing",
        ),
        (
            ("AZIMUTH_OIDC_ALGORITHM", Some("none")),
            "AZIMUTH_OIDC_ALGORITHM must be one of",
        ),
        (
            ("AZIMUTH_OIDC_TYPE", Some("id")),
            "AZIMUTH_OIDC_TYPE must be one of",
        ),
        (
            ("AZIMUTH_OIDC_CLAIMS", Some("mail=email")),
            "AZIMUTH_OIDC_CLAIMS must be subject",
        ),
        (
            ("AZIMUTH_OIDC_ROLES", Some("boss=root")),
            "AZIMUTH_OIDC_ROLES must be THEIRS=OURS",
        ),
    ];
    for (change, expected) in table {
        let told = faults(&[&OIDC[..], &[change]].concat());
        assert_eq!(told.len(), 1, "{expected}: {told:?}");
        assert!(told[0].starts_with(expected), "{told:?}");
    }
    let tenant = "0c0ffee0-0000-4000-8000-000000000001";
    let told = faults(&[&OIDC[..], &[("AZIMUTH_AUTH_TENANTS", Some(tenant))]].concat());
    assert!(
        told[0].starts_with("AZIMUTH_OIDC_TENANT must not be a tenant"),
        "{told:?}"
    );
}

#[test]
fn new_people_wait_where_it_is_said() {
    let mut environment = good(&file());
    environment.push(("AZIMUTH_NEW_USERS".to_owned(), "pending".to_owned()));
    let config = Config::read(environment).unwrap();
    assert_eq!(config.auth.new_people, NewPeople::Pending);
}

#[test]
fn webhooks_are_read_and_not_shown() {
    let mut environment = good(&file());
    let webhooks = "A=https://x.invalid/h?sig=t0p, b=http://127.0.0.1:9/h";
    for (name, value) in [
        ("AZIMUTH_APPROVAL_WEBHOOKS", webhooks),
        ("AZIMUTH_PORTAL_URL", "https://portal.invalid/"),
    ] {
        environment.push((name.to_owned(), value.to_owned()));
    }
    let config = Config::read(environment).unwrap();
    assert!(!format!("{config:?}").contains("t0p"));
    let notices = config.notices.unwrap();
    assert_eq!(notices.portal_url, "https://portal.invalid");
    let read: Vec<(&str, &str)> = notices
        .webhooks
        .iter()
        .map(|(tenant, url)| (tenant.as_str(), url.expose()))
        .collect();
    assert_eq!(
        read,
        [
            ("a", "https://x.invalid/h?sig=t0p"),
            ("b", "http://127.0.0.1:9/h")
        ]
    );
}

fn queue(change: &[Change]) -> QueueConfig {
    let mut environment = good(&file());
    for (name, value) in change {
        environment.push(((*name).to_owned(), value.unwrap_or_default().to_owned()));
    }
    Config::read(environment).unwrap().queue
}

#[test]
fn work_is_queued_where_a_host_of_this_machine_polls() {
    let azurite = "AccountName=a;AccountKey=czNjcmV0;QueueEndpoint=http://127.0.0.1:9/a";
    for connection in ["UseDevelopmentStorage=true", azurite] {
        let settings = [
            ("AzureWebJobsStorage", Some(connection)),
            ("AZIMUTH_QUEUE", Some("azure")),
        ];
        let chosen = queue(&settings);
        assert!(matches!(chosen, QueueConfig::Azure(_)), "{chosen:?}");
        assert!(!format!("{chosen:?}").contains("czNjcmV0"));
        // The stand-in polls the file, and passes the host's setting on.
        assert_eq!(queue(&settings[..1]), QueueConfig::Embedded);
    }
    assert_eq!(queue(&[]), QueueConfig::Embedded);
}

#[test]
fn a_mixture_that_would_lose_work_is_told() {
    let account = "AccountName=a;AccountKey=czNjcmV0;EndpointSuffix=s.example.invalid";
    let azure = ("AZIMUTH_QUEUE", Some("azure"));
    let connection = ("AzureWebJobsStorage", Some(account));
    let identity = (
        "AzureWebJobsStorage__queueServiceUri",
        Some("https://q.example.invalid"),
    );
    let table: &[(&[Change], &str)] = &[
        (
            &[("AZIMUTH_QUEUE", Some("redis"))],
            "AZIMUTH_QUEUE must be one of",
        ),
        (
            &[azure],
            "AzureWebJobsStorage is missing: a connection string",
        ),
        (
            &[azure, ("AzureWebJobsStorage", Some("x"))],
            "AzureWebJobsStorage: it is not made of",
        ),
        (
            &[azure, connection],
            "AZIMUTH_QUEUE=azure beside a store on this machine",
        ),
        (
            &[azure, identity],
            "AZIMUTH_QUEUE=azure beside a store on this machine",
        ),
        (
            &[("AzureWebJobsStorage", Some("x"))],
            "AzureWebJobsStorage: it is not made of",
        ),
        (
            &[connection],
            "AZIMUTH_QUEUE=embedded puts work into a file",
        ),
        (&[identity], "AZIMUTH_QUEUE=embedded puts work into a file"),
    ];
    for (change, expected) in table {
        let told = faults(change);
        assert_eq!(told.len(), 1, "{change:?}: {told:?}");
        assert!(told[0].starts_with(expected), "{told:?}");
        assert!(!told[0].contains("czNjcmV0"), "{told:?}");
    }
}

const COSMOS: [Change; 4] = [
    ("AZIMUTH_STORAGE", Some("azure")),
    ("AZIMUTH_COSMOS_URL", Some("http://127.0.0.1:9")),
    ("AZIMUTH_COSMOS_DATABASE", Some("azimuth")),
    ("AZIMUTH_COSMOS_KEY", Some("czNjcmV0")),
];

#[test]
fn the_store_is_in_files_or_in_cosmos_db() {
    let config = Config::read(good(&file())).unwrap();
    assert!(matches!(config.storage, StorageConfig::Embedded));
    let mut environment = good(&file());
    for (name, value) in COSMOS {
        environment.push((name.to_owned(), value.unwrap().to_owned()));
    }
    let config = Config::read(environment).unwrap();
    assert!(!format!("{config:?}").contains("czNjcmV0"));
    let StorageConfig::Azure(cosmos) = config.storage else {
        panic!("{:?}", config.storage);
    };
    assert_eq!(cosmos.url, "http://127.0.0.1:9");
    assert_eq!(cosmos.database, "azimuth");
    let CosmosAccess::Key(key) = cosmos.access else {
        panic!("{:?}", cosmos.access);
    };
    assert_eq!(key.expose(), "czNjcmV0");
}

#[test]
fn half_a_store_and_one_that_others_share_are_told() {
    for (name, _) in &COSMOS[1..] {
        let mut change = COSMOS.to_vec();
        change.push((name, None));
        let told = faults(&change);
        assert_eq!(told.len(), 1, "{name}: {told:?}");
        assert!(told[0].starts_with(name), "{told:?}");
    }
    for (name, value) in &COSMOS[1..] {
        let told = faults(&[(name, *value)]);
        assert_eq!(told.len(), 1, "{name}: {told:?}");
        let beginning = format!("{name} is set, but AZIMUTH_STORAGE=embedded");
        assert!(told[0].starts_with(&beginning), "{told:?}");
    }
}

/// As Terraform sets it.
const ON_AZURE: [Change; 10] = [
    ("AZIMUTH_STORAGE", Some("azure")),
    ("AZIMUTH_COSMOS_URL", Some("https://account.invalid")),
    ("AZIMUTH_COSMOS_DATABASE", Some("azimuth")),
    ("AZIMUTH_QUEUE", Some("azure")),
    (
        "AzureWebJobsStorage__queueServiceUri",
        Some("https://q.invalid"),
    ),
    ("AZIMUTH_KEYVAULT_URL", Some("https://vault.invalid")),
    (
        "AZIMUTH_DIGEST_CONTAINER_URL",
        Some("https://blobs.invalid/audit-digests"),
    ),
    ("AZURE_CLIENT_ID", Some("identity")),
    ("AZIMUTH_CLIENT_SECRET", None),
    ("AZIMUTH_DATA_DIR", None),
];

fn on_azure(change: &[Change]) -> Result<Config, ConfigFaults> {
    let mut environment = good(&file());
    for (name, value) in ON_AZURE.iter().chain(change) {
        environment.retain(|(known, _)| known != name);
        if let Some(value) = value {
            environment.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    Config::read(environment)
}

#[test]
fn on_azure_our_identity_takes_the_place_of_every_secret() {
    let config = on_azure(&[]).unwrap();
    let ours = Identity::Managed {
        client_id: Some("identity".to_owned()),
    };
    let StorageConfig::Azure(cosmos) = &config.storage else {
        panic!("{:?}", config.storage);
    };
    assert!(matches!(&cosmos.access, CosmosAccess::Identity(who) if *who == ours));
    let KeyConfig::Vault(vault) = &config.keys else {
        panic!("{:?}", config.keys);
    };
    assert_eq!(vault.identity, ours);
    assert!(vault.container_key.is_none());
    assert!(
        matches!(&config.azure.exchange.as_ref().unwrap().proof, ProofConfig::Identity(who) if *who == ours)
    );
    assert!(matches!(config.queue, QueueConfig::Azure(_)));
    let own = on_azure(&[("AZIMUTH_TENANT_CLIENT_IDS", Some("a=theirs"))]).unwrap();
    assert!(matches!(&own.applications["a"].proof, ProofConfig::Identity(who) if *who == ours));
    let with_secret = on_azure(&[("AZIMUTH_CLIENT_SECRET", Some("s3cret"))]).unwrap();
    assert!(matches!(
        with_secret.azure.exchange.as_ref().unwrap().proof,
        ProofConfig::Secret(_)
    ));
    assert!(!format!("{with_secret:?}").contains("s3cret"));
}

#[test]
fn the_platform_tells_which_identity_is_ours() {
    let identity = |change: &[Change]| match on_azure(change).unwrap().keys {
        KeyConfig::Vault(vault) => vault.identity,
        KeyConfig::Files => panic!("no vault"),
    };
    let system = identity(&[("AZURE_CLIENT_ID", Some(" "))]);
    assert_eq!(system, Identity::Managed { client_id: None });
    let place = [
        ("AZURE_AUTHORITY_HOST", Some("https://login.invalid/")),
        ("AZURE_TENANT_ID", Some("t")),
    ];
    let with = |name, value| [place.as_slice(), &[(name, Some(value))]].concat();
    let workload = identity(&with("AZURE_FEDERATED_TOKEN_FILE", "/token"));
    assert_eq!(
        workload,
        Identity::Workload {
            authority: "https://login.invalid".to_owned(),
            tenant: "t".to_owned(),
            client_id: "identity".to_owned(),
            token_file: "/token".into(),
        }
    );
    let principal = identity(&with("AZURE_CLIENT_SECRET", "s3cret"));
    assert!(matches!(principal, Identity::ServicePrincipal { .. }));
    assert!(!format!("{principal:?}").contains("s3cret"));
    let told = on_azure(&[("AZURE_CLIENT_SECRET", Some("s3cret"))]).unwrap_err();
    assert!(
        told.0
            .iter()
            .any(|fault| fault.starts_with("AZURE_TENANT_ID is missing: AZURE_CLIENT_SECRET")),
        "{told:?}"
    );
}

#[test]
fn a_mixture_of_here_and_there_is_told() {
    let table: &[(&[Change], &str)] = &[
        (
            &[("AZIMUTH_COSMOS_KEY", Some("czNjcmV0"))],
            "AZIMUTH_COSMOS_KEY is for an emulator",
        ),
        (
            &[("AZIMUTH_DIGEST_CONTAINER_URL", None)],
            "AZIMUTH_DIGEST_CONTAINER_URL is missing",
        ),
        (
            &[(
                "AZIMUTH_DIGEST_CONTAINER_URL",
                Some("http://127.0.0.1:9/a/c"),
            )],
            "AZIMUTH_DIGEST_CONTAINER_URL is on this machine, so AzureWebJobsStorage",
        ),
        (
            &[("AZIMUTH_QUEUE", Some("embedded"))],
            "AZIMUTH_QUEUE must be azure where AZIMUTH_COSMOS_URL is",
        ),
        (
            &[("AzureWebJobsStorage", Some("UseDevelopmentStorage=true"))],
            "AzureWebJobsStorage leads to this machine, and AZIMUTH_COSMOS_URL does not",
        ),
    ];
    for (change, expected) in table {
        let told = on_azure(change).unwrap_err().0;
        assert_eq!(told.len(), 1, "{change:?}: {told:?}");
        assert!(told[0].starts_with(expected), "{told:?}");
    }
    let no_vault = on_azure(&[
        ("AZIMUTH_KEYVAULT_URL", None),
        ("AZIMUTH_DIGEST_CONTAINER_URL", None),
    ]);
    let told = no_vault.unwrap_err().0;
    for expected in [
        "AZIMUTH_KEYVAULT_URL is missing: several machines",
        "AZIMUTH_DATA_DIR is missing",
        "AZIMUTH_CLIENT_SECRET is missing",
    ] {
        assert!(told.iter().any(|t| t.starts_with(expected)), "{told:?}");
    }
    let beside_files = faults(&[
        ("AZIMUTH_KEYVAULT_URL", Some("https://vault.invalid")),
        ("AZIMUTH_DIGEST_CONTAINER_URL", Some("https://b.invalid/c")),
    ]);
    assert_eq!(beside_files.len(), 1, "{beside_files:?}");
    assert!(
        beside_files[0].starts_with("AZIMUTH_KEYVAULT_URL needs AZIMUTH_STORAGE=azure"),
        "{beside_files:?}"
    );
}

#[tokio::test]
async fn a_reference_that_leads_nowhere_is_told_and_what_is_none_stays() {
    let plain = vec![("AZIMUTH_LOG".to_owned(), "info".to_owned())];
    assert_eq!(resolve(plain.clone()).await.unwrap(), plain);
    let one = |value: &str| vec![("AZIMUTH_MODEL_API_KEY".to_owned(), value.to_owned())];
    let told = resolve(one("@keyvault:a b")).await.unwrap_err().0;
    assert!(
        told[0].starts_with("AZIMUTH_MODEL_API_KEY: after @keyvault:"),
        "{told:?}"
    );
    let told = resolve(one("@keyvault:name")).await.unwrap_err().0;
    assert!(
        told[0].starts_with("AZIMUTH_KEYVAULT_URL is missing"),
        "{told:?}"
    );
}

#[test]
fn a_tenant_has_an_application_of_its_own_with_its_own_proof() {
    let read = |settings: &[(&str, &str)]| {
        let mut environment = good(&file());
        for (name, value) in settings {
            environment.push(((*name).to_owned(), (*value).to_owned()));
        }
        Config::read(environment)
    };
    let ids = ("AZIMUTH_TENANT_CLIENT_IDS", " B = theirs");
    let secret = ("AZIMUTH_TENANT_CLIENT_SECRETS", "b=own=s3cret,");
    let config = read(&[ids, secret]).unwrap();
    let found: Vec<(&str, &str)> = config
        .applications
        .iter()
        .map(|(tenant, own)| (tenant.as_str(), own.client_id.as_str()))
        .collect();
    assert_eq!(found, [("b", "theirs")]);
    let ProofConfig::Secret(secret) = &config.applications["b"].proof else {
        panic!("{config:?}");
    };
    assert_eq!(secret.expose(), "own=s3cret");
    assert!(!format!("{config:?}").contains("s3cret"));
    // Nothing of a secret that is not where it should be is told.
    let lost = read(&[("AZIMUTH_TENANT_CLIENT_SECRETS", "s3cret")]).unwrap_err();
    assert_eq!(
        lost.0,
        ["AZIMUTH_TENANT_CLIENT_SECRETS must be tenant=secret, comma separated"]
    );
}

#[test]
fn every_required_setting_is_named_when_it_is_missing() {
    for name in [
        "AZIMUTH_DATA_DIR",
        "AZIMUTH_AUTH_ISSUER",
        "AZIMUTH_AUTH_JWKS_URL",
        "AZIMUTH_AUTH_AUDIENCE",
        "AZIMUTH_AUTH_TENANTS",
        "AZIMUTH_AUTH_CLIENTS",
        "AZIMUTH_TOKEN_URL",
        "AZIMUTH_CLIENT_ID",
        "AZIMUTH_CLIENT_SECRET",
        "AZIMUTH_ARM_URL",
        "AZIMUTH_TOKEN_AUDIENCES",
        "AZIMUTH_MCP_SERVERS",
    ] {
        for value in [None, Some(""), Some("  ")] {
            let told = faults(&[(name, value)]);
            assert_eq!(told.len(), 1, "{name}: {told:?}");
            assert!(told[0].starts_with(name), "{told:?}");
        }
    }
}

#[test]
fn what_is_misspelt_or_contradictory_is_told() {
    let table: &[(&[Change], &str)] = &[
        (
            &[("AZIMUTH_DATADIR", Some("x"))],
            "AZIMUTH_DATADIR is not a setting; did you mean AZIMUTH_DATA_DIR?",
        ),
        (
            &[("AZIMUTH_COLOUR", Some("red"))],
            "AZIMUTH_COLOUR is not a setting",
        ),
        (
            &[("AZIMUTH_STORAGE", Some("paper"))],
            "AZIMUTH_STORAGE must be one of",
        ),
        (
            &[("AZIMUTH_QUOTAS", Some("maybe"))],
            "AZIMUTH_QUOTAS must be one of",
        ),
        (
            &[("AZIMUTH_MODEL_PRICE", Some("gpt=1"))],
            "AZIMUTH_MODEL_PRICE must be NAME=IN/OUT",
        ),
        (
            &[("AZIMUTH_NEW_USERS", Some("refused"))],
            "AZIMUTH_NEW_USERS must be one of admitted, pending",
        ),
        (
            &[("AZIMUTH_AUTH_ISSUER", Some("https://x/v2.0"))],
            "AZIMUTH_AUTH_ISSUER must contain {tid}",
        ),
        (
            &[("AZIMUTH_ARM_URL", Some("http://arm.invalid"))],
            "AZIMUTH_ARM_URL must be an https URL",
        ),
        (
            &[("AZIMUTH_ARM_URL", Some("http://127.0.0.1.evil.invalid"))],
            "AZIMUTH_ARM_URL must be an https URL",
        ),
        (
            &[("AZIMUTH_ARM_URL", Some("http://127.0.0.1:80@arm.invalid"))],
            "AZIMUTH_ARM_URL must be an https URL",
        ),
        (
            &[("AZIMUTH_MCP_SERVERS", Some("/no/such/file"))],
            "AZIMUTH_MCP_SERVERS names no file",
        ),
        (
            &[("AZIMUTH_EGRESS_CA_FILE", Some("/no/such/file"))],
            "AZIMUTH_EGRESS_CA_FILE names no file",
        ),
        (
            &[("AZIMUTH_MODEL_NAME", Some("m"))],
            "AZIMUTH_MODEL_BASE_URL is missing",
        ),
        (
            &[("AZIMUTH_MODEL_BASE_URL", Some("https://m.invalid"))],
            "AZIMUTH_MODEL_NAME is missing",
        ),
        (
            &[("AZIMUTH_MODEL_API_KEY", Some("k"))],
            "AZIMUTH_MODEL_API_KEY is set without",
        ),
        (
            &[("AZIMUTH_CORS_ORIGINS", Some("*"))],
            "AZIMUTH_CORS_ORIGINS must name origins",
        ),
        (
            &[("AZIMUTH_APPROVAL_WEBHOOKS", Some("a=https://x.invalid/h"))],
            "AZIMUTH_PORTAL_URL is missing",
        ),
        (
            &[
                ("AZIMUTH_APPROVAL_WEBHOOKS", Some("a=http://x.invalid/h")),
                ("AZIMUTH_PORTAL_URL", Some("https://portal.invalid")),
            ],
            "AZIMUTH_APPROVAL_WEBHOOKS must hold https URLs",
        ),
        (
            &[
                ("AZIMUTH_APPROVAL_WEBHOOKS", Some("https://x.invalid/h")),
                ("AZIMUTH_PORTAL_URL", Some("https://portal.invalid")),
            ],
            "AZIMUTH_APPROVAL_WEBHOOKS must be tenant=https://",
        ),
        (
            &[
                ("AZIMUTH_APPROVAL_WEBHOOKS", Some("c=https://x.invalid/h")),
                ("AZIMUTH_PORTAL_URL", Some("https://portal.invalid")),
            ],
            "AZIMUTH_APPROVAL_WEBHOOKS names the tenant c,",
        ),
        (
            &[("AZIMUTH_TENANT_CLIENT_IDS", Some("a=theirs"))],
            "AZIMUTH_TENANT_CLIENT_SECRETS lacks the tenant a:",
        ),
        (
            &[("AZIMUTH_TENANT_CLIENT_SECRETS", Some("a=s3cret"))],
            "AZIMUTH_TENANT_CLIENT_SECRETS names the tenant a, which AZIMUTH_TENANT_CLIENT_IDS does not",
        ),
        (
            &[
                ("AZIMUTH_TENANT_CLIENT_IDS", Some("c=theirs")),
                ("AZIMUTH_TENANT_CLIENT_SECRETS", Some("c=s3cret")),
            ],
            "AZIMUTH_TENANT_CLIENT_IDS names the tenant c,",
        ),
        (
            &[
                ("AZIMUTH_TENANT_CLIENT_IDS", Some("a=theirs,A=others")),
                ("AZIMUTH_TENANT_CLIENT_SECRETS", Some("a=s3cret")),
            ],
            "AZIMUTH_TENANT_CLIENT_IDS names the tenant a twice",
        ),
        (
            &[("AZIMUTH_TENANT_CLIENT_IDS", Some("a="))],
            "AZIMUTH_TENANT_CLIENT_IDS must be tenant=client id, comma separated",
        ),
        (
            &[("AZIMUTH_PORTAL_URL", Some("http://portal.invalid"))],
            "AZIMUTH_PORTAL_URL must be an https URL",
        ),
        (
            &[("AZIMUTH_MCP_COMMANDS", Some("/bin/x,npx"))],
            "AZIMUTH_MCP_COMMANDS must be absolute",
        ),
        (
            &[("AZIMUTH_MCP_SECRETS", Some("mcp_"))],
            "AZIMUTH_MCP_SECRETS must be",
        ),
        (
            &[("AZIMUTH_MCP_MAX_PROCESSES", Some("0"))],
            "AZIMUTH_MCP_MAX_PROCESSES must be",
        ),
        (
            &[("AZIMUTH_MCP_MAX_PROCESSES", Some("257"))],
            "AZIMUTH_MCP_MAX_PROCESSES must be",
        ),
    ];
    for (change, expected) in table {
        let told = faults(change);
        assert_eq!(told.len(), 1, "{change:?}: {told:?}");
        assert!(told[0].starts_with(expected), "{told:?}");
    }
    for processes in ["1", "256"] {
        assert_eq!(
            faults(&[("AZIMUTH_MCP_MAX_PROCESSES", Some(processes))]),
            Vec::<String>::new()
        );
    }
    assert_eq!(
        faults(&[("AZIMUTH_DATA_DIR", None), ("AZIMUTH_CLIENT_ID", None)]).len(),
        2
    );
}
