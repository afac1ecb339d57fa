//! The pool's table and the decisions over it; no waiting, no I/O.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::Key;
use crate::backoff::Backoff;
use crate::child::{Child, End};
use crate::limits::PoolLimits;

/// What a call does next.
pub(super) enum Decision {
    /// Uses this process; its place is taken already.
    Take { child: Arc<Child>, ping: bool },
    /// Starts one; that it is being started is noted already.
    Start,
    /// Waits for a change.
    Wait,
    /// Gives up with this text.
    Refuse(String),
}

/// All processes.
#[derive(Default)]
pub(super) struct State {
    slots: HashMap<Key, Slot>,
    /// Starts that wait for room.
    pub(super) wanted_room: usize,
    /// Processes that exist or are being started.
    pub(super) rooms_taken: usize,
}

/// The processes of one identity.
#[derive(Default)]
struct Slot {
    seats: Vec<Seat>,
    starting: bool,
    /// Whether the start waits for room.
    wants_room: bool,
    waiting: usize,
    backoff: Backoff,
    failures: u64,
    last_failure: String,
}

struct Seat {
    child: Arc<Child>,
    in_flight: usize,
    last_used: Instant,
    retired: bool,
    /// Whether the process may still be busy with a call that nobody waits for.
    runaway: bool,
}

impl Seat {
    fn is_usable(&self) -> bool {
        !self.retired && self.child.is_usable()
    }

    fn retire(&mut self) {
        self.retired = true;
        match (self.in_flight, self.runaway) {
            (0, false) => self.child.stop(),
            (0, true) => self.child.stop_now(),
            _ => {}
        }
    }
}

impl Slot {
    /// The usable seat with the fewest calls, and how many are usable.
    fn least_busy(&mut self) -> (Option<&mut Seat>, usize) {
        let usable = self.seats.iter().filter(|seat| seat.is_usable()).count();
        let best = self.seats.iter_mut().filter(|seat| seat.is_usable());
        (best.min_by_key(|seat| seat.in_flight), usable)
    }

    fn find(&mut self, child: &Arc<Child>) -> Option<&mut Seat> {
        self.seats
            .iter_mut()
            .find(|seat| Arc::ptr_eq(&seat.child, child))
    }
}

impl State {
    pub(super) fn begin_waiting(&mut self, key: &Key) -> u64 {
        let slot = self.slots.entry(key.clone()).or_default();
        slot.waiting += 1;
        slot.failures
    }

    pub(super) fn end_waiting(&mut self, key: &Key) {
        if let Some(slot) = self.slots.get_mut(key) {
            slot.waiting -= 1;
        }
    }

    pub(super) fn is_awaited(&self, key: &Key) -> bool {
        self.slots.get(key).is_some_and(|slot| slot.waiting > 0)
    }

    /// Whether a process of `key` is to be started once there is room.
    pub(super) fn wants_room(&self, key: &Key) -> bool {
        self.slots.get(key).is_some_and(|slot| slot.wants_room)
    }

    /// Returns whether that is new.
    pub(super) fn set_wants_room(&mut self, key: &Key, wants: bool) -> bool {
        let slot = self.slots.get_mut(key);
        slot.is_some_and(|slot| std::mem::replace(&mut slot.wants_room, wants) != wants)
    }

    pub(super) fn is_usable(&mut self, key: &Key, child: &Arc<Child>) -> bool {
        let seat = self.slots.get_mut(key).and_then(|slot| slot.find(child));
        seat.is_some_and(|seat| seat.is_usable())
    }

    pub(super) fn decide(
        &mut self,
        key: &Key,
        failures_before: u64,
        now: Instant,
        limits: &PoolLimits,
    ) -> Decision {
        let slot = self.slots.entry(key.clone()).or_default();
        let starting = slot.starting;
        let refused = slot.failures > failures_before;
        let pause = slot.backoff.remaining(now);
        let (best, usable) = slot.least_busy();
        if let Some(seat) = best {
            let may_start = usable < limits.max_per_identity && pause.is_zero() && !refused;
            if seat.in_flight == 0 || !(starting || may_start) {
                let ping = seat.in_flight == 0
                    && now.saturating_duration_since(seat.last_used) >= limits.ping_after;
                seat.in_flight += 1;
                let child = Arc::clone(&seat.child);
                return Decision::Take { child, ping };
            }
        }
        if starting {
            return Decision::Wait;
        }
        if refused && usable == 0 {
            return Decision::Refuse(slot.last_failure.clone());
        }
        if !pause.is_zero() {
            return Decision::Refuse(format!(
                "{} It may be started again in {} s.",
                slot.last_failure,
                pause.as_millis().div_ceil(1000),
            ));
        }
        slot.starting = true;
        Decision::Start
    }

    pub(super) fn seat(&mut self, key: &Key, child: &Arc<Child>, now: Instant) {
        let slot = self.slots.entry(key.clone()).or_default();
        slot.starting = false;
        slot.seats.push(Seat {
            child: Arc::clone(child),
            in_flight: 0,
            last_used: now,
            retired: false,
            runaway: false,
        });
    }

    pub(super) fn start_failed(
        &mut self,
        key: &Key,
        text: String,
        now: Instant,
        limits: &PoolLimits,
    ) {
        let slot = self.slots.entry(key.clone()).or_default();
        slot.starting = false;
        slot.failures += 1;
        slot.last_failure = text;
        slot.backoff
            .failed(now, limits.restart_delay, limits.max_restart_delay);
    }

    pub(super) fn start_given_up(&mut self, key: &Key) {
        if let Some(slot) = self.slots.get_mut(key) {
            slot.starting = false;
            slot.wants_room = false;
        }
    }

    /// A process is gone. It counts as a crash when nobody had asked for it; telling
    /// it twice makes no difference.
    pub(super) fn gone(
        &mut self,
        key: &Key,
        child: &Arc<Child>,
        end: Option<&End>,
        now: Instant,
        limits: &PoolLimits,
    ) {
        let Some(slot) = self.slots.get_mut(key) else {
            return;
        };
        let seats = slot.seats.len();
        slot.seats.retain(|seat| !Arc::ptr_eq(&seat.child, child));
        if slot.seats.len() < seats
            && let Some(End { how, asked: false }) = end
        {
            slot.last_failure = format!("The tool server {} ended by itself ({how}).", key.server);
            slot.backoff
                .failed(now, limits.restart_delay, limits.max_restart_delay);
        }
    }

    pub(super) fn release(&mut self, key: &Key, child: &Arc<Child>, now: Instant, max: usize) {
        if let Some(seat) = self.slots.get_mut(key).and_then(|slot| slot.find(child)) {
            seat.in_flight -= 1;
            seat.last_used = now;
            if seat.retired {
                seat.retire();
            }
        }
        self.make_room(max);
    }

    pub(super) fn retire(&mut self, key: &Key, child: &Arc<Child>, runaway: bool) {
        if let Some(seat) = self.slots.get_mut(key).and_then(|slot| slot.find(child)) {
            seat.runaway |= runaway;
            seat.retire();
        }
    }

    pub(super) fn succeeded(&mut self, key: &Key) {
        if let Some(slot) = self.slots.get_mut(key) {
            slot.backoff.succeeded();
        }
    }

    /// Takes room for a start that was counted as waiting; false when there is
    /// none.
    pub(super) fn take_room(&mut self, max: usize) -> bool {
        if self.is_full(max) {
            return false;
        }
        self.rooms_taken += 1;
        self.wanted_room -= 1;
        true
    }

    fn is_full(&self, max: usize) -> bool {
        self.rooms_taken >= max
    }

    /// Ends the process that was idle longest, if more starts wait for room than
    /// there is or will be.
    pub(super) fn make_room(&mut self, max: usize) {
        let leaving = self.seats().filter(|seat| seat.retired).count();
        if leaving + max.saturating_sub(self.rooms_taken) >= self.wanted_room {
            return;
        }
        // A process that somebody is about to take is left alone: ending it would
        // let two users who both wait take each other's process for ever.
        let idle = self
            .slots
            .values_mut()
            .filter(|slot| slot.waiting == 0)
            .flat_map(|slot| &mut slot.seats)
            .filter(|seat| !seat.retired && seat.in_flight == 0)
            .min_by_key(|seat| seat.last_used);
        if let Some(seat) = idle {
            seat.retire();
        }
    }

    /// Ends what was idle too long and forgets identities about which nothing has
    /// to be remembered.
    pub(super) fn tidy(&mut self, now: Instant, limits: &PoolLimits, max: usize) {
        for seat in self.slots.values_mut().flat_map(|slot| &mut slot.seats) {
            let idle = now.saturating_duration_since(seat.last_used) >= limits.idle_timeout;
            if idle && seat.in_flight == 0 && !seat.retired {
                seat.retire();
            }
        }
        self.make_room(max);
        self.slots.retain(|_, slot| {
            let busy = !slot.seats.is_empty() || slot.starting || slot.waiting > 0;
            busy || !slot.backoff.is_clear(now, limits.max_restart_delay)
        });
    }

    pub(super) fn count(&self, server: &str) -> (usize, usize) {
        let slots = self.slots.iter().filter(|(key, _)| key.server == server);
        let seats: Vec<&Seat> = slots.flat_map(|(_, slot)| &slot.seats).collect();
        (
            seats.len(),
            seats.iter().filter(|seat| seat.in_flight > 0).count(),
        )
    }

    pub(super) fn stop_all(&mut self) {
        for seat in self.slots.values_mut().flat_map(|slot| &mut slot.seats) {
            seat.retired = true;
            seat.child.stop_now();
        }
    }

    fn seats(&self) -> impl Iterator<Item = &Seat> {
        self.slots.values().flat_map(|slot| &slot.seats)
    }
}
