//! One sentence, one tool: who is meant by which name.
//!
//! Names are given to parameters in the order of certainty: `key=value`, listed
//! values, regions, names beside the word for the thing ("vm vm-dev-1",
//! kv-dev 볼트), names introduced by "named", names that only one parameter can
//! take, and places ("in rg-dev"). Each name is used once.

use azimuth_domain::search::{Particle, Piece, PieceKind, is_group_name, read, stem};
use azimuth_domain::tool::ToolSpec;
use serde_json::Value;

use super::locations::location;
use super::schema::{Kind, Property, properties};
use super::{Context, Filled};

/// Words after which a place follows.
const PLACE_WORDS: [&str; 9] = [
    "in", "inside", "into", "from", "of", "under", "within", "at", "on",
];
/// Words that a flag goes by besides its own name.
const FLAG_WORDS: &[(&str, &[&str])] =
    &[("instance-view", &["status", "state", "power", "running"])];

/// See the module.
pub struct Reader<'t> {
    pub(super) tool: &'t ToolSpec,
    pub(super) text: &'t str,
    pub(super) context: Context<'t>,
    pub(super) properties: Vec<Property<'t>>,
    pub(super) pieces: Vec<Piece<'t>>,
    pub(super) used: Vec<bool>,
    pub(super) filled: Filled,
}

impl<'t> Reader<'t> {
    pub fn new(tool: &'t ToolSpec, text: &'t str, context: Context<'t>) -> Self {
        let properties = properties(tool);
        let mut words: Vec<String> = properties.iter().flat_map(Property::words).collect();
        words.extend(tool.tool.name.split(['_', '-']).map(stem));
        let pieces = read(text, &|word| words.iter().any(|w| w == word));
        Self {
            tool,
            text,
            context,
            used: vec![false; pieces.len()],
            properties,
            pieces,
            filled: Filled::default(),
        }
    }

    pub fn read(mut self) -> Filled {
        self.pairs();
        self.listed_values();
        self.region();
        self.beside_their_words();
        self.ids();
        self.answers();
        self.introduced();
        self.for_the_only_gap();
        self.rest_of_the_sentence();
        self.places();
        self.flags();
        self.target();
        self.filled
    }

    fn has(&self, name: &str) -> bool {
        self.filled.arguments.contains_key(name)
    }

    fn property(&self, name: &str) -> Option<Property<'t>> {
        let same = |p: &&Property<'t>| {
            p.name.eq_ignore_ascii_case(name) || p.name.replace('-', "_") == name.replace('-', "_")
        };
        self.properties.iter().find(same).cloned()
    }

    /// Sets a parameter that has no value yet.
    pub(super) fn set(&mut self, name: &str, text: &str) -> bool {
        if self.has(name) || text.trim().is_empty() {
            return false;
        }
        let Some(value) = self.property(name).and_then(|p| p.value(text.trim())) else {
            return false;
        };
        self.filled.arguments.insert(name.to_owned(), value);
        true
    }

    pub(super) fn set_from(&mut self, name: &str, piece: usize) -> bool {
        let text = self.pieces[piece].text;
        let set = !self.used[piece] && self.set(name, text);
        self.used[piece] |= set;
        set
    }

    fn pairs(&mut self) {
        for at in 0..self.pieces.len() {
            let piece = &self.pieces[at];
            if piece.kind != PieceKind::Pair {
                continue;
            }
            let Some((key, value)) = piece.text.split_once('=') else {
                continue;
            };
            let value = value.trim_matches(|c| c == '"' || c == '\'' || c == '`');
            let key = key.trim_start_matches('-');
            let done = match self.property(key) {
                Some(property) => self.set(property.name, value),
                None => false,
            };
            if !done {
                self.filled.unknown_keys.push(key.to_owned());
            }
            self.used[at] = true;
        }
    }

    /// Values that the schema lists: `Standard_LRS`, and verbs for a power action.
    fn listed_values(&mut self) {
        for property in self.properties.clone() {
            if property.values.is_empty() || self.has(property.name) {
                continue;
            }
            let words = property.words();
            let found = (0..self.pieces.len()).find_map(|at| {
                let piece = &self.pieces[at];
                let value = property.values.iter().copied().find(|value| {
                    let written = piece.text.eq_ignore_ascii_case(value);
                    let telling = value.contains(|c: char| c == '_' || c.is_ascii_digit());
                    let near = at.checked_sub(1).is_some_and(|before| {
                        words.iter().any(|w| self.pieces[before].terms.contains(w))
                    });
                    let verb = property.required
                        && piece.intent.is_some()
                        && piece.terms.iter().any(|t| t.eq_ignore_ascii_case(value));
                    verb || (written
                        && (telling || near || property.required || piece.text == *value))
                })?;
                Some((at, value))
            });
            if let Some((at, value)) = found {
                self.set(property.name, value);
                self.used[at] = true;
            }
        }
    }

    fn region(&mut self) {
        let Some((region, range)) = location(self.text) else {
            return;
        };
        let name = self
            .properties
            .iter()
            .find(|p| p.is_location())
            .map(|p| p.name);
        if let Some(name) = name {
            self.set(name, region);
        }
        for (piece, used) in self.pieces.iter().zip(&mut self.used) {
            let end = piece.start + piece.text.len();
            *used |= piece.start < range.end && end > range.start;
        }
    }

    pub(super) fn is_scope(&self, name: &str) -> bool {
        let scope = &self.tool.scope;
        [&scope.subscription, &scope.resource_group]
            .into_iter()
            .flatten()
            .any(|s| s == name)
    }

    /// An id of the form of a GUID that nothing else claims is a subscription's.
    fn ids(&mut self) {
        let Some(subscription) = self.tool.scope.subscription.clone() else {
            return;
        };
        for at in 0..self.pieces.len() {
            if is_guid(self.pieces[at].text) {
                self.set_from(&subscription, at);
            }
        }
    }

    /// "named stdemo1", stdemo1이라는.
    fn introduced(&mut self) {
        let target = ["name"]
            .into_iter()
            .map(str::to_owned)
            .chain(self.tool.target_parameter.clone())
            .chain(self.gaps().into_iter().next())
            .find(|name| self.property(name).is_some() && !self.has(name));
        let Some(target) = target else { return };
        for at in 0..self.pieces.len() {
            let piece = &self.pieces[at];
            let named = at
                .checked_sub(1)
                .is_some_and(|before| ["named", "called"].contains(&self.pieces[before].text));
            let word = matches!(
                piece.kind,
                PieceKind::Name | PieceKind::Quoted | PieceKind::Unknown
            );
            if word
                && (named || piece.particle == Some(Particle::Called))
                && self.set_from(&target, at)
            {
                return;
            }
        }
    }

    /// Required parameters without a value that a name could be for.
    fn gaps(&self) -> Vec<String> {
        self.properties
            .iter()
            .filter(|p| {
                p.required
                    && matches!(p.kind, Kind::Text | Kind::List)
                    && !p.is_location()
                    && p.values.is_empty()
                    && !self.is_scope(p.name)
                    && !self.has(p.name)
            })
            .map(|p| p.name.to_owned())
            .collect()
    }

    /// Unused names, in order; only those that stand (or do not) for a place.
    fn free_names(&self, places: bool) -> Vec<usize> {
        (0..self.pieces.len())
            .filter(|&at| !self.used[at] && self.is_place(at) == places && self.is_name(at, places))
            .collect()
    }

    fn is_name(&self, at: usize, place: bool) -> bool {
        let piece = &self.pieces[at];
        match piece.kind {
            PieceKind::Name | PieceKind::Quoted => true,
            PieceKind::Unknown => place && piece.text.is_ascii(),
            PieceKind::Known | PieceKind::Pair => false,
        }
    }

    fn is_place(&self, at: usize) -> bool {
        if self.context == Context::Elsewhere {
            return true;
        }
        let particle = matches!(
            self.pieces[at].particle,
            Some(Particle::Place | Particle::Of)
        );
        let mut before = at;
        while before > 0 && ["the", "my", "our"].contains(&self.pieces[before - 1].text) {
            before -= 1;
        }
        let word = before > 0
            && PLACE_WORDS.contains(&self.pieces[before - 1].text.to_lowercase().as_str());
        particle || word
    }

    fn for_the_only_gap(&mut self) {
        for at in self.free_names(false) {
            let group = self.tool.scope.resource_group.clone();
            if is_group_name(self.pieces[at].text)
                && let Some(group) = group
                && self.set_from(&group, at)
            {
                continue;
            }
            let Some(gap) = self.gaps().into_iter().next() else {
                return;
            };
            self.set_from(&gap, at);
        }
    }

    /// "echo hello world": the tool's own word, then its one text.
    fn rest_of_the_sentence(&mut self) {
        let [gap] = self
            .gaps()
            .try_into()
            .unwrap_or([const { String::new() }; 1]);
        let text = self.text.trim();
        let name = &self.tool.tool.name;
        let starts = text
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name));
        if gap.is_empty() || !starts {
            return;
        }
        let rest = text[name.len()..].trim_start_matches([':', ' ']).trim();
        if self.set(&gap, rest) {
            self.used.fill(true);
        }
    }

    fn places(&mut self) {
        let scope = self.tool.scope.clone();
        for at in self.free_names(true) {
            let name = self.pieces[at].text;
            let group = scope.resource_group.as_deref().filter(|g| !self.has(g));
            let subscription = scope.subscription.as_deref().filter(|s| !self.has(s));
            if let Some(group) = group.filter(|_| is_group_name(name)) {
                self.set_from(group, at);
                continue;
            }
            if let [gap] = self.gaps().as_slice() {
                self.set_from(gap, at);
                continue;
            }
            match (subscription, group) {
                (Some(_), Some(_)) if self.filled.place.is_none() => {
                    self.filled.place = Some(name.to_owned());
                    self.used[at] = true;
                }
                (Some(subscription), None) => {
                    self.set_from(subscription, at);
                }
                (_, Some(group)) => {
                    self.set_from(group, at);
                }
                _ => {}
            }
        }
    }

    fn flags(&mut self) {
        let lower = self.text.to_lowercase();
        for property in self.properties.clone() {
            if property.kind != Kind::Flag || self.has(property.name) {
                continue;
            }
            let written =
                lower.contains(property.name) || lower.contains(&property.name.replace('-', " "));
            let related = FLAG_WORDS.iter().any(|(name, words)| {
                *name == property.name
                    && self
                        .tool
                        .target_parameter
                        .as_deref()
                        .is_some_and(|t| self.has(t))
                    && self
                        .pieces
                        .iter()
                        .any(|p| p.terms.iter().any(|t| words.contains(&t.as_str())))
            });
            if written || related {
                self.filled
                    .arguments
                    .insert(property.name.to_owned(), Value::Bool(true));
            }
        }
    }

    /// A name that is left over is the thing that the tool works on.
    fn target(&mut self) {
        let Some(target) = self.tool.target_parameter.clone() else {
            return;
        };
        if let [at] = self.free_names(false).as_slice() {
            self.set_from(&target, *at);
        }
    }

    /// A lone answer to the planner's question.
    fn answers(&mut self) {
        let Context::Answer(awaited) = self.context else {
            return;
        };
        let group = self
            .tool
            .scope
            .resource_group
            .clone()
            .filter(|g| awaited.contains(&g.as_str()));
        if let Some(group) = group
            && let Some(at) = (0..self.pieces.len()).find(|&at| {
                self.pieces[at].kind == PieceKind::Name && is_group_name(self.pieces[at].text)
            })
        {
            self.set_from(&group, at);
        }
        for name in awaited {
            let next = (0..self.pieces.len()).find(|&at| {
                let piece = &self.pieces[at];
                let alone = self.pieces.len() == 1 && awaited.len() == 1 && !piece.terms.is_empty();
                !self.used[at]
                    && match piece.kind {
                        PieceKind::Name | PieceKind::Quoted => true,
                        PieceKind::Unknown => piece.text.is_ascii(),
                        PieceKind::Known => alone,
                        PieceKind::Pair => false,
                    }
            });
            if let Some(at) = next {
                self.set_from(name, at);
            }
        }
    }
}

fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}
