//! Turns: asking, looking, stopping, reading results.

pub mod cancel_turn;
pub mod create_turn;
pub mod get_result;
pub mod get_turn;
mod view;

use azimuth_domain::ids::TurnId;
use azimuth_domain::turn::Turn;
use azimuth_ports::store::{ConversationStore, Versioned};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::path::not_found;
use crate::problem::Answer;

pub use view::{
    CallView, EffectView, OutcomeView, ResultView, TurnError, TurnKindView, TurnStatusView,
    TurnView, UsageView, WaitView, WaitingForView,
};

/// A turn that was accepted.
#[derive(Debug, Serialize, ToSchema)]
pub struct AcceptedTurn {
    /// The turn.
    pub turn_id: String,
    /// Where its events are.
    pub events_url: String,
}

impl AcceptedTurn {
    /// The answer for `turn`.
    pub fn of(turn: &TurnId) -> Self {
        Self {
            turn_id: turn.to_string(),
            events_url: events_url(turn),
        }
    }
}

pub(super) fn events_url(turn: &TurnId) -> String {
    format!("/api/v1/turns/{turn}/events")
}

/// The caller's own turn.
pub(super) async fn load(
    store: &dyn ConversationStore,
    caller: &Caller,
    id: &TurnId,
) -> Answer<Versioned<Turn>> {
    let user = &caller.principal.user;
    if id.owner() != user.owner() {
        return Err(not_found());
    }
    let found = store.turn(&user.tid, id).await?.ok_or_else(not_found)?;
    if found.item.asker.user == *user {
        Ok(found)
    } else {
        Err(not_found())
    }
}
