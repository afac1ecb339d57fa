//! Approvals: what waits for a person's yes, and who may see it.
//!
//! An approval is seen by the asker and, where somebody else must decide, by the
//! approvers of the asker's tenant. For everybody else it does not exist.

pub mod decide_approval;
pub mod get_approval;
pub mod list_approvals;
mod preview;
mod remember;
mod view;

use azimuth_domain::ids::ApprovalId;
use azimuth_domain::principal::Principal;
use azimuth_domain::turn::{ToolCall, Turn};

use super::caller::Caller;
use super::path::not_found;
use super::states::TurnState;
use crate::policy::approval::may_see_approval;
use crate::problem::Answer;

pub use preview::{CheckedView, FindingView, PreviewView};
pub use remember::{CoveredCallsView, RememberView};
pub use view::{
    ApprovalByView, ApprovalStateView, ApprovalSummary, ApprovalView, PersonView, summary,
};

/// The approval, if the caller may know of it.
async fn load(state: &TurnState, caller: &Caller, id: &ApprovalId) -> Answer<ApprovalView> {
    let found = state
        .store
        .turn(&caller.principal.user.tid, &id.turn())
        .await?
        .ok_or_else(not_found)?;
    let turn = found.item;
    let call = turn.call(&id.call()).ok_or_else(not_found)?;
    if !is_visible(&caller.principal, &turn, call) {
        return Err(not_found());
    }
    ApprovalView::of(&turn, call, &caller.principal.user, state.clock.now()).ok_or_else(not_found)
}

/// Whether `principal` may know of the call's approval.
fn is_visible(principal: &Principal, turn: &Turn, call: &ToolCall) -> bool {
    let asker = &turn.asker.user;
    call.approval.as_ref().is_some_and(|approval| {
        *asker == principal.user
            || (asker.tid == principal.user.tid && may_see_approval(approval.by, principal))
    })
}
