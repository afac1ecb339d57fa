//! Sessions: one login of a person.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::canonical::sha256_hex;
use crate::ids::OwnerKey;
use crate::principal::UserKey;

/// Hexadecimal digits of the hash that stands for the identity provider's own id.
const HASH_LENGTH: usize = 32;
/// As in [`OwnerKey`].
const OWNER_LENGTH: usize = 16;

/// `s_<owner>_<32 hex digits>`. The identity provider's id (`sid`) is not in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SessionId(String);

impl SessionId {
    /// The session that the identity provider calls `sid`.
    pub fn of(user: &UserKey, sid: &str) -> Self {
        let hash = sha256_hex(format!("session\n{}\n{}\n{sid}", user.tid, user.oid));
        Self(format!("s_{}_{}", user.owner(), &hash[..HASH_LENGTH]))
    }

    /// Reads an id; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, hash) = text.strip_prefix("s_")?.split_once('_')?;
        let is_hash = |text: &str, length| {
            text.len() == length
                && text
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        (is_hash(owner, OWNER_LENGTH) && is_hash(hash, HASH_LENGTH)).then(|| Self(text.to_owned()))
    }

    /// Hash of the person.
    pub fn owner(&self) -> OwnerKey {
        OwnerKey::from_hash(&self.0[2..])
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not the id of a session"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::is_id_text;

    #[test]
    fn an_id_tells_whose_session_it_is_and_reads_back() {
        let (one, other) = (UserKey::new("t", "o"), UserKey::new("t", "p"));
        let id = SessionId::of(&one, "008f5f4a-sid");
        assert_eq!(id.owner(), one.owner());
        assert!(is_id_text(id.as_str()) && !id.as_str().contains("sid"));
        assert_eq!(SessionId::parse(id.as_str()).as_ref(), Some(&id));
        assert_ne!(SessionId::of(&one, "another"), id);
        assert_ne!(SessionId::of(&other, "008f5f4a-sid"), id);
    }

    #[test]
    fn anything_else_is_no_id() {
        let id = SessionId::of(&UserKey::new("t", "o"), "sid").to_string();
        let long = format!("{id}0");
        let upper = id.to_uppercase();
        for text in [
            "",
            "s_",
            "s__",
            "한글",
            &long,
            &upper,
            &id[1..],
            &id.replace("s_", "t_"),
        ] {
            assert_eq!(SessionId::parse(text), None, "{text}");
        }
    }
}
