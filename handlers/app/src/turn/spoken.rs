//! A model's words without secrets, as they come: a word that could be one is told when
//! its end is there. What is told is never taken back, so up to [`TOLD_AT_ONCE`]
//! characters of one that begins like any word may have been told before it shows.

use azimuth_domain::redact::redact;

/// A word that is shorter than this is told at once.
const TOLD_AT_ONCE: usize = 8;
/// So much of what was said is looked at again with each piece, bytes.
const LOOKED_AT: usize = 4 * 1024;
/// A private key whose end does not come is held back so long, bytes.
const LONGEST_KEY: usize = 16 * 1024;

const KEY_BEGINS: &str = "-----BEGIN ";
const KEY_ENDS: &str = "-----END ";

/// What a model has said.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// All of it, as it was said.
    raw: String,
    /// From here on it is looked at again.
    from: usize,
    /// What was told of that.
    told: String,
}

impl Words {
    /// Takes a piece; gives what may be told now.
    pub(super) fn take(&mut self, piece: &str) -> String {
        self.raw.push_str(piece);
        let open = &self.raw[self.from..];
        let end = self.from + settled(open);
        let told = self.tell(end);
        self.move_on(end);
        told
    }

    /// The end is there: what was held back.
    pub(super) fn rest(&mut self) -> String {
        self.tell(self.raw.len())
    }

    /// All of it, without secrets.
    pub(super) fn whole(&self) -> String {
        redact(&self.raw).into_owned()
    }

    /// Whether nothing was said.
    pub(super) fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    fn tell(&mut self, end: usize) -> String {
        let clean = redact(&self.raw[self.from..end.max(self.from)]);
        let same = clean
            .char_indices()
            .zip(self.told.chars())
            .take_while(|((_, new), old)| new == old)
            .map(|((at, c), _)| at + c.len_utf8())
            .last()
            .unwrap_or_default();
        let further = clean[same..].to_owned();
        // What was told stays told, also where it is held back by now.
        if !further.is_empty() || clean.len() >= self.told.len() {
            self.told = clean.into_owned();
        }
        further
    }

    /// Leaves behind what was told long ago, at the end of a line or else of a word.
    fn move_on(&mut self, end: usize) {
        let looked_at = &self.raw[self.from..end.max(self.from)];
        if looked_at.len() < LOOKED_AT {
            return;
        }
        let line = looked_at.rfind('\n').map(|at| at + 1);
        let word = || looked_at.rfind(' ').map(|at| at + 1);
        let Some(at) = line.or_else(word) else {
            return;
        };
        let behind = redact(&looked_at[..at]).len();
        if let Some(kept) = self.told.get(behind..).map(str::to_owned) {
            self.told = kept;
            self.from += at;
        }
    }
}

/// How much of `text` can be judged whatever follows.
fn settled(text: &str) -> usize {
    if let Some(begins) = text.rfind(KEY_BEGINS)
        && !text[begins..].contains(KEY_ENDS)
        && text.len() - begins < LONGEST_KEY
    {
        return begins;
    }
    let word = text.rfind(|c: char| !c.is_ascii_graphic()).map_or(0, |at| {
        at + text[at..].chars().next().map_or(1, char::len_utf8)
    });
    if let Some(begun) = (1..KEY_BEGINS.len())
        .rev()
        .find(|length| text.ends_with(&KEY_BEGINS[..*length]))
    {
        return word.min(text.len() - begun);
    }
    if text.len() - word < TOLD_AT_ONCE {
        text.len()
    } else {
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pieces: &[&str]) -> (String, String) {
        let mut spoken = Words::default();
        let mut all: String = pieces.iter().map(|piece| spoken.take(piece)).collect();
        all.push_str(&spoken.rest());
        (all, spoken.whole())
    }

    #[test]
    fn words_come_whole_and_in_order() {
        let long = "word ".repeat(3_000);
        for text in ["", "Hello", "안녕하세요 여러분", "a b\nc", long.as_str()] {
            let pieces: Vec<String> = text.chars().map(String::from).collect();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            assert_eq!(told(&pieces), (text.to_owned(), text.to_owned()));
        }
        let mut spoken = Words::default();
        assert_eq!(spoken.take("One "), "One ");
        assert_eq!(spoken.take("short"), "short");
        assert_eq!(spoken.take(" and something-long"), " and ");
        assert_eq!(spoken.take("-indeed"), "");
        assert_eq!(spoken.take(" is"), "something-long-indeed is");
    }

    #[test]
    fn secrets_are_not_told_however_they_come() {
        let key = format!("{}xy==", "aB3/".repeat(21));
        let texts = [
            (format!("the key is AccountKey={key}; done"), key.as_str()),
            ("use Password=plum-brandy; now".to_owned(), "plum-brandy"),
            (
                "it is -----BEGIN PRIVATE KEY-----\nMIIE abc\n-----END PRIVATE KEY----- so"
                    .to_owned(),
                "MIIE",
            ),
        ];
        for (text, secret) in &texts {
            for size in [1, 3, 7, 1_000] {
                let letters: Vec<char> = text.chars().collect();
                let pieces: Vec<String> = letters.chunks(size).map(String::from_iter).collect();
                let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
                let (all, whole) = told(&pieces);
                assert_eq!(all, whole, "{text}");
                assert!(!all.contains(secret), "{all}");
            }
        }
    }
}
