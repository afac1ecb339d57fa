//! Text from outside, made inert: whatever a tool or a resource's name says, in
//! our Markdown it is letters, never markup.

/// Longest text of one cell, characters.
const MAX_CELL_CHARS: usize = 160;

/// `text` for a table cell or a sentence: one line, no Markdown, no HTML, no
/// link, no invisible characters, at most `MAX_CELL_CHARS` long.
pub fn inline(text: &str) -> String {
    inline_up_to(text, MAX_CELL_CHARS)
}

/// The same with another bound.
pub fn inline_up_to(text: &str, max_chars: usize) -> String {
    let flat: String = text
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .filter(|c| !is_invisible(*c))
        .collect();
    let flat = flat.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut = flat
        .char_indices()
        .nth(max_chars)
        .map_or(flat.as_str(), |(at, _)| &flat[..at]);
    let mut out = String::with_capacity(cut.len() + 8);
    let mut before = None;
    let mut chars = cut.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '[' | ']' | '|' | '!' | '~' | '#' | '$' | '@' => {
                out.push('\\');
                out.push(c);
            }
            // Inside a word an underscore is only an underscore.
            '_' if is_word(before) && is_word(chars.peek().copied()) => out.push('_'),
            '_' => out.push_str("\\_"),
            // Addresses without markup become links by themselves.
            ':' if chars.peek() == Some(&'/') => out.push_str("\\:"),
            '.' if ends_with_www(&out) => out.push_str("\\."),
            _ => out.push(c),
        }
        before = Some(c);
    }
    if cut.len() < flat.len() {
        out.push('…');
    }
    out
}

/// `text` as a code span: for names that people copy.
pub fn code(text: &str) -> String {
    let flat: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|c| !is_invisible(*c))
        .take(MAX_CELL_CHARS)
        .collect();
    let flat = flat.trim();
    if flat.is_empty() {
        return "` `".to_owned();
    }
    if flat.contains('`') || flat.contains('|') {
        return inline(flat);
    }
    format!("`{flat}`")
}

/// `text` as a block that shows it letter by letter; the fence is longer than
/// any run of backticks inside.
pub fn block(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let clean: String = text
        .chars()
        .filter(|c| !is_invisible(*c) && (*c == '\n' || *c == '\t' || !c.is_control()))
        .collect();
    format!("{fence}text\n{}\n{fence}", clean.trim_end())
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}

fn ends_with_www(out: &str) -> bool {
    let start = out.len().saturating_sub(3);
    out.get(start..)
        .is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

/// Characters that reorder or hide what follows (UAX #9, zero width, tags).
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{feff}' | '\u{00ad}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_letters() {
        for (text, expected) in [
            ("rg-dev", "rg-dev"),
            ("Standard_LRS", "Standard_LRS"),
            ("_x_", "\\_x\\_"),
            ("a|b", "a\\|b"),
            ("a\nb\r\nc", "a b c"),
            (
                "<img src=x onerror=alert(1)>",
                "&lt;img src=x onerror=alert(1)&gt;",
            ),
            (
                "[click](https://evil.example)",
                "\\[click\\](https\\://evil.example)",
            ),
            (
                "![x](http://evil.example/a.png)",
                "\\!\\[x\\](http\\://evil.example/a.png)",
            ),
            ("www.evil.example", "www\\.evil.example"),
            ("`code`", "\\`code\\`"),
            ("a\u{202e}b\u{200b}c", "abc"),
            ("**bold** # head", "\\*\\*bold\\*\\* \\# head"),
            ("&lt;script&gt;", "&amp;lt;script&amp;gt;"),
            ("me@contoso.com", "me\\@contoso.com"),
            ("\\|", "\\\\\\|"),
            ("", ""),
        ] {
            assert_eq!(inline(text), expected, "{text:?}");
        }
    }

    #[test]
    fn cells_are_cut_at_the_bound() {
        assert_eq!(
            inline(&"가".repeat(MAX_CELL_CHARS - 1)).chars().count(),
            MAX_CELL_CHARS - 1
        );
        assert_eq!(
            inline(&"가".repeat(MAX_CELL_CHARS)).chars().count(),
            MAX_CELL_CHARS
        );
        let cut = inline(&"가".repeat(MAX_CELL_CHARS + 1));
        assert_eq!(cut.chars().count(), MAX_CELL_CHARS + 1);
        assert!(cut.ends_with('…'));
    }

    #[test]
    fn a_block_cannot_be_left_from_inside() {
        let text = "a\n````\n<b>";
        assert_eq!(block(text), "`````text\na\n````\n<b>\n`````");
        assert_eq!(code("a`b"), "a\\`b");
        assert_eq!(code("rg_dev"), "`rg_dev`");
    }
}
