//! The store in one `SQLite` file.

mod audit;
mod audit_query;
mod commit;
mod config;
mod conversations;
pub(crate) mod digests;
mod documents;
mod events;
mod messages;
#[cfg(test)]
mod plans;
mod results;
mod schema;
mod search;
mod secrets;
mod sessions;
mod sweep;
mod tokens;
mod turns;
mod usage;
mod users;

use std::path::Path;
use std::sync::Arc;

use azimuth_ports::clock::{Clock, Random};

pub use digests::SqliteDigests;

use crate::database::{Database, OpenError, Settings, WriteCounts};

/// `ConversationStore`, `AuditLog`, `ConfigStore`, `UserStore`, `UsageStore`, `SessionStore`,
/// `SecretStore` and `TokenStore` in the file `azimuth.sqlite` of a folder, which several processes may use
/// at once.
pub struct SqliteStore {
    database: Database,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl SqliteStore {
    /// Opens or makes the store of `folder`. Versions are drawn from `random`;
    /// `clock` decides when a sealed token has ended.
    pub fn open(
        folder: &Path,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, OpenError> {
        let database = Database::open(
            &folder.join("azimuth.sqlite"),
            schema::MIGRATIONS,
            &Settings::default(),
        )?;
        Ok(Self {
            database,
            clock,
            random,
        })
    }

    /// How many writes shared how many commits.
    pub fn write_counts(&self) -> WriteCounts {
        self.database.write_counts()
    }
}
