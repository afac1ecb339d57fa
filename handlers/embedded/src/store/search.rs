//! Conversations that hold all of some words.
//!
//! One person's conversations and messages are read in the order of the list
//! until the page is full: no index of substrings, because words of two
//! Korean syllables are common and shorter than what such an index can find.

use azimuth_domain::ids::ConversationId;
use rusqlite::types::Type;
use rusqlite::{Connection, params};

/// Text as search compares it: the letters of a word in either case are equal.
/// (Upper case first, because some letters meet only there: `ς` and `σ`.)
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

/// The words of a query.
pub(super) struct Words(Vec<String>);

impl Words {
    /// `None` when there is nothing to search for.
    pub(super) fn of(text: Option<&str>) -> Option<Self> {
        let mut words: Vec<String> = fold(text?).split_whitespace().map(str::to_owned).collect();
        words.sort_unstable();
        words.dedup();
        (!words.is_empty()).then_some(Self(words))
    }

    /// Whether each word occurs in the (folded) title or in a message.
    pub(super) fn all_occur(
        &self,
        connection: &Connection,
        tenant: &str,
        conversation: &ConversationId,
        title: &str,
    ) -> rusqlite::Result<bool> {
        let mut missing: Vec<&str> = self.0.iter().map(String::as_str).collect();
        missing.retain(|word| !title.contains(word));
        if missing.is_empty() {
            return Ok(true);
        }
        let mut statement = connection
            .prepare_cached("SELECT folded FROM messages WHERE tenant = ? AND conversation = ?")?;
        let mut rows = statement.query(params![tenant, conversation.as_str()])?;
        while let Some(row) = rows.next()? {
            let text = row.get_ref(0)?.as_str().map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
            })?;
            missing.retain(|word| !text.contains(word));
            if missing.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
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
}
