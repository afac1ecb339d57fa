//! What a turn may use of the quotas of a day. It is in the turn, so that nobody who
//! works on it has to ask.

use serde::{Deserialize, Serialize};

use super::Turn;
use crate::tool::EffectClass;
use crate::usage::Counts;

/// What was left of the quotas of the day when the turn was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// Tool calls that may begin.
    pub tool_calls: u64,
    /// Destructive ones among them.
    pub destructive_calls: u64,
    /// Model tokens, read and written.
    pub tokens: u64,
}

impl Allowance {
    /// What is left of `limits` where so much was used.
    #[must_use]
    pub fn less(self, used: Counts) -> Self {
        Self {
            tool_calls: self.tool_calls.saturating_sub(used.tool_calls),
            destructive_calls: self
                .destructive_calls
                .saturating_sub(used.destructive_calls),
            tokens: self.tokens.saturating_sub(used.tokens()),
        }
    }

    /// The smaller part of each.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self {
            tool_calls: self.tool_calls.min(other.tool_calls),
            destructive_calls: self.destructive_calls.min(other.destructive_calls),
            tokens: self.tokens.min(other.tokens),
        }
    }

    /// Whether a call with this effect fits in.
    pub fn has_call(self, effect: EffectClass) -> bool {
        let may_destroy = effect != EffectClass::Destructive || self.destructive_calls > 0;
        self.tool_calls > 0 && may_destroy
    }
}

impl Turn {
    /// What it may still use; `None` where nothing is limited.
    pub fn allowed(&self) -> Option<Allowance> {
        Some(self.allowance?.less(Counts::of_turn(self)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: Allowance = Allowance {
        tool_calls: 3,
        destructive_calls: 1,
        tokens: 100,
    };

    fn used(tool_calls: u64, destructive_calls: u64) -> Counts {
        Counts {
            tool_calls,
            destructive_calls,
            ..Counts::default()
        }
    }

    #[test]
    fn a_call_fits_in_while_something_is_left() {
        use EffectClass::{Destructive, Mutating, ReadOnly};
        for (used, fits) in [
            (used(0, 0), [true, true, true]),
            (used(2, 0), [true, true, true]),
            (used(2, 1), [true, true, false]),
            (used(2, 2), [true, true, false]),
            (used(3, 0), [false, false, false]),
            (used(4, 0), [false, false, false]),
        ] {
            let left = LEFT.less(used);
            let found = [ReadOnly, Mutating, Destructive].map(|effect| left.has_call(effect));
            assert_eq!(found, fits, "{used:?}");
        }
    }

    #[test]
    fn of_two_the_smaller_counts() {
        let other = Allowance {
            tool_calls: 2,
            destructive_calls: 2,
            tokens: 0,
        };
        let both = Allowance {
            tool_calls: 2,
            destructive_calls: 1,
            tokens: 0,
        };
        assert_eq!((LEFT.min(other), other.min(LEFT)), (both, both));
    }
}
