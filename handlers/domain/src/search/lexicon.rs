//! The English–Korean word list, read once from `lexicon.txt`.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::intent::Intent;
use super::stem::stem;

/// The list as this build carries it.
pub(super) static LEXICON: LazyLock<Lexicon> =
    LazyLock::new(|| Lexicon::read(include_str!("lexicon.txt")));

/// Longest English phrase, words.
pub(super) const MAX_PHRASE_WORDS: usize = 4;
/// Longest Korean phrase, syllables.
pub(super) const MAX_PHRASE_SYLLABLES: usize = 12;

/// What a phrase stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its English words in the singular; none when it says nothing.
    pub terms: Vec<String>,
    /// What it wants, when it is a verb.
    pub intent: Option<Intent>,
    /// Whether a single syllable may have any ending.
    pub open: bool,
}

/// Phrases and what they stand for.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    phrases: HashMap<String, Entry>,
    alternatives: HashMap<String, Vec<String>>,
    words: HashSet<String>,
    faults: Vec<String>,
}

impl Lexicon {
    fn read(text: &str) -> Self {
        let mut lexicon = Self::default();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if lexicon.accept(line).is_none() {
                lexicon.faults.push(line.to_owned());
            }
        }
        lexicon
    }

    fn accept(&mut self, line: &str) -> Option<()> {
        if let Some((word, others)) = line.split_once(" ~ ") {
            let others: Vec<String> = others.split_whitespace().map(stem).collect();
            return self
                .alternatives
                .insert(stem(word.trim()), others)
                .is_none()
                .then_some(());
        }
        let (phrase, entry) = if let Some((phrase, words)) = line.split_once(" = ") {
            (
                phrase,
                Entry {
                    terms: words.split_whitespace().map(stem).collect(),
                    intent: None,
                    open: false,
                },
            )
        } else if let Some((phrase, rest)) = line.split_once(" !") {
            let (intent, words) = rest.split_once(' ').unwrap_or((rest, ""));
            let terms = words.split_whitespace().map(stem).collect();
            (
                phrase,
                Entry {
                    terms,
                    intent: Some(Intent::parse(intent)?),
                    open: true,
                },
            )
        } else {
            let phrase = line.strip_suffix(" -")?;
            let open = phrase.ends_with('*');
            let entry = Entry {
                terms: Vec::new(),
                intent: None,
                open,
            };
            (phrase.trim_end_matches('*'), entry)
        };
        self.words.extend(entry.terms.iter().cloned());
        let key = if phrase.chars().any(super::reading::is_hangul) {
            phrase.split_whitespace().collect::<String>().to_lowercase()
        } else {
            let words: Vec<String> = phrase.split_whitespace().map(stem).collect();
            self.words.extend(words.iter().cloned());
            words.join(" ")
        };
        self.phrases.insert(key, entry);
        Some(())
    }

    /// The entry of a phrase: Korean without spaces, English as stems joined by
    /// one space.
    pub fn phrase(&self, key: &str) -> Option<&Entry> {
        self.phrases.get(key)
    }

    /// Words that may stand for `term` in a question.
    pub fn alternatives(&self, term: &str) -> &[String] {
        self.alternatives.get(term).map_or(&[], Vec::as_slice)
    }

    /// Whether the list has this stem as an English word.
    pub fn knows(&self, stem: &str) -> bool {
        self.words.contains(stem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_understood() {
        assert_eq!(LEXICON.faults, Vec::<String>::new());
    }

    #[test]
    fn at_least_150_korean_phrases() {
        let korean = LEXICON
            .phrases
            .iter()
            .filter(|(key, entry)| {
                key.chars().any(super::super::reading::is_hangul) && !entry.terms.is_empty()
            })
            .count();
        assert!(korean >= 150, "{korean}");
    }
}
