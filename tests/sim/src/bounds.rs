//! The bounds: those of `reference/turn-protocol-runs.md` §3, and one or more for
//! each rule that had none there.

use crate::bound::{Bound, NONE, SignIn, Sweeper};
use crate::turn::Kind;
use crate::world::Budget;

/// One destructive call; policy asks a person first.
pub const DESTRUCTIVE: &[Kind] = &[Kind::Destructive];
/// One read-only call.
pub const READ_ONLY: &[Kind] = &[Kind::ReadOnly];
/// Both in one step.
pub const BOTH: &[Kind] = &[Kind::Destructive, Kind::ReadOnly];

/// Crashes, duplicates, leases of living workers that end, failures of audit and
/// tool, poisoned messages, cancellations.
const fn faults(crash: u8, dup: u8, expiry: u8, fail: u8, poison: u8, cancel: u8) -> Budget {
    Budget {
        crash,
        dup,
        expiry,
        fail,
        poison,
        cancel,
        ..NONE
    }
}

/// The coverage table of the reference, in its order.
pub fn coverage() -> Vec<Bound> {
    vec![
        Bound::new("destructive", DESTRUCTIVE).with(faults(2, 1, 1, 1, 1, 0)),
        Bound::new("destructive", DESTRUCTIVE).with(faults(1, 1, 1, 1, 1, 1)),
        Bound::new("destructive", DESTRUCTIVE).with(faults(0, 2, 2, 1, 0, 1)),
        Bound::new("destructive", DESTRUCTIVE)
            .with(faults(1, 1, 1, 0, 0, 0))
            .racing(),
        Bound::new("destructive", DESTRUCTIVE)
            .with(faults(1, 1, 0, 0, 1, 0))
            .racing(),
        two_copies(Bound::new("destructive", DESTRUCTIVE).with(faults(1, 1, 1, 0, 0, 0))),
        Bound::new("read-only", READ_ONLY).with(faults(2, 1, 1, 1, 0, 1)),
        Bound::new("read-only", READ_ONLY).with(faults(1, 1, 1, 1, 1, 1)),
        Bound::new("read-only", READ_ONLY)
            .with(faults(1, 1, 1, 0, 0, 0))
            .racing(),
        Bound::new("both", BOTH).with(faults(0, 1, 1, 1, 0, 1)),
        Bound::new("both", BOTH).with(faults(1, 1, 1, 0, 0, 0)),
        Bound::new("both", BOTH).with(faults(1, 0, 0, 1, 1, 0)),
        Bound::new("both", BOTH).with(faults(1, 0, 1, 0, 0, 1)),
        Bound::new("both", BOTH).with(faults(1, 1, 0, 0, 0, 1)),
        Bound::new("both", BOTH).with(faults(2, 0, 0, 0, 0, 0)),
    ]
}

const fn two_copies(mut bound: Bound) -> Bound {
    bound.copies = 2;
    bound
}

const fn whole_instance(mut bound: Bound) -> Bound {
    bound.host = true;
    bound
}

const fn failing_store(mut bound: Bound) -> Bound {
    bound.store_fails = true;
    bound
}

const fn beating(mut bound: Bound) -> Bound {
    bound.heartbeat = true;
    bound
}

const fn always_crashing(mut bound: Bound) -> Bound {
    bound.always_crashes = true;
    bound
}

/// The turn waits for a sign-in from its creation (rule 1a).
const fn turn_signs_in(mut bound: Bound) -> Bound {
    bound.sign_in = SignIn::Turn;
    bound
}

/// The grant may go before a call is claimed (rule 6a).
const fn call_signs_in(mut bound: Bound) -> Bound {
    bound.sign_in = SignIn::Call;
    bound.budget.grant_loss = 1;
    bound
}

const fn speaking(mut bound: Bound, texts: u8) -> Bound {
    bound.budget.text = texts;
    bound
}

const fn asked_again(mut bound: Bound) -> Bound {
    bound.budget.retry = 1;
    bound
}

/// What the first call would do is read before and after its approval.
/// `late` is how often its deadline may pass.
const fn previewing(mut bound: Bound, drifts: u8, late: u8) -> Bound {
    bound.previews = true;
    bound.budget.drift = drifts;
    bound.budget.late = late;
    bound
}

const fn revoked(mut bound: Bound) -> Bound {
    bound.budget.revoke = 1;
    bound
}

/// What has no bound in the reference's table, or has changed since.
pub fn further() -> Vec<Bound> {
    let named = |name, calls, budget| Bound::new(name, calls).with(budget);
    vec![
        // Rule 1: the watchdog instead of the timer.
        named("watchdog", READ_ONLY, faults(1, 1, 1, 0, 0, 0)).watched(),
        whole_instance(named("watchdog, instance", READ_ONLY, faults(2, 0, 0, 0, 0, 0)).watched()),
        whole_instance(
            named("watchdog, instance", DESTRUCTIVE, faults(1, 1, 1, 0, 0, 0)).watched(),
        ),
        named("watchdog", DESTRUCTIVE, faults(2, 0, 0, 0, 0, 0)).watched(),
        named("watchdog", DESTRUCTIVE, faults(1, 0, 1, 0, 0, 1)).watched(),
        asked_again(named("watchdog, asked again", READ_ONLY, faults(2, 0, 0, 0, 0, 0)).watched()),
        named("watchdog, poison", READ_ONLY, faults(1, 0, 0, 0, 1, 0)).watched(),
        named("watchdog, poison", DESTRUCTIVE, faults(1, 0, 0, 0, 1, 0)).watched(),
        failing_store(named("watchdog, store", READ_ONLY, faults(0, 0, 0, 1, 0, 0)).watched()),
        failing_store(named("watchdog, store", READ_ONLY, faults(1, 0, 0, 1, 0, 0)).watched()),
        failing_store(named("watchdog, store", DESTRUCTIVE, faults(0, 0, 0, 1, 0, 1)).watched()),
        // Rules 1a and 6a.
        turn_signs_in(named("1a sign-in", READ_ONLY, faults(1, 1, 1, 0, 0, 1))),
        turn_signs_in(named("1a sign-in, watchdog", READ_ONLY, faults(1, 0, 0, 0, 0, 0)).watched()),
        call_signs_in(named("6a sign-in", DESTRUCTIVE, faults(1, 0, 0, 0, 0, 1))),
        call_signs_in(named("6a sign-in", READ_ONLY, faults(1, 1, 1, 0, 0, 1))),
        call_signs_in(named("6a sign-in, watchdog", READ_ONLY, faults(1, 0, 0, 0, 0, 0)).watched()),
        // Rule 14.
        speaking(named("14 events", READ_ONLY, faults(1, 1, 1, 0, 0, 1)), 3),
        // Audit creates that fail, or seem to (rule 7's `seq`).
        named("audit seq", DESTRUCTIVE, faults(1, 0, 0, 2, 0, 0)),
        named("audit seq", READ_ONLY, faults(1, 0, 1, 2, 0, 0)),
        named("audit seq, watchdog", DESTRUCTIVE, faults(0, 0, 0, 2, 0, 0)).watched(),
        // Stores and queues that fail, or seem to.
        failing_store(named("store", DESTRUCTIVE, faults(1, 0, 1, 1, 0, 1))),
        failing_store(named("store", READ_ONLY, faults(1, 1, 1, 1, 0, 0))),
        // Heartbeats that come late, policy that changes its mind, a message that
        // crashes everybody.
        beating(named("heartbeat", DESTRUCTIVE, faults(1, 1, 2, 0, 0, 1))),
        revoked(named(
            "policy changes",
            DESTRUCTIVE,
            faults(1, 1, 1, 1, 0, 0),
        )),
        always_crashing(named("always crashes", READ_ONLY, faults(1, 0, 0, 0, 0, 1))),
        // Rules 3a and 5.
        previewing(
            named("3a preview", DESTRUCTIVE, faults(1, 1, 0, 0, 0, 0)),
            0,
            0,
        ),
        previewing(
            named("3a preview", DESTRUCTIVE, faults(1, 0, 1, 0, 0, 0)),
            0,
            1,
        ),
        previewing(
            named("3a preview", DESTRUCTIVE, faults(1, 0, 0, 0, 0, 1)),
            0,
            1,
        ),
        previewing(
            named("3a preview", DESTRUCTIVE, faults(0, 0, 1, 1, 0, 0)),
            0,
            0,
        ),
        previewing(
            named("3a preview", DESTRUCTIVE, faults(1, 0, 0, 0, 0, 0)),
            1,
            1,
        ),
        previewing(
            named("3a preview", DESTRUCTIVE, faults(1, 0, 0, 0, 1, 0)),
            0,
            0,
        ),
        previewing(
            named("3a preview", DESTRUCTIVE, faults(0, 1, 1, 0, 0, 0)),
            1,
            0,
        ),
        previewing(
            named(
                "3a preview, watchdog",
                DESTRUCTIVE,
                faults(1, 0, 0, 0, 0, 0),
            )
            .watched(),
            0,
            0,
        ),
        call_signs_in(previewing(
            named("3a preview, sign-in", DESTRUCTIVE, faults(0, 0, 0, 0, 0, 1)),
            0,
            1,
        )),
        revoked(previewing(
            named(
                "3a preview, policy changes",
                DESTRUCTIVE,
                faults(1, 0, 0, 0, 0, 0),
            ),
            0,
            0,
        )),
    ]
}

/// What the tests run: the same faults, fewer at once.
pub fn quick() -> Vec<Bound> {
    let named = |name, calls, budget| Bound::new(name, calls).with(budget);
    vec![
        named("destructive", DESTRUCTIVE, faults(1, 1, 1, 0, 1, 0)),
        named("destructive", DESTRUCTIVE, faults(1, 0, 1, 1, 0, 1)),
        named("destructive", DESTRUCTIVE, faults(1, 1, 0, 0, 1, 0)).racing(),
        two_copies(named("destructive", DESTRUCTIVE, faults(1, 1, 1, 0, 0, 0))),
        named("read-only", READ_ONLY, faults(1, 1, 1, 0, 1, 0)),
        named("read-only", READ_ONLY, faults(1, 0, 1, 1, 0, 1)),
        named("read-only", READ_ONLY, faults(1, 1, 1, 0, 0, 0)).racing(),
        named("both", BOTH, faults(1, 1, 0, 0, 0, 0)),
        whole_instance(named("watchdog, instance", READ_ONLY, faults(1, 0, 0, 0, 0, 0)).watched()),
        named("watchdog", DESTRUCTIVE, faults(1, 0, 0, 0, 0, 0)).watched(),
        asked_again(named("watchdog, asked again", READ_ONLY, faults(1, 0, 0, 0, 0, 0)).watched()),
        named("watchdog, poison", READ_ONLY, faults(1, 0, 0, 0, 1, 0)).watched(),
        failing_store(named("watchdog, store", READ_ONLY, faults(1, 0, 0, 1, 0, 0)).watched()),
        turn_signs_in(named("1a sign-in", READ_ONLY, faults(1, 0, 0, 0, 0, 1))),
        call_signs_in(named("6a sign-in", DESTRUCTIVE, faults(1, 0, 0, 0, 0, 1))),
        speaking(named("14 events", READ_ONLY, faults(1, 0, 1, 0, 0, 1)), 2),
        named("audit seq", DESTRUCTIVE, faults(1, 0, 0, 2, 0, 0)),
        failing_store(named("store", DESTRUCTIVE, faults(1, 0, 1, 1, 0, 0))),
        beating(named("heartbeat", DESTRUCTIVE, faults(1, 0, 1, 0, 0, 1))),
        revoked(named(
            "policy changes",
            DESTRUCTIVE,
            faults(1, 0, 1, 0, 0, 0),
        )),
        always_crashing(named("always crashes", READ_ONLY, faults(1, 0, 0, 0, 0, 1))),
        previewing(
            named("3a preview", DESTRUCTIVE, faults(1, 0, 0, 0, 0, 0)),
            0,
            1,
        ),
        previewing(
            named("3a preview", DESTRUCTIVE, faults(0, 1, 0, 0, 0, 1)),
            1,
            0,
        ),
        revoked(previewing(
            named(
                "3a preview, policy changes",
                DESTRUCTIVE,
                faults(1, 0, 0, 0, 0, 0),
            ),
            0,
            0,
        )),
    ]
}

/// The same state of affairs at the end, whatever comes twice or late (I7).
pub fn without_and_with_duplicates() -> [Bound; 2] {
    [
        Bound::new("no duplicates", READ_ONLY),
        Bound::new("two duplicates", READ_ONLY).with(faults(0, 2, 0, 0, 0, 0)),
    ]
}

impl Bound {
    /// Its parameters, for a table.
    pub fn parameters(&self) -> String {
        let calls = match self.calls.len() {
            1 if self.calls == READ_ONLY => "read-only",
            1 => "destructive",
            _ => "both",
        };
        let left = &self.budget;
        let counted = [
            ("crash", left.crash),
            ("dup", left.dup),
            ("expiry", left.expiry),
            ("fail", left.fail),
            ("poison", left.poison),
            ("cancel", left.cancel),
            ("asked again", left.retry),
            ("grant lost", left.grant_loss),
            ("revoked", left.revoke),
            ("text", left.text),
            ("drift", left.drift),
            ("late", left.late),
        ];
        let counted = counted
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{name} {count}"));
        let sweeper = match self.sweeper {
            Sweeper::Off => "no sweeper",
            Sweeper::Lazy => "lazy",
            Sweeper::Racing => "racing",
        };
        let flags = [
            (self.copies > 1, "2 copies"),
            (self.host, "whole instance"),
            (self.store_fails, "store fails"),
        ];
        let flags = flags
            .iter()
            .filter(|(is_on, _)| *is_on)
            .map(|(_, name)| (*name).to_owned());
        let mut parts = vec![calls.to_owned(), sweeper.to_owned()];
        parts.extend(counted);
        parts.extend(flags);
        parts.join(", ")
    }
}
