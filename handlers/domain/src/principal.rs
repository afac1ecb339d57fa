//! Who asks: tenants, users, roles.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::canonical::sha256_hex;
use crate::ids::OwnerKey;
use crate::session::SessionId;
use crate::time::Timestamp;

/// A user: `tid` and `oid` of a validated token and nothing else (lower-case
/// GUIDs). E-mail and names never identify anybody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UserKey {
    /// Tenant (directory) id.
    pub tid: String,
    /// Object id inside the tenant.
    pub oid: String,
}

impl UserKey {
    /// A key from the two claims; letter case is folded.
    pub fn new(tid: &str, oid: &str) -> Self {
        Self {
            tid: tid.to_ascii_lowercase(),
            oid: oid.to_ascii_lowercase(),
        }
    }

    /// The short hash that stands for this user in ids and partition keys.
    pub fn owner(&self) -> OwnerKey {
        OwnerKey::from_hash(&sha256_hex(format!("{}:{}", self.tid, self.oid)))
    }
}

/// What a person is to this product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Asks questions.
    Reader,
    /// Asks for changes too.
    Operator,
    /// Decides about other people's changes.
    Approver,
    /// Reads the tenant's audit.
    Auditor,
    /// Decides which tools, scopes and quotas each role gets.
    Admin,
}

impl Role {
    /// Every role, in the order of the enum.
    pub const ALL: [Self; 5] = [
        Self::Reader,
        Self::Operator,
        Self::Approver,
        Self::Auditor,
        Self::Admin,
    ];

    /// The name used in tokens, policies and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }

    /// The role of that name; unknown names are nobody's role.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// A caller as a verified token describes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// Tenant and object id.
    pub user: UserKey,
    /// Display name, for people's eyes only.
    pub name: Option<String>,
    /// Roles of the token.
    pub roles: BTreeSet<Role>,
    /// When the token was issued.
    pub token_issued_at: Timestamp,
    /// When the token ends; streams end with it.
    pub token_expires_at: Timestamp,
    /// The login that the token belongs to, where it says so.
    pub session: Option<SessionId>,
}

impl Principal {
    /// Whether the token carries `role`.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_known_by_its_name_to_the_letter() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            assert_eq!(serde_json::json!(role), role.as_str());
        }
        for name in ["", "Admin", "admin ", "owner", "관리자"] {
            assert_eq!(Role::parse(name), None, "{name}");
        }
    }

    #[test]
    fn a_principal_has_the_roles_of_the_token_and_no_other() {
        let principal = Principal {
            user: UserKey::new("T", "O"),
            name: None,
            roles: BTreeSet::from([Role::Approver]),
            token_issued_at: Timestamp(0),
            token_expires_at: Timestamp(1),
            session: None,
        };
        for role in Role::ALL {
            assert_eq!(principal.has(role), role == Role::Approver, "{role:?}");
        }
        assert_eq!(principal.user, UserKey::new("t", "o"));
    }
}
