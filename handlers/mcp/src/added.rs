//! Tool servers that tenants added: what the operator of this installation lets them add,
//! and what such a server is started as. It is checked when it is added, and again
//! whenever one is started.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use azimuth_domain::redact::redact_arguments;
use azimuth_domain::tool_servers::{AddedServer, ServerOAuth, TenantServer};
use azimuth_ports::tools::{Addable, AddedFault};
use serde_json::{Value, json};

use crate::egress::allow::{AllowList, Verdict};
use crate::remote::endpoint::Endpoint;
use crate::remote::grant::Grant;
use crate::remote::{Remote, check_header};
use crate::secrets;
use crate::servers::{Identity, Program, RESERVED, Runs, ServerConfig};

/// The setting with the programs.
const COMMANDS: &str = "AZIMUTH_MCP_COMMANDS";
/// The setting with the hosts.
const HOSTS: &str = "AZIMUTH_MCP_HOSTS";
/// The setting with what names of secrets begin with.
const SECRETS: &str = "AZIMUTH_MCP_SECRETS";
/// Most arguments, and most variables or headers.
const MAX_WORDS: usize = 64;
/// Longest argument, and longest value of a variable, bytes.
const MAX_WORD_BYTES: usize = 4096;

/// What the environment of an added server must not say beside [`RESERVED`]: where it
/// finds programs and somebody's sign-ins, what is loaded before the walls are up, which
/// folders and files they leave open.
const FOREIGN: [&str; 9] = [
    "PATH",
    "HOME",
    "LD_",
    "GLIBC_",
    "MALLOC_",
    "DOTNET_",
    "SSL_CERT_",
    "RUST_",
    "AZIMUTH_",
];

/// What tenants may add; nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddRules {
    /// Programs, by absolute path.
    pub commands: Vec<PathBuf>,
    /// Hosts, as [patterns](AllowList::parse).
    pub hosts: Vec<String>,
    /// What the names of secrets begin with that tenants may name; `None`: none.
    pub secrets: Option<String>,
}

impl AddRules {
    /// The same for people.
    pub(crate) fn told(&self, tenant: &str) -> Addable {
        let commands = self.commands.iter();
        Addable {
            commands: commands.map(|path| path.display().to_string()).collect(),
            hosts: self.hosts.clone(),
            secrets: self.secrets_of(tenant),
        }
    }

    /// Why the server may not be added for the tenant; the fault names a field of it.
    pub(crate) fn check(&self, tenant: &str, server: &AddedServer) -> Result<(), AddedFault> {
        self.runs(tenant, server).map(drop)
    }

    /// What the server is started as, in a home that is not there.
    pub(crate) fn config(
        &self,
        server: &TenantServer,
        no_home: &Path,
    ) -> Result<ServerConfig, String> {
        let runs = self.runs(&server.tenant, &server.server).map_err(|fault| {
            format!(
                "The tool server {} may not be started ({}): {}",
                server.server.name, fault.field, fault.detail
            )
        })?;
        let (runs, hosts) = match runs {
            Runs::Here(mut program) => {
                let home = no_home.display().to_string();
                program.env.insert("HOME".to_owned(), home);
                (Runs::Here(program), server.server.hosts.clone())
            }
            Runs::Elsewhere(remote) => {
                let token_url = remote.grant.iter().map(|grant| &grant.token_url);
                let reached = std::iter::once(&remote.endpoint).chain(token_url);
                let hosts: BTreeSet<String> = reached.flat_map(|one| self.hosts_of(one)).collect();
                let hosts = hosts.into_iter().collect();
                (Runs::Elsewhere(remote), hosts)
            }
        };
        Ok(ServerConfig {
            name: server.key(),
            runs,
            identity: Identity::None,
            tools: BTreeMap::new(),
            hosts: Some(hosts),
        })
    }

    fn runs(&self, tenant: &str, server: &AddedServer) -> Result<Runs, AddedFault> {
        match (&server.command, &server.url) {
            (Some(command), None) => {
                let program = self.program(tenant, server, command)?;
                Ok(Runs::Here(program))
            }
            (None, Some(url)) => Ok(Runs::Elsewhere(self.remote(tenant, server, url)?)),
            (None, None) => Err(fault("command", "Give a command, or a url.")),
            (Some(_), Some(_)) => Err(fault("url", "Give either a command or a url.")),
        }
    }

    /// A server that runs here.
    fn program(
        &self,
        tenant: &str,
        server: &AddedServer,
        command: &str,
    ) -> Result<Program, AddedFault> {
        if !self
            .commands
            .iter()
            .any(|allowed| allowed == Path::new(command))
        {
            let why =
                format!("The setting {COMMANDS} of this installation does not have this program.");
            return Err(fault("command", why));
        }
        if !server.headers.is_empty() {
            let why = "Only a server that is reached by URL has headers.";
            return Err(fault("headers", why));
        }
        if server.oauth.is_some() {
            let why = "Only a server that is reached by URL gets a token.";
            return Err(fault("oauth", why));
        }
        if server.args.len() > MAX_WORDS || server.env.len() > MAX_WORDS {
            let why = format!("There are at most {MAX_WORDS} arguments, and as many variables.");
            return Err(fault("args", why));
        }
        for (number, word) in server.args.iter().enumerate() {
            let field = format!("args/{number}");
            is_word(word).map_err(|why| fault(&field, why))?;
            if is_secret("argument", word) {
                return Err(fault(&field, NO_SECRETS));
            }
        }
        for (name, value) in &server.env {
            let field = format!("env/{}", pointed(name));
            let upper = name.to_ascii_uppercase();
            let is_ours = RESERVED.iter().any(|own| own.eq_ignore_ascii_case(name))
                || FOREIGN.iter().any(|start| upper.starts_with(start));
            let is_name = !name.is_empty()
                && name.len() <= 128
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if !is_name || is_ours {
                return Err(fault(&field, "This variable cannot be chosen."));
            }
            is_word(value).map_err(|why| fault(&field, why))?;
            self.check_value(tenant, name, value)
                .map_err(|why| fault(&field, why))?;
        }
        AllowList::parse(&server.hosts).map_err(|why| fault("hosts", format!("A host {why}.")))?;
        let allowed: BTreeSet<&String> = self.hosts.iter().collect();
        let stranger = server.hosts.iter().position(|host| !allowed.contains(host));
        if let Some(number) = stranger {
            return Err(fault(&format!("hosts/{number}"), no_host()));
        }
        Ok(Program {
            command: command.into(),
            args: server.args.clone(),
            env: server.env.clone(),
            writes: Vec::new(),
        })
    }

    /// A server that is reached by URL.
    fn remote(&self, tenant: &str, server: &AddedServer, url: &str) -> Result<Remote, AddedFault> {
        let endpoint = Endpoint::parse(url);
        let endpoint = endpoint.map_err(|why| fault("url", format!("The URL {why}.")))?;
        if self.hosts_of(&endpoint).is_empty() {
            return Err(fault("url", no_host()));
        }
        if is_secret("url", url) {
            return Err(fault("url", NO_SECRETS));
        }
        for (field, is_given) in [
            ("args", !server.args.is_empty()),
            ("env", !server.env.is_empty()),
            ("hosts", !server.hosts.is_empty()),
        ] {
            if is_given {
                let why = "A server that is reached by URL has none; its host is that of the URL.";
                return Err(fault(field, why));
            }
        }
        if server.headers.len() > MAX_WORDS {
            return Err(fault("headers", format!("There are at most {MAX_WORDS}.")));
        }
        for (name, value) in &server.headers {
            let field = format!("headers/{}", pointed(name));
            check_header(name, value).map_err(|why| fault(&field, format!("The header {why}.")))?;
            self.check_value(tenant, name, value)
                .map_err(|why| fault(&field, why))?;
        }
        let grant = match &server.oauth {
            None => None,
            Some(_) if server.headers.contains_key("authorization") => {
                let why = "This header is what oauth gets the token for; give one of them.";
                return Err(fault("headers/authorization", why));
            }
            Some(oauth) => Some(self.grant(tenant, oauth)?),
        };
        Ok(Remote {
            endpoint,
            headers: server.headers.clone(),
            grant,
        })
    }

    /// Who gives a token for a server that is reached by URL.
    fn grant(&self, tenant: &str, oauth: &ServerOAuth) -> Result<Grant, AddedFault> {
        let at = |name: &str| format!("oauth/{name}");
        let grant = Grant::read(oauth);
        let grant = grant.map_err(|found| fault(&at(found.field), format!("It {}.", found.why)))?;
        if self.hosts_of(&grant.token_url).is_empty() {
            return Err(fault(&at("token_url"), no_host()));
        }
        if is_secret("url", &oauth.token_url) {
            return Err(fault(&at("token_url"), NO_SECRETS));
        }
        for (name, value) in [
            ("client_id", Some(&grant.client_id)),
            ("scope", grant.scope.as_ref()),
        ] {
            let word = value.map_or(Ok(()), |value| is_word(value));
            word.map_err(|why| fault(&at(name), why))?;
        }
        self.check_value(tenant, "client_secret", &grant.client_secret)
            .map_err(|why| fault(&at("client_secret"), why))?;
        Ok(grant)
    }

    /// The patterns of the operator that let a URL be reached: what they do not say about
    /// its addresses is not said either.
    fn hosts_of(&self, endpoint: &Endpoint) -> Vec<String> {
        let lets = |host: &&String| {
            let verdict = AllowList::parse([*host])
                .map_or(Verdict::Refused, |list| list.decide(endpoint.target()));
            endpoint.is_allowed(verdict)
        };
        self.hosts.iter().filter(lets).cloned().collect()
    }

    /// Why a variable or a header may not have this value.
    fn check_value(&self, tenant: &str, name: &str, value: &str) -> Result<(), String> {
        match secrets::read(value) {
            secrets::Value::Malformed => {
                Err(format!("This names no secret: {}.", secrets::NO_NAME))
            }
            secrets::Value::Names(secret) => self.check_secret(tenant, secret),
            secrets::Value::Plain if is_secret(name, value) => Err(NO_SECRETS.to_owned()),
            secrets::Value::Plain => Ok(()),
        }
    }

    /// Whether a secret of this name is the tenant's own.
    fn check_secret(&self, tenant: &str, secret: &str) -> Result<(), String> {
        let Some(own) = self.secrets_of(tenant) else {
            return Err(format!(
                "The setting {SECRETS} of this installation lets no secret be named."
            ));
        };
        if secret.len() > own.len() && secret.starts_with(&own) {
            return Ok(());
        }
        Err(format!(
            "Only secrets whose names begin with {own} may be named."
        ))
    }

    /// What the names of a tenant's secrets begin with. The two dashes behind the tenant
    /// are in no tenant, so that no tenant's names are among another's.
    fn secrets_of(&self, tenant: &str) -> Option<String> {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        let is_tenant = !tenant.is_empty()
            && tenant.bytes().all(is_plain)
            && !tenant.contains("--")
            && !tenant.ends_with('-');
        let prefix = self.secrets.as_ref().filter(|_| is_tenant)?;
        Some(format!("{prefix}{tenant}--"))
    }
}

fn fault(field: &str, detail: impl Into<String>) -> AddedFault {
    AddedFault {
        field: field.to_owned(),
        detail: detail.into(),
    }
}

fn no_host() -> String {
    format!("The setting {HOSTS} of this installation does not have this host.")
}

/// As a part of a JSON pointer.
fn pointed(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

const NO_SECRETS: &str = "This looks like a secret, and would be kept in clear.";

fn is_word(word: &str) -> Result<(), String> {
    let fits = word.len() <= MAX_WORD_BYTES && !word.contains('\0');
    fits.then_some(())
        .ok_or_else(|| format!("A word has at most {MAX_WORD_BYTES} bytes, none of them NUL."))
}

fn is_secret(name: &str, value: &str) -> bool {
    let given = json!({name: value});
    redact_arguments(given.clone()) != given && !value.is_empty() && given != Value::Null
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use azimuth_domain::principal::UserKey;
    use azimuth_domain::time::Timestamp;

    use super::*;

    fn server() -> AddedServer {
        AddedServer {
            name: "files".to_owned(),
            command: Some("/bin/files".to_owned()),
            args: vec!["--root".to_owned(), "/srv".to_owned()],
            env: BTreeMap::from([("LEVEL".to_owned(), "debug".to_owned())]),
            url: None,
            headers: BTreeMap::new(),
            oauth: None,
            hosts: vec!["files.example".to_owned()],
            at: Timestamp(1),
            by: UserKey::new("t", "dave"),
            by_name: None,
            reason: "a test".to_owned(),
        }
    }

    fn rules() -> AddRules {
        AddRules {
            commands: vec!["/bin/files".into()],
            hosts: vec!["files.example".to_owned(), "127.0.0.1:9000".to_owned()],
            secrets: Some("mcp-".to_owned()),
        }
    }

    fn field(rules: &AddRules, change: impl FnOnce(&mut AddedServer)) -> Option<String> {
        let mut server = server();
        change(&mut server);
        rules.check("t", &server).err().map(|fault| fault.field)
    }

    #[test]
    fn nothing_is_added_but_what_the_operator_allows() {
        assert_eq!(rules().check("t", &server()), Ok(()));
        let nothing = AddRules::default();
        let fault = nothing.check("t", &server()).unwrap_err();
        assert_eq!(fault.field, "command");
        assert!(fault.detail.contains(COMMANDS), "{}", fault.detail);
        for (command, allowed) in [
            ("/bin/files", true),
            ("/bin/../bin/files", false),
            ("/bin/files ", false),
            ("files", false),
            ("", false),
        ] {
            let found = field(&rules(), |s| s.command = Some(command.to_owned()));
            assert_eq!(found.is_none(), allowed, "{command}");
        }
        for (host, expected) in [
            ("files.example", None),
            ("files.example:443", Some("hosts/0")),
            ("other.example", Some("hosts/0")),
            ("*.example.com", Some("hosts/0")),
            ("*", Some("hosts")),
            ("127.0.0.1:80", Some("hosts/0")),
        ] {
            let found = field(&rules(), |s| s.hosts = vec![host.to_owned()]);
            assert_eq!(found.as_deref(), expected, "{host}");
        }
    }

    #[test]
    fn its_environment_opens_no_wall_and_holds_no_secret() {
        for name in [
            "PATH",
            "home",
            "LD_PRELOAD",
            "GLIBC_TUNABLES",
            "DOTNET_BUNDLE_EXTRACT_BASE_DIR",
            "SSL_CERT_FILE",
            "HTTPS_PROXY",
            "IDENTITY_ENDPOINT",
            "AZIMUTH_DATA_DIR",
            "",
            "A=B",
            "A B",
        ] {
            let found = field(&rules(), |s| {
                s.env.insert(name.to_owned(), "x".to_owned());
            });
            assert_eq!(found, Some(format!("env/{name}")), "{name}");
        }
        for (name, value) in [
            ("API_KEY", "hunter2"),
            ("DB_PASSWORD", "x"),
            ("URL", "https://u:Sup3rS3cretPassw0rd@db.example/"),
            ("KEY", "@keyvault:files"),
            ("LONG", &"x".repeat(MAX_WORD_BYTES + 1)),
        ] {
            let found = field(&rules(), |s| {
                s.env.insert(name.to_owned(), value.to_owned());
            });
            assert_eq!(found, Some(format!("env/{name}")), "{name}");
        }
        let found = field(&rules(), |s| s.args.push("a\0b".to_owned()));
        assert_eq!(found.as_deref(), Some("args/2"));
        let found = field(&rules(), |s| s.args = vec![String::new(); MAX_WORDS + 1]);
        assert_eq!(found.as_deref(), Some("args"));
    }

    fn elsewhere(url: &str) -> AddedServer {
        AddedServer {
            command: None,
            args: Vec::new(),
            env: BTreeMap::new(),
            url: Some(url.to_owned()),
            hosts: Vec::new(),
            ..server()
        }
    }

    #[test]
    fn a_url_is_added_for_a_host_of_the_operator_and_nothing_else_beside_it() {
        for (url, expected) in [
            ("https://files.example/mcp", None),
            ("https://files.example:8443/mcp", Some("url")),
            ("https://other.example/mcp", Some("url")),
            ("http://files.example/mcp", Some("url")),
            ("http://127.0.0.1:9000/mcp", None),
            ("http://127.0.0.1:9001/mcp", Some("url")),
            (
                "https://files.example/mcp?api_key=Sup3rS3cretValue12345",
                Some("url"),
            ),
        ] {
            let found = rules().check("t", &elsewhere(url)).err();
            assert_eq!(found.map(|fault| fault.field).as_deref(), expected, "{url}");
        }
        let here = "https://files.example/mcp";
        for (change, expected) in [
            (
                (|s| s.command = Some("/bin/files".into())) as fn(&mut AddedServer),
                "url",
            ),
            (|s| s.args.push("a".into()), "args"),
            (|s| s.hosts.push("files.example".into()), "hosts"),
            (|s| drop(s.env.insert("LEVEL".into(), "a".into())), "env"),
            (
                |s| drop(s.headers.insert("cookie".into(), "a".into())),
                "headers/cookie",
            ),
            (
                |s| drop(s.headers.insert("X-Area".into(), "a".into())),
                "headers/X-Area",
            ),
            (
                |s| s.headers = [("authorization".into(), "Bearer abc".into())].into(),
                "headers/authorization",
            ),
        ] {
            let mut server = elsewhere(here);
            change(&mut server);
            let found = rules().check("t", &server).unwrap_err();
            assert_eq!(found.field, expected);
        }
        let found = field(&rules(), |s| {
            s.headers.insert("x-area".to_owned(), "a".to_owned());
        });
        assert_eq!(found.as_deref(), Some("headers"));
        let found = field(&rules(), |s| s.command = None);
        assert_eq!(found.as_deref(), Some("command"));
    }

    #[test]
    fn a_tenant_names_its_own_secrets_only() {
        let named = |rules: &AddRules, tenant: &str, secret: &str| {
            let mut server = elsewhere("https://files.example/mcp");
            let value = format!("@keyvault:{secret}");
            server.headers.insert("authorization".to_owned(), value);
            rules.check(tenant, &server).is_ok()
        };
        for (tenant, secret, allowed) in [
            ("t", "mcp-t--files", true),
            ("t", "mcp-t--", false),
            ("t", "mcp-t-files", false),
            ("t", "mcp-u--files", false),
            ("t", "other", false),
            ("t", "mcp-t--files/1", false),
            // Whose names would be among those of `t`.
            ("t--a", "mcp-t--a--files", false),
            ("t-", "mcp-t---files", false),
            ("", "mcp---files", false),
            ("t/u", "mcp-t/u--files", false),
        ] {
            assert_eq!(
                named(&rules(), tenant, secret),
                allowed,
                "{tenant} {secret}"
            );
        }
        let none = AddRules {
            secrets: None,
            ..rules()
        };
        assert!(!named(&none, "t", "mcp-t--files"));
    }

    #[test]
    fn a_token_is_got_at_a_host_of_the_operator_with_a_secret_of_the_tenant() {
        let oauth = || ServerOAuth {
            token_url: "https://login.example/token".to_owned(),
            client_id: "azimuth".to_owned(),
            client_secret: "@keyvault:mcp-t--files".to_owned(),
            scope: None,
        };
        let rules = AddRules {
            hosts: vec!["files.example".to_owned(), "login.example".to_owned()],
            ..rules()
        };
        let with = |change: fn(&mut ServerOAuth)| {
            let mut given = oauth();
            change(&mut given);
            AddedServer {
                oauth: Some(given),
                ..elsewhere("https://files.example/mcp")
            }
        };
        let server = TenantServer {
            tenant: "t".to_owned(),
            server: with(|_| ()),
        };
        let config = rules.config(&server, Path::new("/none")).unwrap();
        assert_eq!(config.hosts, Some(rules.hosts.clone()));
        let Runs::Elsewhere(remote) = config.runs else {
            panic!("it runs elsewhere");
        };
        let grant = remote.grant.unwrap();
        assert_eq!(grant.token_url.to_string(), "https://login.example/token");
        assert_eq!(grant.client_secret, "@keyvault:mcp-t--files");
        for (change, expected) in [
            (
                (|o| o.token_url = "https://evil.example/token".into()) as fn(&mut ServerOAuth),
                "oauth/token_url",
            ),
            (
                |o| o.token_url = "http://login.example/".into(),
                "oauth/token_url",
            ),
            (
                |o| o.token_url = "https://login.example/?api_key=Sup3rS3cretValue12345".into(),
                "oauth/token_url",
            ),
            (|o| o.client_id = String::new(), "oauth/client_id"),
            (
                |o| o.client_id = "x".repeat(MAX_WORD_BYTES + 1),
                "oauth/client_id",
            ),
            (
                |o| o.scope = Some("x".repeat(MAX_WORD_BYTES + 1)),
                "oauth/scope",
            ),
            (
                |o| o.client_secret = "hunter2".into(),
                "oauth/client_secret",
            ),
            (
                |o| o.client_secret = "@keyvault:".into(),
                "oauth/client_secret",
            ),
            (
                |o| o.client_secret = "@keyvault:mcp-u--files".into(),
                "oauth/client_secret",
            ),
        ] {
            let found = rules.check("t", &with(change)).unwrap_err();
            assert_eq!(found.field, expected, "{found:?}");
        }
        for length in [MAX_WORD_BYTES - 1, MAX_WORD_BYTES] {
            let mut fits = with(|_| ());
            if let Some(given) = &mut fits.oauth {
                given.scope = Some("x".repeat(length));
            }
            assert_eq!(rules.check("t", &fits), Ok(()));
        }
        let mut twice = with(|_| ());
        let header = ("authorization".into(), "@keyvault:mcp-t--a".into());
        twice.headers = [header].into();
        let found = rules.check("t", &twice).unwrap_err();
        assert_eq!(found.field, "headers/authorization");
        let found = field(&rules, |s| s.oauth = Some(oauth()));
        assert_eq!(found.as_deref(), Some("oauth"));
    }

    #[test]
    fn the_addresses_of_a_url_are_judged_by_what_the_operator_wrote() {
        let rules = AddRules {
            hosts: vec!["*.tools.example:8443".to_owned(), "a.example".to_owned()],
            ..AddRules::default()
        };
        let server = TenantServer {
            tenant: "t".to_owned(),
            server: elsewhere("https://a.tools.example:8443/mcp"),
        };
        let config = rules.config(&server, Path::new("/none")).unwrap();
        assert_eq!(config.hosts, Some(vec!["*.tools.example:8443".to_owned()]));
    }

    #[test]
    fn what_is_no_longer_allowed_is_not_started() {
        let server = TenantServer {
            tenant: "t".to_owned(),
            server: server(),
        };
        let started = rules().config(&server, Path::new("/none")).unwrap();
        assert_eq!(started.name, server.key());
        assert_eq!(started.identity, Identity::None);
        let Runs::Here(program) = started.runs else {
            panic!("{started:?}");
        };
        assert_eq!(program.env["HOME"], "/none");
        assert_eq!(program.writes, Vec::<PathBuf>::new());
        let said = AddRules::default().config(&server, Path::new("/none"));
        assert!(said.unwrap_err().contains("may not be started (command)"));
    }
}
