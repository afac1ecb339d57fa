//! `GET /v1/me`: principal, roles, permissions, quotas left, Azure sign-in state.

use axum::Json;
use axum::extract::State;
use azimuth_domain::limits::MAX_RUNNING_TURNS;
use azimuth_domain::principal::Role;
use azimuth_ports::users::UserStatus;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::caller::Newcomer;
use crate::http::states::AccountState;
use crate::problem::Answer;

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// Tenant.
    pub tid: String,
    /// Object id in the tenant.
    pub oid: String,
    /// Display name.
    pub name: Option<String>,
    /// `active`, or `pending` until an administrator has admitted the person: until then
    /// nothing else answers.
    pub status: String,
    /// Roles that hold now.
    pub roles: Vec<String>,
    /// What the roles permit.
    pub permissions: Vec<String>,
    /// What is left of each quota.
    pub quotas: Quotas,
    /// `ok`, or `needed` when the person must sign in to Azure.
    pub azure_sign_in: AzureSignIn,
}

/// Quotas.
#[derive(Debug, Serialize, ToSchema)]
pub struct Quotas {
    /// Turns that are not over.
    pub running_turns: QuotaUse,
}

/// One quota.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuotaUse {
    /// At most this many.
    pub limit: usize,
    /// So many now.
    pub used: usize,
}

/// Whether calls to Azure can be made for this person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AzureSignIn {
    /// There is a grant.
    Ok,
    /// There is none.
    Needed,
}

/// Who the caller is.
#[utoipa::path(
    get,
    path = "/v1/me",
    operation_id = "get_me",
    tag = "account",
    responses((status = 200, body = Me))
)]
pub async fn handle(State(state): State<AccountState>, newcomer: Newcomer) -> Answer<Json<Me>> {
    let Newcomer { caller, is_pending } = newcomer;
    let status = if is_pending {
        UserStatus::Pending
    } else {
        UserStatus::Active
    };
    let user = &caller.principal.user;
    let running = state
        .store
        .running_turns(&user.tid, &user.owner(), MAX_RUNNING_TURNS + 1)
        .await?;
    let has_grant = (state.azure_grant)(user.clone()).await?;
    let roles = &caller.principal.roles;
    Ok(Json(Me {
        tid: user.tid.clone(),
        oid: user.oid.clone(),
        name: caller.principal.name.clone(),
        status: status.as_str().to_owned(),
        roles: roles.iter().map(|r| r.as_str().to_owned()).collect(),
        permissions: permissions(roles.iter().copied()),
        quotas: Quotas {
            running_turns: QuotaUse {
                limit: MAX_RUNNING_TURNS,
                used: running.len(),
            },
        },
        azure_sign_in: if has_grant {
            AzureSignIn::Ok
        } else {
            AzureSignIn::Needed
        },
    }))
}

/// What the roles permit, sorted, each once. Which tool a person may call is
/// policy's to say; these are the doors of the API.
fn permissions(roles: impl Iterator<Item = Role>) -> Vec<String> {
    let mut names: Vec<&str> = roles
        .flat_map(|role| {
            let own: &[&str] = match role {
                Role::Reader => &["tools.read_only"],
                Role::Operator => &["tools.read_only", "tools.mutating", "tools.destructive"],
                Role::Approver => &["approvals.decide"],
                Role::Auditor => &["audit.read_tenant"],
                Role::Admin => &["administration"],
            };
            own.iter().copied().chain(["turns.create"])
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_follow_roles() {
        assert!(permissions([].into_iter()).is_empty());
        assert_eq!(
            permissions([Role::Approver, Role::Auditor].into_iter()),
            ["approvals.decide", "audit.read_tenant", "turns.create"]
        );
        assert_eq!(
            permissions([Role::Reader, Role::Operator].into_iter()),
            [
                "tools.destructive",
                "tools.mutating",
                "tools.read_only",
                "turns.create"
            ]
        );
    }
}
