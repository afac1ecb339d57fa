//! Where a call is to work, before anybody decides about it: the subscription of the
//! conversation where the call names none, and the id in the place of a display name.
//!
//! **Invariant:** a name becomes an id only where the person's own identity sees exactly
//! one subscription of that name. Whatever stays a name is a place that cannot be told,
//! and policies take the safe side of it.

use std::time::Duration;

use azimuth_domain::principal::UserKey;
use azimuth_domain::tool::ToolSpec;
use azimuth_domain::turn::Turn;
use azimuth_ports::azure::Subscription;
use azimuth_ports::model::ModelCall;
use serde_json::Value;
use tokio::time::timeout;

use super::decide::Standing;
use crate::azure_reads::Failure;
use crate::policy::is_guid;
use crate::turn::{Engine, wire_name};

/// How long a list of subscriptions is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The subscription that a call will name: its own, else the conversation's.
fn wanted<'a>(spec: &ToolSpec, arguments: &'a Value, default: Option<&'a str>) -> Option<&'a str> {
    spec.subscription(arguments).or_else(|| {
        // An id among the arguments says it already.
        let is_open = spec.scope.subscription.is_some() && !names_a_resource(arguments);
        default.filter(|_| is_open)
    })
}

/// Whether an id of Azure Resource Manager stands anywhere in `arguments`.
fn names_a_resource(arguments: &Value) -> bool {
    match arguments {
        Value::String(text) => text.to_ascii_lowercase().contains("/subscriptions/"),
        Value::Array(items) => items.iter().any(names_a_resource),
        Value::Object(members) => members.values().any(names_a_resource),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a call will name its subscription by a display name.
pub(crate) fn is_by_name(spec: &ToolSpec, arguments: &Value, default: Option<&str>) -> bool {
    wanted(spec, arguments, default).is_some_and(|name| !is_guid(name))
}

/// The arguments with their subscription: the conversation's where they name none, its id
/// where `known` has exactly one of that name.
pub(crate) fn settled(
    spec: &ToolSpec,
    mut arguments: Value,
    default: Option<&str>,
    known: &[Subscription],
) -> Value {
    let Some(name) = wanted(spec, &arguments, default) else {
        return arguments;
    };
    let settled = id_of(name, known).unwrap_or(name).to_owned();
    if let (Some(parameter), Value::Object(members)) = (&spec.scope.subscription, &mut arguments) {
        members.insert(parameter.clone(), Value::String(settled));
    }
    arguments
}

/// The one subscription of that name, letter case ignored.
fn id_of<'a>(name: &str, known: &'a [Subscription]) -> Option<&'a str> {
    let folded = name.trim().to_lowercase();
    let mut found = known
        .iter()
        .filter(|subscription| subscription.name.trim().to_lowercase() == folded);
    let first = found.next()?;
    found.next().is_none().then_some(first.id.as_str())
}

impl Engine {
    /// The subscriptions that the asker sees, for the calls of a model's answer: as
    /// [`Self::subscriptions_known`].
    pub(crate) async fn subscriptions_meant(
        &self,
        turn: &Turn,
        standing: &Standing,
        calls: &[ModelCall],
    ) -> Vec<Subscription> {
        let default = turn.default_subscription.as_deref();
        let is_named = calls.iter().any(|call| {
            let mut tools = standing.catalogue.tools.iter();
            let spec = tools.find(|spec| wire_name(&spec.tool) == call.name);
            let arguments = serde_json::from_str(&call.arguments).unwrap_or_default();
            spec.is_some_and(|spec| is_by_name(spec, &arguments, default))
        });
        if !is_named {
            return Vec::new();
        }
        let user = &turn.asker.user;
        self.subscriptions_known(user, standing, turn.id.as_str())
            .await
    }

    /// The subscriptions that `user` sees, where some policy asks for one; else none.
    /// Nothing is told of a list that Azure or the audit refuses: the names stay, and so
    /// do the doubts.
    pub(crate) async fn subscriptions_known(
        &self,
        user: &UserKey,
        standing: &Standing,
        correlation_id: &str,
    ) -> Vec<Subscription> {
        if !standing.policies.asks_for_a_subscription() {
            return Vec::new();
        }
        let listing = self.azure().subscriptions(user, correlation_id);
        let why = match timeout(PATIENCE, listing).await {
            Ok(Ok(list)) => return list.to_vec(),
            Ok(Err(Failure::Token(error))) => error.to_string(),
            Ok(Err(Failure::Other(problem))) => format!("{:?}", problem.code()),
            Err(_) => "it takes too long".to_owned(),
        };
        tracing::warn!(correlation_id, why, "names of subscriptions stay names");
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use azimuth_domain::tool::{Availability, EffectClass, ScopeParameters, ToolRef};
    use serde_json::json;

    use super::*;

    const DEV: &str = "00000000-0000-4000-8000-0000000000b2";

    fn spec(parameter: Option<&str>) -> ToolSpec {
        ToolSpec {
            tool: ToolRef::new("azure", "thing_get"),
            description: String::new(),
            input_schema: json!({"type": "object"}),
            hash: String::new(),
            effect: EffectClass::ReadOnly,
            secret: false,
            argument_rules: vec![],
            scope: ScopeParameters {
                subscription: parameter.map(ToOwned::to_owned),
                ..ScopeParameters::default()
            },
            target_parameter: None,
            preview: None,
            availability: Availability::Enabled,
            shared_identity: false,
            enabled_by_name: false,
        }
    }

    fn known(names: &[&str]) -> Vec<Subscription> {
        let one = |(number, name): (usize, &&str)| Subscription {
            id: if number == 0 {
                DEV.to_owned()
            } else {
                format!("other-{number}")
            },
            name: (*name).to_owned(),
        };
        names.iter().enumerate().map(one).collect()
    }

    #[test]
    fn a_name_becomes_the_id_where_exactly_one_is_meant() {
        let spec = spec(Some("subscription"));
        for (given, names, expected) in [
            ("Contoso-Dev", &["Contoso-Dev", "Contoso-Prod"][..], DEV),
            (" contoso-dev ", &["Contoso-Dev"], DEV),
            (DEV, &["Contoso-Dev"], DEV),
            ("Contoso-Test", &["Contoso-Dev"], "Contoso-Test"),
            (
                "Contoso-Dev",
                &["Contoso-Dev", "contoso-dev"],
                "Contoso-Dev",
            ),
            ("Contoso-Dev", &[], "Contoso-Dev"),
        ] {
            let out = settled(
                &spec,
                json!({"subscription": given, "n": 1}),
                None,
                &known(names),
            );
            assert_eq!(
                out,
                json!({"subscription": expected, "n": 1}),
                "{given} {names:?}"
            );
        }
    }

    #[test]
    fn a_call_without_a_subscription_gets_the_conversations() {
        let known = known(&["Contoso-Dev"]);
        let with = spec(Some("subscription"));
        for arguments in [
            json!({}),
            json!({"subscription": ""}),
            json!({"subscription": null}),
        ] {
            let out = settled(&with, arguments, Some("Contoso-Dev"), &known);
            assert_eq!(out, json!({"subscription": DEV}));
        }
        let own = json!({"subscription": "Contoso-Prod"});
        assert_eq!(
            settled(&with, own.clone(), Some("Contoso-Dev"), &known),
            own
        );
        assert_eq!(settled(&with, json!({}), None, &known), json!({}));
        let by_id = json!({"resource-id": format!("/subscriptions/{DEV}/resourceGroups/rg")});
        assert_eq!(
            settled(&with, by_id.clone(), Some("Contoso-Prod"), &known),
            by_id
        );
        // What cannot say where it works is not made to.
        let without = spec(None);
        assert_eq!(
            settled(&without, json!({}), Some("Contoso-Dev"), &known),
            json!({})
        );
    }
}
