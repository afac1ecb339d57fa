//! `POST /v1/admin/policies/simulate`: who would gain and lose what; nothing is stored.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::readable;
use crate::http::admin::require_admin;
use crate::http::caller::Caller;
use crate::http::json::JsonBody;
use crate::http::states::PolicyState;
use crate::http::tools::list_tools::ToolPolicy;
use crate::http::turns::EffectView;
use crate::policy::simulate::{Difference, MAX_DIFFERENCES, Place, Turned, compare};
use crate::problem::{Answer, Code, Problem};

/// The policies to try out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PoliciesToTry {
    /// All of the tenant's policies, as Cedar text, at most 64 KiB.
    pub text: String,
}

/// What the policies would change.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SimulationView {
    /// The tools that were looked at.
    pub catalogue_version: String,
    /// What decisions name in the audit today.
    pub before: String,
    /// What they would name.
    pub after: String,
    /// How many calls were compared: roles × tools × places. Each call is made by
    /// somebody with that role alone, now, with no arguments but those of the place.
    pub compared: usize,
    /// False when there were more than can be compared at once, and the rest was left out,
    /// or when policies ask for tags, which count as left open here.
    pub complete: bool,
    /// Calls that are denied today and would run, at once or once somebody agrees.
    pub gained: usize,
    /// Calls that run today and would be denied.
    pub lost: usize,
    /// Calls that would need another approval, or be denied for another reason.
    pub otherwise: usize,
    /// The differences, lost ones first; at most 500.
    pub differences: Vec<DifferenceView>,
}

/// A call that would be decided otherwise.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DifferenceView {
    /// The role.
    pub role: String,
    /// The tool server.
    pub server: String,
    /// The tool.
    pub tool: String,
    /// What the call may do.
    pub effect: EffectView,
    /// The subscription that its arguments name; null: one that no policy names.
    pub subscription: Option<String>,
    /// The resource group that its arguments name; null: one that no policy names.
    pub resource_group: Option<String>,
    /// What policy says today.
    pub before: ToolPolicy,
    /// What it would say.
    pub after: ToolPolicy,
}

impl From<Difference> for DifferenceView {
    fn from(difference: Difference) -> Self {
        let Place {
            subscription,
            resource_group,
        } = difference.place;
        Self {
            role: difference.role.as_str().to_owned(),
            server: difference.tool.server,
            tool: difference.tool.name,
            effect: difference.effect.into(),
            subscription,
            resource_group,
            before: difference.before.into(),
            after: difference.after.into(),
        }
    }
}

/// Compares policies with those that hold now, over every role and tool, and every
/// subscription and resource group that one of the policies names.
#[utoipa::path(
    post,
    path = "/v1/admin/policies/simulate",
    operation_id = "simulate_policies",
    tag = "admin",
    request_body = PoliciesToTry,
    responses((status = 200, body = SimulationView))
)]
pub async fn handle(
    State(state): State<PolicyState>,
    caller: Caller,
    JsonBody(sent): JsonBody<PoliciesToTry>,
) -> Answer<Json<SimulationView>> {
    require_admin(&caller)?;
    let after = readable(&sent.text)?;
    let user = caller.principal.user;
    let before = state.policies.of(&user.tid).await?;
    let catalogue = state.catalogues.of(&user.tid).await?;
    let now = state.clock.now();
    // It takes a second of a core: one at a time.
    let permit = state.simulations.acquire_owned().await;
    let permit = permit.map_err(|error| Problem::new(Code::Internal).context(error))?;
    let (view, _permit) = tokio::task::spawn_blocking(move || {
        let found = compare(&before, &after, &catalogue, &user, now);
        let count = |kind| {
            found
                .differences
                .iter()
                .filter(|d| d.turned() == kind)
                .count()
        };
        let view = SimulationView {
            catalogue_version: catalogue.version.clone(),
            before: before.version().to_owned(),
            after: after.version().to_owned(),
            compared: found.compared,
            complete: found.complete,
            gained: count(Turned::Gained),
            lost: count(Turned::Lost),
            otherwise: count(Turned::Otherwise),
            differences: told(found.differences),
        };
        (view, permit)
    })
    .await
    .map_err(|error| Problem::new(Code::Internal).context(error))?;
    Ok(Json(view))
}

/// In the order of [`Turned`].
fn told(mut differences: Vec<Difference>) -> Vec<DifferenceView> {
    differences.sort_by_key(Difference::turned);
    differences.truncate(MAX_DIFFERENCES);
    differences.into_iter().map(DifferenceView::from).collect()
}
