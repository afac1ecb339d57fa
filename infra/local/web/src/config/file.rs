//! The file on disk, read again when it changes: a build replaces it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Origins, SIZE_MAX, SettingError, SiteConfig};
use crate::files::Stamp;
use crate::log::Log;

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{}: cannot be read: {source}", file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("{}: is larger than the {SIZE_MAX} bytes that the service takes", file.display())]
    TooLarge { file: PathBuf },
    #[error("{}: is not JSON: {source}", file.display())]
    NotJson {
        file: PathBuf,
        source: serde_json::Error,
    },
    #[error("{}: {source}", file.display())]
    Setting { file: PathBuf, source: SettingError },
}

#[derive(Debug)]
pub struct ConfigFile {
    file: PathBuf,
    origins: Origins,
    log: Log,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    config: Arc<SiteConfig>,
    /// Of the file that was looked at last, good or not.
    seen: Option<Stamp>,
}

impl ConfigFile {
    pub fn open(file: PathBuf, origins: Origins, log: Log) -> Result<Self, ConfigError> {
        let seen = stamp(&file);
        let config = Arc::new(read(&file, &origins)?);
        Ok(Self {
            file,
            origins,
            log,
            state: Mutex::new(State { config, seen }),
        })
    }

    /// As the file is now. While it is missing or wrong, the former one counts:
    /// a build is under way, or the log says what is wrong.
    pub fn current(&self) -> Arc<SiteConfig> {
        let found = stamp(&self.file);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if found.is_some() && found != state.seen {
            state.seen = found;
            match read(&self.file, &self.origins) {
                Ok(config) => {
                    state.config = Arc::new(config);
                    self.log
                        .information(format_args!("{} was read again", self.file.display()));
                }
                Err(error) => self
                    .log
                    .error(format_args!("{error}; the former configuration counts")),
            }
        }
        Arc::clone(&state.config)
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    fs::metadata(file).ok().as_ref().map(Stamp::of)
}

fn read(file: &Path, origins: &Origins) -> Result<SiteConfig, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable {
        file: file.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|open| open.take(SIZE_MAX as u64 + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() > SIZE_MAX {
        return Err(ConfigError::TooLarge {
            file: file.to_owned(),
        });
    }
    let value = serde_json::from_slice(&bytes).map_err(|source| ConfigError::NotJson {
        file: file.to_owned(),
        source,
    })?;
    SiteConfig::parse(value, origins).map_err(|source| ConfigError::Setting {
        file: file.to_owned(),
        source,
    })
}
