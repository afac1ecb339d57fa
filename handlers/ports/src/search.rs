//! What a search of conversations compares, alike in every store.

/// Text as search compares it: the letters of a word in either case are equal.
/// (Upper case first, because some letters meet only there: `ς` and `σ`.)
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

/// The words of a query, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// `None` when there is nothing to search for.
    pub fn of(text: Option<&str>) -> Option<Self> {
        let mut words: Vec<String> = fold(text?).split_whitespace().map(str::to_owned).collect();
        words.sort_unstable();
        words.dedup();
        (!words.is_empty()).then_some(Self(words))
    }

    /// All of them, still to be found.
    pub fn missing(&self) -> Missing<'_> {
        Missing(self.0.iter().map(String::as_str).collect())
    }
}

/// The words that no text held so far.
#[derive(Debug)]
pub struct Missing<'a>(Vec<&'a str>);

impl Missing<'_> {
    /// Takes out those that occur in `folded`. True: none is left.
    pub fn look_in(&mut self, folded: &str) -> bool {
        self.0.retain(|word| !folded.contains(word));
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_fold_in_every_script() {
        assert_eq!(fold("Resource GROUP"), "resource group");
        assert_eq!(fold("한국 중부 VM"), "한국 중부 vm");
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
        assert_eq!(fold("STRASSE"), fold("straße"));
    }

    #[test]
    fn no_word_is_no_search() {
        assert!(Words::of(None).is_none());
        assert!(Words::of(Some(" \t ")).is_none());
        assert!(Words::of(Some("가")).is_some());
    }

    #[test]
    fn a_word_may_be_found_in_any_of_the_texts() {
        let words = Words::of(Some("Two one two"));
        let mut missing = words.iter().map(Words::missing).next();
        let mut look = |text: &str| missing.as_mut().is_some_and(|m| m.look_in(text));
        assert!(!look("one and more"));
        assert!(!look("nothing"));
        assert!(look("twofold"));
    }
}
