//! Rule 13: messages that could not be processed.

use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::turn::{CallState, Command, PoisonCall};
use azimuth_domain::work::WorkItem;

use super::{ApplyError, Engine};
use crate::triggers::TriggerError;

/// How long the copy of a poisoned watchdog message stays invisible.
const REWATCH_DELAY: Duration = Duration::from_mins(1);

impl Engine {
    /// Processes one message of `tool-calls-poison`: its call ends.
    pub async fn poison_tool_call(self: &Arc<Self>, item: &WorkItem) -> Result<(), TriggerError> {
        let Some(id) = &item.call else {
            return Err(TriggerError::Fail("the work item names no call".to_owned()));
        };
        let Some(turn) = self.load(&item.tenant, &item.turn).await? else {
            return Ok(());
        };
        let Some(call) = turn.item.call(id) else {
            return Ok(());
        };
        match &call.state {
            CallState::Queued { .. } => {
                let command = Command::PoisonCall(PoisonCall { call: id.clone() });
                match self.apply(&item.tenant, &item.turn, command).await {
                    Ok(applied) => {
                        self.perform(&applied.turn.item, &applied.effects).await;
                    }
                    Err(ApplyError::Refused(_) | ApplyError::NotFound) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            CallState::Started { lease_until, .. } if *lease_until <= self.ports.clock.now() => {
                self.reclaim(&turn.item, call, true).await?;
            }
            _ => {}
        }
        self.try_drive(&item.tenant, &item.turn).await;
        Ok(())
    }

    /// Processes one message of `turns-poison`: a watchdog comes back later without
    /// acting; others are dropped. Its number is at least the turn's: a message that
    /// raised the counter and then could not be renewed would otherwise be the last.
    pub async fn poison_turn(self: &Arc<Self>, item: &WorkItem) -> Result<(), TriggerError> {
        let Some(number) = item.watch else {
            return Ok(());
        };
        let Some(turn) = self.load(&item.tenant, &item.turn).await? else {
            return Ok(());
        };
        if !turn.item.status.is_terminal() {
            let number = number.max(turn.item.watch);
            self.enqueue_watchdog(&item.tenant, &item.turn, number, REWATCH_DELAY)
                .await?;
        }
        Ok(())
    }
}
