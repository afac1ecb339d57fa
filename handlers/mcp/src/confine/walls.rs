//! Walls around a tool server that the kernel holds up (Landlock): it writes only in
//! folders of its own, reads nothing of ours, and connects only to ports of ours. They
//! cannot be taken down again, and hold for everything that the process starts.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, NetPort, PathBeneath,
    PathFd, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, Scope,
};

/// Linux 6.2 is the first that forbids truncating too.
const FILES: ABI = ABI::V3;
/// Linux 6.7.
const CONNECTIONS: ABI = ABI::V4;
/// Linux 6.12; taken where it is there.
const SIGNALS: ABI = ABI::V6;
/// Most entries of one folder beside a hidden one that are opened for reading.
const MAX_BESIDE: usize = 16_384;

const DIR: &str = "--dir";
const HIDE: &str = "--hide";
const READ: &str = "--read";
const WRITE: &str = "--write";
const PROXY_PORT: &str = "--proxy-port";
const BROKER_PORT: &str = "--broker-port";

/// What this kernel can hold up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offer {
    /// Walls around files.
    pub files: bool,
    /// Walls around connections.
    pub connections: bool,
}

impl Offer {
    /// What the running kernel can do. Restricts nothing.
    pub fn of_this_kernel() -> Self {
        let files = strict()
            .handle_access(AccessFs::from_all(FILES))
            .and_then(Ruleset::create);
        let connections = strict()
            .handle_access(AccessNet::from_all(CONNECTIONS))
            .and_then(Ruleset::create);
        Self {
            files: files.is_ok(),
            connections: connections.is_ok(),
        }
    }
}

/// Walls around one process. The default has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walls {
    /// Around files.
    pub files: Option<Files>,
    /// Around connections: the only ports that may be connected to, over TCP. Nothing
    /// may listen then.
    pub ports: Option<Ports>,
}

/// Walls around files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The process's own folder.
    pub own: PathBuf,
    /// Folders and files of ours: nothing in them may be read, but `own`, `read` and
    /// `write`.
    pub hidden: Vec<PathBuf>,
    /// What may be read and run nevertheless.
    pub read: Vec<PathBuf>,
    /// Where it may write beside its own folder.
    pub write: Vec<PathBuf>,
}

/// Ports of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// The proxy that judges hosts.
    pub proxy: u16,
    /// The token broker.
    pub broker: Option<u16>,
}

/// Why there are no walls; the command must not run then.
#[derive(Debug, thiserror::Error)]
pub enum WallError {
    /// Not a flag that walls have, or without its value.
    #[error("{0} is no flag of confine, or its value is missing")]
    Flag(String),
    /// A folder that cannot be looked at.
    #[error("{0}: {1}")]
    Folder(PathBuf, io::Error),
    /// The kernel does not hold them up.
    #[error("the kernel holds no such walls up: {0}")]
    Kernel(#[from] RulesetError),
}

impl Walls {
    /// The words by which `handler confine` is told of them.
    pub(crate) fn words(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        let mut say = |flag: &str, value: OsString| words.extend([flag.into(), value]);
        if let Some(files) = &self.files {
            say(DIR, files.own.clone().into());
            for path in &files.hidden {
                say(HIDE, path.clone().into());
            }
            for path in &files.read {
                say(READ, path.clone().into());
            }
            for path in &files.write {
                say(WRITE, path.clone().into());
            }
        }
        if let Some(ports) = &self.ports {
            say(PROXY_PORT, ports.proxy.to_string().into());
            if let Some(broker) = ports.broker {
                say(BROKER_PORT, broker.to_string().into());
            }
        }
        words
    }

    /// Reads those words up to `--` or the first that is no flag, and leaves the rest.
    pub(super) fn read(
        words: &mut std::iter::Peekable<impl Iterator<Item = OsString>>,
    ) -> Result<Self, WallError> {
        let mut files = Files {
            own: PathBuf::new(),
            hidden: Vec::new(),
            read: Vec::new(),
            write: Vec::new(),
        };
        let (mut proxy, mut broker) = (None, None);
        while let Some(word) = words.next_if(|word| word.as_encoded_bytes().starts_with(b"--")) {
            if word == "--" {
                break;
            }
            let flag = word.to_string_lossy().into_owned();
            let value = words.next().ok_or_else(|| WallError::Flag(flag.clone()))?;
            let port = || {
                let port = value.to_str().and_then(|port| port.parse::<u16>().ok());
                port.ok_or_else(|| WallError::Flag(flag.clone()))
            };
            match flag.as_str() {
                DIR => files.own = value.into(),
                HIDE => files.hidden.push(value.into()),
                READ => files.read.push(value.into()),
                WRITE => files.write.push(value.into()),
                PROXY_PORT => proxy = Some(port()?),
                BROKER_PORT => broker = Some(port()?),
                _ => return Err(WallError::Flag(flag)),
            }
        }
        Ok(Self {
            files: Some(files).filter(|files| !files.own.as_os_str().is_empty()),
            ports: proxy.map(|proxy| Ports { proxy, broker }),
        })
    }

    /// Puts them up around this thread and all that it starts from now on. Walls that
    /// the kernel does not hold up are an error, and then none are there.
    pub(super) fn raise(&self) -> Result<(), WallError> {
        if self.files.is_none() && self.ports.is_none() {
            return Ok(());
        }
        let mut rules = strict();
        if self.files.is_some() {
            rules = rules.handle_access(AccessFs::from_all(FILES))?;
        }
        if self.ports.is_some() {
            rules = rules.handle_access(AccessNet::from_all(CONNECTIONS))?;
        }
        let mut rules = rules
            .set_compatibility(CompatLevel::BestEffort)
            .scope(Scope::from_all(SIGNALS))?
            .create()?
            .set_compatibility(CompatLevel::HardRequirement);
        if let Some(files) = &self.files {
            rules = files.rules(rules)?;
        }
        if let Some(ports) = &self.ports {
            for port in [Some(ports.proxy), ports.broker].into_iter().flatten() {
                rules = rules.add_rule(NetPort::new(port, AccessNet::ConnectTcp))?;
            }
        }
        rules
            .set_compatibility(CompatLevel::BestEffort)
            .restrict_self()?;
        Ok(())
    }
}

impl Files {
    fn rules(&self, mut rules: RulesetCreated) -> Result<RulesetCreated, WallError> {
        let (all, read) = (AccessFs::from_all(FILES), AccessFs::from_read(FILES));
        rules = must(rules, &self.own, all)?;
        for path in &self.write {
            rules = must(rules, path, all)?;
        }
        for path in &self.read {
            rules = may(rules, path, read)?;
        }
        rules = may(
            rules,
            Path::new("/dev/null"),
            AccessFs::WriteFile | AccessFs::ReadFile,
        )?;
        if self.hidden.is_empty() {
            return may(rules, Path::new("/"), read);
        }
        for path in beside(&self.hidden)? {
            rules = may(rules, &path, read)?;
        }
        Ok(rules)
    }
}

fn strict() -> Ruleset {
    Ruleset::default().set_compatibility(CompatLevel::HardRequirement)
}

/// A rule about what has to be there.
fn must(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, WallError> {
    let missing = |error: io::Error| WallError::Folder(path.to_owned(), error);
    fs::metadata(path).map_err(missing)?;
    may(rules, path, access)
}

/// A rule about what may be gone.
fn may(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, WallError> {
    let (Ok(meta), Ok(opened)) = (fs::metadata(path), PathFd::new(path)) else {
        return Ok(rules);
    };
    let access = if meta.is_dir() {
        access
    } else {
        access & AccessFs::from_file(FILES)
    };
    Ok(rules.add_rule(PathBeneath::new(opened, access))?)
}

/// Everything that is neither in one of `hidden` nor above one: what lies beside each
/// folder on the ways there. Links are left out, since what they lead to is judged itself.
fn beside(hidden: &[PathBuf]) -> Result<Vec<PathBuf>, WallError> {
    let hidden: Vec<PathBuf> = hidden.iter().filter_map(|path| real(path)).collect();
    let mut found = Vec::new();
    let mut ways = vec![PathBuf::from("/")];
    while let Some(above) = ways.pop() {
        let failed = |error| WallError::Folder(above.clone(), error);
        let entries = fs::read_dir(&above).map_err(failed)?;
        let mut others = Vec::new();
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            if hidden.contains(&path) || entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                continue;
            }
            if hidden.iter().any(|hidden| hidden.starts_with(&path)) {
                ways.push(path);
            } else {
                others.push(path);
            }
        }
        others.truncate(MAX_BESIDE);
        found.append(&mut others);
    }
    Ok(found)
}

/// The path without links. What is not there yet is hidden all the same, in a folder that
/// is there; `None` where that is not.
fn real(path: &Path) -> Option<PathBuf> {
    let there = fs::canonicalize(path).ok();
    there.or_else(|| {
        Some(
            fs::canonicalize(path.parent()?)
                .ok()?
                .join(path.file_name()?),
        )
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn read(words: &[&str]) -> Result<(Walls, Vec<OsString>), WallError> {
        let mut words = words.iter().map(OsString::from).peekable();
        Walls::read(&mut words).map(|walls| (walls, words.collect()))
    }

    #[test]
    fn walls_are_told_in_words_and_read_from_them() {
        let all = Walls {
            files: Some(Files {
                own: "/own".into(),
                hidden: vec!["/data".into(), "/elsewhere/x".into()],
                read: vec!["/a".into(), "/--b".into()],
                write: vec!["/c d".into()],
            }),
            ports: Some(Ports {
                proxy: 65535,
                broker: Some(1),
            }),
        };
        for walls in [
            all.clone(),
            Walls::default(),
            Walls {
                files: None,
                ..all.clone()
            },
            Walls { ports: None, ..all },
        ] {
            let mut words = walls.words();
            words.extend(["--", "cmd", "--dir", "x"].map(OsString::from));
            let mut words = words.into_iter().peekable();
            assert_eq!(Walls::read(&mut words).unwrap(), walls);
            assert_eq!(words.collect::<Vec<_>>(), ["cmd", "--dir", "x"]);
        }
        let (walls, rest) = read(&["cmd", "--dir"]).unwrap();
        assert_eq!((walls, rest.len()), (Walls::default(), 2));
    }

    #[test]
    fn what_is_no_flag_is_refused() {
        for words in [
            &["--dirs", "/x"][..],
            &["--dir"],
            &["--proxy-port", "65536", "--"],
            &["--proxy-port", "-1", "--"],
            &["--proxy-port", "", "--"],
            &["--broker-port", "x", "--"],
        ] {
            assert!(matches!(read(words), Err(WallError::Flag(_))), "{words:?}");
        }
    }

    #[test]
    fn what_is_beside_hidden_folders_is_all_but_the_ways_there() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(root.join("a/hidden/inside")).unwrap();
        fs::create_dir_all(root.join("b/c")).unwrap();
        fs::write(root.join("a/file"), "").unwrap();
        fs::write(root.join("b/settings"), "").unwrap();
        std::os::unix::fs::symlink(root.join("a"), root.join("way-back")).unwrap();
        let hidden = ["a/hidden", "b/settings", "b/comes-later", "no/folder"];
        let hidden = hidden.map(|name| root.join(name));
        let found = beside(&hidden).unwrap();
        for path in ["a/file", "b/c"] {
            assert!(found.contains(&root.join(path)), "{path}");
        }
        assert!(found.contains(&PathBuf::from("/proc")));
        for hidden in &hidden[..3] {
            let open = found.iter().find(|path| hidden.starts_with(path));
            assert_eq!(open, None, "{}", hidden.display());
        }
    }
}
