//! Rules 1a and 6a: waiting for the asker to sign in to Azure.

use std::sync::Arc;

use azimuth_domain::principal::{Principal, UserKey};
use azimuth_domain::turn::{Command, ResumeSignIn, Turn};
use azimuth_ports::store::StoreError;
use azimuth_ports::tokens::{Secret, TokenError};

use super::commit::WATCHDOG_DELAY;
use super::{ApplyError, Engine};
use crate::triggers::TriggerError;

/// Why a sign-in gave no grant.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The identity provider refuses; the text says what to do.
    #[error("{0}")]
    GrantRefused(String),
    /// The person's identity provider grants nothing in Azure.
    #[error("the sign-in of this person gives no access to Azure")]
    NotOffered,
    /// Something does not answer; try again.
    #[error("signing in is not possible now: {0}")]
    Unavailable(String),
}

impl From<StoreError> for SignInError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl Engine {
    /// Forgets what `user` granted: a call that needs Azure waits for the next sign-in.
    pub async fn forget_grant(&self, user: &UserKey) -> Result<(), TokenError> {
        self.vault.sign_out(user).await
    }

    /// Whether `user` has an identity in Azure at all.
    pub(crate) fn has_azure(&self, user: &UserKey) -> bool {
        self.vault.is_offered(user)
    }

    /// A fresh grant from the caller's token; the caller's waiting turns go on.
    /// Returns how many.
    pub async fn azure_sign_in(
        self: &Arc<Self>,
        principal: &Principal,
        bearer: &Secret,
    ) -> Result<usize, SignInError> {
        match self.vault.sign_in(&principal.user, bearer).await {
            Ok(()) => {}
            Err(TokenError::GrantGone(text)) => return Err(SignInError::GrantRefused(text)),
            Err(TokenError::NotOffered) => return Err(SignInError::NotOffered),
            Err(error) => return Err(SignInError::Unavailable(error.to_string())),
        }
        let tenant = &principal.user.tid;
        let waiting = self
            .ports
            .store
            .turns_awaiting_sign_in(tenant, &principal.user.owner())
            .await?;
        let mut resumed = 0;
        for id in waiting {
            let Some(turn) = self.ports.store.turn(tenant, &id).await? else {
                continue;
            };
            if self
                .resume(&turn.item)
                .await
                .map_err(|e| SignInError::Unavailable(e.to_string()))?
            {
                resumed += 1;
            }
        }
        Ok(resumed)
    }

    /// Looks at the grant first; only without one the deadline counts.
    pub(super) async fn check_sign_in(self: &Arc<Self>, turn: &Turn) -> Result<(), TriggerError> {
        let looked_at = self.ports.clock.now();
        match self.vault.has_access(&turn.asker.user).await {
            Ok(()) => {
                self.resume(turn).await?;
                Ok(())
            }
            Err(TokenError::GrantGone(_) | TokenError::NotOffered) => {
                self.expire(turn, Some(looked_at)).await
            }
            Err(error) => Err(TriggerError::Retry(error.to_string())),
        }
    }

    async fn resume(&self, turn: &Turn) -> Result<bool, ApplyError> {
        let tenant = &turn.asker.user.tid;
        self.enqueue_watchdog(tenant, &turn.id, turn.watch + 1, WATCHDOG_DELAY)
            .await?;
        let command = Command::ResumeSignIn(ResumeSignIn);
        match self.apply(tenant, &turn.id, command).await {
            Ok(applied) => {
                self.perform(&applied.turn.item, &applied.effects).await;
                Ok(true)
            }
            Err(ApplyError::Refused(_) | ApplyError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
