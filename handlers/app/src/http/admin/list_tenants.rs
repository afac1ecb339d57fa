//! `GET /v1/admin/tenants`.

use axum::Json;
use axum::extract::State;
use azimuth_ports::config::ConfigKind;
use futures::future::try_join_all;
use serde::Serialize;
use utoipa::ToSchema;

use super::require_admin;
use super::stored_setting::StoredBy;
use crate::http::caller::{Caller, NewPeople};
use crate::http::states::AdminState;
use crate::problem::{Answer, Code, Problem};

/// The tenants that the caller administers.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantList {
    /// Their own, and no other.
    pub items: Vec<TenantView>,
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantView {
    /// Its id.
    pub id: String,
    /// Who vouches for its people: `iss` of their tokens.
    pub issuer: String,
    /// The application that their tokens are for: `aud`.
    pub audience: String,
    /// Whether that application is this tenant's alone.
    pub has_own_application: bool,
    /// Whether whoever signs in for the first time is let in at once.
    pub admits_new_people: bool,
    /// What it can settle for itself, each once.
    pub settings: Vec<TenantSettingView>,
}

/// Something that a tenant can settle for itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantSettingView {
    /// `policies`, `tools`, `servers`, `models`, `quotas` or `kill-switch`.
    pub kind: String,
    /// Who settled it last; null where the default holds.
    pub stored: Option<StoredBy>,
}

/// The caller's tenant: who vouches for its people, and what it has settled for itself.
/// Nobody administers another one.
#[utoipa::path(
    get,
    path = "/v1/admin/tenants",
    operation_id = "list_tenants",
    tag = "admin",
    responses((status = 200, body = TenantList))
)]
pub async fn handle(State(state): State<AdminState>, caller: Caller) -> Answer<Json<TenantList>> {
    require_admin(&caller)?;
    let tenant = &caller.principal.user.tid;
    let trust = state.gate.trust_of(tenant);
    let trust = trust.ok_or_else(|| Problem::new(Code::Internal))?;
    let store = &state.tenant_settings;
    let settings = ConfigKind::ALL.map(|kind| async move {
        let newest = store.config_history(tenant, kind, None, 1).await?;
        Ok::<_, Problem>(TenantSettingView {
            kind: kind.as_str().to_owned(),
            stored: newest.first().map(StoredBy::from),
        })
    });
    Ok(Json(TenantList {
        items: vec![TenantView {
            id: tenant.clone(),
            issuer: trust.issuer,
            audience: trust.audience,
            has_own_application: trust.has_own_application,
            admits_new_people: state.gate.new_people() == NewPeople::Admitted,
            settings: try_join_all(settings).await?,
        }],
    }))
}
