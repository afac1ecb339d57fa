//! How a user record is written.
//!
//! Version 1 knows people who are switched off, and no more. Whatever else keeps
//! somebody out makes a record of version 2, which a build that knows only version 1
//! refuses to read: it lets nobody in whom it would misjudge. It also says `disabled`
//! then, for whoever reads no version.

use azimuth_domain::principal::{Role, UserKey};
use azimuth_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Granted, RevokedSession, Settings, UserRecord, UserStatus};

/// Newest version that this build reads.
const NEWEST: u32 = 2;

/// A record as JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Stored {
    v: u32,
    user: UserKey,
    name: Option<String>,
    disabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<UserStatus>,
    roles: Option<Vec<Role>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    granted: Option<Granted>,
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_from: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    revoked_sessions: Vec<RevokedSession>,
    settings: Settings,
}

impl From<UserRecord> for Stored {
    fn from(record: UserRecord) -> Self {
        let is_told_by_version_1 = record.status != UserStatus::Pending
            && record.valid_from.is_none()
            && record.revoked_sessions.is_empty();
        let (v, status) = if is_told_by_version_1 {
            (1, None)
        } else {
            (2, Some(record.status))
        };
        Self {
            v,
            user: record.user,
            name: record.name,
            disabled: v > 1 || record.status == UserStatus::Disabled,
            status,
            roles: record.roles,
            granted: record.granted,
            created_at: record.created_at,
            valid_from: record.valid_from,
            revoked_sessions: record.revoked_sessions,
            settings: record.settings,
        }
    }
}

impl TryFrom<Stored> for UserRecord {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        if stored.v > NEWEST {
            return Err(format!(
                "it has version {}, this build knows up to {NEWEST}",
                stored.v
            ));
        }
        let status = match (stored.status, stored.disabled) {
            (Some(status), _) => status,
            (None, true) => UserStatus::Disabled,
            (None, false) => UserStatus::Active,
        };
        Ok(Self {
            user: stored.user,
            name: stored.name,
            status,
            roles: stored.roles,
            granted: stored.granted,
            created_at: stored.created_at,
            valid_from: stored.valid_from,
            revoked_sessions: stored.revoked_sessions,
            settings: stored.settings,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::{Value, json};

    use super::*;

    /// A record as the build before this one wrote it.
    fn old(disabled: bool) -> Value {
        json!({
            "v": 1, "user": {"tid": "t", "oid": "o"}, "name": "N", "disabled": disabled,
            "roles": ["reader"], "created_at": 5,
            "settings": {"language": null, "theme": null, "default_subscription": null, "model": "m"},
        })
    }

    #[test]
    fn an_old_record_is_read_and_written_as_it_was() {
        for (disabled, status) in [(false, UserStatus::Active), (true, UserStatus::Disabled)] {
            let record: UserRecord = serde_json::from_value(old(disabled)).unwrap();
            assert_eq!(record.status, status);
            assert_eq!(record.roles, Some(vec![Role::Reader]));
            assert_eq!(serde_json::to_value(&record).unwrap(), old(disabled));
        }
    }

    #[test]
    fn what_an_old_build_would_misjudge_it_does_not_read() {
        let record: UserRecord = serde_json::from_value(old(false)).unwrap();
        let session = azimuth_domain::session::SessionId::of(&record.user, "sid");
        let at = Timestamp(7);
        let pending = UserRecord {
            status: UserStatus::Pending,
            ..record.clone()
        };
        let signed_out = UserRecord {
            valid_from: Some(at),
            ..record.clone()
        };
        let revoked = UserRecord {
            revoked_sessions: vec![RevokedSession { id: session, at }],
            ..record
        };
        for record in [pending, signed_out, revoked] {
            let stored = serde_json::to_value(&record).unwrap();
            assert_eq!(
                (&stored["v"], &stored["disabled"]),
                (&json!(2), &json!(true))
            );
            let again: UserRecord = serde_json::from_value(stored).unwrap();
            assert_eq!(again, record);
        }
    }

    #[test]
    fn a_newer_record_is_not_read() {
        let mut newer = old(false);
        newer["v"] = json!(NEWEST + 1);
        let read: Result<UserRecord, _> = serde_json::from_value(newer);
        assert!(read.unwrap_err().to_string().contains("version 3"));
    }
}
