//! Secrets of people while a turn needs them, sealed with the data key: what was taken
//! out of messages and arguments, and results that are shown once.
//!
//! **Invariant:** what lies in the store opens only for its own person, turn and place;
//! nothing else that is stored holds any of it.

use std::sync::Arc;

use azimuth_domain::ids::{CallId, TurnId};
use azimuth_domain::limits::{MAX_REVEALED_BYTES, REVEALED_TTL_MS, SECRET_TTL_MS};
use azimuth_domain::principal::UserKey;
use azimuth_domain::turn::TurnSecrets;
use azimuth_ports::clock::Clock;
use azimuth_ports::secrets::SecretStore;
use azimuth_ports::store::StoreError;
use azimuth_ports::tokens::{Sealer, TokenError};
use azimuth_ports::tools::CallOutput;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is sealed is filled up to a multiple of this, so that its size tells little.
const GRAIN: usize = 1024;

/// Why a secret cannot be kept or given.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The store or the data key does not answer. Trying again is safe.
    #[error("{0}")]
    Unavailable(String),
    /// What is stored does not open: another key, another place, or damage.
    #[error("a sealed secret cannot be opened")]
    Closed,
}

impl From<StoreError> for SecretError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<TokenError> for SecretError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Unavailable(detail) => Self::Unavailable(detail),
            TokenError::GrantGone(_) | TokenError::NotOffered | TokenError::Audience(_) => {
                Self::Closed
            }
        }
    }
}

/// A result that is shown once.
#[derive(Serialize, Deserialize)]
pub struct Revealed {
    /// Media type.
    pub media_type: String,
    /// Whether the tool said more.
    pub truncated: bool,
    /// The bytes, base64.
    body: String,
}

impl Revealed {
    /// The bytes.
    pub fn bytes(&self) -> Result<Vec<u8>, SecretError> {
        STANDARD.decode(&self.body).map_err(|_| SecretError::Closed)
    }
}

/// Sealed secrets.
pub struct SecretVault {
    store: Arc<dyn SecretStore>,
    sealer: Arc<dyn Sealer>,
    clock: Arc<dyn Clock>,
}

impl SecretVault {
    /// A vault; several may work over one store.
    pub fn new(
        store: Arc<dyn SecretStore>,
        sealer: Arc<dyn Sealer>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            store,
            sealer,
            clock,
        }
    }

    /// Keeps what a call revealed, for five minutes. A later attempt replaces it.
    pub async fn keep_revealed(
        &self,
        user: &UserKey,
        call: &CallId,
        output: &CallOutput,
    ) -> Result<(), SecretError> {
        let end = output.bytes.len().min(MAX_REVEALED_BYTES);
        let revealed = Revealed {
            media_type: output.media_type.clone(),
            truncated: output.truncated || end < output.bytes.len(),
            body: STANDARD.encode(&output.bytes[..end]),
        };
        let plain = serde_json::to_vec(&revealed).map_err(|_| SecretError::Closed)?;
        self.put(user, &revealed_name(call), plain, REVEALED_TTL_MS)
            .await
    }

    /// Gives what a call revealed, once: whoever gets it has removed it.
    pub async fn take_revealed(
        &self,
        user: &UserKey,
        call: &CallId,
    ) -> Result<Option<Revealed>, SecretError> {
        let name = revealed_name(call);
        let Some(sealed) = self.store.take_secret(user, &name).await? else {
            return Ok(None);
        };
        self.open(user, &name, &sealed).map(Some)
    }

    /// Keeps a secret of a turn.
    pub async fn keep(
        &self,
        user: &UserKey,
        turn: &TurnId,
        drawer: &str,
        number: u32,
        secret: &Value,
    ) -> Result<(), SecretError> {
        let plain = secret.to_string().into_bytes();
        let name = kept_name(turn, drawer, number);
        self.put(user, &name, plain, SECRET_TTL_MS).await
    }

    /// A secret of a turn; `None` when it is kept no longer.
    pub async fn kept(
        &self,
        user: &UserKey,
        turn: &TurnId,
        drawer: &str,
        number: u32,
    ) -> Result<Option<Value>, SecretError> {
        let name = kept_name(turn, drawer, number);
        match self.store.secret(user, &name).await? {
            None => Ok(None),
            Some(sealed) => self.open(user, &name, &sealed).map(Some),
        }
    }

    /// Forgets the secrets of a turn that has ended. What is left when this fails goes
    /// at its end.
    pub async fn forget(
        &self,
        user: &UserKey,
        turn: &TurnId,
        secrets: &TurnSecrets,
    ) -> Result<(), SecretError> {
        for number in 1..=secrets.count {
            let name = kept_name(turn, &secrets.drawer, number);
            self.store.take_secret(user, &name).await?;
        }
        Ok(())
    }

    /// Seals a few bytes that lie in the turn itself.
    pub fn seal_for(
        &self,
        user: &UserKey,
        turn: &TurnId,
        bytes: &[u8],
    ) -> Result<String, SecretError> {
        let sealed = self.sealer.seal(&context(user, turn.as_str()), bytes)?;
        Ok(STANDARD.encode(sealed))
    }

    /// Opens what [`Self::seal_for`] made.
    pub fn open_for(
        &self,
        user: &UserKey,
        turn: &TurnId,
        sealed: &str,
    ) -> Result<Vec<u8>, SecretError> {
        let sealed = STANDARD.decode(sealed).map_err(|_| SecretError::Closed)?;
        Ok(self.sealer.open(&context(user, turn.as_str()), &sealed)?)
    }

    async fn put(
        &self,
        user: &UserKey,
        name: &str,
        mut plain: Vec<u8>,
        ttl_ms: i64,
    ) -> Result<(), SecretError> {
        // JSON takes blanks at its end.
        plain.resize(plain.len().next_multiple_of(GRAIN), b' ');
        let sealed = self.sealer.seal(&context(user, name), &plain)?;
        let end = self.clock.now().plus_ms(ttl_ms);
        Ok(self.store.put_secret(user, name, &sealed, end).await?)
    }

    fn open<T: serde::de::DeserializeOwned>(
        &self,
        user: &UserKey,
        name: &str,
        sealed: &[u8],
    ) -> Result<T, SecretError> {
        let plain = self.sealer.open(&context(user, name), sealed)?;
        serde_json::from_slice(&plain).map_err(|_| SecretError::Closed)
    }
}

/// Tenant, person, and the name, which has turn and call: moved elsewhere it does not
/// open.
fn context(user: &UserKey, name: &str) -> String {
    format!("secret|{}|{}|{name}", user.tid, user.oid)
}

fn revealed_name(call: &CallId) -> String {
    format!("r-{call}")
}

fn kept_name(turn: &TurnId, drawer: &str, number: u32) -> String {
    format!("k-{turn}-{drawer}-{number}")
}
