//! The whole graph, level by level. A state is kept as 128 bits of its hash; only
//! the two newest levels are kept as states.
//!
//! I3 is a property of the graph: from every reachable state an ended turn is
//! reachable by fair actions alone, that is without another fault and without
//! people. Stateright's `eventually` loses that where paths join or go in circles.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant};

use stateright::Model;

use crate::fingerprint::{Index, fingerprint};
use crate::world::{Broken, Property};

/// A model that this search can check.
pub trait Checked: Model<State: Clone + std::hash::Hash, Action: Clone> {
    /// Whether the action happens by itself, sooner or later.
    fn is_fair(&self, action: &Self::Action) -> bool;
    /// What is broken in a state.
    fn broken(&self, state: &Self::State) -> Broken;
    /// What is broken in a state where no fair action is left.
    fn broken_at_rest(&self, state: &Self::State) -> Broken;
    /// Whether what was accepted has ended.
    fn has_ended(&self, state: &Self::State) -> bool;
    /// How it ended, for comparison.
    fn end(&self, state: &Self::State) -> String;
    /// One line of a trace.
    fn describe(&self, state: &Self::State, action: &Self::Action) -> String;
}

/// How far to go.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// States after which a run is given up as not complete.
    pub states: usize,
    /// Properties that are enough: the run ends once all of them are broken.
    pub enough: Option<Broken>,
}

/// Every state, as long as memory lasts.
pub const WHOLE: Limits = Limits {
    states: 60_000_000,
    enough: None,
};

/// A property that does not hold.
#[derive(Debug, Clone)]
pub struct Counterexample {
    /// The shortest number of actions that break it.
    pub depth: usize,
    /// Those actions.
    pub trace: Vec<String>,
}

/// What a run found.
#[derive(Debug, Clone)]
pub struct Report {
    /// Different states.
    pub states: usize,
    /// Levels.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// Whether every reachable state was seen.
    pub is_complete: bool,
    /// What does not hold.
    pub broken: BTreeMap<Property, Counterexample>,
    /// How turns ended, where nothing more comes.
    pub ends: BTreeSet<String>,
}

impl Report {
    /// Which properties do not hold.
    pub fn properties(&self) -> Broken {
        let broken: Vec<Property> = self.broken.keys().copied().collect();
        Broken::of(&broken)
    }

    /// In words.
    pub fn result(&self) -> String {
        if !self.is_complete && self.broken.is_empty() {
            return "not complete".to_owned();
        }
        if self.broken.is_empty() {
            return "all hold".to_owned();
        }
        let named = |(property, found): (&Property, &Counterexample)| {
            format!("{property:?} @{}", found.depth)
        };
        self.broken.iter().map(named).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} states, depth {}, {:.1} s, {}: {}",
            self.states,
            self.depth,
            self.took.as_secs_f64(),
            if self.is_complete {
                "complete"
            } else {
                "not complete"
            },
            self.result()
        )?;
        for (property, found) in &self.broken {
            writeln!(f, "  {property:?}, {} actions:", found.depth)?;
            for (number, line) in (1..).zip(&found.trace) {
                writeln!(f, "    {number:>2}. {line}")?;
            }
        }
        Ok(())
    }
}

const NO_PARENT: u32 = u32::MAX;

struct Search<'a, M: Checked> {
    model: &'a M,
    index: Index,
    parents: Vec<u32>,
    depths: Vec<u8>,
    /// Fair successors of state n: `fair[starts[n]..starts[n + 1]]`.
    fair: Vec<u32>,
    starts: Vec<usize>,
    ended: Vec<bool>,
    first: BTreeMap<Property, u32>,
    ends: BTreeSet<String>,
}

/// Explores a model.
pub fn explore<M: Checked>(model: &M, limits: Limits) -> Report {
    let begun = Instant::now();
    let mut search = Search {
        model,
        index: Index::default(),
        parents: Vec::new(),
        depths: Vec::new(),
        fair: Vec::new(),
        starts: vec![0],
        ended: Vec::new(),
        first: BTreeMap::new(),
        ends: BTreeSet::new(),
    };
    let mut level: Vec<M::State> = Vec::new();
    for state in model.init_states() {
        if search.add(&state, NO_PARENT, 0).1 {
            level.push(state);
        }
    }
    let mut depth = 0u8;
    let mut is_complete = true;
    let mut actions = Vec::new();
    'levels: while !level.is_empty() {
        let mut next_level = Vec::new();
        for state in level {
            let current = search.next_to_expand();
            search.expand(&state, current, depth, &mut actions, &mut next_level);
            let found = search.found();
            if limits
                .enough
                .is_some_and(|enough| found.missing(enough).is_empty())
            {
                is_complete = false;
                break 'levels;
            }
            if search.parents.len() > limits.states {
                is_complete = false;
                break 'levels;
            }
        }
        level = next_level;
        depth = depth.saturating_add(u8::from(!level.is_empty()));
    }
    if is_complete {
        search.find_stuck();
    }
    let broken = search
        .first
        .iter()
        .map(|(property, at)| (*property, search.trace(*at)))
        .collect();
    Report {
        states: search.parents.len(),
        depth: depth.into(),
        took: begun.elapsed(),
        is_complete,
        broken,
        ends: search.ends,
    }
}

impl<M: Checked> Search<'_, M> {
    fn add(&mut self, state: &M::State, parent: u32, depth: u8) -> (u32, bool) {
        let (at, is_new) = self.index.insert(fingerprint(state));
        if is_new {
            self.parents.push(parent);
            self.depths.push(depth);
            self.ended.push(self.model.has_ended(state));
            for property in self.model.broken(state).iter() {
                self.first.entry(property).or_insert(at);
            }
        }
        (at, is_new)
    }

    fn next_to_expand(&self) -> u32 {
        u32::try_from(self.starts.len() - 1).unwrap_or(NO_PARENT)
    }

    fn expand(
        &mut self,
        state: &M::State,
        current: u32,
        depth: u8,
        actions: &mut Vec<M::Action>,
        next_level: &mut Vec<M::State>,
    ) {
        actions.clear();
        self.model.actions(state, actions);
        let mut rests = true;
        for action in actions.drain(..) {
            let is_fair = self.model.is_fair(&action);
            let Some(next) = self.model.next_state(state, action) else {
                continue;
            };
            let (at, is_new) = self.add(&next, current, depth.saturating_add(1));
            if is_new {
                next_level.push(next);
            }
            if is_fair && at != current {
                rests = false;
                self.fair.push(at);
            }
        }
        self.starts.push(self.fair.len());
        if rests {
            self.ends.insert(self.model.end(state));
            let mut broken = self.model.broken_at_rest(state);
            if !self.model.has_ended(state) {
                broken.add(Property::I3);
            }
            for property in broken.iter() {
                self.first.entry(property).or_insert(current);
            }
        }
    }

    fn found(&self) -> Broken {
        let broken: Vec<Property> = self.first.keys().copied().collect();
        Broken::of(&broken)
    }

    /// I3: marks backwards what reaches an end, until nothing more is marked.
    fn find_stuck(&mut self) {
        let mut reaches = self.ended.clone();
        loop {
            let mut changed = false;
            for at in (0..reaches.len()).rev() {
                if !reaches[at] {
                    let successors = &self.fair[self.starts[at]..self.starts[at + 1]];
                    let marked = successors.iter().any(|next| reaches[*next as usize]);
                    reaches[at] = marked;
                    changed |= marked;
                }
            }
            if !changed {
                break;
            }
        }
        let stuck = reaches.iter().position(|reaches| !reaches);
        let Some(at) = stuck.and_then(|at| u32::try_from(at).ok()) else {
            return;
        };
        let first = self.first.entry(Property::I3).or_insert(at);
        *first = (*first).min(at);
    }

    /// The way to a state, found again from its parents.
    fn trace(&self, at: u32) -> Counterexample {
        let mut path = vec![at];
        while let Some(parent) = path
            .last()
            .map(|last| self.parents[*last as usize])
            .filter(|parent| *parent != NO_PARENT)
        {
            path.push(parent);
        }
        path.reverse();
        let mut trace = Vec::new();
        let start = self
            .model
            .init_states()
            .into_iter()
            .find(|state| self.index.find(fingerprint(state)) == Some(path[0]));
        let Some(mut state) = start else {
            return Counterexample {
                depth: path.len() - 1,
                trace,
            };
        };
        for wanted in &path[1..] {
            let mut actions = Vec::new();
            self.model.actions(&state, &mut actions);
            let step = actions.into_iter().find_map(|action| {
                let line = self.model.describe(&state, &action);
                let next = self.model.next_state(&state, action)?;
                (self.index.find(fingerprint(&next)) == Some(*wanted)).then_some((line, next))
            });
            let Some((line, next)) = step else {
                break;
            };
            trace.push(line);
            state = next;
        }
        Counterexample {
            depth: path.len() - 1,
            trace,
        }
    }
}
