//! Rule 1's watchdog, and everything that a turn has to do.

use std::sync::Arc;
use std::time::Duration;

use azimuth_domain::time::Timestamp;
use azimuth_domain::turn::{Command, Expire, RaiseWatch, Refusal, Turn, Work};
use azimuth_domain::work::WorkItem;
use azimuth_ports::store::Versioned;

use super::commit::{Beside, WATCHDOG_DELAY};
use super::{ApplyError, Engine};
use crate::triggers::TriggerError;

/// How far a watchdog message's number may be ahead of its turn's counter; every
/// wait that ends puts one message one ahead.
const MAX_WATCH_LEAD: u64 = 1_000_000;

impl Engine {
    /// Processes one message of the `turns` queue.
    pub async fn advance_turn(
        self: &Arc<Self>,
        item: &WorkItem,
        dequeue_count: u32,
    ) -> Result<(), TriggerError> {
        let Some(turn) = self.load_or_ended(&item.tenant, &item.turn).await? else {
            return Ok(());
        };
        if turn.item.status.is_terminal() {
            return Ok(());
        }
        let turn = match item.watch {
            Some(number) => self.watch(item, turn, number, dequeue_count).await?,
            None => Some(turn.item),
        };
        let Some(turn) = turn else {
            return Ok(());
        };
        let acted = self.act(item, &turn).await;
        match (acted, item.watch) {
            // The successor looks again; handing this one back as well would make a
            // second chain.
            (Err(TriggerError::Retry(error)), Some(_)) => {
                tracing::warn!(turn = %item.turn, error, "a turn could not be looked after now");
                Ok(())
            }
            (acted, _) => acted,
        }
    }

    /// Raises the counter, then renews: the first delivery of a number does, and a
    /// redelivery of the number before, whose first delivery may have died between
    /// the two. Gives the turn as it is then, unless it has ended.
    async fn watch(
        &self,
        item: &WorkItem,
        turn: Versioned<Turn>,
        number: u64,
        dequeue_count: u32,
    ) -> Result<Option<Turn>, TriggerError> {
        if number.saturating_sub(turn.item.watch) > MAX_WATCH_LEAD {
            return Err(TriggerError::Fail(format!(
                "no watchdog message of this turn has the number {number}"
            )));
        }
        let mut now = turn.item.clone();
        if number >= now.watch {
            let raise = Command::RaiseWatch(RaiseWatch { number });
            // Tried once: a write whose reply was lost looks like somebody else's to a
            // second try, and then nobody renews. The message comes back instead, and
            // its redelivery does.
            let raised = match self.apply_to(&turn, raise.clone()).await {
                Ok(None) => {
                    self.apply_once(&item.tenant, &item.turn, &raise, &Beside::default())
                        .await
                }
                Ok(Some(applied)) => Ok(applied),
                Err(error) => Err(error),
            };
            match raised {
                Ok(applied) => {
                    let raised = applied.turn.item;
                    self.renew_watchdog(&raised, number + 1).await?;
                    return Ok(Some(raised));
                }
                Err(ApplyError::Refused(Refusal::OldWatch)) => {
                    let Some(fresh) = self.load(&item.tenant, &item.turn).await? else {
                        return Ok(None);
                    };
                    now = fresh.item;
                }
                Err(ApplyError::Refused(_) | ApplyError::NotFound) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        if number + 1 == now.watch && dequeue_count > 1 {
            self.renew_watchdog(&now, number + 1).await?;
        }
        Ok(Some(now))
    }

    async fn renew_watchdog(&self, turn: &Turn, number: u64) -> Result<(), TriggerError> {
        let delay = watchdog_delay(turn, self.ports.clock.now());
        self.enqueue_watchdog(&turn.asker.user.tid, &turn.id, number, delay)
            .await?;
        Ok(())
    }

    /// Does what the turn has to do now: everything, whatever fails of it.
    async fn act(self: &Arc<Self>, item: &WorkItem, turn: &Turn) -> Result<(), TriggerError> {
        let mut failed = None;
        let mut changed = false;
        for work in turn.work(self.ports.clock.now()) {
            let done = match work {
                Work::Drive => continue,
                Work::Enqueue(call) => {
                    self.enqueue_call(&item.tenant, &call).await;
                    continue;
                }
                Work::Reclaim(id) => match turn.call(&id) {
                    Some(call) => self.reclaim(turn, call, false).await,
                    None => Ok(()),
                },
                Work::CheckSignIn => self.check_sign_in(turn).await,
                Work::Expire => self.expire(turn, None).await,
            };
            changed = true;
            failed = failed.or(done.err());
        }
        let fresh = if changed {
            self.load(&item.tenant, &item.turn).await?
        } else {
            None
        };
        let now = fresh.as_ref().map_or(turn, |fresh| &fresh.item);
        if now.can_drive(self.ports.clock.now()) {
            self.try_drive(&item.tenant, &item.turn).await;
        }
        failed.map_or(Ok(()), Err)
    }

    /// Applies passed deadlines.
    pub(super) async fn expire(
        &self,
        turn: &Turn,
        grant_gone_at: Option<Timestamp>,
    ) -> Result<(), TriggerError> {
        let command = Command::Expire(Expire { grant_gone_at });
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

/// Until a second after the first lease that ends or deadline that passes, at most
/// 20 s unless only people are awaited. What is due already and did not happen is
/// looked at again after 20 s.
fn watchdog_delay(turn: &Turn, now: Timestamp) -> Duration {
    let Some(next) = turn.next_due_after(now) else {
        return WATCHDOG_DELAY;
    };
    let delay = Duration::from_millis(next.since(now).unsigned_abs() + 1000);
    if turn.waiting_for().is_some() {
        delay
    } else {
        delay.min(WATCHDOG_DELAY)
    }
}
