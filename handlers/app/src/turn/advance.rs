//! Rule 1's watchdog, and everything that a turn has to do.

use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::event::WaitingFor;
use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::{
    CallState, Command, Expire, ModelState, RaiseWatch, Refusal, Turn, Work,
};
use azimuth_domain::work::WorkItem;

use super::commit::WATCHDOG_DELAY;
use super::{ApplyError, Engine};
use crate::triggers::TriggerError;

impl Engine {
    /// Processes one message of the `turns` queue.
    pub async fn advance_turn(
        self: &Arc<Self>,
        item: &WorkItem,
        dequeue_count: u32,
    ) -> Result<(), TriggerError> {
        let Some(turn) = self.load(&item.tenant, &item.turn).await? else {
            return Ok(());
        };
        if turn.item.status.is_terminal() {
            return Ok(());
        }
        if let Some(number) = item.watch {
            if number >= turn.item.watch {
                let raise = Command::RaiseWatch(RaiseWatch { number });
                match self.apply(&item.tenant, &item.turn, raise).await {
                    Ok(applied) => self.renew_watchdog(&applied.turn.item, number + 1).await?,
                    Err(ApplyError::Refused(Refusal::Ended) | ApplyError::NotFound) => {
                        return Ok(());
                    }
                    Err(ApplyError::Refused(_)) => {}
                    Err(error) => return Err(error.into()),
                }
            } else if number + 1 == turn.item.watch && dequeue_count > 1 {
                self.renew_watchdog(&turn.item, number + 1).await?;
            }
        }
        self.act(item).await
    }

    async fn renew_watchdog(&self, turn: &Turn, number: u64) -> Result<(), TriggerError> {
        let delay = watchdog_delay(turn, self.ports.clock.now());
        self.enqueue_watchdog(&turn.asker.user.tid, &turn.id, number, delay)
            .await?;
        Ok(())
    }

    /// Does what the turn has to do now.
    async fn act(self: &Arc<Self>, item: &WorkItem) -> Result<(), TriggerError> {
        let Some(turn) = self.load(&item.tenant, &item.turn).await? else {
            return Ok(());
        };
        for work in turn.item.work(self.ports.clock.now()) {
            match work {
                Work::Drive => {}
                Work::Enqueue(call) => self.enqueue_call(&item.tenant, &call).await,
                Work::Reclaim(id, _) => {
                    if let Some(call) = turn.item.call(&id) {
                        self.reclaim(&turn.item, call, false).await?;
                    }
                }
                Work::CheckSignIn => self.check_sign_in(&turn.item).await?,
                Work::Expire => {
                    self.expire(&turn.item, false).await?;
                }
            }
        }
        let fresh = self.load(&item.tenant, &item.turn).await?;
        if fresh.is_some_and(|f| f.item.can_drive(self.ports.clock.now())) {
            self.try_drive(&item.tenant, &item.turn).await;
        }
        Ok(())
    }

    /// Applies passed deadlines.
    pub(super) async fn expire(
        &self,
        turn: &Turn,
        grant_is_gone: bool,
    ) -> Result<(), TriggerError> {
        let command = Command::Expire(Expire { grant_is_gone });
        match self.apply(&turn.asker.user.tid, &turn.id, command).await {
            Ok(applied) => {
                self.perform(&applied.turn.item, &applied.effects).await;
                Ok(())
            }
            Err(ApplyError::Refused(_) | ApplyError::NotFound) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Lease end + 1 s, at most 20 s; the next deadline when only people are awaited.
fn watchdog_delay(turn: &Turn, now: Timestamp) -> Duration {
    let ms = match turn.waiting_for() {
        Some((WaitingFor::Approval | WaitingFor::AzureSignIn, deadline)) => {
            deadline.since(now).max(0) + 1000
        }
        None => {
            let lease = turn
                .calls()
                .iter()
                .filter_map(|c| match c.state {
                    CallState::Started { lease_until, .. } => Some(lease_until),
                    _ => None,
                })
                .chain(match turn.model {
                    ModelState::Claimed { lease_until, .. } => Some(lease_until),
                    _ => None,
                })
                .min();
            lease.map_or(i64::MAX, |until| until.since(now).max(0) + 1000)
        }
    };
    let limit = i64::try_from(WATCHDOG_DELAY.as_millis()).unwrap_or(i64::MAX);
    let ms = if turn.waiting_for().is_some() {
        ms
    } else {
        ms.min(limit)
    };
    Duration::from_millis(ms.unsigned_abs())
}
