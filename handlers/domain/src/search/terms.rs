//! The words of a question, with what may stand for each.

use std::collections::HashSet;

use super::ALTERNATIVE;
use super::intent::Intent;
use super::lexicon::LEXICON;
use super::reading::{Particle, Piece, PieceKind, is_hangul};

/// Words after which a place follows.
const PREPOSITIONS: [&str; 7] = ["in", "inside", "of", "on", "from", "under", "within"];
/// Weight of a word that says where.
const PLACE_WEIGHT: f32 = 0.7;
/// Different words of a question that are looked up; a pasted log has thousands.
const MAX_TERMS: usize = 256;

/// One word of a question or a description.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    /// The word.
    pub text: String,
    /// Whether it came out of a verb.
    pub verb: bool,
    /// Whether it may be the name of a thing rather than a word.
    maybe_name: bool,
    /// Whether it says where ("in the vault", 볼트의) rather than what.
    pub place: bool,
}

impl Term {
    /// How much it counts among the words of a question. A verb has its real say
    /// in the intent.
    pub fn weight(&self) -> f32 {
        if self.verb {
            0.15
        } else if self.place {
            PLACE_WEIGHT
        } else {
            1.0
        }
    }

    /// How much a word counts that no tool has: a name says nothing about the
    /// tool, another word says that no tool is meant.
    pub fn weight_when_unknown(&self) -> f32 {
        if self.verb || self.maybe_name {
            0.15
        } else {
            0.6
        }
    }

    /// The word itself, then what may stand for it, each with its share.
    pub fn readings(&self) -> impl Iterator<Item = (&str, f32)> {
        std::iter::once((self.text.as_str(), 1.0)).chain(
            LEXICON
                .alternatives(&self.text)
                .iter()
                .map(|word| (word.as_str(), ALTERNATIVE)),
        )
    }
}

/// Words of pieces, names and quotations left out.
pub(super) fn of_pieces(pieces: &[Piece<'_>]) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut introduces_name = false;
    let mut place = false;
    for piece in pieces {
        match piece.kind {
            PieceKind::Known => {
                terms.extend(piece.terms.iter().map(|word| Term {
                    text: word.clone(),
                    verb: piece.intent.is_some(),
                    maybe_name: false,
                    place: place || matches!(piece.particle, Some(Particle::Place | Particle::Of)),
                }));
            }
            PieceKind::Unknown => {
                let written = piece.text.to_lowercase();
                let words = if piece.terms.is_empty() {
                    vec![written]
                } else {
                    piece.terms.clone()
                };
                let capital = piece.text.starts_with(char::is_uppercase);
                terms.extend(words.into_iter().map(|text| Term {
                    maybe_name: (introduces_name || capital) && !text.chars().any(is_hangul),
                    text,
                    verb: false,
                    place,
                }));
            }
            PieceKind::Name if is_group_name(piece.text) => {
                terms.extend(["resource", "group"].map(|word| Term {
                    text: word.to_owned(),
                    verb: false,
                    maybe_name: false,
                    place: true,
                }));
            }
            PieceKind::Name | PieceKind::Quoted | PieceKind::Pair => {}
        }
        let written = piece.text.to_lowercase();
        place = (place && piece.intent.is_none()) || PREPOSITIONS.contains(&written.as_str());
        introduces_name = piece.terms.is_empty()
            && (place || ["named", "called", "for"].contains(&written.as_str()))
            || piece.kind == PieceKind::Known && piece.intent.is_none() && !piece.terms.is_empty();
    }
    terms
}

/// Whether a name says of itself that it is a resource group's: `rg-dev` is what
/// Microsoft's naming guide calls one.
pub fn is_group_name(name: &str) -> bool {
    let name = name.to_lowercase();
    name.starts_with("rg-")
        || name.ends_with("-rg")
        || name.starts_with("rg_")
        || name.contains("-rg-")
}

/// The same words, with neighbours that make up a word of a tool's name joined:
/// "key vault" is what `keyvault_…` is called after.
pub(super) fn joined_names(terms: &[Term], name_words: &HashSet<String>) -> Vec<Term> {
    let mut out = Vec::with_capacity(terms.len());
    let mut at = 0;
    while at < terms.len() {
        let joined = (2..=3).rev().find_map(|length| {
            let window = terms.get(at..at + length)?;
            if window.iter().any(|t| t.verb) {
                return None;
            }
            let word: String = window.iter().map(|t| t.text.as_str()).collect();
            name_words
                .contains(&word)
                .then_some((word, length, window.iter().all(|t| t.place)))
        });
        if let Some((text, length, window_place)) = joined {
            out.push(Term {
                text,
                verb: false,
                maybe_name: false,
                place: window_place,
            });
            at += length;
        } else {
            out.push(terms[at].clone());
            at += 1;
        }
    }
    out
}

/// What was asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Question {
    /// Its words, each once.
    pub terms: Vec<Term>,
    /// What its main verb wants.
    pub intent: Option<Intent>,
    /// Its verbs.
    pub verbs: HashSet<String>,
}

impl Question {
    /// The question that `pieces` are.
    pub fn of(pieces: &[Piece<'_>], name_words: &HashSet<String>) -> Self {
        let mut seen = HashSet::new();
        let all = joined_names(&of_pieces(pieces), name_words);
        let verbs = all
            .iter()
            .filter(|t| t.verb)
            .map(|t| t.text.clone())
            .collect();
        let terms = all
            .into_iter()
            .filter(|t| seen.insert(t.text.clone()))
            .take(MAX_TERMS)
            .collect();
        Self {
            terms,
            intent: main_intent(pieces),
            verbs,
        }
    }

    /// How well the question covers a word of a tool's name.
    pub fn fit(&self, noun: &str) -> f32 {
        self.terms
            .iter()
            .flat_map(|term| {
                let weight = if term.place { PLACE_WEIGHT } else { 1.0 };
                term.readings()
                    .map(move |(word, share)| (word, share * weight))
            })
            .filter(|(word, _)| *word == noun)
            .map(|(_, share)| share)
            .fold(0.0, f32::max)
    }
}

/// What the main verb of a sentence wants: in Korean the last one, in English
/// the first.
pub fn main_intent(pieces: &[Piece<'_>]) -> Option<Intent> {
    let korean = pieces
        .iter()
        .rev()
        .find(|p| p.intent.is_some() && p.text.chars().any(is_hangul));
    korean
        .or_else(|| pieces.iter().find(|p| p.intent.is_some()))
        .and_then(|p| p.intent)
}
