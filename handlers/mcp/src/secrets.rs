//! Values that name a secret of the operator's vault, `@keyvault:name`: they are looked up
//! when a process or a session starts, and go to that server only.

use std::sync::Arc;

use azimuth_ports::tokens::Secret;
use futures::future::BoxFuture;

/// What such a value begins with.
const PREFIX: &str = "@keyvault:";
/// What is wrong with a value that begins like this and goes on as no name.
pub(crate) const NO_NAME: &str =
    "after @keyvault: there must be the name of a secret: letters, digits and -, at most 127";
/// Longest name.
const LONGEST_NAME: usize = 127;

/// Finds a secret by its name; the error is for people, and never holds it.
pub type SecretLookup =
    Arc<dyn Fn(String) -> BoxFuture<'static, Result<Secret, String>> + Send + Sync>;

/// Where secrets of tool servers lie.
#[derive(Clone, Default)]
pub struct Secrets(Option<SecretLookup>);

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// Itself.
    Plain,
    /// The name of a secret.
    Names(&'a str),
    /// It begins like one that names a secret, and goes on as none.
    Malformed,
}

/// Reads a value.
pub(crate) fn read(value: &str) -> Value<'_> {
    let Some(name) = value.strip_prefix(PREFIX) else {
        return Value::Plain;
    };
    let is_name = (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if is_name {
        Value::Names(name)
    } else {
        Value::Malformed
    }
}

impl Secrets {
    /// Those that `lookup` finds.
    pub fn of(lookup: SecretLookup) -> Self {
        Self(Some(lookup))
    }

    /// The value itself, or the secret that it names.
    pub(crate) async fn in_place_of(&self, value: &str) -> Result<Secret, String> {
        match (read(value), &self.0) {
            (Value::Plain, _) => Ok(Secret::new(value.to_owned())),
            (Value::Names(name), Some(lookup)) => lookup(name.to_owned())
                .await
                .map_err(|why| format!("The secret {name} is not to be had: {why}.")),
            (Value::Names(name), None) => Err(format!(
                "The secret {name} is not to be had: this installation has no key vault."
            )),
            (Value::Malformed, _) => {
                Err(format!("The value of a secret cannot be read: {NO_NAME}."))
            }
        }
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Secrets").field(&self.0.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_names_a_secret_or_is_one_or_neither() {
        for (value, expected) in [
            ("plain", Value::Plain),
            (" @keyvault:a", Value::Plain),
            ("@keyvault:mcp-files", Value::Names("mcp-files")),
            ("@keyvault:", Value::Malformed),
            ("@keyvault:a/b", Value::Malformed),
            ("@keyvault:../a", Value::Malformed),
            ("@keyvault:a b", Value::Malformed),
        ] {
            assert_eq!(read(value), expected, "{value}");
        }
    }
}
