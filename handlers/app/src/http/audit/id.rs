//! The opaque id of a record: chain and register in the alphabet of ids, ≤ 96
//! characters, so that `GET /v1/audit/{id}` is a point read.
//!
//! - `rk_<owner>_<conversation>_<turn>_<call>-<what>`: a register of a tool call in
//!   its conversation's chain; `<what>` is short for the common ones.
//! - `rc_<owner>_<conversation>_<register>`: another register of that chain.
//! - `ra_<area>-<day>_<register>`: a register of an administrative chain.
//!
//! A `:` of a register is written `--`.

use azimuth_domain::ids::{CallId, ConversationId, OwnerKey, is_id_text};

use crate::http::path::PathName;

/// Chain and register of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub chain: String,
    pub register: String,
}

impl Place {
    /// The opaque id; `None` for a place that has none (no place that this product
    /// writes).
    pub fn encode(&self) -> Option<String> {
        let id = if let Some(tail) = self.chain.strip_prefix("c_") {
            match self.register.split_once(':') {
                Some((call, what)) if is_call_of(call, &self.chain) => {
                    format!("rk_{}-{}", call.strip_prefix("k_")?, shorten(what)?)
                }
                _ => format!("rc_{tail}_{}", flatten(&self.register)?),
            }
        } else {
            let area = self
                .chain
                .strip_prefix("admin-")
                .filter(|a| !a.contains('_'))?;
            format!("ra_{area}_{}", flatten(&self.register)?)
        };
        is_id_text(&id).then_some(id)
    }

    /// Reads an opaque id.
    pub fn decode(id: &str) -> Option<Self> {
        if !is_id_text(id) {
            return None;
        }
        if let Some(rest) = id.strip_prefix("rk_") {
            let local = rest.rfind('_')?;
            let mut dashes = rest[local..].match_indices('-').map(|(at, _)| local + at);
            let cut = dashes.nth(1)?;
            let call = CallId::parse(&format!("k_{}", &rest[..cut]))?;
            return Some(Self {
                chain: call.conversation().to_string(),
                register: format!("{call}:{}", lengthen(&rest[cut + 1..])?),
            });
        }
        if let Some(rest) = id.strip_prefix("rc_") {
            let (tail, register) = rest.rsplit_once('_')?;
            return Some(Self {
                chain: ConversationId::parse(&format!("c_{tail}"))?.to_string(),
                register: unflatten(register),
            });
        }
        let (area, register) = id.strip_prefix("ra_")?.split_once('_')?;
        Some(Self {
            chain: format!("admin-{area}"),
            register: unflatten(register),
        })
    }
}

/// Records of the administrative chains tell nobody's name.
impl PathName for Place {
    fn read(text: &str) -> Option<Self> {
        Self::decode(text)
    }

    fn owner(&self) -> Option<OwnerKey> {
        ConversationId::parse(&self.chain).map(|conversation| conversation.owner())
    }
}

fn is_call_of(call: &str, chain: &str) -> bool {
    CallId::parse(call).is_some_and(|call| call.conversation().as_str() == chain)
}

/// The registers of a call as the engine writes them, in few characters; a
/// decision carries the decider's hash and would not fit otherwise.
fn shorten(what: &str) -> Option<String> {
    let parts: Vec<&str> = what.split(':').collect();
    match parts.as_slice() {
        [attempt, "open"] if is_number(attempt) => Some(format!("o{attempt}")),
        [attempt, "close"] if is_number(attempt) => Some(format!("c{attempt}")),
        ["denied"] => Some("x".to_owned()),
        ["decision", decider, "yes"] if is_hex(decider) => Some(format!("y{decider}")),
        ["decision", decider, "no"] if is_hex(decider) => Some(format!("n{decider}")),
        ["decision", decider, verdict @ ("yes" | "no"), round]
            if is_hex(decider) && is_number(round) =>
        {
            Some(format!("{}{decider}r{round}", &verdict[..1]))
        }
        _ => flatten(what).map(|text| format!("z{text}")),
    }
}

fn lengthen(short: &str) -> Option<String> {
    let (kind, rest) = short.split_at_checked(1)?;
    match kind {
        "o" if is_number(rest) => Some(format!("{rest}:open")),
        "c" if is_number(rest) => Some(format!("{rest}:close")),
        "x" if rest.is_empty() => Some("denied".to_owned()),
        "y" => decision(rest, "yes"),
        "n" => decision(rest, "no"),
        "z" if !rest.is_empty() => Some(unflatten(rest)),
        _ => None,
    }
}

fn decision(rest: &str, verdict: &str) -> Option<String> {
    match rest.split_once('r') {
        None => is_hex(rest).then(|| format!("decision:{rest}:{verdict}")),
        Some((decider, round)) => (is_hex(decider) && is_number(round))
            .then(|| format!("decision:{decider}:{verdict}:{round}")),
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<u32>().is_ok_and(|n| n.to_string() == text)
}

fn is_hex(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn flatten(register: &str) -> Option<String> {
    let flat = register.replace(':', "--");
    let reads_back =
        !register.contains("--") && !register.contains('_') && unflatten(&flat) == register;
    reads_back.then_some(flat)
}

fn unflatten(text: &str) -> String {
    text.replace("--", ":")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use azimuth_domain::audit::{admin_chain, close_id, conversation_chain, decision_id, open_id};
    use azimuth_domain::ids::TurnId;
    use azimuth_domain::principal::UserKey;
    use azimuth_domain::time::Timestamp;
    use proptest::prelude::*;

    fn places() -> Vec<Place> {
        let user = UserKey::new("t", "o");
        let conversation = ConversationId::new(&user, "01JD8XK7ZB3N5V9Q2W4E6R8T0Y");
        let call = CallId::new(&TurnId::derived(&conversation, "k"), 15, 7);
        let preview = CallId::parse(&format!("{call}p3")).unwrap();
        let chain = conversation_chain(&conversation);
        let day = admin_chain("subscriptions", Timestamp(1_795_525_509_123));
        let ulid = "01jd8xk7zb3n5v9q2w4e6r8t0y";
        [
            (&chain, open_id(&call, 3)),
            (&chain, close_id(&call, 12)),
            (&chain, open_id(&preview, 1)),
            (&chain, format!("{call}:denied")),
            (&chain, decision_id(&call, 0, &user, true)),
            (&chain, decision_id(&preview, 0, &user, false)),
            (&chain, decision_id(&call, 3, &user, false)),
            (&chain, format!("{call}:note:1")),
            (&chain, format!("restored:{ulid}")),
            (&day, format!("{ulid}:1:open")),
            (&day, format!("read:{ulid}")),
        ]
        .into_iter()
        .map(|(chain, register)| Place {
            chain: chain.clone(),
            register,
        })
        .collect()
    }

    #[test]
    fn every_place_that_the_product_writes_reads_back() {
        for place in places() {
            let id = place.encode().unwrap_or_default();
            assert!(is_id_text(&id), "{place:?} -> {id} ({})", id.len());
            assert_eq!(Place::decode(&id), Some(place), "{id}");
        }
    }

    #[test]
    fn what_is_no_id_is_none() {
        for text in [
            "",
            "rk_",
            "rc_a_b_c",
            "ra_",
            "ra_x",
            "r",
            "RK_",
            "rk_a_b_c_d-e",
            "ra_a_b/c",
        ] {
            assert_eq!(Place::decode(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_what_reads_writes_the_same(text in "(r[kca]_)?[a-z0-9_-]{0,90}") {
            if let Some(place) = Place::decode(&text)
                && let Some(again) = place.encode()
            {
                prop_assert_eq!(Place::decode(&again), Some(place));
            }
        }
    }
}
