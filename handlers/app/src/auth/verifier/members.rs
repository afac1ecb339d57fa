//! The payload as an object in which no member occurs twice, at whatever depth: a plain
//! map would take one of the two and say nothing.

use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::header::object;
use super::refuse;
use crate::auth::refusal::{TokenCode, TokenRefused};

/// The members, none of them trusted before the signature is.
pub(super) struct Members(Map<String, Value>);

impl Members {
    /// Reads the decoded payload segment.
    pub fn read(bytes: &[u8]) -> Result<Self, TokenRefused> {
        let bytes =
            object(bytes).ok_or_else(|| refuse(TokenCode::Malformed, "payload is no object"))?;
        // Only the kind of fault is kept: serde's text may quote a value.
        let unique: Unique = serde_json::from_slice(bytes).map_err(|error| {
            refuse(
                TokenCode::Malformed,
                format!(
                    "payload: {:?} at column {}",
                    error.classify(),
                    error.column()
                ),
            )
        })?;
        match unique.0 {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(refuse(TokenCode::Malformed, "payload is no object")),
        }
    }

    /// Whether the member is there, whatever its value.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A text, where it is there.
    pub fn text(&self, name: &str) -> Result<Option<&str>, TokenRefused> {
        self.find(name)
            .map(|value| value.as_str().ok_or_else(|| wrong(name)))
            .transpose()
    }

    /// A text that must be there.
    pub fn required_text(&self, name: &str) -> Result<String, TokenRefused> {
        self.text(name)?
            .map(str::to_owned)
            .ok_or_else(|| wrong(name))
    }

    /// Whole seconds, where they are there.
    pub fn seconds(&self, name: &str) -> Result<Option<u64>, TokenRefused> {
        self.0
            .get(name)
            .map(|value| value.as_u64().ok_or_else(|| wrong(name)))
            .transpose()
    }

    /// Whole seconds that must be there.
    pub fn required_seconds(&self, name: &str) -> Result<u64, TokenRefused> {
        self.seconds(name)?.ok_or_else(|| wrong(name))
    }

    /// A list of texts, where it is there.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<String>>, TokenRefused> {
        let Some(value) = self.find(name) else {
            return Ok(None);
        };
        let list = value.as_array().ok_or_else(|| wrong(name))?;
        list.iter()
            .map(|one| one.as_str().map(str::to_owned).ok_or_else(|| wrong(name)))
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// A text, or a list of texts where `takes_lists`.
    pub fn text_or_texts(
        &self,
        name: &str,
        takes_lists: bool,
    ) -> Result<Option<Vec<String>>, TokenRefused> {
        match self.find(name) {
            Some(Value::Array(_)) if takes_lists => self.texts(name),
            _ => Ok(self.text(name)?.map(|text| vec![text.to_owned()])),
        }
    }

    /// The member of that name, or at the end of that path.
    fn find(&self, name: &str) -> Option<&Value> {
        self.0.get(name).or_else(|| {
            let mut path = name.split('.');
            let first = self.0.get(path.next()?)?;
            path.try_fold(first, |value, part| value.get(part))
        })
    }
}

fn wrong(name: &str) -> TokenRefused {
    refuse(
        TokenCode::Malformed,
        format!("{name} is not there, or of another type"),
    )
}

/// A value without doubles.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON in which no member occurs twice")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(value)) = items.next_element()? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((name, Unique(value))) = members.next_entry::<String, Unique>()? {
            if map.insert(name, value).is_some() {
                return Err(A::Error::custom("a member occurs twice"));
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn every_kind_of_value_is_read_as_it_is() {
        let text = r#"{"a": true, "b": -7, "c": 1.5, "d": 7, "e": "x", "f": null,
            "g": [false, {"h": -0.5}], "i": {}}"#;
        let members = Members::read(text.as_bytes()).unwrap();
        let plain: Value = serde_json::from_str(text).unwrap();
        assert_eq!(Value::Object(members.0), plain);
        for doubled in [r#"{"a": 1, "a": 1}"#, r#"{"a": [{"b": 1, "b": 2}]}"#] {
            let refused = Members::read(doubled.as_bytes()).err().unwrap();
            assert_eq!(refused.code, TokenCode::Malformed, "{doubled}");
        }
    }
}
