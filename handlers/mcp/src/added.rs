//! Tool servers that tenants added: what the operator of this installation lets them add,
//! and what such a server is started as. It is checked when it is added, and again
//! whenever one is started.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use azimuth_domain::redact::redact_arguments;
use azimuth_domain::tool_servers::{AddedServer, TenantServer};
use azimuth_ports::tools::{Addable, AddedFault};
use serde_json::{Value, json};

use crate::egress::allow::AllowList;
use crate::servers::{Identity, RESERVED, ServerConfig};

/// The setting with the programs.
const COMMANDS: &str = "AZIMUTH_MCP_COMMANDS";
/// The setting with the hosts.
const HOSTS: &str = "AZIMUTH_MCP_HOSTS";
/// Most arguments, and most variables.
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
}

impl AddRules {
    /// The same for people.
    pub(crate) fn told(&self) -> Addable {
        let commands = self.commands.iter();
        Addable {
            commands: commands.map(|path| path.display().to_string()).collect(),
            hosts: self.hosts.clone(),
        }
    }

    /// Why the server may not be added; the fault names a field of it.
    pub(crate) fn check(&self, server: &AddedServer) -> Result<(), AddedFault> {
        let fault = |field: String, detail: String| Err(AddedFault { field, detail });
        let command = Path::new(&server.command);
        if !self.commands.iter().any(|allowed| allowed == command) {
            return fault(
                "command".to_owned(),
                format!("The setting {COMMANDS} of this installation does not have this program."),
            );
        }
        if server.args.len() > MAX_WORDS || server.env.len() > MAX_WORDS {
            return fault(
                "args".to_owned(),
                format!("There are at most {MAX_WORDS} arguments, and as many variables."),
            );
        }
        for (number, word) in server.args.iter().enumerate() {
            is_word(word).or_else(|why| fault(format!("args/{number}"), why))?;
            if is_secret("argument", word) {
                return fault(format!("args/{number}"), NO_SECRETS.to_owned());
            }
        }
        for (name, value) in &server.env {
            let field = format!("env/{}", name.replace('~', "~0").replace('/', "~1"));
            let upper = name.to_ascii_uppercase();
            let is_ours = RESERVED.iter().any(|own| own.eq_ignore_ascii_case(name))
                || FOREIGN.iter().any(|start| upper.starts_with(start));
            let is_name = !name.is_empty()
                && name.len() <= 128
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if !is_name || is_ours {
                return fault(field, "This variable cannot be chosen.".to_owned());
            }
            is_word(value).or_else(|why| fault(field.clone(), why))?;
            if value.starts_with("@keyvault:") {
                let why = "Secrets of the key vault cannot be given to added servers yet.";
                return fault(field, why.to_owned());
            }
            if is_secret(name, value) {
                return fault(field, NO_SECRETS.to_owned());
            }
        }
        AllowList::parse(&server.hosts).or_else(|error| {
            let detail = format!("A host {error}.");
            fault("hosts".to_owned(), detail).map(|()| AllowList::default())
        })?;
        let allowed: BTreeSet<&String> = self.hosts.iter().collect();
        let stranger = server.hosts.iter().position(|host| !allowed.contains(host));
        match stranger {
            None => Ok(()),
            Some(number) => fault(
                format!("hosts/{number}"),
                format!("The setting {HOSTS} of this installation does not have this host."),
            ),
        }
    }

    /// What the server is started as, in a home that is not there.
    pub(crate) fn config(
        &self,
        server: &TenantServer,
        no_home: &Path,
    ) -> Result<ServerConfig, String> {
        let AddedServer {
            name,
            command,
            args,
            env,
            hosts,
            ..
        } = &server.server;
        self.check(&server.server).map_err(|fault| {
            format!(
                "The tool server {name} may not be started ({}): {}",
                fault.field, fault.detail
            )
        })?;
        let mut env = env.clone();
        env.insert("HOME".to_owned(), no_home.display().to_string());
        Ok(ServerConfig {
            name: server.key(),
            command: command.into(),
            args: args.clone(),
            env,
            identity: Identity::None,
            tools: std::collections::BTreeMap::new(),
            hosts: Some(hosts.clone()),
            writes: Vec::new(),
        })
    }
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

    use std::collections::BTreeMap;

    use azimuth_domain::principal::UserKey;
    use azimuth_domain::time::Timestamp;

    use super::*;

    fn server() -> AddedServer {
        AddedServer {
            name: "files".to_owned(),
            command: "/bin/files".to_owned(),
            args: vec!["--root".to_owned(), "/srv".to_owned()],
            env: BTreeMap::from([("LEVEL".to_owned(), "debug".to_owned())]),
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
            hosts: vec!["files.example".to_owned()],
        }
    }

    fn field(rules: &AddRules, change: impl FnOnce(&mut AddedServer)) -> Option<String> {
        let mut server = server();
        change(&mut server);
        rules.check(&server).err().map(|fault| fault.field)
    }

    #[test]
    fn nothing_is_added_but_what_the_operator_allows() {
        assert_eq!(rules().check(&server()), Ok(()));
        let nothing = AddRules::default();
        let fault = nothing.check(&server()).unwrap_err();
        assert_eq!(fault.field, "command");
        assert!(fault.detail.contains(COMMANDS), "{}", fault.detail);
        for (command, allowed) in [
            ("/bin/files", true),
            ("/bin/../bin/files", false),
            ("/bin/files ", false),
            ("files", false),
            ("", false),
        ] {
            let found = field(&rules(), |s| command.clone_into(&mut s.command));
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

    #[test]
    fn what_is_no_longer_allowed_is_not_started() {
        let server = TenantServer {
            tenant: "t".to_owned(),
            server: server(),
        };
        let started = rules().config(&server, Path::new("/none")).unwrap();
        assert_eq!(started.name, server.key());
        assert_eq!(started.identity, Identity::None);
        assert_eq!(started.env["HOME"], "/none");
        assert_eq!(started.writes, Vec::<PathBuf>::new());
        let said = AddRules::default().config(&server, Path::new("/none"));
        assert!(said.unwrap_err().contains("may not be started (command)"));
    }
}
