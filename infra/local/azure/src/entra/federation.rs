//! Workload identity federation: our API shows a token of the function app's identity in the place
//! of a secret.
//!
//! Form: <https://learn.microsoft.com/entra/workload-id/workload-identity-federation>.

use super::error::{EntraError, FederatedBy};
use crate::directory::{CONTOSO, MANAGED_IDENTITY};
use crate::tokens::{self, EXCHANGE_AUDIENCE, TokenError};
use crate::world::World;

/// What `client_assertion_type` must say.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The one federated credential of our API: the issuer is the home tenant, the subject the managed
/// identity, the audience Entra's own for this purpose. All three must be met to the letter.
pub fn check(world: &World, assertion: &str) -> Result<(), EntraError> {
    let audiences = &[EXCHANGE_AUDIENCE];
    let (claims, _) = tokens::verify(&world.keys, assertion, audiences, world.clock.now_s())
        .map_err(|error| match error {
            TokenError::Signature => EntraError::client_assertion_signature(),
            TokenError::Expired => EntraError::client_assertion_expired(),
            TokenError::Issuer => EntraError::not_federated(FederatedBy::Issuer),
            TokenError::Audience => EntraError::not_federated(FederatedBy::Audience),
            TokenError::Subject => EntraError::not_federated(FederatedBy::Subject),
        })?;
    if claims.tid != CONTOSO {
        return Err(EntraError::not_federated(FederatedBy::Issuer));
    }
    if claims.sub != MANAGED_IDENTITY.oid {
        return Err(EntraError::not_federated(FederatedBy::Subject));
    }
    Ok(())
}
