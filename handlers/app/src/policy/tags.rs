//! The tags of what a call works on, as policies see them: names, and names with their
//! values (`env`, `env=prod`), all in lower case.
//!
//! **Invariant:** what is told here are the tags of whatever the arguments name; where
//! they may name things that are tagged differently, where nothing was read, or where a
//! tag could be taken for another, nothing is told.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use azimuth_domain::tool::{EffectClass, ToolSpec};
use azimuth_ports::azure::{TagPlace, TaggedPlace, Tags};
use serde_json::Value;

use super::scope::{CallScope, RESOURCE_GROUPS, group_of};

/// Between a name and its value.
const EQUALS: char = '=';

/// Tags that a question is asked with.
#[derive(Debug, Clone, Copy)]
pub enum KnownTags<'a> {
    /// Nothing was read.
    Nothing,
    /// What was read of places, in the eyes of whoever asks.
    Of(&'a TaggedPlaces),
    /// The call's tags, in the form of policies.
    Exactly(&'a BTreeSet<String>),
}

/// What was read, by place.
pub type TaggedPlaces = HashMap<TagPlace, Arc<TaggedPlace>>;

/// Where the tags of the things are to be found that a call works on.
pub(crate) fn place_of_call(spec: &ToolSpec, arguments: &Value) -> Option<TagPlace> {
    CallScope::of(spec, arguments).tag_place()
}

impl CallScope {
    fn tag_place(&self) -> Option<TagPlace> {
        Some(TagPlace {
            subscription: self.subscription.clone()?,
            resource_group: self.resource_group.clone(),
        })
    }

    /// The tags of the things that the arguments name here: a resource's own, and those of
    /// its group that it has not itself. A call that names no resource is about the group;
    /// if it destroys, about all that lies in it.
    pub fn tags(
        &self,
        arguments: &Value,
        effect: EffectClass,
        known: KnownTags<'_>,
    ) -> Option<BTreeSet<String>> {
        let places = match known {
            KnownTags::Nothing => return None,
            KnownTags::Exactly(tags) => return Some(tags.clone()),
            KnownTags::Of(places) => places,
        };
        let place = places.get(&self.tag_place()?)?;
        let named = Named::of(arguments);
        let mut things: Vec<BTreeSet<String>> = Vec::new();
        for (id, own) in &place.resources {
            if named.has(id) {
                things.push(effective(place, id, own)?);
            }
        }
        if things.is_empty() {
            let group = self.resource_group.as_deref()?;
            let group_tags = place.groups.get(group)?;
            things.push(told(group_tags.iter())?);
            if effect == EffectClass::Destructive {
                for (id, own) in &place.resources {
                    things.push(effective(place, id, own)?);
                }
            }
        }
        let (first, others) = things.split_first()?;
        others
            .iter()
            .all(|other| other == first)
            .then(|| first.clone())
    }
}

/// Every text among some arguments, in lower case.
struct Named(BTreeSet<String>);

impl Named {
    fn of(arguments: &Value) -> Self {
        let mut named = Self(BTreeSet::new());
        named.gather(arguments);
        named
    }

    fn gather(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                self.0.insert(text.to_lowercase());
            }
            Value::Array(items) => items.iter().for_each(|item| self.gather(item)),
            Value::Object(members) => members.values().for_each(|item| self.gather(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Whether a text names the resource with this id, or a part of it: by its id, or by
    /// its name as a word of its own (`kv-prod`, `https://kv-prod.vault.example/keys/k`).
    fn has(&self, id: &str) -> bool {
        let name = id.rsplit('/').next().unwrap_or_default();
        self.0.iter().any(|text| has_word(text, name))
    }
}

/// Whether `word` stands in `text` with no letter, digit, `-` or `_` beside it.
fn has_word(text: &str, word: &str) -> bool {
    let is_apart = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || "-_".contains(c));
    text.match_indices(word).any(|(start, _)| {
        let (before, after) = (&text[..start], &text[start + word.len()..]);
        is_apart(before.chars().next_back()) && is_apart(after.chars().next())
    })
}

/// The tags of a resource, with those of its group that it has not itself.
fn effective(place: &TaggedPlace, id: &str, own: &Tags) -> Option<BTreeSet<String>> {
    let inherited = match group_of(id) {
        Some(group) => Some(place.groups.get(&group)?),
        None if id.contains(RESOURCE_GROUPS) => return None,
        None => None,
    };
    let own_names: BTreeSet<String> = own.keys().map(|name| name.to_lowercase()).collect();
    let inherited = inherited.into_iter().flatten();
    let inherited = inherited.filter(|(name, _)| !own_names.contains(&name.to_lowercase()));
    told(own.iter().chain(inherited))
}

/// In the form of policies; `None` where a name could be taken for a name with a value.
fn told<'a>(tags: impl Iterator<Item = (&'a String, &'a String)>) -> Option<BTreeSet<String>> {
    let mut told = BTreeSet::new();
    for (name, value) in tags {
        if name.contains(EQUALS) {
            return None;
        }
        let name = name.to_lowercase();
        told.insert(format!("{name}{EQUALS}{}", value.to_lowercase()));
        told.insert(name);
    }
    Some(told)
}

#[cfg(test)]
mod tests;
