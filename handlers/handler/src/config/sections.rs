//! The sections of the configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;

use azimuth_app::http::caller::NewPeople;
use azimuth_azure::identity::Identity;
use azimuth_domain::usage::Price;
use azimuth_ports::tokens::Secret;

use super::applications::{self, OwnApplication};
use super::keys::{self, KeyConfig};
use super::oidc::{self, OidcConfig};
use super::queue::{self, QueueConfig};
use super::settings::Settings;
use super::storage::{self, StorageConfig};

/// The whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where keys lie that are files, the embedded stores, and what tool servers need.
    pub data_dir: PathBuf,
    /// Where the keys of tokens and audit lie.
    pub keys: KeyConfig,
    /// Where everything else is kept that must outlive the process.
    pub storage: StorageConfig,
    /// Where work is queued.
    pub queue: QueueConfig,
    /// Who may call.
    pub auth: AuthConfig,
    /// Tenants of Entra ID that have an application of their own there.
    pub applications: BTreeMap<String, OwnApplication>,
    /// How Azure is reached on behalf of users.
    pub azure: AzureConfig,
    /// Tool servers.
    pub tools: ToolConfig,
    /// Chat models.
    pub models: ModelConfig,
    /// Where it is told that an approval waits; `None` tells nobody.
    pub notices: Option<NoticeConfig>,
    /// HTTP.
    pub http: HttpSection,
    /// Filter of the log, in the syntax of `tracing-subscriber`'s `EnvFilter`.
    pub log: String,
}

/// Bearer tokens: of Entra ID, of another identity provider, or of both.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// Entra ID.
    pub entra: Option<EntraConfig>,
    /// Another identity provider.
    pub oidc: Option<OidcConfig>,
    /// Whether people who were never here before are let in.
    pub new_people: NewPeople,
}

impl AuthConfig {
    /// Every tenant whose users may call, lower-case.
    pub fn tenants(&self) -> Vec<String> {
        let entra = self.entra.iter().flat_map(|entra| entra.tenants.clone());
        let oidc = self.oidc.iter().map(|oidc| oidc.tokens.tenant.clone());
        entra.chain(oidc).collect()
    }
}

/// Bearer tokens of Entra ID.
#[derive(Debug, Clone)]
pub struct EntraConfig {
    /// `iss`, with `{tid}`.
    pub issuer: String,
    /// The issuer's keys, with `{tid}`.
    pub jwks_url: String,
    /// `aud`: our application's client id.
    pub audience: String,
    /// Tenants whose users may call, lower-case.
    pub tenants: Vec<String>,
    /// Applications that may call for them (`azp`).
    pub clients: Vec<String>,
}

/// Azure.
#[derive(Debug, Clone)]
pub struct AzureConfig {
    /// Where people's tokens are exchanged; `None` where nobody comes from Entra ID.
    pub exchange: Option<ExchangeConfig>,
    /// Resource Manager.
    pub arm_url: String,
    /// What tokens may be asked for; Resource Manager first.
    pub audiences: Vec<String>,
    /// Every request to Azure goes through this proxy.
    pub egress_proxy: Option<String>,
    /// A further root certificate for those requests (PEM).
    pub egress_ca_file: Option<PathBuf>,
}

/// The exchange of people's tokens.
#[derive(Debug, Clone)]
pub struct ExchangeConfig {
    /// The identity provider's token endpoint, with `{tid}`.
    pub token_url: String,
    /// Our application.
    pub client_id: String,
    /// What proves that it is us who ask.
    pub proof: ProofConfig,
}

/// How our application proves itself at the token endpoint.
#[derive(Debug, Clone)]
pub enum ProofConfig {
    /// With a secret.
    Secret(Secret),
    /// Our own identity vouches for it.
    Identity(Identity),
}

/// Tool servers.
#[derive(Debug, Clone)]
pub struct ToolConfig {
    /// File in the `mcpServers` form.
    pub servers_file: PathBuf,
    /// Most server processes at once.
    pub max_processes: usize,
    /// Programs that tenants may add as tool servers.
    pub commands: Vec<PathBuf>,
    /// Hosts that added servers may reach.
    pub hosts: Vec<String>,
    /// What the names of secrets begin with that tenants may name, before the tenant;
    /// `None`: they may name none.
    pub secrets: Option<String>,
}

/// Chat models.
#[derive(Debug, Clone)]
pub struct ModelConfig {
    /// One OpenAI-compatible model beside the offline planner.
    pub openai: Option<OpenAiConfig>,
    /// The default; `None` takes the configured model, else the planner.
    pub default: Option<String>,
    /// What a million tokens cost, by the names of models.
    pub prices: BTreeMap<String, Price>,
}

/// An OpenAI-compatible endpoint.
#[derive(Debug, Clone)]
pub struct OpenAiConfig {
    /// Up to and without `/chat/completions`.
    pub base_url: String,
    /// Bearer key; some local servers want none.
    pub api_key: Option<Secret>,
    /// Model name.
    pub name: String,
}

/// Channels that hear of approvals.
#[derive(Debug, Clone)]
pub struct NoticeConfig {
    /// Address of each tenant's channel; whoever has it can post there.
    pub webhooks: BTreeMap<String, Secret>,
    /// The portal, without a slash at its end.
    pub portal_url: String,
}

/// HTTP.
#[derive(Debug, Clone)]
pub struct HttpSection {
    /// Origins that browsers may call from; empty switches our CORS layer off.
    pub cors_origins: Vec<String>,
    /// Whether quotas are enforced.
    pub quotas: bool,
}

pub(super) fn read(settings: &mut Settings) -> Option<Config> {
    let storage = storage::read(settings);
    let store_is_here = storage
        .as_ref()
        .is_none_or(StorageConfig::is_on_this_machine);
    let queue = queue::read(settings, store_is_here);
    let keys = keys::read(settings, storage.as_ref(), queue.as_ref());
    // A fault of the vault's is told, and not what would follow from having none.
    let has_vault = settings.optional(keys::VAULT_URL).is_some();
    let data_dir = data_dir(settings, has_vault);
    let auth = auth(settings);
    let of_entra = auth.iter().flat_map(|auth| auth.entra.iter());
    let of_entra: Vec<String> = of_entra.flat_map(|entra| entra.tenants.clone()).collect();
    let applications = applications::read(settings, &of_entra, keys.as_ref());
    let asks_entra = auth.as_ref().is_none_or(|auth| auth.entra.is_some());
    let azure = azure(settings, keys.as_ref(), asks_entra);
    let tools = tools(settings);
    let models = models(settings);
    let notices = notices(settings, auth.as_ref());
    let http = HttpSection {
        cors_origins: settings.list("AZIMUTH_CORS_ORIGINS"),
        quotas: settings.choice("AZIMUTH_QUOTAS", &["on", "off"]) == "on",
    };
    for origin in &http.cors_origins {
        if origin == "*" {
            settings.fault("AZIMUTH_CORS_ORIGINS must name origins, not *".to_owned());
        }
    }
    Some(Config {
        data_dir: PathBuf::from(data_dir?),
        keys: keys?,
        storage: storage?,
        queue: queue?,
        auth: auth?,
        applications,
        azure: azure?,
        tools: tools?,
        models,
        notices,
        http,
        log: settings
            .optional("AZIMUTH_LOG")
            .unwrap_or_else(|| "info".to_owned()),
    })
}

/// With the keys in a vault nothing there must outlive the process.
fn data_dir(settings: &mut Settings, has_vault: bool) -> Option<String> {
    const NAME: &str = "AZIMUTH_DATA_DIR";
    if has_vault {
        let temporary = std::env::temp_dir().join("azimuth").display().to_string();
        return Some(settings.optional(NAME).unwrap_or(temporary));
    }
    settings.required(
        NAME,
        "the folder for keys and the embedded store, for instance .azimuth",
    )
}

fn auth(settings: &mut Settings) -> Option<AuthConfig> {
    let is_alone = settings.optional(oidc::ISSUER).is_some()
        && ENTRA.iter().all(|name| settings.optional(name).is_none());
    let entra = if is_alone {
        None
    } else {
        Some(entra(settings))
    };
    let tenants = entra
        .iter()
        .flatten()
        .flat_map(|entra| entra.tenants.clone());
    let oidc = oidc::read(settings, &tenants.collect::<Vec<_>>());
    let new_people = match settings
        .choice("AZIMUTH_NEW_USERS", &["admitted", "pending"])
        .as_str()
    {
        "pending" => NewPeople::Pending,
        _ => NewPeople::Admitted,
    };
    Some(AuthConfig {
        entra: match entra {
            Some(entra) => Some(entra?),
            None => None,
        },
        oidc,
        new_people,
    })
}

/// The settings about Entra ID; all are left out where another identity provider is alone.
const ENTRA: [&str; 5] = [
    "AZIMUTH_AUTH_ISSUER",
    "AZIMUTH_AUTH_JWKS_URL",
    "AZIMUTH_AUTH_AUDIENCE",
    "AZIMUTH_AUTH_TENANTS",
    "AZIMUTH_AUTH_CLIENTS",
];

fn entra(settings: &mut Settings) -> Option<EntraConfig> {
    let issuer = settings.required(
        "AZIMUTH_AUTH_ISSUER",
        "the issuer of bearer tokens, with {tid}",
    );
    let jwks_url = settings.required(
        "AZIMUTH_AUTH_JWKS_URL",
        "where the issuer's keys are, with {tid}",
    );
    let audience = settings.required("AZIMUTH_AUTH_AUDIENCE", "the client id that tokens are for");
    let tenants =
        settings.required_list("AZIMUTH_AUTH_TENANTS", "the tenants whose users may call");
    let clients = settings.required_list("AZIMUTH_AUTH_CLIENTS", "the applications that may call");
    for (name, url) in [
        ("AZIMUTH_AUTH_ISSUER", &issuer),
        ("AZIMUTH_AUTH_JWKS_URL", &jwks_url),
    ] {
        if let Some(url) = url {
            settings.check_template(name, url);
        }
    }
    Some(EntraConfig {
        issuer: issuer?,
        jwks_url: jwks_url?,
        audience: audience?,
        tenants: tenants
            .iter()
            .map(|tenant| tenant.to_ascii_lowercase())
            .collect(),
        clients,
    })
}

fn azure(
    settings: &mut Settings,
    keys: Option<&KeyConfig>,
    asks_entra: bool,
) -> Option<AzureConfig> {
    let exchange = if asks_entra {
        Some(exchange(settings, keys))
    } else {
        None
    };
    let arm_url = settings.required("AZIMUTH_ARM_URL", "the address of Azure Resource Manager");
    let audiences = settings.required_list(
        "AZIMUTH_TOKEN_AUDIENCES",
        "the audiences that tokens may be asked for, Resource Manager's first",
    );
    let egress_proxy = settings.optional("AZIMUTH_EGRESS_PROXY");
    for (name, url) in [
        ("AZIMUTH_ARM_URL", &arm_url),
        ("AZIMUTH_EGRESS_PROXY", &egress_proxy),
    ] {
        if let Some(url) = url {
            settings.check_url(name, url);
        }
    }
    for url in &audiences {
        settings.check_url("AZIMUTH_TOKEN_AUDIENCES", url);
    }
    let egress_ca_file = settings
        .optional("AZIMUTH_EGRESS_CA_FILE")
        .map(PathBuf::from);
    if egress_ca_file.as_ref().is_some_and(|file| !file.is_file()) {
        settings.fault("AZIMUTH_EGRESS_CA_FILE names no file".to_owned());
    }
    Some(AzureConfig {
        exchange: match exchange {
            Some(exchange) => Some(exchange?),
            None => None,
        },
        arm_url: arm_url?,
        audiences,
        egress_proxy,
        egress_ca_file,
    })
}

fn exchange(settings: &mut Settings, keys: Option<&KeyConfig>) -> Option<ExchangeConfig> {
    let token_url = settings.required("AZIMUTH_TOKEN_URL", "the token endpoint, with {tid}");
    let client_id = settings.required("AZIMUTH_CLIENT_ID", "the client id for on-behalf-of");
    let proof = client_proof(settings, keys);
    if let Some(url) = &token_url {
        settings.check_template("AZIMUTH_TOKEN_URL", url);
    }
    Some(ExchangeConfig {
        token_url: token_url?,
        client_id: client_id?,
        proof: proof?,
    })
}

/// The secret where there is one; without it the identity that opens the key vault.
fn client_proof(settings: &mut Settings, keys: Option<&KeyConfig>) -> Option<ProofConfig> {
    const NAME: &str = "AZIMUTH_CLIENT_SECRET";
    match (settings.optional(NAME), keys) {
        (Some(secret), _) => Some(ProofConfig::Secret(Secret::new(secret))),
        (None, Some(KeyConfig::Vault(vault))) => {
            Some(ProofConfig::Identity(vault.identity.clone()))
        }
        (None, None) => None,
        (None, Some(KeyConfig::Files)) => {
            settings.fault(format!(
                "{NAME} is missing: the secret of that client (beside AZIMUTH_KEYVAULT_URL our own identity vouches without one)"
            ));
            None
        }
    }
}

fn tools(settings: &mut Settings) -> Option<ToolConfig> {
    let file = settings
        .required("AZIMUTH_MCP_SERVERS", "a file in the mcpServers form")
        .map(PathBuf::from);
    if file.as_ref().is_some_and(|file| !file.is_file()) {
        settings.fault(format!(
            "AZIMUTH_MCP_SERVERS names no file: {}",
            file.as_ref()
                .map_or(String::new(), |f| f.display().to_string())
        ));
    }
    let max_processes = settings.number("AZIMUTH_MCP_MAX_PROCESSES", 16, (1, 256));
    let commands = settings.list("AZIMUTH_MCP_COMMANDS");
    let commands: Vec<PathBuf> = commands.into_iter().map(PathBuf::from).collect();
    if let Some(relative) = commands.iter().find(|command| !command.is_absolute()) {
        settings.fault(format!(
            "AZIMUTH_MCP_COMMANDS must be absolute paths, comma separated: {}",
            relative.display()
        ));
    }
    let secrets = settings.optional("AZIMUTH_MCP_SECRETS");
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if secrets
        .as_ref()
        .is_some_and(|prefix| prefix.len() > 40 || !prefix.bytes().all(is_plain))
    {
        settings.fault(
            "AZIMUTH_MCP_SECRETS must be at most 40 letters, digits and -, as names of the key vault are"
                .to_owned(),
        );
    }
    Some(ToolConfig {
        servers_file: file?,
        max_processes,
        commands,
        hosts: settings.list("AZIMUTH_MCP_HOSTS"),
        secrets,
    })
}

fn models(settings: &mut Settings) -> ModelConfig {
    let base_url = settings.optional("AZIMUTH_MODEL_BASE_URL");
    let name = settings.optional("AZIMUTH_MODEL_NAME");
    let api_key = settings.optional("AZIMUTH_MODEL_API_KEY");
    if let Some(url) = &base_url {
        settings.check_url("AZIMUTH_MODEL_BASE_URL", url);
    }
    match (&base_url, &name) {
        (Some(_), None) => settings
            .fault("AZIMUTH_MODEL_NAME is missing: AZIMUTH_MODEL_BASE_URL needs it".to_owned()),
        (None, Some(_)) => settings
            .fault("AZIMUTH_MODEL_BASE_URL is missing: AZIMUTH_MODEL_NAME needs it".to_owned()),
        (None, None) if api_key.is_some() => {
            settings
                .fault("AZIMUTH_MODEL_API_KEY is set without AZIMUTH_MODEL_BASE_URL".to_owned());
        }
        _ => {}
    }
    ModelConfig {
        openai: base_url.zip(name).map(|(base_url, name)| OpenAiConfig {
            base_url,
            api_key: api_key.map(Secret::new),
            name,
        }),
        default: settings.optional("AZIMUTH_DEFAULT_MODEL"),
        prices: prices(settings),
    }
}

fn prices(settings: &mut Settings) -> BTreeMap<String, Price> {
    const NAME: &str = "AZIMUTH_MODEL_PRICE";
    let mut prices = BTreeMap::new();
    for entry in settings.list(NAME) {
        let parts = entry.rsplit_once('=').map(|(n, p)| (n.trim(), p));
        match parts.and_then(|(name, price)| Some((name, Price::parse(price)?))) {
            Some((name, price)) if !name.is_empty() => {
                prices.insert(name.to_owned(), price);
            }
            _ => settings.fault(format!(
                "{NAME} must be NAME=IN/OUT, prices for a million tokens, comma separated: {entry}"
            )),
        }
    }
    prices
}

fn notices(settings: &mut Settings, auth: Option<&AuthConfig>) -> Option<NoticeConfig> {
    const NAME: &str = "AZIMUTH_APPROVAL_WEBHOOKS";
    let channels = settings.by_tenant(NAME, "tenant=https://…");
    let portal_url = settings.optional("AZIMUTH_PORTAL_URL");
    if let Some(url) = &portal_url {
        settings.check_url("AZIMUTH_PORTAL_URL", url);
    }
    if settings.list(NAME).is_empty() {
        return None;
    }
    let mut webhooks = BTreeMap::new();
    for (tenant, url) in channels {
        if auth.is_some_and(|auth| !auth.tenants().contains(&tenant)) {
            settings.fault(format!(
                "{NAME} names the tenant {tenant}, which AZIMUTH_AUTH_TENANTS does not"
            ));
        }
        settings.check_secret_url(NAME, &url);
        webhooks.insert(tenant, Secret::new(url));
    }
    let Some(portal_url) = portal_url else {
        settings.fault(format!("AZIMUTH_PORTAL_URL is missing: {NAME} needs it"));
        return None;
    };
    Some(NoticeConfig {
        webhooks,
        portal_url: portal_url.trim_end_matches('/').to_owned(),
    })
}
