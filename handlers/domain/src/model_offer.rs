//! Which of a deployment's models a tenant offers, to whom, and which of them answers when
//! nobody chose.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::principal::Role;

/// What a tenant has settled about models. What it does not name is as the deployment has
/// it: every model for everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelOffer {
    /// The name of the model that answers when nobody chose, in the place of the
    /// deployment's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// By name, the models that only people with one of these roles are offered; with no
    /// role, nobody is.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub only_for: BTreeMap<String, BTreeSet<Role>>,
}

impl ModelOffer {
    /// Whether somebody with these roles may choose `model`.
    pub fn offers(&self, model: &str, roles: &BTreeSet<Role>) -> bool {
        let only_for = self.only_for.get(model);
        only_for.is_none_or(|of_model| !of_model.is_disjoint(roles))
    }

    /// Whether everybody may choose `model`, whatever their roles.
    pub fn is_for_everybody(&self, model: &str) -> bool {
        !self.only_for.contains_key(model)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn offer(json: &str) -> ModelOffer {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_model_is_for_whoever_has_one_of_its_roles() {
        let offer = offer(r#"{"only_for": {"large": ["operator", "admin"], "old": []}}"#);
        let reader = BTreeSet::from([Role::Reader]);
        let both = BTreeSet::from([Role::Reader, Role::Operator]);
        for (model, roles, is_offered) in [
            ("small", &reader, true),
            ("small", &BTreeSet::new(), true),
            ("large", &reader, false),
            ("large", &both, true),
            ("large", &BTreeSet::new(), false),
            ("old", &both, false),
            ("old", &BTreeSet::new(), false),
        ] {
            assert_eq!(offer.offers(model, roles), is_offered, "{model} {roles:?}");
        }
        let for_all = ["small", "large", "old"].map(|model| offer.is_for_everybody(model));
        assert_eq!(for_all, [true, false, false]);
    }

    #[test]
    fn what_nobody_settled_is_stored_as_nothing() {
        assert_eq!(offer("{}"), ModelOffer::default());
        assert_eq!(serde_json::json!(ModelOffer::default()).to_string(), "{}");
        let some = r#"{"default":"large","only_for":{"old":[]}}"#;
        assert_eq!(serde_json::json!(offer(some)).to_string(), some);
        let unknown = serde_json::from_str::<ModelOffer>(r#"{"only": {}}"#);
        assert!(unknown.is_err());
    }
}
