//! Where a list goes on: the position of the last item, opaque to callers. Every store
//! makes its cursors here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

const LONGEST: usize = 512;

/// The cursor behind an item at `position` of the list `list`.
pub fn write<P: Serialize>(list: &str, position: &P) -> Option<String> {
    let text = serde_json::to_string(&(list, position)).ok()?;
    Some(URL_SAFE_NO_PAD.encode(text))
}

/// The position in `cursor`; `None` when it is not a cursor of `list`.
pub fn read<P: DeserializeOwned>(list: &str, cursor: &str) -> Option<P> {
    if cursor.len() > LONGEST {
        return None;
    }
    let text = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (of, position): (String, P) = serde_json::from_slice(&text).ok()?;
    (of == list).then_some(position)
}

/// Splits off the surplus item that tells that more follow; gives the last item
/// of the page when it did.
pub fn cut<T>(items: &mut Vec<T>, limit: usize) -> Option<&T> {
    if items.len() <= limit {
        return None;
    }
    items.truncate(limit);
    items.last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_in_its_own_list_only() {
        let text = write("messages", &(5, "m")).unwrap_or_default();
        assert_eq!(read("messages", &text), Some((5, "m".to_owned())));
        assert_eq!(read::<(i64, String)>("audit", &text), None);
        assert_eq!(read::<(i64, i64)>("messages", &text), None);
    }

    #[test]
    fn anything_else_is_no_cursor() {
        let long = "A".repeat(LONGEST + 1);
        for text in ["", "x", "AAAA", "%%%%", "W10", "한글", &long] {
            assert_eq!(read::<(i64, String)>("messages", text), None, "{text}");
        }
    }
}
