//! Finding the handful of tools that fit a sentence, in English and Korean.
//!
//! A tool is known by the words of its name and of its description; a question
//! by its words in one spelling ([`read`]). The score says how much of what was
//! asked the tool covers, how much of its name was asked for, and whether it
//! does what the verb wants.

mod intent;
mod lexicon;
mod raw;
mod reading;
mod slash;
mod stem;
mod terms;

use std::collections::{HashMap, HashSet};

pub use intent::Intent;
pub use reading::{Particle, Piece, PieceKind, is_hangul, read};
pub use slash::named_tools;
pub use stem::stem;

use crate::tool::{EffectClass, ToolSpec};
use intent::NameParts;
use terms::{Question, Term, joined_names};
pub use terms::{is_group_name, main_intent};

/// What a tool does by its name; `None` when the name has no verb.
pub fn tool_intent(name: &str) -> Option<Intent> {
    NameParts::of(name).intent
}

/// A tool that fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Position in the slice that the index was made of.
    pub index: usize,
    /// How well it fits, 0–1. Below about 0.3 it fits by accident.
    pub score: f32,
}

/// Weight of a word that only the description has.
const IN_DESCRIPTION: f32 = 0.55;
/// Weight of a word that may stand for the one that was asked for.
const ALTERNATIVE: f32 = 0.85;
/// Weight of a name's first word when more follow: it names the family.
const FAMILY_WEIGHT: f32 = 0.35;
/// Share of the score that hangs on how much of the name was asked for.
const NAME_SHARE: f32 = 0.45;
/// Words of a description that are read; what follows is advice to models.
const MAX_DESCRIPTION_WORDS: usize = 120;

/// Where a term occurs.
#[derive(Debug, Clone, Copy)]
struct Posting {
    tool: u32,
    weight: f32,
}

#[derive(Debug)]
struct Entry {
    name: String,
    full_name: String,
    nouns: Vec<(String, f32)>,
    intent: Option<Intent>,
    verbs: Vec<String>,
    reads: bool,
}

/// Tools, ready to be searched. Made once per catalogue.
#[derive(Debug, Default)]
pub struct ToolIndex {
    entries: Vec<Entry>,
    postings: HashMap<String, Vec<Posting>>,
    name_words: HashSet<String>,
    scoped: Vec<bool>,
}

impl ToolIndex {
    /// An index over `tools`; [`Hit::index`] points into the same slice.
    pub fn new(tools: &[ToolSpec]) -> Self {
        let names: Vec<NameParts> = tools.iter().map(|t| NameParts::of(&t.tool.name)).collect();
        let mut index = Self {
            name_words: names.iter().flat_map(|n| n.nouns.iter().cloned()).collect(),
            scoped: tools
                .iter()
                .map(|t| t.scope.subscription.is_some())
                .collect(),
            ..Self::default()
        };
        for (number, (tool, name)) in tools.iter().zip(names).enumerate() {
            index.add(u32::try_from(number).unwrap_or(u32::MAX), tool, name);
        }
        index
    }

    fn add(&mut self, number: u32, tool: &ToolSpec, name: NameParts) {
        let mut weights: HashMap<String, f32> = HashMap::new();
        let pieces = read(&tool.description, &|stem| self.name_words.contains(stem));
        let words = terms::of_pieces(&pieces);
        let words = joined_names(
            &words[..words.len().min(MAX_DESCRIPTION_WORDS)],
            &self.name_words,
        );
        for word in words {
            *weights.entry(word.text).or_insert(0.0) += 1.0;
        }
        for weight in weights.values_mut() {
            *weight = IN_DESCRIPTION * *weight / (*weight + 0.6);
        }
        for word in name.nouns.iter().chain(&name.verbs) {
            weights.insert(word.clone(), 1.0);
        }
        for (word, weight) in weights {
            self.postings.entry(word).or_default().push(Posting {
                tool: number,
                weight,
            });
        }
        let several = name.nouns.len() > 1;
        self.entries.push(Entry {
            name: tool.tool.name.to_lowercase(),
            full_name: tool.tool.to_string().to_lowercase(),
            nouns: name
                .nouns
                .into_iter()
                .enumerate()
                .map(|(i, noun)| {
                    (
                        noun,
                        if several && i == 0 {
                            FAMILY_WEIGHT
                        } else {
                            1.0
                        },
                    )
                })
                .collect(),
            intent: name.intent,
            verbs: name.verbs,
            reads: tool.effect == EffectClass::ReadOnly,
        });
    }

    /// The tools that fit `text` best, best first, at most `limit`; none that
    /// shares no word with it. The same text always gives the same answer.
    pub fn search(&self, text: &str, limit: usize) -> Vec<Hit> {
        let mut hits = self.scores(&self.question(text));
        for name in text.split(|c: char| c.is_whitespace() || is_hangul(c)) {
            self.score_named(name, &mut hits);
        }
        let mut hits: Vec<Hit> = hits
            .into_iter()
            .map(|(index, score)| Hit { index, score })
            .filter(|hit| hit.score > 0.0)
            .collect();
        hits.sort_by(|a, b| {
            let length = |hit: &Hit| self.entries[hit.index].name.len();
            b.score
                .total_cmp(&a.score)
                .then_with(|| length(a).cmp(&length(b)))
                .then_with(|| a.index.cmp(&b.index))
        });
        hits.truncate(limit);
        hits
    }

    /// The tools to offer a model for a conversation: those that the newest
    /// message names or fits; when it has no verb or fits little by itself ("and
    /// in Contoso-Prod?", "koreacentral"), those of the messages before it too;
    /// and the tools that list subscriptions and resource groups whenever one of
    /// them works in a subscription (a change: in which one its group lies).
    /// `user_texts` are the person's messages, oldest first. Gives at most
    /// `limit` or 3 tools, whichever is more.
    pub fn offer(&self, user_texts: &[&str], limit: usize) -> Vec<Hit> {
        let Some((newest, earlier)) = user_texts.split_last() else {
            return Vec::new();
        };
        let mut hits = self.search(newest, limit);
        let asks = main_intent(&read(newest, &|_| false)).is_some();
        if !asks || hits.first().is_none_or(|best| best.score < Self::FITS) {
            let mut share = 1.0;
            for text in earlier.iter().rev().take(3) {
                share *= 0.9;
                for hit in self.search(text, limit.div_ceil(2)) {
                    if hits.iter().all(|h| h.index != hit.index) {
                        hits.push(Hit {
                            score: hit.score * share,
                            ..hit
                        });
                    }
                }
            }
            hits.sort_by(|a, b| {
                b.score
                    .total_cmp(&a.score)
                    .then_with(|| a.index.cmp(&b.index))
            });
        }
        hits.truncate(limit);
        let mut helpers: Vec<usize> = Vec::new();
        for hit in hits.iter().filter(|h| self.scoped[h.index]) {
            let entry = &self.entries[hit.index];
            helpers.extend(
                (!entry.reads)
                    .then(|| self.beside(entry, "group_list"))
                    .flatten(),
            );
            helpers.extend(self.beside(entry, "subscription_list"));
        }
        helpers.sort_unstable();
        helpers.dedup();
        helpers.truncate(2);
        helpers.retain(|helper| hits.iter().all(|h| h.index != *helper));
        hits.truncate(limit.max(3).saturating_sub(helpers.len()));
        hits.extend(helpers.into_iter().map(|index| Hit { index, score: 0.05 }));
        hits
    }

    /// The tool of that name of the server that `entry` is of.
    fn beside(&self, entry: &Entry, name: &str) -> Option<usize> {
        let (server, _) = entry.full_name.rsplit_once('/')?;
        self.entries
            .iter()
            .position(|e| e.name == name && e.full_name == format!("{server}/{name}"))
    }

    /// Score from which a tool fits a sentence.
    pub const FITS: f32 = 0.35;

    fn question(&self, text: &str) -> Question {
        let pieces = read(text, &|stem| self.name_words.contains(stem));
        Question::of(&pieces, &self.name_words)
    }

    fn score_named(&self, word: &str, hits: &mut HashMap<usize, f32>) {
        let slash = word.starts_with('/');
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        if !slash && (word.len() < 3 || !word.contains(['_', '/'])) {
            return;
        }
        let word = word.to_lowercase();
        for (index, entry) in self.entries.iter().enumerate() {
            if entry.name == word || entry.full_name == word {
                hits.insert(index, 1.0);
            }
        }
    }

    fn rarity(&self, documents: usize) -> f32 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "catalogues have hundreds of tools"
        )]
        let (all, with) = (self.entries.len() as f32, documents as f32);
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }

    fn scores(&self, question: &Question) -> HashMap<usize, f32> {
        let mut found: HashMap<usize, f32> = HashMap::new();
        let mut asked = 0.0_f32;
        for term in &question.terms {
            let (best, documents) = self.matches(term);
            if documents == 0 {
                asked += term.weight_when_unknown() * self.rarity(1);
                continue;
            }
            let weight = self.rarity(documents) * term.weight();
            asked += weight;
            for (tool, fit) in best {
                *found.entry(tool as usize).or_insert(0.0) += weight * fit;
            }
        }
        // "rg-dev" or "in the vault" alone answers a question or goes on with one.
        let only_place = question.terms.iter().all(|term| term.place);
        let whole = if only_place { 0.4 } else { 1.0 };
        found
            .into_iter()
            .map(|(tool, covered)| {
                let entry = &self.entries[tool];
                let covered = covered / asked.max(f32::EPSILON);
                let name = name_coverage(entry, question);
                let fit = whole
                    * covered
                    * (1.0 - NAME_SHARE + NAME_SHARE * name)
                    * intent_factor(entry, question);
                (tool, fit.clamp(0.0, 1.0))
            })
            .collect()
    }

    /// Tools that have the term or what may stand for it, each with its best
    /// fit, and in how many tools the term itself occurs.
    fn matches(&self, term: &Term) -> (HashMap<u32, f32>, usize) {
        let mut best: HashMap<u32, f32> = HashMap::new();
        let mut documents = 0;
        for (word, share) in term.readings() {
            let Some(postings) = self.postings.get(word) else {
                continue;
            };
            if documents == 0 {
                documents = postings.len();
            }
            for posting in postings {
                let fit = best.entry(posting.tool).or_insert(0.0);
                *fit = fit.max(posting.weight * share);
            }
        }
        (best, documents)
    }
}

/// How much of a tool's name the question has.
fn name_coverage(entry: &Entry, question: &Question) -> f32 {
    let mut all = 0.0;
    let mut covered = 0.0;
    for (noun, weight) in &entry.nouns {
        all += weight;
        covered += weight * question.fit(noun);
    }
    if all > 0.0 { covered / all } else { 0.0 }
}

/// How well what the tool does fits what the verb wants.
fn intent_factor(entry: &Entry, question: &Question) -> f32 {
    let same_verb = entry.verbs.iter().any(|verb| question.verbs.contains(verb));
    let small = if same_verb { 1.03 } else { 1.0 };
    let fit = match (question.intent, entry.intent) {
        (Some(wanted), Some(does)) if wanted == does => 1.0,
        (Some(Intent::Create | Intent::Update), Some(Intent::Create | Intent::Update)) => 0.8,
        (Some(Intent::Read) | None, _) if entry.reads => 0.95,
        (Some(Intent::Read), _) => 0.4,
        (Some(Intent::Run), _) => 0.85,
        (Some(_), _) if entry.reads => 0.45,
        (Some(_), Some(_)) => 0.55,
        (Some(_), None) => 0.8,
        (None, _) => 0.75,
    };
    fit * small
}

#[cfg(test)]
mod golden;
