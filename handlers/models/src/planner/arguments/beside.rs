//! Names beside the word for the thing: "vault kv-dev", "the kv-dev vault",
//! kv-dev 볼트.

use azimuth_domain::search::{Particle, Piece, PieceKind, is_hangul, stem};

use super::reader::Reader;
use super::schema::{Kind, Property};

/// Words between a thing and its name.
const CONNECTORS: [&str; 9] = [
    "named", "called", "is", "the", "a", "an", "name", "with", "to",
];
impl<'t> Reader<'t> {
    /// "vault kv-dev", "the kv-dev vault", kv-dev 볼트.
    pub(super) fn beside_their_words(&mut self) {
        let mut wanted: Vec<(String, Property<'t>)> = Vec::new();
        for property in &self.properties {
            if property.is_location() || property.kind == Kind::Flag {
                continue;
            }
            let words = if property.name == "name" {
                self.thing()
            } else {
                property.words()
            };
            wanted.push((words.concat(), property.clone()));
            if self.tool.scope.resource_group.as_deref() == Some(property.name) {
                wanted.push(("group".to_owned(), property.clone()));
            }
        }
        wanted.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        for (word, property) in wanted {
            for (first, last) in self.occurrences(&word) {
                if self.beside(&property, first, last) {
                    break;
                }
            }
        }
    }

    /// What the tool's name says it works on: `redis_create` a redis.
    fn thing(&self) -> Vec<String> {
        let segments: Vec<&str> = self.tool.tool.name.split('_').collect();
        let last = segments.len().saturating_sub(2);
        segments
            .get(last)
            .map(|s| s.split('-').map(stem).collect())
            .unwrap_or_default()
    }

    /// Where the words of `word` (joined) stand: first and last piece.
    fn occurrences(&self, word: &str) -> Vec<(usize, usize)> {
        let terms: Vec<(usize, &str)> = self
            .pieces
            .iter()
            .enumerate()
            .filter(|(_, p)| p.kind == PieceKind::Known && p.intent.is_none())
            .flat_map(|(at, p)| p.terms.iter().map(move |t| (at, t.as_str())))
            .collect();
        let mut found = Vec::new();
        for start in 0..terms.len() {
            let mut rest = word;
            for (at, term) in &terms[start..] {
                let Some(after) = rest.strip_prefix(term) else {
                    break;
                };
                if after.is_empty() {
                    found.push((terms[start].0, *at));
                    break;
                }
                rest = after;
            }
        }
        found
    }

    fn beside(&mut self, property: &Property<'t>, first: usize, last: usize) -> bool {
        if self.is_list(last) && !property.name.contains("subscription") {
            return false;
        }
        // In Korean the name comes before its word, in English behind it.
        if self.text.chars().any(is_hangul) {
            return self.before(property, first) || self.after(property, last);
        }
        if self.after(property, last) {
            return true;
        }
        self.before(property, first)
    }

    /// Several of them are asked for: "secrets", 비밀 목록.
    fn is_list(&self, at: usize) -> bool {
        let text = self.pieces[at].text.to_lowercase();
        let plural = text.is_ascii() && text.ends_with('s') && stem(&text).len() < text.len();
        let next_lists = self.pieces.get(at + 1).is_some_and(|p| {
            p.text.chars().any(is_hangul) && p.terms.iter().any(|t| t == "list" || t == "name")
        });
        plural || next_lists
    }

    fn after(&mut self, property: &Property<'t>, last: usize) -> bool {
        let mut at = last + 1;
        while self.pieces.get(at).is_some_and(|p| is_connector(p)) {
            at += 1;
        }
        let Some(piece) = self.pieces.get(at) else {
            return false;
        };
        let named = matches!(piece.kind, PieceKind::Name | PieceKind::Quoted);
        let plain = piece.kind == PieceKind::Unknown
            && piece.text.is_ascii()
            && (property.required || self.is_scope(property.name));
        if !(named || plain) {
            return false;
        }
        // The name may stand before the next word for a thing: "vm, kv-dev vault".
        if property.kind == Kind::List {
            return self.list_from(property, at);
        }
        self.set_from(property.name, at)
    }

    fn list_from(&mut self, property: &Property<'t>, from: usize) -> bool {
        let mut items = Vec::new();
        for at in from..self.pieces.len() {
            let piece = &self.pieces[at];
            match piece.kind {
                PieceKind::Name | PieceKind::Quoted => {
                    items.push(piece.text);
                    self.used[at] = true;
                }
                PieceKind::Known if piece.text == "and" => {}
                _ => break,
            }
        }
        self.set(property.name, &items.join(","))
    }

    fn before(&mut self, property: &Property<'t>, first: usize) -> bool {
        let Some(at) = first.checked_sub(1) else {
            return false;
        };
        let piece = &self.pieces[at];
        let free = matches!(piece.particle, None | Some(Particle::Called));
        let named = matches!(piece.kind, PieceKind::Name | PieceKind::Quoted);
        let capital = piece.kind == PieceKind::Unknown
            && piece.text.starts_with(|c: char| c.is_ascii_uppercase())
            && self.is_scope(property.name);
        free && (named || capital) && self.set_from(property.name, at)
    }
}

fn is_connector(piece: &Piece<'_>) -> bool {
    piece.kind == PieceKind::Known
        && (CONNECTORS.contains(&piece.text.to_lowercase().as_str()) || piece.terms == ["name"])
}
