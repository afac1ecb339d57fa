//! Sealed tokens and the identity provider across the line.

use async_trait::async_trait;
use azimuth_domain::principal::UserKey;
use azimuth_domain::time::Timestamp;
use azimuth_ports::secrets::SecretStore;
use azimuth_ports::store::StoreError;
use azimuth_ports::tokens::{Grant, SealedToken, Secret, TokenError, TokenExchange, TokenStore};

use super::{Call, Errors, Outside, Port};
use crate::crash::storage::OpenTokens;

const STORE: Errors<StoreError> = Errors::alike(StoreError::Unavailable);
const PROVIDER: Errors<TokenError> = Errors::alike(TokenError::Unavailable);

#[async_trait]
impl TokenStore for Outside<dyn OpenTokens> {
    async fn token(&self, user: &UserKey, slot: &str) -> Result<Option<SealedToken>, StoreError> {
        let act = self.port.token(user, slot);
        let call = Call::reads(Port::Tokens, "token");
        self.line.pass(call, &STORE, act).await
    }

    async fn put_token(
        &self,
        user: &UserKey,
        slot: &str,
        sealed: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let act = self.port.put_token(user, slot, sealed, expires_at);
        let call = Call::writes(Port::Tokens, "put_token");
        self.line.pass(call, &STORE, act).await
    }

    async fn lease_token(
        &self,
        user: &UserKey,
        slot: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let act = self.port.lease_token(user, slot, holder, now, until);
        let call = Call::writes(Port::Tokens, "lease_token");
        self.line.pass(call, &STORE, act).await
    }

    async fn forget_tokens(&self, user: &UserKey) -> Result<(), StoreError> {
        let act = self.port.forget_tokens(user);
        let call = Call::in_parts(Port::Tokens, "forget_tokens");
        let part = || self.port.forget_partly(user);
        self.line.pass_in_parts(call, &STORE, act, Some(part)).await
    }
}

#[async_trait]
impl SecretStore for Outside<dyn OpenTokens> {
    async fn put_secret(
        &self,
        user: &UserKey,
        name: &str,
        sealed: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let act = self.port.put_secret(user, name, sealed, expires_at);
        let call = Call::writes(Port::Tokens, "put_secret");
        self.line.pass(call, &STORE, act).await
    }

    async fn secret(&self, user: &UserKey, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let act = self.port.secret(user, name);
        let call = Call::reads(Port::Tokens, "secret");
        self.line.pass(call, &STORE, act).await
    }

    async fn take_secret(&self, user: &UserKey, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let act = self.port.take_secret(user, name);
        let call = Call::writes(Port::Tokens, "take_secret");
        self.line.pass(call, &STORE, act).await
    }
}

#[async_trait]
impl TokenExchange for Outside<dyn TokenExchange> {
    async fn on_behalf_of(
        &self,
        tenant: &str,
        assertion: &Secret,
        audience: &str,
    ) -> Result<Grant, TokenError> {
        let act = self.port.on_behalf_of(tenant, assertion, audience);
        let call = Call::writes(Port::Identity, "on_behalf_of");
        self.line.pass(call, &PROVIDER, act).await
    }

    async fn refresh(
        &self,
        tenant: &str,
        refresh: &Secret,
        audience: &str,
    ) -> Result<Grant, TokenError> {
        let act = self.port.refresh(tenant, refresh, audience);
        let call = Call::writes(Port::Identity, "refresh");
        self.line.pass(call, &PROVIDER, act).await
    }
}
