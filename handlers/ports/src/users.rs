//! Users: profile and settings.

use async_trait::async_trait;
use azimuth_domain::principal::{Role, UserKey};
use azimuth_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::{Etag, StoreError, Versioned};

/// What the product keeps of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRecord {
    /// Version of this shape.
    pub v: u32,
    /// Who.
    pub user: UserKey,
    /// Display name as of the last token.
    pub name: Option<String>,
    /// A switched-off user is refused everywhere.
    pub disabled: bool,
    /// Roles that the administrator allows; `None` leaves those of the token.
    pub roles: Option<Vec<Role>>,
    /// First sign-in.
    pub created_at: Timestamp,
    /// The person's own settings.
    pub settings: Settings,
}

/// A person's settings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// `ko` or `en`; `None` follows the browser.
    pub language: Option<String>,
    /// `light`, `dark` or `None` for the system's.
    pub theme: Option<String>,
    /// Subscription that a call is for when it names none.
    pub default_subscription: Option<String>,
    /// Preferred model.
    pub model: Option<String>,
}

/// Users. Reads see every acknowledged write.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// A user's record.
    async fn user(&self, user: &UserKey) -> Result<Option<Versioned<UserRecord>>, StoreError>;

    /// Writes a record: `None` creates it, an etag replaces that version.
    /// `Ok(None)`: the condition does not hold, nothing was written; read again.
    async fn put_user(
        &self,
        record: &UserRecord,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError>;
}
