//! A sentence taken apart: words in one spelling (English, singular), and the
//! names of things left as they are.

use std::ops::Range;

use super::intent::Intent;
use super::lexicon::{Entry, LEXICON, MAX_PHRASE_SYLLABLES, MAX_PHRASE_WORDS};
use super::raw::{Raw, RawKind, lex};
use super::stem::stem;

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece<'a> {
    /// As it is written; a quoted name without its quotes.
    pub text: &'a str,
    /// Where `text` begins, in bytes of the sentence.
    pub start: usize,
    /// What it is.
    pub kind: PieceKind,
    /// Its words in English, as stems; none when it says nothing or is a name.
    pub terms: Vec<String>,
    /// What it wants done, when it is a verb.
    pub intent: Option<Intent>,
    /// The Korean particle behind it.
    pub particle: Option<Particle>,
}

/// What a part of a sentence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    /// A word that the word list or the caller knows.
    Known,
    /// A word that neither knows.
    Unknown,
    /// It looks like the name of a thing: `rg-dev`, `stdemo1`, an id, a path.
    Name,
    /// It stood in quotes.
    Quoted,
    /// `key=value`.
    Pair,
}

/// What a Korean particle says of the word before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Particle {
    /// In it, at it: 에, 에서.
    Place,
    /// Its: 의.
    Of,
    /// It is acted upon: 을, 를.
    Object,
    /// It is spoken of: 은, 는, 이, 가, 도, 만.
    Topic,
    /// To it, as it: 로, 으로.
    Toward,
    /// It is called that: 라는, 이라는.
    Called,
    /// And it: 와, 과, 하고, 랑.
    With,
    /// Several of it: 들.
    Several,
}

const PARTICLES: &[(&str, Particle)] = &[
    ("에서는", Particle::Place),
    ("에서의", Particle::Place),
    ("에서", Particle::Place),
    ("에는", Particle::Place),
    ("에다", Particle::Place),
    ("에도", Particle::Place),
    ("에", Particle::Place),
    ("내의", Particle::Place),
    ("의", Particle::Of),
    ("을", Particle::Object),
    ("를", Particle::Object),
    ("은", Particle::Topic),
    ("는", Particle::Topic),
    ("이", Particle::Topic),
    ("가", Particle::Topic),
    ("도", Particle::Topic),
    ("만", Particle::Topic),
    ("으로", Particle::Toward),
    ("로", Particle::Toward),
    ("이라는", Particle::Called),
    ("라는", Particle::Called),
    ("이라고", Particle::Called),
    ("라고", Particle::Called),
    ("와", Particle::With),
    ("과", Particle::With),
    ("하고", Particle::With),
    ("랑", Particle::With),
    ("이랑", Particle::With),
    ("이나", Particle::With),
    ("나", Particle::With),
];

/// The particle that `ending` is, when it is nothing else.
fn particle(ending: &str) -> Option<Particle> {
    let rest = ending.strip_prefix("들").unwrap_or(ending);
    if rest.is_empty() {
        return (!ending.is_empty()).then_some(Particle::Several);
    }
    PARTICLES
        .iter()
        .find(|(text, _)| *text == rest)
        .map(|(_, particle)| *particle)
}

/// Whether `c` is a Hangul syllable or letter.
pub fn is_hangul(c: char) -> bool {
    matches!(c, '\u{ac00}'..='\u{d7a3}' | '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}')
}

/// Takes `text` apart. `known` says of a stem whether the caller knows it as a
/// word, beyond the word list.
pub fn read<'a>(text: &'a str, known: &dyn Fn(&str) -> bool) -> Vec<Piece<'a>> {
    let is_word = |stem: &str| LEXICON.knows(stem) || known(stem);
    let raw = lex(text, &is_word);
    let mut pieces = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        at += match raw[at].kind {
            RawKind::Latin => latin(text, &raw[at..], &is_word, &mut pieces),
            RawKind::Hangul => hangul(text, &raw[at..], &mut pieces),
            RawKind::Name => named(text, &raw[at], PieceKind::Name, &mut pieces),
            RawKind::Quoted => named(text, &raw[at], PieceKind::Quoted, &mut pieces),
            RawKind::Pair => named(text, &raw[at], PieceKind::Pair, &mut pieces),
        };
    }
    pieces
}

impl<'a> Piece<'a> {
    fn new(sentence: &'a str, range: Range<usize>, kind: PieceKind) -> Self {
        Self {
            start: range.start,
            text: &sentence[range],
            kind,
            terms: Vec::new(),
            intent: None,
            particle: None,
        }
    }

    fn known(sentence: &'a str, range: Range<usize>, entry: &Entry) -> Self {
        Self {
            terms: entry.terms.clone(),
            intent: entry.intent,
            ..Self::new(sentence, range, PieceKind::Known)
        }
    }
}

fn named<'a>(text: &'a str, raw: &Raw, kind: PieceKind, out: &mut Vec<Piece<'a>>) -> usize {
    let range = raw.start..raw.end;
    let entry = (kind == PieceKind::Name)
        .then(|| LEXICON.phrase(&stem(&text[range.clone()])))
        .flatten();
    out.push(match entry {
        Some(entry) => Piece::known(text, range, entry),
        None => Piece::new(text, range, kind),
    });
    1
}

/// The longest phrase of the list, else one word.
fn latin<'a>(
    text: &'a str,
    raw: &[Raw],
    is_word: &dyn Fn(&str) -> bool,
    out: &mut Vec<Piece<'a>>,
) -> usize {
    let run = raw
        .iter()
        .take(MAX_PHRASE_WORDS)
        .take_while(|r| r.kind == RawKind::Latin)
        .enumerate()
        .take_while(|(i, r)| *i == 0 || r.joined)
        .count();
    let stems: Vec<String> = raw[..run]
        .iter()
        .map(|r| stem(&text[r.start..r.end]))
        .collect();
    for length in (1..=run).rev() {
        if let Some(entry) = LEXICON.phrase(&stems[..length].join(" ")) {
            out.push(Piece::known(text, raw[0].start..raw[length - 1].end, entry));
            return length;
        }
    }
    let word = stems.into_iter().next().unwrap_or_default();
    let kind = if is_word(&word) {
        PieceKind::Known
    } else {
        PieceKind::Unknown
    };
    let piece = Piece::new(text, raw[0].start..raw[0].end, kind);
    out.push(Piece {
        terms: vec![word],
        ..piece
    });
    1
}

/// One run of Hangul, or more when a phrase reaches over a space.
fn hangul<'a>(text: &'a str, raw: &[Raw], out: &mut Vec<Piece<'a>>) -> usize {
    let end_of_run = |from: usize| {
        text[from..]
            .char_indices()
            .find(|(_, c)| !is_hangul(*c))
            .map_or(text.len(), |(i, _)| from + i)
    };
    let start = raw[0].start;
    let mut at = start;
    let mut end = raw[0].end;
    let mut found = false;
    // What hangs on a name is a particle, whatever else it could be.
    if raw[0].touches
        && let Some(particle) = particle(&text[start..end])
    {
        if let Some(before) = out.last_mut() {
            before.particle = Some(particle);
        }
        return 1;
    }
    while at < end {
        if let Some((stop, entry)) = longest(text, at, at == start) {
            out.push(Piece::known(text, at..stop, entry));
            found = true;
            end = end_of_run(stop).max(stop);
            let ending = &text[stop..end];
            if let Some(particle) = particle(ending) {
                if let Some(piece) = out.last_mut() {
                    piece.particle = Some(particle);
                }
                at = end;
            } else {
                at = stop;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    if !found {
        out.push(Piece::new(text, start..end, PieceKind::Unknown));
    }
    raw.iter().take_while(|r| r.start < end).count().max(1)
}

/// The longest phrase that begins at `at`, and where it ends.
fn longest(text: &str, at: usize, word_start: bool) -> Option<(usize, &'static Entry)> {
    let mut key = String::new();
    let mut ends: Vec<(usize, usize)> = Vec::new();
    for (offset, c) in text[at..].char_indices() {
        if c.is_whitespace() {
            continue;
        }
        if !c.is_alphanumeric() || ends.len() == MAX_PHRASE_SYLLABLES {
            break;
        }
        key.extend(c.to_lowercase());
        ends.push((key.len(), at + offset + c.len_utf8()));
    }
    ends.iter()
        .enumerate()
        .rev()
        .find_map(|(syllable, &(length, end))| {
            let entry = LEXICON.phrase(&key[..length])?;
            let rest = text[end..].split(|c| !is_hangul(c)).next().unwrap_or("");
            let next = text[end..].chars().next();
            let last_is_latin = text[..end]
                .chars()
                .next_back()
                .is_some_and(|c| !is_hangul(c));
            if last_is_latin && next.is_some_and(|c| c.is_alphanumeric() && !is_hangul(c)) {
                return None;
            }
            if syllable == 0 {
                let whole = rest.is_empty() || particle(rest).is_some();
                if !(whole || (entry.open && word_start)) {
                    return None;
                }
            }
            Some((end, entry))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        read(text, &|_| false)
            .into_iter()
            .filter(|p| p.kind != PieceKind::Unknown)
            .flat_map(|p| p.terms)
            .collect()
    }

    fn names(text: &str) -> Vec<(&str, Option<Particle>)> {
        read(text, &|_| false)
            .into_iter()
            .filter(|p| {
                matches!(
                    p.kind,
                    PieceKind::Name | PieceKind::Quoted | PieceKind::Pair
                )
            })
            .map(|p| (p.text, p.particle))
            .collect()
    }

    #[test]
    fn korean_and_english_become_the_same_words() {
        for (text, expected) in [
            ("내 리소스 그룹 보여줘", "resource group show"),
            ("리소스그룹들을 보여 주세요", "resource group show"),
            ("list my Resource Groups", "list resource group"),
            ("저장소 계정 목록", "storage account list"),
            ("저장소계정목록을 알려줘", "storage account list get"),
            ("가상머신을 꺼줘", "vm stop"),
            ("VM을 다시 시작해 줘", "vm restart"),
            ("키 자격 증명 모음의 비밀", "key vault secret"),
            ("키볼트에 있는 시크릿 이름", "key vault secret name"),
            ("비밀번호", "password"),
            ("virtual-machine scale sets", "vmss"),
            ("공용 IP를 보여줘", "public ip show"),
            ("k8s 클러스터", "aks cluster"),
        ] {
            assert_eq!(terms(text).join(" "), expected, "{text}");
        }
    }

    #[test]
    fn names_stay_as_they_are() {
        assert_eq!(names("kv-dev 볼트의 비밀"), [("kv-dev", None)]);
        assert_eq!(
            names("rg-dev에 stdemo1을 만들어줘"),
            [
                ("rg-dev", Some(Particle::Place)),
                ("stdemo1", Some(Particle::Object))
            ]
        );
        assert_eq!(
            names("create 'my account' as sku=Standard_LRS in rg-dev."),
            [
                ("my account", None),
                ("sku=Standard_LRS", None),
                ("rg-dev", None)
            ]
        );
        assert_eq!(
            names("\"demo\"라는 저장소 /subscriptions/1/x 와 https://kv.vault.azure.net/a?b=c"),
            [
                ("demo", Some(Particle::Called)),
                ("/subscriptions/1/x", None),
                ("https://kv.vault.azure.net/a?b=c", None)
            ]
        );
    }

    #[test]
    fn verbs_carry_their_intent() {
        let intent = |text: &str| {
            read(text, &|_| false)
                .into_iter()
                .filter_map(|p| p.intent)
                .next_back()
        };
        assert_eq!(intent("삭제해 주세요"), Some(Intent::Delete));
        assert_eq!(intent("turn off the vm"), Some(Intent::Power));
        assert_eq!(intent("저장소"), None);
    }
}
