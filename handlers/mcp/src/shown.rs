//! What people are shown of a tool server's words outside of results: they go into
//! notes, events and the audit, where nothing can be taken back. What is a secret in them
//! the one redactor says.

use azimuth_domain::redact::redact_closely;

/// Longest error text of a server that is shown, characters.
const SHOWN_CHARACTERS: usize = 300;

/// An error text of a server as it is shown: without secrets and control
/// characters, and cut.
pub(crate) fn shown(text: &str) -> String {
    let spaced = text.replace(char::is_whitespace, " ");
    redact_closely(&printable(&spaced))
        .chars()
        .take(SHOWN_CHARACTERS)
        .collect()
}

/// `text` without control characters and terminal colours, which could stand in the
/// middle of what a pattern looks for.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('\u{1b}');
    out.extend(parts.next());
    for part in parts {
        let colour = part.strip_prefix('[').and_then(|codes| {
            let end = codes.find(|c: char| c != ';' && !c.is_ascii_digit())?;
            codes[end..].strip_prefix(|c: char| c.is_ascii_alphabetic())
        });
        out.push_str(colour.unwrap_or(part));
    }
    out.retain(|c| !c.is_control());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_short_and_on_one_line() {
        assert_eq!(
            shown("a\tb\nc\u{1b}[1;31md\u{7}\u{1b}e\u{1b}[\u{1b}[9"),
            "a b cde[[9"
        );
        for (length, kept) in [(299, 299), (300, 300), (301, 300)] {
            assert_eq!(shown(&"é".repeat(length)).chars().count(), kept);
        }
        let cut = format!("{} sig=abcdef", "x ".repeat(148));
        assert!(!shown(&cut).contains("abc"));
    }
}
