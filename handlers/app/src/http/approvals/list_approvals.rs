//! `GET /v1/approvals`: what waits for the caller's yes, and what the caller asked
//! for.

use axum::Json;
use axum::extract::State;
use azimuth_domain::principal::Role;
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::Turn;
use azimuth_ports::store::ApprovalFilter;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{ApprovalStateView, ApprovalView, is_visible};
use crate::http::caller::Caller;
use crate::http::page::{self, PageOf};
use crate::http::query::Query;
use crate::http::states::TurnState;
use crate::problem::Answer;

/// Pages of turns that are looked through for one page of approvals; the caller
/// may see few of a tenant's.
const MAX_PAGES: usize = 5;

/// Which approvals.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalListState {
    /// Those that can be given now.
    #[default]
    Pending,
    /// Decided and expired ones too.
    All,
}

/// Which approvals.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ApprovalListQuery {
    /// `pending` (the default) or `all`.
    #[param(inline)]
    pub state: ApprovalListState,
    /// At most this many turns are looked through at once, 1–100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// The caller's inbox, newest first. A page may be short, even empty, and have a
/// next one.
#[utoipa::path(
    get,
    path = "/v1/approvals",
    operation_id = "list_approvals",
    tag = "approvals",
    params(ApprovalListQuery),
    responses((status = 200, body = PageOf<ApprovalView>))
)]
pub async fn handle(
    State(state): State<TurnState>,
    caller: Caller,
    Query(query): Query<ApprovalListQuery>,
) -> Answer<Json<PageOf<ApprovalView>>> {
    let limit = page::limit(query.limit, 50)?;
    let mut cursor = page::cursor(query.cursor)?;
    let filter = match query.state {
        ApprovalListState::Pending => ApprovalFilter::Pending,
        ApprovalListState::All => ApprovalFilter::All,
    };
    let tenant = &caller.principal.user.tid;
    // Who may decide for nobody else must not learn, by a cursor or by a page
    // that is short, that others have asked.
    let own = caller.principal.user.owner();
    let owner = (!caller.principal.has(Role::Approver)).then_some(&own);
    let now = state.clock.now();
    let mut items = Vec::new();
    for _ in 0..MAX_PAGES {
        let turns = state
            .store
            .turns_with_approvals(tenant, owner, filter, limit, cursor.as_deref())
            .await?;
        for turn in &turns.items {
            items.extend(visible(turn, &caller, query.state, now));
        }
        cursor = turns.next_cursor;
        if cursor.is_none() || !items.is_empty() {
            break;
        }
    }
    Ok(Json(PageOf {
        items,
        next_cursor: cursor,
    }))
}

fn visible<'a>(
    turn: &'a Turn,
    caller: &'a Caller,
    wanted: ApprovalListState,
    now: Timestamp,
) -> impl Iterator<Item = ApprovalView> + 'a {
    turn.steps
        .iter()
        .flat_map(|step| &step.calls)
        .filter(|call| is_visible(&caller.principal, turn, call))
        .filter_map(move |call| ApprovalView::of(turn, call, &caller.principal.user, now))
        .filter(move |approval| {
            wanted == ApprovalListState::All || approval.state == ApprovalStateView::Pending
        })
}
