//! What an administrator has stopped.

use serde::{Deserialize, Serialize};

use crate::tool::EffectClass;

/// What a kill switch stops while it is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KillScope {
    /// Every tool call.
    #[default]
    All,
    /// Calls that change or destroy something.
    Changes,
}

/// The kill switch of a tenant. Who turned it, when and why is said by the version of
/// the document that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KillSwitch {
    /// Whether it is on.
    pub on: bool,
    /// What it stops then.
    #[serde(default)]
    pub scope: KillScope,
}

impl KillSwitch {
    /// Whether a call with this effect may not start.
    pub fn stops(self, effect: EffectClass) -> bool {
        self.on
            && match self.scope {
                KillScope::All => true,
                KillScope::Changes => effect != EffectClass::ReadOnly,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_what_its_scope_says_and_nothing_while_it_is_off() {
        use EffectClass::{Destructive, Mutating, ReadOnly};
        for (on, scope, stopped) in [
            (false, KillScope::All, [false, false, false]),
            (false, KillScope::Changes, [false, false, false]),
            (true, KillScope::All, [true, true, true]),
            (true, KillScope::Changes, [false, true, true]),
        ] {
            let switch = KillSwitch { on, scope };
            let found = [ReadOnly, Mutating, Destructive].map(|effect| switch.stops(effect));
            assert_eq!(found, stopped, "{switch:?}");
        }
    }
}
