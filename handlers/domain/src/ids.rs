//! Opaque ids that locate themselves: each holds its kind, the owner's hash, the
//! conversation and its own local part, so that any id is a point read.
//!
//! Alphabet `[a-z0-9_-]`, at most 96 characters. What does not parse is
//! answered as "not found", never as "malformed".

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::canonical::sha256_hex;
use crate::principal::UserKey;

/// Longest id.
pub const MAX_ID_LENGTH: usize = 96;

const OWNER_LENGTH: usize = 16;
const CONVERSATION_LENGTH: usize = 26;
const TURN_LENGTH: usize = 20;

/// Where the parts begin; all but the last have a length of their own.
const OWNER_AT: usize = 2;
const CONVERSATION_AT: usize = OWNER_AT + OWNER_LENGTH + 1;
const TURN_AT: usize = CONVERSATION_AT + CONVERSATION_LENGTH + 1;

/// Whether `text` is made of the alphabet of ids and short enough.
pub fn is_id_text(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_ID_LENGTH
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

fn is_local(text: &str, length: usize) -> bool {
    text.len() == length
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// Sixteen hex digits of SHA-256 over `tid:oid`: the partition of a user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OwnerKey(String);

impl OwnerKey {
    pub(crate) fn from_hash(hash: &str) -> Self {
        Self(hash[..OWNER_LENGTH].to_owned())
    }

    /// The key as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OwnerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The partition of everything in one conversation: tenant, owner, conversation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConversationKey {
    /// Tenant id of the owner.
    pub tenant: String,
    /// Owner's hash.
    pub owner: OwnerKey,
    /// The conversation.
    pub conversation: ConversationId,
}

impl ConversationKey {
    /// The key of a conversation id inside `tenant`.
    pub fn of(tenant: &str, conversation: &ConversationId) -> Self {
        Self {
            tenant: tenant.to_owned(),
            owner: conversation.owner(),
            conversation: conversation.clone(),
        }
    }
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Reads an id; `None` when it is none.
            pub fn parse(text: &str) -> Option<Self> {
                Self::is(text).then(|| Self(text.to_owned()))
            }

            /// Hash of the owner.
            pub fn owner(&self) -> OwnerKey {
                OwnerKey(self.0[OWNER_AT..CONVERSATION_AT - 1].to_owned())
            }

            /// The conversation that this id lies in.
            #[must_use]
            pub fn conversation(&self) -> ConversationId {
                ConversationId(format!("c_{}", &self.0[OWNER_AT..TURN_AT - 1]))
            }

            /// The partition of this id inside `tenant`.
            pub fn key(&self, tenant: &str) -> ConversationKey {
                ConversationKey::of(tenant, &self.conversation())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                if Self::is(&text) {
                    return Ok(Self(text));
                }
                Err(serde::de::Error::custom(concat!("not an id of kind ", $prefix)))
            }
        }
    };
}

id_type!(
    /// `c_<owner>_<26 characters>`: a ULID in lower case, or a hash for the
    /// hidden conversation of a tool call without a model.
    ConversationId,
    "c"
);
id_type!(
    /// `t_<owner>_<conversation>_<20 characters>`.
    TurnId,
    "t"
);
id_type!(
    /// `m_<owner>_<conversation>_<turn>-<u | sN>`: the user's message or the text
    /// of the model's step N.
    MessageId,
    "m"
);
id_type!(
    /// `k_<owner>_<conversation>_<turn>_<step>-<index>[pN]`; `pN` marks a preview.
    CallId,
    "k"
);
id_type!(
    /// `a_…`: the approval of the call with the same tail.
    ApprovalId,
    "a"
);

/// The parts of an id of this kind, whose owner and conversation are sound.
fn split<'a, const PARTS: usize>(text: &'a str, prefix: &str) -> Option<[&'a str; PARTS]> {
    if !is_id_text(text) {
        return None;
    }
    let mut rest = text.split('_');
    let mut fields = [""; PARTS];
    for field in &mut fields {
        *field = rest.next()?;
    }
    let owner_is_hex =
        |f: &str| is_local(f, OWNER_LENGTH) && f.bytes().all(|b| b.is_ascii_hexdigit());
    (rest.next().is_none()
        && fields[0] == prefix
        && owner_is_hex(fields[1])
        && is_local(fields[2], CONVERSATION_LENGTH))
    .then_some(fields)
}

impl ConversationId {
    /// A new conversation of `user`; `ulid` is a ULID in any letter case.
    pub fn new(user: &UserKey, ulid: &str) -> Self {
        Self(format!("c_{}_{}", user.owner(), ulid.to_ascii_lowercase()))
    }

    /// The conversation that `user` gets for this idempotency key, whatever
    /// process makes it. `purpose` keeps different uses of one key apart.
    pub fn derived(user: &UserKey, purpose: &str, idempotency_key: &str) -> Self {
        let owner = user.owner();
        let hash = sha256_hex(format!("{owner}\n{purpose}\n{idempotency_key}"));
        Self(format!("c_{owner}_{}", &hash[..CONVERSATION_LENGTH]))
    }

    fn is(text: &str) -> bool {
        split::<3>(text, "c").is_some()
    }

    fn tail(&self) -> &str {
        &self.0[2..]
    }
}

impl TurnId {
    /// The turn of this conversation for this idempotency key (rule 1).
    pub fn derived(conversation: &ConversationId, idempotency_key: &str) -> Self {
        let hash = sha256_hex(format!("{conversation}\n{idempotency_key}"));
        Self(format!(
            "t_{}_{}",
            conversation.tail(),
            &hash[..TURN_LENGTH]
        ))
    }

    fn is(text: &str) -> bool {
        split::<4>(text, "t").is_some_and(|fields| is_local(fields[3], TURN_LENGTH))
    }

    fn tail(&self) -> &str {
        &self.0[2..]
    }
}

impl MessageId {
    /// The user's message of `turn`.
    pub fn of_user(turn: &TurnId) -> Self {
        Self(format!("m_{}-u", turn.tail()))
    }

    /// What the model said in step `step` of `turn`.
    pub fn of_step(turn: &TurnId, step: u32) -> Self {
        Self(format!("m_{}-s{step}", turn.tail()))
    }

    fn is(text: &str) -> bool {
        split::<4>(text, "m")
            .and_then(|fields| fields[3].split_once('-'))
            .is_some_and(|(turn, local)| {
                let local_is_known =
                    local == "u" || local.strip_prefix('s').is_some_and(is_plain_number);
                is_local(turn, TURN_LENGTH) && local_is_known
            })
    }

    /// The turn that the message belongs to.
    pub fn turn(&self) -> TurnId {
        let end = self.0.len() - self.0.split('-').next_back().map_or(0, str::len) - 1;
        TurnId(format!("t_{}", &self.0[2..end]))
    }

    /// The step in which the model said it; `None`: the user's message.
    pub fn step(&self) -> Option<u32> {
        let (_, local) = self.0.rsplit_once('-')?;
        local.strip_prefix('s')?.parse().ok()
    }
}

fn is_of_call(text: &str, prefix: &str) -> bool {
    split::<5>(text, prefix)
        .is_some_and(|fields| is_local(fields[3], TURN_LENGTH) && is_call_local(fields[4]))
}

fn is_call_local(text: &str) -> bool {
    let Some((step, rest)) = text.split_once('-') else {
        return false;
    };
    let (index, preview) = rest
        .split_once('p')
        .map_or((rest, None), |(i, p)| (i, Some(p)));
    is_plain_number(step) && is_plain_number(index) && preview.is_none_or(is_plain_number)
}

/// Whether `text` is how a `u32` is written.
fn is_plain_number(text: &str) -> bool {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    digits && (text == "0" || !text.starts_with('0')) && text.parse::<u32>().is_ok()
}

impl CallId {
    /// Call number `index` of step `step`.
    pub fn new(turn: &TurnId, step: u32, index: usize) -> Self {
        Self(format!("k_{}_{step}-{index}", turn.tail()))
    }

    fn is(text: &str) -> bool {
        is_of_call(text, "k")
    }

    /// The turn that asked for the call.
    pub fn turn(&self) -> TurnId {
        let end = TURN_AT + TURN_LENGTH;
        TurnId(format!("t_{}", &self.0[OWNER_AT..end]))
    }

    /// Number `number` of the reads about this call.
    #[must_use]
    pub fn preview(&self, number: u32) -> Self {
        Self(format!("{}p{number}", self.0))
    }

    /// The approval of this call.
    pub fn approval(&self) -> ApprovalId {
        ApprovalId(format!("a_{}", &self.0[2..]))
    }
}

impl ApprovalId {
    fn is(text: &str) -> bool {
        is_of_call(text, "a")
    }

    /// The call that the approval is for.
    pub fn call(&self) -> CallId {
        CallId(format!("k_{}", &self.0[2..]))
    }

    /// The turn of that call.
    pub fn turn(&self) -> TurnId {
        self.call().turn()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> UserKey {
        UserKey::new(
            "00000000-0000-0000-0000-0000000000A1",
            "00000000-0000-0000-0000-0000000000b2",
        )
    }

    #[test]
    fn every_id_reads_back_and_locates_itself() {
        let conversation = ConversationId::new(&alice(), "01JD8XK7ZB3N5V9Q2W4E6R8T0Y");
        let turn = TurnId::derived(&conversation, "key-1");
        let call = CallId::new(&turn, 3, 7);
        let message = MessageId::of_step(&turn, 12);
        assert_eq!(
            ConversationId::parse(conversation.as_str()),
            Some(conversation.clone())
        );
        assert_eq!(TurnId::parse(turn.as_str()), Some(turn.clone()));
        assert_eq!(CallId::parse(call.as_str()), Some(call.clone()));
        assert_eq!(MessageId::parse(message.as_str()), Some(message.clone()));
        assert_eq!(
            ApprovalId::parse(call.approval().as_str()),
            Some(call.approval())
        );
        assert_eq!(call.approval().call(), call);
        assert_eq!(call.turn(), turn);
        let preview = call.preview(0);
        assert_eq!(CallId::parse(preview.as_str()), Some(preview.clone()));
        assert_eq!(preview.turn(), turn);
        assert_eq!(message.turn(), turn);
        assert_eq!(message.step(), Some(12));
        assert_eq!(MessageId::of_user(&turn).turn(), turn);
        assert_eq!(MessageId::of_user(&turn).step(), None);
        assert_eq!(call.conversation(), conversation);
        assert_eq!(call.owner(), alice().owner());
        assert!(call.as_str().len() <= MAX_ID_LENGTH);
    }

    #[test]
    fn the_same_key_gives_the_same_turn_and_only_in_its_conversation() {
        let a = ConversationId::new(&alice(), "01JD8XK7ZB3N5V9Q2W4E6R8T0Y");
        let b = ConversationId::new(&alice(), "01JD8XK7ZB3N5V9Q2W4E6R8T0Z");
        assert_eq!(TurnId::derived(&a, "k"), TurnId::derived(&a, "k"));
        assert_ne!(TurnId::derived(&a, "k"), TurnId::derived(&b, "k"));
        assert_ne!(
            ConversationId::derived(&alice(), "console", "k"),
            ConversationId::derived(&alice(), "conversation", "k")
        );
    }

    #[test]
    fn what_is_no_id_is_none() {
        let conversation = ConversationId::new(&alice(), "01JD8XK7ZB3N5V9Q2W4E6R8T0Y");
        let turn = TurnId::derived(&conversation, "k");
        let upper = turn.as_str().to_uppercase();
        let long = format!("{turn}{}", "0".repeat(40));
        for text in [
            "",
            "t",
            "t__",
            "t_x_y_z",
            "../../etc/passwd",
            &upper,
            &long,
            conversation.as_str(),
            &format!("{turn}_0-0"),
        ] {
            assert_eq!(TurnId::parse(text), None, "{text}");
        }
        for local in [
            "",
            "0",
            "0-",
            "-0",
            "01-0",
            "0-01",
            "0-0p",
            "0-0p01",
            "a-b",
            "4294967296-0",
            "0-0_0",
        ] {
            let text = format!("k_{}_{local}", &turn.as_str()[2..]);
            assert_eq!(CallId::parse(&text), None, "{text}");
        }
        for local in ["", "u0", "s", "s01", "s-1", "s4294967296", "x"] {
            let text = format!("m_{}-{local}", &turn.as_str()[2..]);
            assert_eq!(MessageId::parse(&text), None, "{text}");
        }
    }
}
