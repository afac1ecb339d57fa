//! Users: profile and settings, and what administrators let them do.

mod listing;
mod stored;

use std::collections::BTreeSet;

use async_trait::async_trait;
use azimuth_domain::approval_grant::AlwaysAllowed;
use azimuth_domain::principal::{Role, UserKey};
use azimuth_domain::session::SessionId;
use azimuth_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::search::{Words, fold};
use crate::store::{Etag, Page, StoreError, Versioned};

pub use listing::UserPage;

/// Most sessions of one person that are refused one by one.
pub const MAX_REVOKED_SESSIONS: usize = 64;

/// What the product keeps of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "stored::Stored", into = "stored::Stored")]
pub struct UserRecord {
    /// Who.
    pub user: UserKey,
    /// Display name as of the last token.
    pub name: Option<String>,
    /// Whether they are let in.
    pub status: UserStatus,
    /// Roles that the administrator allows; `None` leaves those of the token.
    pub roles: Option<Vec<Role>>,
    /// What the newest token with other roles than the one before said.
    pub granted: Option<Granted>,
    /// First sign-in.
    pub created_at: Timestamp,
    /// Tokens that were issued up to then are refused: the person was signed out
    /// everywhere.
    pub valid_from: Option<Timestamp>,
    /// Sessions that are refused for good, at most [`MAX_REVOKED_SESSIONS`].
    pub revoked_sessions: Vec<RevokedSession>,
    /// The person's own settings.
    pub settings: Settings,
}

/// Whether a person is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// Yes.
    Active,
    /// Not until an administrator admits them. Whoever holds the role `admin` is
    /// admitted by that.
    Pending,
    /// Switched off: refused everywhere.
    Disabled,
}

impl UserStatus {
    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Disabled => "disabled",
        }
    }
}

/// Roles of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The roles.
    pub roles: BTreeSet<Role>,
    /// When the token was issued.
    pub at: Timestamp,
}

/// A session that was ended here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedSession {
    /// The session.
    pub id: SessionId,
    /// When.
    pub at: Timestamp,
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
    /// Tools whose changes need no yes of theirs, where policies let them say so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub always_allowed_tools: Vec<AlwaysAllowed>,
}

/// What a token says that a person comes with.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'a> {
    /// Its roles.
    pub roles: &'a BTreeSet<Role>,
    /// When it was issued; whole seconds.
    pub issued_at: Timestamp,
    /// The session that it belongs to, where that is known.
    pub session: Option<&'a SessionId>,
}

/// What a person may do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Act with these roles.
    Active(BTreeSet<Role>),
    /// Nothing until they are admitted.
    Pending,
    /// Nothing: they are switched off.
    Disabled,
    /// Nothing with this token: its session was ended.
    SignedOut,
}

impl Standing {
    /// The roles that count; whoever may do nothing has none.
    pub fn roles(self) -> BTreeSet<Role> {
        match self {
            Self::Active(roles) => roles,
            Self::Pending | Self::Disabled | Self::SignedOut => BTreeSet::new(),
        }
    }
}

impl UserRecord {
    /// A person who was never here before.
    pub fn new(user: UserKey, created_at: Timestamp) -> Self {
        Self {
            user,
            name: None,
            status: UserStatus::Active,
            roles: None,
            granted: None,
            created_at,
            valid_from: None,
            revoked_sessions: Vec::new(),
            settings: Settings::default(),
        }
    }

    /// What the person may do who comes with these. The one place that decides it, for
    /// requests and streams as for queued work.
    pub fn standing(&self, with: Credentials<'_>) -> Standing {
        if self.status == UserStatus::Disabled {
            return Standing::Disabled;
        }
        // A token says in whole seconds when it was issued: one of the same second as
        // the sign-out counts as older.
        let is_older = self.valid_from.is_some_and(|from| with.issued_at <= from);
        let is_revoked = |id: &SessionId| self.revoked_sessions.iter().any(|one| one.id == *id);
        if is_older || with.session.is_some_and(is_revoked) {
            return Standing::SignedOut;
        }
        let roles = self.left_of(with.roles);
        if self.status == UserStatus::Pending && !roles.contains(&Role::Admin) {
            return Standing::Pending;
        }
        Standing::Active(roles)
    }

    /// What the administrator leaves of the roles of a token.
    pub fn left_of(&self, roles: &BTreeSet<Role>) -> BTreeSet<Role> {
        match &self.roles {
            None => roles.clone(),
            Some(allowed) => roles
                .iter()
                .copied()
                .filter(|role| allowed.contains(role))
                .collect(),
        }
    }
}

/// Which people of a tenant are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserQuery {
    /// Words that must all occur in name or object id, in either case.
    pub text: Option<String>,
    /// Only with this status.
    pub status: Option<UserStatus>,
    /// At most this many, 1–100.
    pub limit: usize,
    /// Where to go on.
    pub cursor: Option<String>,
}

impl UserQuery {
    /// Whether `record` is wanted.
    pub fn takes(&self, record: &UserRecord) -> bool {
        if self.status.is_some_and(|status| status != record.status) {
            return false;
        }
        let Some(words) = Words::of(self.text.as_deref()) else {
            return true;
        };
        let mut missing = words.missing();
        let name = record.name.as_deref().map(fold).unwrap_or_default();
        missing.look_in(&record.user.oid) || missing.look_in(&name)
    }
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

    /// People of one tenant, by object id. A page may be short, even empty, while there
    /// is a next one: a call looks through a bounded number of records.
    /// [`StoreError::BadCursor`] for a cursor that this list did not give.
    async fn users(&self, tenant: &str, query: &UserQuery) -> Result<Page<UserRecord>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUED: Timestamp = Timestamp(60_000);

    fn record() -> UserRecord {
        UserRecord::new(UserKey::new("t", "o"), Timestamp(0))
    }

    fn standing(record: &UserRecord, roles: &[Role], sid: Option<&str>) -> Standing {
        let session = sid.map(|sid| SessionId::of(&record.user, sid));
        record.standing(Credentials {
            roles: &roles.iter().copied().collect(),
            issued_at: ISSUED,
            session: session.as_ref(),
        })
    }

    #[test]
    fn the_roles_that_count_are_in_token_and_record() {
        let roles = [Role::Reader, Role::Auditor];
        for (allowed, left) in [
            (None, roles.to_vec()),
            (Some(vec![Role::Auditor, Role::Admin]), vec![Role::Auditor]),
            (Some(Vec::new()), Vec::new()),
        ] {
            let record = UserRecord {
                roles: allowed,
                ..record()
            };
            let expected = Standing::Active(left.into_iter().collect());
            assert_eq!(standing(&record, &roles, Some("s")), expected);
        }
    }

    #[test]
    fn whoever_waits_has_no_role_unless_they_administer() {
        let mut record = UserRecord {
            status: UserStatus::Pending,
            ..record()
        };
        assert_eq!(
            standing(&record, &[Role::Operator], None),
            Standing::Pending
        );
        let admin = Standing::Active([Role::Admin].into());
        assert_eq!(standing(&record, &[Role::Admin], None), admin);
        record.roles = Some(vec![Role::Reader]);
        assert_eq!(standing(&record, &[Role::Admin], None), Standing::Pending);
        assert!(Standing::Pending.roles().is_empty());
    }

    #[test]
    fn a_token_up_to_the_sign_out_counts_no_more() {
        for (from, signed_out) in [
            (ISSUED.0 - 1, false),
            (ISSUED.0, true),
            (ISSUED.0 + 999, true),
        ] {
            let record = UserRecord {
                valid_from: Some(Timestamp(from)),
                ..record()
            };
            let is_out = standing(&record, &[Role::Admin], None) == Standing::SignedOut;
            assert_eq!(is_out, signed_out, "{from}");
        }
    }

    #[test]
    fn of_several_sessions_the_revoked_one_is_out() {
        let record = UserRecord {
            revoked_sessions: vec![RevokedSession {
                id: SessionId::of(&record().user, "revoked"),
                at: ISSUED,
            }],
            ..record()
        };
        let of = |sid| standing(&record, &[], sid) == Standing::SignedOut;
        assert!(of(Some("revoked")));
        assert!(!of(Some("other")) && !of(None));
    }

    #[test]
    fn whoever_is_switched_off_is_off_whatever_else_holds() {
        let record = UserRecord {
            status: UserStatus::Disabled,
            valid_from: Some(ISSUED),
            ..record()
        };
        assert_eq!(standing(&record, &[Role::Admin], None), Standing::Disabled);
        assert!(Standing::Disabled.roles().is_empty());
        assert!(Standing::SignedOut.roles().is_empty());
    }
}
