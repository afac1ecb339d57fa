//! Every adapter meets its port here and nowhere else.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use azimuth_app::auth::jwks::{Fetcher, FetcherSettings, JwksCache, JwksSettings};
use azimuth_app::auth::vault::{NoExchange, TokenVault, VaultParts, VaultSettings};
use azimuth_app::auth::verifier::{IssuerRules, TokenVerifier, VerifierSettings};
use azimuth_app::digests::{AuditSigner, AuditWithDigests, DigestWriter};
use azimuth_app::http::parts::{ApiParts, HttpConfig};
use azimuth_app::models::{ModelOffers, Models};
use azimuth_app::notices::{self, ApprovalNotices, NoticeSettings};
use azimuth_app::policy::{Policies, PolicySet};
use azimuth_app::quota::{QuotaParts, Quotas};
use azimuth_app::secrets::SecretVault;
use azimuth_app::tools::{Catalogues, SealedServers};
use azimuth_app::turn::{Engine, EnginePorts};
use azimuth_azure::arm::{ArmDirectory, ArmSettings};
use azimuth_azure::egress::Egress;
use azimuth_azure::entra::{Application, ClientProof, EntraExchange, EntraSettings};
use azimuth_azure::user_directory::UserDirectory;
use azimuth_embedded::{SystemClock, SystemRandom};
use azimuth_mcp::egress::allow::AllowList;
use azimuth_mcp::egress::azure::destinations;
use azimuth_mcp::servers::{HostEnvironment, parse_servers};
use azimuth_mcp::{AddRules, McpServers, Options, PoolLimits};
use azimuth_models::openai::{OpenAiConfig, OpenAiModel};
use azimuth_models::planner::OfflinePlanner;
use azimuth_ports::audit::AuditLog;
use azimuth_ports::clock::{Clock, Random};
use azimuth_ports::model::ChatModel;
use azimuth_ports::tokens::{Sealer, TokenExchange};

use crate::background::Background;
use crate::config::{
    AzureConfig, Config, KeyConfig, ModelConfig, NoticeConfig, ProofConfig, ToolConfig,
};
use crate::keys;
use crate::stores::{self, Stores};
use crate::tool_secrets;

/// The product, ready to be served.
pub struct Wired {
    /// What the router is made from.
    pub parts: ApiParts,
    /// The tool servers, to be shut down in order.
    pub tools: Arc<McpServers>,
    /// What runs beside what is served.
    pub background: Background,
}

/// Why the product cannot start; the text says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WiringError(String);

pub fn fails(what: &str) -> impl Fn(&dyn std::fmt::Display) -> WiringError + '_ {
    move |error| WiringError(format!("{what}: {error}"))
}

/// Opens stores, reads keys and catalogues, starts the token broker.
pub async fn wire(config: &Config) -> Result<Wired, WiringError> {
    let data = config.data_dir.as_path();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .map_err(|e| fails("AZIMUTH_DATA_DIR cannot be made")(&e))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random: Arc<dyn Random> = Arc::new(SystemRandom::new(Arc::clone(&clock)));
    let egress = egress(&config.azure)?;
    let stores = stores::open(&config.storage, data, &egress, &clock, &random).await?;
    let queue = stores::open_queue(&config.queue, data, &egress, &clock)?;
    let keys = keys::open(
        &config.keys,
        data,
        stores.cosmos.as_ref(),
        &egress,
        &clock,
        &random,
    )
    .await?;
    let writer = DigestWriter::new(stores.digests.clone(), keys.signer.clone(), clock.clone());
    // A key vault is asked for a signature by the timer, not for every turn.
    let is_sealed_soon = matches!(config.keys, KeyConfig::Files);
    let audit: Arc<dyn AuditLog> = if is_sealed_soon {
        Arc::new(AuditWithDigests::over(stores.audit.clone(), writer.clone()))
    } else {
        stores.audit.clone()
    };
    let audit_signer = AuditSigner::new(
        writer.clone(),
        stores.digests.clone(),
        keys.archive,
        config.auth.tenants(),
    );
    let secrets = Arc::new(SecretVault::new(
        stores.secrets.clone(),
        keys.sealer.clone(),
        Arc::clone(&clock),
    ));
    let vault = Arc::new(vault(
        config,
        &stores,
        keys.sealer,
        &clock,
        &random,
        &egress,
    )?);
    let tools = Arc::new(tool_servers(config, data, &vault, &egress, &clock, &random).await?);
    let sealed = SealedServers::over(tools.clone());
    let built_in =
        PolicySet::default_set().map_err(|e| fails("the built-in policies do not load")(&e))?;
    let policies = Arc::new(Policies::new(
        Arc::new(built_in),
        stores.config.clone(),
        Arc::clone(&clock),
    ));
    let quotas = Quotas::new(QuotaParts {
        usage: stores.usage.clone(),
        config: stores.config.clone(),
        clock: Arc::clone(&clock),
        is_on: config.http.quotas,
        prices: config.models.prices.clone(),
    });
    let models = ModelOffers::new(
        models(&config.models)?,
        stores.config.clone(),
        Arc::clone(&clock),
    );
    let azure = UserDirectory::new(
        ArmDirectory::new(&ArmSettings {
            url: config.azure.arm_url.clone(),
            egress: egress.clone(),
        })
        .map_err(|e| fails("AZIMUTH_ARM_URL")(&e))?,
        vault.clone(),
        config.azure.audiences.first().cloned().unwrap_or_default(),
    );
    let engine = Engine::new(
        EnginePorts {
            store: stores.conversations.clone(),
            queue: Arc::clone(&queue),
            audit: audit.clone(),
            users: stores.users.clone(),
            tools: sealed.clone(),
            catalogues: Catalogues::new(sealed.clone(), stores.config.clone(), Arc::clone(&clock)),
            azure: Arc::new(azure),
            secrets,
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
        },
        Arc::clone(&vault),
        Arc::clone(&policies),
        Arc::clone(&models),
        Arc::clone(&quotas),
    );
    let notices = approval_notices(config, &egress)?;
    if let Some(notices) = &notices {
        engine.announce_approvals(Arc::clone(notices));
    }
    let grants = vault.clone();
    let parts = ApiParts {
        engine,
        store: stores.conversations,
        audit,
        digests: stores.digests,
        signer: keys.signer,
        audit_signer: Arc::new(audit_signer),
        users: stores.users,
        sessions: stores.sessions,
        tools: sealed,
        queue,
        verifier: Arc::new(verifier(config, &clock, &egress)?),
        tenant_settings: stores.config,
        policies,
        quotas,
        models,
        azure_grant: Arc::new(move |user| {
            let grants = grants.clone();
            Box::pin(async move { grants.has_grant(&user).await })
        }),
        clock,
        random,
        config: HttpConfig {
            cors_origins: config.http.cors_origins.clone(),
            new_people: config.auth.new_people,
            ..HttpConfig::default()
        },
    };
    Ok(Wired {
        parts,
        tools,
        background: Background {
            digest_writer: is_sealed_soon.then_some(writer),
            notices,
            sealer: keys.shared_sealer,
        },
    })
}

fn approval_notices(
    config: &Config,
    egress: &Egress,
) -> Result<Option<Arc<ApprovalNotices>>, WiringError> {
    let Some(NoticeConfig {
        webhooks,
        portal_url,
    }) = &config.notices
    else {
        return Ok(None);
    };
    ApprovalNotices::new(NoticeSettings {
        webhooks: webhooks.clone(),
        portal_url: portal_url.clone(),
        proxy: egress.proxy.clone(),
        ca_pem: egress.ca_pem.clone(),
        timeout: notices::TIMEOUT,
    })
    .map(Some)
    .map_err(|e| fails("AZIMUTH_APPROVAL_WEBHOOKS")(&e))
}

fn egress(azure: &AzureConfig) -> Result<Egress, WiringError> {
    let ca_pem = match &azure.egress_ca_file {
        None => None,
        Some(file) => Some(
            std::fs::read(file).map_err(|e| fails("AZIMUTH_EGRESS_CA_FILE cannot be read")(&e))?,
        ),
    };
    Ok(Egress {
        proxy: azure.egress_proxy.clone(),
        ca_pem,
        ..Egress::default()
    })
}

fn verifier(
    config: &Config,
    clock: &Arc<dyn Clock>,
    egress: &Egress,
) -> Result<TokenVerifier, WiringError> {
    let keys = |settings: JwksSettings, name: &str| {
        let fetcher = Fetcher::new(&FetcherSettings {
            proxy: egress.proxy.clone(),
            ca_pem: egress.ca_pem.clone(),
            ..FetcherSettings::default()
        })
        .map_err(|e| fails(name)(&e))?;
        Ok(Arc::new(JwksCache::new(
            settings,
            fetcher,
            Arc::clone(clock),
        )))
    };
    let mut issuers = Vec::new();
    if let Some(entra) = &config.auth.entra {
        let rules = VerifierSettings {
            issuer: entra.issuer.clone(),
            audience: entra.audience.clone(),
            own_audiences: config
                .applications
                .iter()
                .map(|(tenant, own)| (tenant.clone(), own.client_id.clone()))
                .collect(),
            tenants: entra.tenants.iter().cloned().collect(),
            clients: entra.clients.iter().cloned().collect(),
            scope: VerifierSettings::SCOPE.to_owned(),
            leeway_seconds: VerifierSettings::LEEWAY_SECONDS,
        };
        let keys = keys(
            JwksSettings::new(&entra.jwks_url, &entra.issuer),
            "AZIMUTH_AUTH_JWKS_URL",
        )?;
        issuers.push((IssuerRules::from(rules), keys));
    }
    if let Some(oidc) = &config.auth.oidc {
        let settings = JwksSettings::of(
            oidc.keys_at.clone(),
            &oidc.tokens.issuer,
            oidc.tokens.algorithm,
        );
        let keys = keys(settings, "AZIMUTH_OIDC_ISSUER")?;
        issuers.push((IssuerRules::from(oidc.tokens.clone()), keys));
    }
    let mut issuers = issuers.into_iter();
    let first = issuers.next();
    let first = first.ok_or_else(|| fails("AZIMUTH_AUTH_ISSUER")(&"nobody may call"))?;
    Ok(TokenVerifier::of(
        first,
        issuers.collect(),
        Arc::clone(clock),
    ))
}

/// Where people's tokens are exchanged for tokens of Azure.
fn exchange(
    config: &Config,
    clock: &Arc<dyn Clock>,
    egress: &Egress,
) -> Result<Arc<dyn TokenExchange>, WiringError> {
    let Some(exchange) = &config.azure.exchange else {
        return Ok(Arc::new(NoExchange));
    };
    let application = |client_id: &str, proof: &ProofConfig| {
        let proof = match proof {
            ProofConfig::Secret(secret) => ClientProof::Secret(secret.clone()),
            ProofConfig::Identity(identity) => ClientProof::Assertion(
                identity
                    .credential(egress)
                    .map_err(|e| fails("our identity in Azure")(&e))?,
            ),
        };
        Ok::<_, WiringError>(Application {
            client_id: client_id.to_owned(),
            proof,
        })
    };
    let mut own = BTreeMap::new();
    for (tenant, theirs) in &config.applications {
        let theirs = application(&theirs.client_id, &theirs.proof)?;
        own.insert(tenant.clone(), theirs);
    }
    let settings = EntraSettings {
        token_url: exchange.token_url.clone(),
        application: application(&exchange.client_id, &exchange.proof)?,
        own,
        egress: egress.clone(),
    };
    let exchange = EntraExchange::new(settings, Arc::clone(clock))
        .map_err(|e| fails("AZIMUTH_TOKEN_URL")(&e))?;
    Ok(Arc::new(exchange))
}

fn vault(
    config: &Config,
    stores: &Stores,
    sealer: Arc<dyn Sealer>,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
    egress: &Egress,
) -> Result<TokenVault, WiringError> {
    let exchange = exchange(config, clock, egress)?;
    let oidc = config.auth.oidc.iter();
    let audiences: Vec<&str> = config.azure.audiences.iter().map(String::as_str).collect();
    let management = audiences.first().copied().unwrap_or_default();
    Ok(TokenVault::new(
        VaultSettings {
            without_azure: oidc.map(|oidc| oidc.tokens.tenant.clone()).collect(),
            ..VaultSettings::new(management, &audiences)
        },
        VaultParts {
            store: stores.tokens.clone(),
            sealer,
            exchange,
            clock: Arc::clone(clock),
            random: Arc::clone(random),
        },
    ))
}

/// The variables by which a program that asks Azure trusts whom the handler trusts.
fn way_to_azure(azure: &AzureConfig) -> Result<BTreeMap<String, String>, WiringError> {
    let mut variables = BTreeMap::new();
    if let Some(file) = &azure.egress_ca_file {
        // It runs in another folder.
        let file = std::path::absolute(file).map_err(|e| fails("AZIMUTH_EGRESS_CA_FILE")(&e))?;
        variables.insert("SSL_CERT_FILE".to_owned(), file.display().to_string());
        // No other root certificate counts.
        variables.insert("SSL_CERT_DIR".to_owned(), "/nonexistent".to_owned());
    }
    Ok(variables)
}

/// The proxy above ours, `host:port`: what tool servers reach they reach through ours.
fn proxy_above(azure: &AzureConfig) -> Result<Option<String>, WiringError> {
    const NAME: &str = "AZIMUTH_EGRESS_PROXY";
    let Some(proxy) = &azure.egress_proxy else {
        return Ok(None);
    };
    let url = reqwest::Url::parse(proxy).map_err(|e| fails(NAME)(&e))?;
    match (url.scheme(), url.host_str(), url.port_or_known_default()) {
        ("http", Some(host), Some(port)) => Ok(Some(format!("{host}:{port}"))),
        _ => Err(fails(NAME)(
            &"tool servers need an http proxy (on this machine), or none",
        )),
    }
}

async fn tool_servers(
    config: &Config,
    data: &Path,
    vault: &Arc<TokenVault>,
    egress: &Egress,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<McpServers, WiringError> {
    let ToolConfig {
        servers_file,
        max_processes,
        commands,
        hosts,
        secrets,
    } = &config.tools;
    AllowList::parse(hosts).map_err(|e| fails("AZIMUTH_MCP_HOSTS")(&e))?;
    let host = HostEnvironment {
        path: variable("PATH").unwrap_or_default(),
        home: variable("HOME"),
    };
    let file = std::path::absolute(servers_file)
        .map_err(|e| fails("AZIMUTH_MCP_SERVERS cannot be found")(&e))?;
    let json = std::fs::read_to_string(&file)
        .map_err(|e| fails("AZIMUTH_MCP_SERVERS cannot be read")(&e))?;
    let folder = file.parent().unwrap_or(Path::new("/"));
    let servers =
        parse_servers(&json, folder, &host).map_err(|e| fails("AZIMUTH_MCP_SERVERS")(&e))?;
    let executable =
        std::env::current_exe().map_err(|e| fails("the handler's own path cannot be found")(&e))?;
    let options = Options {
        wrapper: vec![executable.into_os_string(), OsString::from("confine")],
        host,
        environment: way_to_azure(&config.azure)?,
        hosts: destinations(&config.azure.audiences, &config.azure.arm_url),
        proxy: proxy_above(&config.azure)?,
        work_dir: data.to_path_buf(),
        audiences: config.azure.audiences.clone(),
        limits: PoolLimits {
            max_processes: *max_processes,
            ..PoolLimits::default()
        },
        addable: AddRules {
            commands: commands.clone(),
            hosts: hosts.clone(),
            secrets: secrets.clone(),
        },
        secrets: tool_secrets::open(&config.keys, egress)?,
        authorities: egress.ca_pem.clone().unwrap_or_default(),
    };
    McpServers::start(
        servers,
        options,
        vault.clone(),
        Arc::clone(clock),
        Arc::clone(random),
    )
    .await
    .map_err(|e| fails("the tool servers")(&e))
}

fn models(config: &ModelConfig) -> Result<Models, WiringError> {
    let mut models: Vec<Arc<dyn ChatModel>> = vec![Arc::new(OfflinePlanner)];
    if let Some(openai) = &config.openai {
        let model = OpenAiConfig::new(&openai.base_url, openai.api_key.clone(), &openai.name)
            .and_then(OpenAiModel::new)
            .map_err(|e| fails("AZIMUTH_MODEL_BASE_URL")(&e))?;
        models.push(Arc::new(model));
    }
    Models::new(models, config.default.as_deref()).map_err(|e| fails("AZIMUTH_DEFAULT_MODEL")(&e))
}

/// The one place that reads a variable which is not ours.
fn variable(name: &str) -> Option<String> {
    std::env::vars()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}
