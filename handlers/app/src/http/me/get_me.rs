//! `GET /v1/me`: principal, roles, permissions, quotas left, Azure sign-in state.

use std::collections::BTreeSet;
use std::iter;

use axum::Json;
use axum::extract::State;
use azimuth_domain::limits::MAX_RUNNING_TURNS;
use azimuth_domain::principal::{Role, UserKey};
use azimuth_domain::time::Timestamp;
use azimuth_ports::tokens::TokenError;
use azimuth_ports::users::UserStatus;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::admin::kill_switch::KillScopeView;
use crate::http::caller::Newcomer;
use crate::http::moment::Moment;
use crate::http::permissions;
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
    /// What is left of each quota; empty where nothing is limited.
    pub quotas: Vec<QuotaView>,
    /// What administrators have stopped; null while that is nothing.
    pub kill_switch: Option<KillSwitchNotice>,
    /// `ok`, `needed` when the person must sign in to Azure, or `not_offered`.
    pub azure_sign_in: AzureSignIn,
}

/// One quota.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuotaView {
    /// Its name.
    pub name: String,
    /// At most this much.
    pub limit: u64,
    /// So much is used; up to a minute old.
    pub used: u64,
    /// So much is left.
    pub left: u64,
    /// When it is fresh again; null for what is given back by itself, and while nothing is
    /// used.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub resets_at: Option<Moment>,
}

impl QuotaView {
    fn new(name: &str, limit: u64, used: u64, resets_at: Option<Timestamp>) -> Self {
        Self {
            name: name.to_owned(),
            limit,
            used,
            left: limit.saturating_sub(used),
            resets_at: resets_at.map(Moment::from),
        }
    }
}

/// What administrators have stopped.
#[derive(Debug, Serialize, ToSchema)]
pub struct KillSwitchNotice {
    /// Which calls do not start.
    pub scope: KillScopeView,
    /// Why.
    pub reason: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Moment,
}

/// Whether calls to Azure can be made for this person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AzureSignIn {
    /// There is a grant.
    Ok,
    /// There is none.
    Needed,
    /// The person's identity provider gives no access to Azure.
    NotOffered,
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
    let quotas = quotas(&state, user, &caller.principal.roles).await?;
    let kill_switch = kill_switch(&state, &user.tid).await?;
    let azure_sign_in = match (state.azure_grant)(user.clone()).await {
        Ok(true) => AzureSignIn::Ok,
        Ok(false) => AzureSignIn::Needed,
        Err(TokenError::NotOffered) => AzureSignIn::NotOffered,
        Err(error) => return Err(error.into()),
    };
    let roles = &caller.principal.roles;
    Ok(Json(Me {
        tid: user.tid.clone(),
        oid: user.oid.clone(),
        name: caller.principal.name.clone(),
        status: status.as_str().to_owned(),
        roles: roles.iter().map(|r| r.as_str().to_owned()).collect(),
        permissions: permissions::of_roles(roles.iter().copied()),
        quotas,
        kill_switch,
        azure_sign_in,
    }))
}

async fn quotas(
    state: &AccountState,
    user: &UserKey,
    roles: &BTreeSet<Role>,
) -> Answer<Vec<QuotaView>> {
    if !state.quotas.is_on() {
        return Ok(Vec::new());
    }
    let running = state
        .store
        .running_turns(&user.tid, &user.owner(), MAX_RUNNING_TURNS + 1)
        .await?;
    let limit = MAX_RUNNING_TURNS as u64;
    let running = QuotaView::new("running_turns", limit, running.len() as u64, None);
    let shares = state.quotas.shares(user, roles).await?;
    let others = shares.into_iter().map(|share| {
        let name = share.quota.as_str();
        QuotaView::new(name, share.limit, share.used, share.resets_at)
    });
    Ok(iter::once(running).chain(others).collect())
}

async fn kill_switch(state: &AccountState, tenant: &str) -> Answer<Option<KillSwitchNotice>> {
    let switch = state.quotas.kill_switch(tenant).await?;
    if !switch.on {
        return Ok(None);
    }
    // Somebody may have turned it just now.
    let stored = state.quotas.switches().stored(tenant).await?;
    Ok(stored.map(|stored| KillSwitchNotice {
        scope: switch.scope.into(),
        reason: stored.item.head.reason,
        since: stored.item.head.at.into(),
    }))
}
