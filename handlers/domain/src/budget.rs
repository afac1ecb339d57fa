//! How much a tenant may destroy in an hour, whoever does it: the blast radius.
//!
//! **Invariant:** a call is in the budget before it is claimed, once, however often it
//! is tried. What was put there and never ran counts as if it had: the budget may count
//! too much and never too little.

use serde::{Deserialize, Serialize};

use crate::canonical::sha256_hex;
use crate::ids::{CallId, OwnerKey};
use crate::time::Timestamp;

/// Version of [`Budget`] that this build writes.
pub const BUDGET_VERSION: u32 = 1;
/// How long a call counts.
pub const BUDGET_MS: i64 = 60 * 60 * 1000;

/// The destructive calls of a tenant in the last hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Version of this shape.
    pub v: u32,
    /// Whose.
    pub tenant: String,
    /// The calls, in the order in which they were put there.
    pub spent: Vec<Spent>,
}

/// One destructive call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// What stands for the call.
    pub mark: String,
    /// On whose behalf.
    pub by: OwnerKey,
    /// When.
    pub at: Timestamp,
}

/// Most destructive calls of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetLimits {
    /// Of this person.
    pub person: u64,
    /// Of everybody in the tenant.
    pub tenant: u64,
}

/// Whose limit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The person's.
    Person,
    /// The tenant's.
    Tenant,
}

/// There is nothing left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted {
    /// Whose limit was reached.
    pub whose: Whose,
    /// The limit.
    pub limit: u64,
    /// When there is something left again.
    pub fresh_at: Timestamp,
}

impl Budget {
    /// Of a tenant in which nothing was destroyed.
    pub fn new(tenant: &str) -> Self {
        Self {
            v: BUDGET_VERSION,
            tenant: tenant.to_owned(),
            spent: Vec::new(),
        }
    }

    /// Puts a call there; false when it is there already.
    pub fn spend(
        &mut self,
        call: &CallId,
        by: &OwnerKey,
        limits: BudgetLimits,
        now: Timestamp,
    ) -> Result<bool, Exhausted> {
        let mark = mark(call);
        if self.counting(now).any(|spent| spent.mark == mark) {
            return Ok(false);
        }
        self.check(by, limits, now)?;
        self.spent.retain(|spent| counts(spent, now));
        self.spent.push(Spent {
            mark,
            by: by.clone(),
            at: now,
        });
        Ok(true)
    }

    /// Whether a call was put there, and not dropped since because it counts no more.
    pub fn holds(&self, call: &CallId) -> bool {
        let mark = mark(call);
        self.spent.iter().any(|spent| spent.mark == mark)
    }

    /// How many calls of that person fit in.
    pub fn left(&self, by: &OwnerKey, limits: BudgetLimits, now: Timestamp) -> u64 {
        let (own, all) = (self.used(Some(by), now), self.used(None, now));
        let person = limits.person.saturating_sub(own);
        person.min(limits.tenant.saturating_sub(all))
    }

    /// How many calls count, of that person or of everybody.
    pub fn used(&self, by: Option<&OwnerKey>, now: Timestamp) -> u64 {
        let of = |spent: &&Spent| by.is_none_or(|by| spent.by == *by);
        self.counting(now).filter(of).count() as u64
    }

    /// When the first call that counts does no more; `None` without one.
    pub fn resets_at(&self, by: &OwnerKey, now: Timestamp) -> Option<Timestamp> {
        let own = self.counting(now).filter(|spent| spent.by == *by);
        own.map(|spent| spent.at.plus_ms(BUDGET_MS)).min()
    }

    /// Whether one more call of that person fits in.
    pub fn check(
        &self,
        by: &OwnerKey,
        limits: BudgetLimits,
        now: Timestamp,
    ) -> Result<(), Exhausted> {
        for (whose, limit, by) in [
            (Whose::Person, limits.person, Some(by)),
            (Whose::Tenant, limits.tenant, None),
        ] {
            let mut ends: Vec<Timestamp> = self
                .counting(now)
                .filter(|spent| by.is_none_or(|by| spent.by == *by))
                .map(|spent| spent.at.plus_ms(BUDGET_MS))
                .collect();
            ends.sort_unstable();
            let room = usize::try_from(limit).unwrap_or(usize::MAX);
            if ends.len() >= room {
                // A limit of none is never fresh; an hour is as good as any answer.
                let fresh_at = ends.get(ends.len() - room).copied();
                return Err(Exhausted {
                    whose,
                    limit,
                    fresh_at: fresh_at.unwrap_or(now.plus_ms(BUDGET_MS)),
                });
            }
        }
        Ok(())
    }

    fn counting(&self, now: Timestamp) -> impl Iterator<Item = &Spent> {
        self.spent.iter().filter(move |spent| counts(spent, now))
    }
}

/// A call of another process, whose clock is ahead, counts too.
fn counts(spent: &Spent, now: Timestamp) -> bool {
    now.since(spent.at) < BUDGET_MS
}

fn mark(call: &CallId) -> String {
    let mut hash = sha256_hex(call.as_str());
    hash.truncate(16);
    hash
}

#[cfg(test)]
mod tests {
    use crate::ids::{ConversationId, TurnId};
    use crate::principal::UserKey;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_525_509_123);
    const LIMITS: BudgetLimits = BudgetLimits {
        person: 3,
        tenant: 5,
    };

    fn owner(oid: &str) -> OwnerKey {
        UserKey::new("t", oid).owner()
    }

    fn call(number: usize) -> CallId {
        let conversation = ConversationId::derived(&UserKey::new("t", "o"), "x", "y");
        CallId::new(&TurnId::derived(&conversation, "key"), 0, number)
    }

    fn spend(budget: &mut Budget, number: usize, oid: &str, at: Timestamp) -> Result<bool, Whose> {
        let spent = budget.spend(&call(number), &owner(oid), LIMITS, at);
        spent.map_err(|exhausted| exhausted.whose)
    }

    #[test]
    fn a_person_has_so_many_and_the_tenant_so_many() {
        let mut budget = Budget::new("t");
        for number in 0..3 {
            let left = 3 - u64::try_from(number).unwrap_or_default();
            assert_eq!(budget.left(&owner("alice"), LIMITS, NOW), left);
            assert_eq!(spend(&mut budget, number, "alice", NOW), Ok(true));
        }
        assert_eq!(spend(&mut budget, 3, "alice", NOW), Err(Whose::Person));
        assert_eq!(spend(&mut budget, 3, "bob", NOW), Ok(true));
        assert_eq!(spend(&mut budget, 4, "bob", NOW), Ok(true));
        assert_eq!(spend(&mut budget, 5, "bob", NOW), Err(Whose::Tenant));
        assert_eq!(budget.left(&owner("carol"), LIMITS, NOW), 0);
        assert_eq!(budget.spent.len(), 5, "what was refused is not in it");
    }

    #[test]
    fn however_often_a_call_is_tried_it_counts_once() {
        let mut budget = Budget::new("t");
        for number in [0, 1, 2] {
            assert_eq!(spend(&mut budget, number, "alice", NOW), Ok(true));
        }
        // Also when nothing is left.
        for number in [0, 1, 2, 0] {
            assert_eq!(spend(&mut budget, number, "alice", NOW), Ok(false));
        }
        assert_eq!(budget.used(None, NOW), 3);
        assert_eq!(
            [2, 3].map(|number| budget.holds(&call(number))),
            [true, false]
        );
    }

    #[test]
    fn a_call_counts_for_an_hour() {
        assert_eq!(BUDGET_MS, 3_600_000);
        let mut budget = Budget::new("t");
        for (number, ms) in [(0, 0), (1, 1_000), (2, 2_000)] {
            assert_eq!(
                spend(&mut budget, number, "alice", NOW.plus_ms(ms)),
                Ok(true)
            );
        }
        let late = |ms| NOW.plus_ms(BUDGET_MS + ms);
        assert_eq!(spend(&mut budget, 3, "alice", late(-1)), Err(Whose::Person));
        let refused = budget.check(&owner("alice"), LIMITS, late(-1));
        assert_eq!(refused.map_err(|e| e.fresh_at), Err(late(0)));
        assert_eq!(budget.resets_at(&owner("alice"), NOW), Some(late(0)));
        assert_eq!(spend(&mut budget, 3, "alice", late(0)), Ok(true));
        assert_eq!(spend(&mut budget, 4, "alice", late(0)), Err(Whose::Person));
        assert_eq!(budget.spent.len(), 3, "what counts no more is gone");
        // A clock that is behind forgets nothing.
        assert_eq!(budget.used(None, NOW.plus_ms(-5)), 3);
    }

    #[test]
    fn a_limit_that_was_lowered_or_is_none_holds() {
        let mut budget = Budget::new("t");
        for (number, ms) in [(0, 0), (1, 1_000), (2, 2_000)] {
            assert_eq!(
                spend(&mut budget, number, "alice", NOW.plus_ms(ms)),
                Ok(true)
            );
        }
        for (person, fresh_ms) in [(2, 1_000), (1, 2_000), (0, 2_500)] {
            let limits = BudgetLimits { person, ..LIMITS };
            let now = NOW.plus_ms(2_500);
            let refused = budget.check(&owner("alice"), limits, now);
            let fresh_at = NOW.plus_ms(BUDGET_MS + fresh_ms);
            assert_eq!(refused.map_err(|e| e.fresh_at), Err(fresh_at), "{person}");
        }
    }
}
