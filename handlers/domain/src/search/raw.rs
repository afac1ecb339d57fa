//! The first cut of a sentence: runs of letters, names, quotations, pairs.

use super::reading::is_hangul;
use super::stem::stem;

/// A run of text, without its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Raw {
    /// First byte (behind an opening quote).
    pub start: usize,
    /// Behind the last byte (before a closing quote).
    pub end: usize,
    /// What it is.
    pub kind: RawKind,
    /// Nothing but white space or a hyphen lies between this and the run before.
    pub joined: bool,
    /// Nothing at all lies between this and the run before.
    pub touches: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RawKind {
    Latin,
    Hangul,
    Name,
    Quoted,
    Pair,
}

const QUOTES: [(char, char); 6] = [
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('“', '”'),
    ('‘', '’'),
    ('「', '」'),
];
/// Longest quotation that is taken for one, bytes.
const MAX_QUOTED_BYTES: usize = 4096;

/// Cuts `text`. `is_word` decides whether the parts of `key-vault` are words or
/// those of `kv-dev` a name.
pub(super) fn lex(text: &str, is_word: &dyn Fn(&str) -> bool) -> Vec<Raw> {
    let mut out: Vec<Raw> = Vec::new();
    let mut at = 0;
    // Behind the closing quote, when a quotation came last.
    let mut behind = 0;
    let mut gap_joins = true;
    while let Some(c) = text[at..].chars().next() {
        let fresh =
            at == 0 || text[..at].ends_with(|b: char| b.is_whitespace() || "([{,;:".contains(b));
        let touches = at == behind && at > 0;
        gap_joins |= at == behind;
        let joined = gap_joins;
        if let Some((start, end, next)) = quoted(text, at, fresh || touches) {
            out.push(Raw {
                start,
                end,
                kind: RawKind::Quoted,
                joined,
                touches,
            });
            (at, behind) = (next, next);
        } else if is_hangul(c) {
            let end = at + run(&text[at..], is_hangul);
            out.push(Raw {
                start: at,
                end,
                kind: RawKind::Hangul,
                joined,
                touches,
            });
            (at, behind) = (end, end);
        } else if fresh && let Some(end) = path(text, at) {
            out.push(Raw {
                start: at,
                end,
                kind: RawKind::Name,
                joined,
                touches,
            });
            (at, behind) = (end, end);
        } else if c.is_alphanumeric() {
            let end = latin(text, at);
            at = if let Some(stop) = pair(text, end) {
                out.push(Raw {
                    start: at,
                    end: stop,
                    kind: RawKind::Pair,
                    joined,
                    touches,
                });
                stop
            } else {
                word_or_name(text, at, end, joined, is_word, &mut out);
                end
            };
            behind = at;
        } else {
            gap_joins &= c.is_whitespace() || c == '-';
            at += c.len_utf8();
        }
    }
    out
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.char_indices()
        .find(|(_, c)| !belongs(*c))
        .map_or(text.len(), |(i, _)| i)
}

/// `(first, behind the last, behind the closing quote)` of a quotation at `at`.
fn quoted(text: &str, at: usize, may_open: bool) -> Option<(usize, usize, usize)> {
    if !may_open {
        return None;
    }
    let open = text[at..].chars().next()?;
    let (_, close) = QUOTES.iter().find(|(o, _)| *o == open)?;
    let start = at + open.len_utf8();
    let length = text[start..]
        .char_indices()
        .take_while(|(i, c)| *i <= MAX_QUOTED_BYTES && *c != '\n')
        .find_map(|(i, c)| (c == *close).then_some(i))?;
    let inner = &text[start..start + length];
    let next = start + length + close.len_utf8();
    let closes = !text[next..].starts_with(|c: char| c.is_alphanumeric() && !is_hangul(c));
    (closes && !inner.trim().is_empty()).then_some((start, start + length, next))
}

/// End of a resource id or an address that begins at `at`.
fn path(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    let is_path =
        rest.starts_with('/') || rest.starts_with("http://") || rest.starts_with("https://");
    let end = run(rest, |c| c.is_ascii_graphic() && !"\"'`<>,;".contains(c));
    (is_path && end > 1).then_some(at + end)
}

fn latin(text: &str, at: usize) -> usize {
    let belongs = |c: char| (c.is_alphanumeric() && !is_hangul(c)) || "_-.@'’".contains(c);
    let word = &text[at..at + run(&text[at..], belongs)];
    at + word.trim_end_matches(['-', '.', '@', '\'', '’']).len()
}

/// End of the value when `=` follows the key that ends at `end`.
fn pair(text: &str, end: usize) -> Option<usize> {
    let value = text[end..].strip_prefix('=')?;
    let start = end + 1;
    let stop = if let Some((_, _, next)) = quoted(text, start, true) {
        next
    } else {
        start
            + run(value, |c| {
                !c.is_whitespace() && !is_hangul(c) && !",;".contains(c)
            })
    };
    (stop > start).then_some(stop)
}

fn word_or_name(
    text: &str,
    start: usize,
    end: usize,
    joined: bool,
    is_word: &dyn Fn(&str) -> bool,
    out: &mut Vec<Raw>,
) {
    let touches = out.last().is_some_and(|r| r.end == start);
    let raw = |start, end, kind, joined| Raw {
        start,
        end,
        kind,
        joined,
        touches,
    };
    let token = &text[start..end];
    let bare = token
        .strip_suffix("'s")
        .or_else(|| token.strip_suffix("’s"))
        .unwrap_or(token);
    let alphabetic = |part: &str| !part.is_empty() && part.chars().all(char::is_alphabetic);
    if alphabetic(&bare.replace(['\'', '’'], "")) || is_word(&stem(token)) {
        out.push(raw(start, end, RawKind::Latin, joined));
    } else if token
        .split('-')
        .all(|part| alphabetic(part) && part.len() > 2 && is_word(&stem(part)))
    {
        let mut from = start;
        for part in token.split('-') {
            out.push(raw(
                from,
                from + part.len(),
                RawKind::Latin,
                joined || from > start,
            ));
            from += part.len() + 1;
        }
    } else {
        out.push(raw(start, start + bare.len(), RawKind::Name, joined));
    }
}
