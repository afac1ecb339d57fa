//! Secrets on receipt: they are taken out of a message or of arguments before anything
//! is stored, sealed, and opened again only in front of the tool.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;
use std::time::Duration;

use azimuth_domain::canonical::sha256_hex;
use azimuth_domain::ids::TurnId;
use azimuth_domain::limits::{MAX_SECRETS_PER_MESSAGE, MAX_SECRETS_PER_TURN};
use azimuth_domain::principal::UserKey;
use azimuth_domain::search::named_tools;
use azimuth_domain::secret::{FillError, Intake, TakeError, fill, named};
use azimuth_domain::tool::ToolSpec;
use azimuth_domain::turn::{ToolCall, Turn, TurnSecrets};
use azimuth_ports::tools::Catalogue;
use regex::Regex;
use serde_json::Value;

use super::Engine;
use crate::policy::is_same_place;
use crate::secrets::SecretError;

/// How often a secret is asked for in front of a tool.
const OPEN_TRIES: u32 = 3;

/// A key and its value in the exact form of a call, `key=value`, `--key value` or JSON.
const SPELT: &str = r#"(?:(?:^|\s)(?:--)?(?P<k>[A-Za-z][A-Za-z0-9_-]*)=|(?:^|\s)--(?P<d>[A-Za-z][A-Za-z0-9_-]*)\s+|"(?P<j>[A-Za-z][A-Za-z0-9_-]*)"\s*:\s*)(?:"(?P<q>(?:[^"\\]|\\.)*)"|'(?P<a>[^']*)'|(?P<v>[^\s"',}]\S*))"#;

static SPELT_OUT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(SPELT).ok());

/// Why arguments cannot be completed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// They name what is not there.
    #[error("{0}. The call was not made.")]
    Fill(#[from] FillError),
    /// They would work elsewhere than where it was decided about.
    #[error(
        "A secret stands where the arguments say what the call works on. The call was not made."
    )]
    Place,
    /// The vault does not answer.
    #[error("A secret could not be opened. The call was not made.")]
    Vault(#[from] SecretError),
}

/// The message with placeholders, and what they stand for.
pub(super) fn take_out_of_text(
    catalogue: &Catalogue,
    text: &str,
) -> Result<(String, Intake), TakeError> {
    let mut intake = Intake::after(0, MAX_SECRETS_PER_MESSAGE);
    let text = intake.text(text, &spelt_out(catalogue, text))?;
    Ok((text, intake))
}

/// Values of arguments that hold a secret, in a message that names its tool outright.
fn spelt_out(catalogue: &Catalogue, text: &str) -> Vec<Range<usize>> {
    let names = named_tools(text);
    let is_named = |spec: &ToolSpec| {
        names.iter().any(|name| {
            let (server, tool) = name.split_once('/').unwrap_or((&spec.tool.server, name));
            spec.tool.name == tool && spec.tool.server == server
        })
    };
    let tools: Vec<&ToolSpec> = catalogue.tools.iter().filter(|t| is_named(t)).collect();
    let carries = |key: &str| {
        let spellings = [key.replace('_', "-"), key.replace('-', "_")];
        let mut tools = tools.iter();
        tools.any(|tool| spellings.iter().any(|name| tool.carries_secret(name)))
    };
    let Some(pattern) = SPELT_OUT.as_ref().filter(|_| !tools.is_empty()) else {
        return Vec::new();
    };
    pattern
        .captures_iter(text)
        .filter_map(|found| {
            let key = ["k", "d", "j"].iter().find_map(|name| found.name(name))?;
            let value = ["q", "a", "v"].iter().find_map(|name| found.name(name))?;
            let is_secret = carries(key.as_str()) && !value.is_empty();
            (is_secret && named(&Value::from(value.as_str())).is_empty()).then(|| value.range())
        })
        .collect()
}

impl Engine {
    /// Seals what was taken out of a request that becomes `turn`.
    pub(super) async fn seal_request(
        &self,
        user: &UserKey,
        turn: &TurnId,
        intake: &Intake,
        request: &str,
    ) -> Result<Option<(TurnSecrets, String)>, SecretError> {
        if intake.last() == 0 {
            return Ok(None);
        }
        let key = self.ports.random.bytes32();
        let secrets = TurnSecrets {
            count: intake.last(),
            drawer: self.ports.random.ulid(),
            request_key: Some(self.ports.secrets.seal_for(user, turn, &key)?),
        };
        self.keep_all(user, turn, &secrets.drawer, intake).await?;
        Ok(Some((secrets, keyed_hash(&key, request))))
    }

    /// What the request hashes to in the way of a turn that was found: with its key,
    /// where it has one.
    pub(super) fn hash_like(&self, turn: &Turn, request: &str) -> Result<String, SecretError> {
        let sealed = turn.secrets.as_ref().and_then(|s| s.request_key.as_deref());
        let Some(sealed) = sealed else {
            return Ok(sha256_hex(request));
        };
        let user = &turn.asker.user;
        let key = self.ports.secrets.open_for(user, &turn.id, sealed)?;
        Ok(keyed_hash(&key, request))
    }

    /// Seals what was taken out of a model's arguments, beside what the turn has.
    pub(super) async fn seal_further(
        &self,
        turn: &Turn,
        intake: &Intake,
    ) -> Result<Option<TurnSecrets>, SecretError> {
        if intake.taken().next().is_none() {
            return Ok(None);
        }
        let mut secrets = turn.secrets.clone().unwrap_or_else(|| TurnSecrets {
            count: 0,
            drawer: self.ports.random.ulid(),
            request_key: None,
        });
        secrets.count = intake.last();
        let user = &turn.asker.user;
        self.keep_all(user, &turn.id, &secrets.drawer, intake)
            .await?;
        Ok(Some(secrets))
    }

    async fn keep_all(
        &self,
        user: &UserKey,
        turn: &TurnId,
        drawer: &str,
        intake: &Intake,
    ) -> Result<(), SecretError> {
        for (number, secret) in intake.taken() {
            self.ports
                .secrets
                .keep(user, turn, drawer, number, secret)
                .await?;
        }
        Ok(())
    }

    /// What a model's arguments may still bring.
    pub(super) fn intake_of(turn: &Turn) -> Intake {
        let known = turn.secrets.as_ref().map_or(0, |secrets| secrets.count);
        let left = MAX_SECRETS_PER_TURN.saturating_sub(known);
        Intake::after(known, usize::try_from(left).unwrap_or(0))
    }

    /// The arguments of `call` as its tool gets them. Only dispatch asks for them.
    pub(crate) async fn open_arguments(
        &self,
        turn: &Turn,
        call: &ToolCall,
    ) -> Result<Value, OpenError> {
        let mut opened: BTreeMap<u32, Value> = BTreeMap::new();
        for number in named(&call.arguments) {
            let secrets = turn.secrets.as_ref().filter(|s| number <= s.count);
            let secrets = secrets.ok_or(FillError::Unknown(number))?;
            let kept = self.kept_patiently(turn, &secrets.drawer, number).await?;
            opened.insert(number, kept.ok_or(FillError::Unknown(number))?);
        }
        if opened.is_empty() {
            return Ok(call.arguments.clone());
        }
        let full = fill(&call.arguments, &|number| opened.get(&number))?;
        let catalogue = self.ports.catalogues.last(&turn.asker.user.tid);
        let spec = catalogue.get(&call.tool);
        // Policy and people have decided by what stands in the turn.
        if !spec.is_some_and(|spec| is_same_place(spec, &call.arguments, &full)) {
            return Err(OpenError::Place);
        }
        Ok(full)
    }

    async fn kept_patiently(
        &self,
        turn: &Turn,
        drawer: &str,
        number: u32,
    ) -> Result<Option<Value>, SecretError> {
        let user = &turn.asker.user;
        let mut tries = 1;
        loop {
            let kept = self.ports.secrets.kept(user, &turn.id, drawer, number);
            match kept.await {
                Err(SecretError::Unavailable(error)) if tries < OPEN_TRIES => {
                    tracing::warn!(turn = %turn.id, error, "a sealed secret cannot be read; trying again");
                    tokio::time::sleep(Duration::from_millis(200) * tries).await;
                    tries += 1;
                }
                done => return done,
            }
        }
    }

    /// Forgets the secrets of a turn once it has ended; what is left here goes at its
    /// end.
    pub(super) async fn forget_secrets(&self, turn: &Turn) {
        let Some(secrets) = turn.secrets.as_ref().filter(|_| turn.status.is_terminal()) else {
            return;
        };
        let forgotten = self
            .ports
            .secrets
            .forget(&turn.asker.user, &turn.id, secrets);
        if let Err(error) = forgotten.await {
            tracing::warn!(turn = %turn.id, %error, "secrets of a turn that has ended are kept until their end");
        }
    }
}

fn keyed_hash(key: &[u8], request: &str) -> String {
    sha256_hex([key, request.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_compiles() {
        assert!(SPELT_OUT.is_some());
    }
}
