//! Rules 0 and 11: a turn is stopped, a conversation deleted.

use azimuth_domain::ids::{ConversationId, ConversationKey, TurnId};
use azimuth_domain::principal::Principal;
use azimuth_domain::turn::{Cancel, Command, Turn, step};
use azimuth_ports::store::{Batch, Precondition, StoreError, Write};

use super::commit::{WATCHDOG_DELAY, number};
use super::{ApplyError, Engine};

/// Why nothing was stopped.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// No such turn or conversation.
    #[error("it does not exist")]
    NotFound,
    /// The turn has ended already.
    #[error("the turn has ended already")]
    Ended,
    /// The store does not answer; try again.
    #[error("it cannot be stopped now: {0}")]
    Unavailable(String),
}

impl From<ApplyError> for CancelError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::NotFound => Self::NotFound,
            ApplyError::Refused(_) => Self::Ended,
            ApplyError::Unavailable(detail) => Self::Unavailable(detail),
        }
    }
}

impl From<StoreError> for CancelError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl Engine {
    /// Stops a turn of `tenant`; the caller has checked whose it is.
    pub async fn cancel(&self, tenant: &str, id: &TurnId) -> Result<Turn, CancelError> {
        let found = self.load(tenant, id).await?.ok_or(CancelError::NotFound)?;
        if found.item.status.is_terminal() {
            return Err(CancelError::Ended);
        }
        self.enqueue_watchdog(tenant, id, found.item.watch + 1, WATCHDOG_DELAY)
            .await?;
        let applied = self.apply(tenant, id, Command::Cancel(Cancel)).await?;
        self.stops.announce(id, 1);
        Ok(applied.turn.item)
    }

    /// Marks a conversation as deleted and stops its turn, in one batch. False
    /// when it was deleted before.
    pub async fn delete_conversation(
        &self,
        principal: &Principal,
        id: &ConversationId,
    ) -> Result<bool, CancelError> {
        let tenant = &principal.user.tid;
        if id.owner() != principal.user.owner() {
            return Err(CancelError::NotFound);
        }
        let key = ConversationKey::of(tenant, id);
        loop {
            let found = self.ports.store.conversation(&key).await?;
            let found = found.ok_or(CancelError::NotFound)?;
            if found.item.deleted_at.is_some() {
                return Ok(false);
            }
            let now = self.ports.clock.now();
            let mut conversation = found.item;
            conversation.deleted_at = Some(now);
            // What was agreed to in it does not come back with it.
            conversation.grants.clear();
            let mut batch = Batch::default();
            if let Some(active) = &conversation.active_turn
                && let Some(mut turn) = self.load(tenant, active).await?
                && !turn.item.status.is_terminal()
            {
                self.enqueue_watchdog(tenant, active, turn.item.watch + 1, WATCHDOG_DELAY)
                    .await?;
                turn.item.event_seq = self.ports.store.last_event_seq(tenant, active).await?;
                if let Ok(transition) = step(&turn.item, Command::Cancel(Cancel), now) {
                    let (item, events, _) = number(transition);
                    batch.turn = Some(Write {
                        item,
                        when: Precondition::Matches(turn.etag),
                    });
                    batch.events = events;
                }
            }
            let stopped = conversation.active_turn.clone();
            batch.conversation = Some(Write {
                item: conversation,
                when: Precondition::Matches(found.etag),
            });
            match self.ports.store.commit(&key, batch).await {
                Ok(_) => {
                    if let Some(turn) = stopped {
                        self.stops.announce(&turn, 1);
                    }
                    return Ok(true);
                }
                Err(
                    StoreError::ConversationChanged
                    | StoreError::TurnChanged
                    | StoreError::EventExists,
                ) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
