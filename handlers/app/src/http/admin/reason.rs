//! Why something is changed, in the words of whoever changes it.

use azimuth_domain::redact::redact;

use crate::problem::{Answer, Code, Problem};

/// Longest reason, characters.
const MAX_REASON_CHARS: usize = 500;

/// A reason for history and audit, from the field `reason`.
pub(super) fn reason(text: &str) -> Answer<String> {
    let text = text.trim();
    let fits = !text.is_empty()
        && text.chars().count() <= MAX_REASON_CHARS
        && !text.chars().any(|c| c.is_control() && c != '\n');
    if !fits {
        return Err(Problem::new(Code::FieldInvalid)
            .pointer("/reason")
            .detail("Say in 1 to 500 characters why it changes."));
    }
    Ok(redact(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_1_to_500_characters() {
        for (chars, fits) in [
            (0, false),
            (1, true),
            (499, true),
            (500, true),
            (501, false),
        ] {
            assert_eq!(reason(&"가".repeat(chars)).is_ok(), fits, "{chars}");
        }
        for odd in [" ", "\n", "a\u{0}b"] {
            assert!(reason(odd).is_err(), "{odd:?}");
        }
        assert_eq!(
            reason(" tightened\nprod ").ok().as_deref(),
            Some("tightened\nprod")
        );
    }
}
