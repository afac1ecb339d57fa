//! What a policy means for a call that leaves open where it works.
//!
//! A condition on a subscription, resource group, resource or tag has no answer then. A
//! forbid takes the answer with which it holds, a permit the one with which it does
//! not: so that no display name, and nothing that is left out, slips past a rule. A
//! permit that demands an approval is both: what it permits it permits only for sure,
//! and what it demands it demands already where it may hold.
//!
//! The rewriting is on the policy's JSON form, which Cedar documents: every condition
//! that speaks of such an attribute is replaced, as small as it can be, by "it is left
//! open, or …" where a larger answer is the safe one, and by "it is not left open, and
//! …" where a smaller one is.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use cedar_policy::{Effect, Policy};
use serde_json::{Value, json};

use super::scope::guid;

/// Attributes that say where a call works.
const PLACES: [&str; 3] = ["subscription", "resource_group", "resource_id"];
/// Attributes that a call may leave open.
const OPEN: [&str; 4] = ["subscription", "resource_group", "resource_id", TAGS];
/// Attributes whose values are in lower case.
const FOLDED: [&str; 5] = [
    "subscription",
    "resource_group",
    "resource_id",
    TAGS,
    "tenant",
];
/// The tags of what a call works on.
const TAGS: &str = "tags";
/// An attribute that every call has, and nothing else.
const OF_CALLS: &str = "foreign_tenant";

/// The safe side of a condition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Rather true.
    Upper,
    /// Rather false.
    Lower,
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Upper => Self::Lower,
            Self::Lower => Self::Upper,
        }
    }
}

/// `policy` as it is evaluated; the error says what it can never be meant to say.
pub(super) fn bounded(policy: &Policy) -> Result<Policy, String> {
    let when = match policy.effect() {
        Effect::Forbid => Side::Upper,
        Effect::Permit => Side::Lower,
    };
    Ok(on_side(policy, when)?.unwrap_or_else(|| policy.clone()))
}

/// A permit as it demands its approval, where that differs from how it permits.
pub(super) fn demanding(permit: &Policy) -> Result<Option<Policy>, String> {
    on_side(permit, Side::Upper)
}

/// The policy with `when` as the safe side of its conditions; `None` where no call can
/// leave open what they speak of.
fn on_side(policy: &Policy, when: Side) -> Result<Option<Policy>, String> {
    let mut form = policy.to_json().map_err(|error| error.to_string())?;
    let Some(conditions) = form.get_mut("conditions").and_then(Value::as_array_mut) else {
        return Ok(None);
    };
    let mut changed = false;
    for condition in conditions {
        let side = if condition["kind"] == "unless" {
            when.other()
        } else {
            when
        };
        let body = condition["body"].take();
        changed |= !spoken_of(&body, &OPEN).is_empty();
        condition["body"] = bound(body, side)?;
    }
    if !changed {
        return Ok(None);
    }
    let made = Policy::from_json(Some(policy.id().clone()), form);
    made.map(Some).map_err(|error| error.to_string())
}

fn bound(mut condition: Value, side: Side) -> Result<Value, String> {
    if spoken_of(&condition, &FOLDED).is_empty() {
        return Ok(condition);
    }
    for operator in ["&&", "||"] {
        if let Some(parts) = condition.get_mut(operator) {
            for part in ["left", "right"] {
                parts[part] = bound(parts[part].take(), side)?;
            }
            return Ok(condition);
        }
    }
    if let Some(negated) = condition.get_mut("!") {
        negated["arg"] = bound(negated["arg"].take(), side.other())?;
        return Ok(condition);
    }
    if let Some(choice) = condition.get_mut("if-then-else")
        && spoken_of(&choice["if"], &FOLDED).is_empty()
    {
        for part in ["then", "else"] {
            choice[part] = bound(choice[part].take(), side)?;
        }
        return Ok(condition);
    }
    check_literals(&condition)?;
    Ok(spoken_of(&condition, &OPEN)
        .into_iter()
        .fold(condition, |whole, attribute| match side {
            Side::Upper => json!({"||": {"left": left_open(attribute), "right": whole}}),
            Side::Lower => {
                let settled = json!({"!": {"arg": left_open(attribute)}});
                json!({"&&": {"left": settled, "right": whole}})
            }
        }))
}

/// It is a call, and it has no such attribute.
fn left_open(attribute: &str) -> Value {
    let has = |name: &str| json!({"has": {"left": {"Var": "context"}, "attr": name}});
    json!({"&&": {"left": has(OF_CALLS), "right": {"!": {"arg": has(attribute)}}}})
}

/// Which of `attributes` of the context the expression looks at; all of them when it
/// takes the context as a whole.
fn spoken_of(expression: &Value, attributes: &[&'static str]) -> Vec<&'static str> {
    let mut found = Vec::new();
    visit(expression, &mut |name| {
        for attribute in attributes {
            if name.is_none_or(|name| name == *attribute) && !found.contains(attribute) {
                found.push(*attribute);
            }
        }
    });
    found
}

/// Tells every attribute of the context that is looked at, `None` for the whole.
fn visit(expression: &Value, told: &mut impl FnMut(Option<&str>)) {
    match expression {
        Value::Object(members) => {
            for (operator, operand) in members {
                let of_context = operand["left"]["Var"] == "context";
                match operator.as_str() {
                    "." | "has" if of_context => told(operand["attr"].as_str()),
                    "Var" if operand == "context" => told(None),
                    _ => visit(operand, told),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| visit(item, told)),
        _ => {}
    }
}

/// Whether any of these policies asks in which subscription or on which resource a call
/// works.
pub(super) fn ask_for_a_subscription(policies: &[Policy]) -> bool {
    let forms = policies.iter().filter_map(|policy| policy.to_json().ok());
    let mut conditions = forms.map(|mut form| form["conditions"].take());
    conditions.any(|body| !spoken_of(&body, &["subscription", "resource_id", TAGS]).is_empty())
}

/// Whether any of these policies asks how that is tagged on which a call works.
pub(super) fn ask_for_tags(policies: &[Policy]) -> bool {
    let forms = policies.iter().filter_map(|policy| policy.to_json().ok());
    let mut conditions = forms.map(|mut form| form["conditions"].take());
    conditions.any(|body| !spoken_of(&body, &[TAGS]).is_empty())
}

/// Subscriptions and resource groups that policies name, patterns left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct NamedPlaces {
    pub subscriptions: BTreeSet<String>,
    pub resource_groups: BTreeSet<String>,
}

impl NamedPlaces {
    /// Those that these policies name.
    pub fn of(policies: &[Policy]) -> Self {
        let mut places = Self::default();
        for form in policies.iter().filter_map(|policy| policy.to_json().ok()) {
            places.gather(&form["conditions"]);
        }
        places
    }

    /// From the smallest expressions that have a literal beside the attribute.
    fn gather(&mut self, expression: &Value) {
        let inner: Vec<&Value> = match expression {
            Value::Array(items) => items.iter().collect(),
            Value::Object(members) => members.values().collect(),
            _ => return,
        };
        for part in inner {
            self.gather(part);
        }
        let is_comparison = ["==", "!=", "contains", "containsAny", "containsAll", "in"]
            .iter()
            .any(|operator| expression.get(operator).is_some());
        if !is_comparison {
            return;
        }
        let mut literals = Vec::new();
        collect_literals(expression, &mut literals);
        let exact = literals.into_iter().filter(|(_, is_pattern)| !is_pattern);
        let exact = exact.map(|(text, _)| text);
        match spoken_of(expression, &OPEN).as_slice() {
            ["subscription"] => self.subscriptions.extend(exact),
            ["resource_group"] => self.resource_groups.extend(exact),
            _ => {}
        }
    }
}

/// Whether the policy holds only for calls whose place is one that it compares with: a
/// comparison for equality that every `when` must pass.
pub(super) fn demands_a_place(policy: &Policy) -> Result<bool, String> {
    let form = policy.to_json().map_err(|error| error.to_string())?;
    let conditions = form["conditions"].as_array();
    let mut whens = conditions
        .into_iter()
        .flatten()
        .filter(|condition| condition["kind"] == "when");
    Ok(whens.any(|condition| is_demanded(&condition["body"])))
}

fn is_demanded(condition: &Value) -> bool {
    if let Some(parts) = condition.get("&&") {
        return is_demanded(&parts["left"]) || is_demanded(&parts["right"]);
    }
    if let Some(parts) = condition.get("||") {
        return is_demanded(&parts["left"]) && is_demanded(&parts["right"]);
    }
    let compares = ["==", "contains"]
        .iter()
        .any(|operator| condition.get(operator).is_some());
    let mut literals = Vec::new();
    collect_literals(condition, &mut literals);
    compares && !literals.is_empty() && !spoken_of(condition, &PLACES).is_empty()
}

/// A value that no call can have would make a rule that never holds.
fn check_literals(condition: &Value) -> Result<(), String> {
    let attributes = spoken_of(condition, &FOLDED);
    let mut literals = Vec::new();
    collect_literals(condition, &mut literals);
    for (text, is_pattern) in literals {
        if text != text.to_lowercase() {
            return Err(format!(
                "values of the context are in lower case: write {:?} instead of {text:?}",
                text.to_lowercase()
            ));
        }
        if attributes == [TAGS] && is_pattern {
            return Err(format!(
                "context.tags is a set: compare with \"name\" or \"name=value\" by contains, \
                 containsAny or containsAll, not with {text:?}"
            ));
        }
        for id in ["subscription", "tenant"] {
            if attributes == [id] && (is_pattern || guid(&text).is_none()) {
                return Err(format!(
                    "context.{id} is an id: compare it with a whole GUID, not with {text:?}"
                ));
            }
        }
    }
    Ok(())
}

/// Texts that the expression compares with; `true` for a pattern.
fn collect_literals(expression: &Value, found: &mut Vec<(String, bool)>) {
    match expression {
        Value::Object(members) => {
            for (operator, operand) in members {
                match (operator.as_str(), operand) {
                    ("Value", Value::String(text)) => found.push((text.clone(), false)),
                    ("Value", _) => {}
                    ("pattern", Value::Array(parts)) => {
                        let literal = |part: &Value| part["Literal"].as_str().map(str::to_owned);
                        let text = parts.iter().map(|p| literal(p).unwrap_or("*".to_owned()));
                        found.push((text.collect(), true));
                    }
                    _ => collect_literals(operand, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_literals(item, found)),
        _ => {}
    }
}
