//! Takes secrets out of what a tool server says outside of results: its words go
//! into notes, events and the audit, where nothing can be taken back.
//!
//! What is in doubt goes: a lost word costs less than a key that is kept for ever.
//! All patterns run in linear time, as `regex` does by design.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What stands where a secret stood.
const MARK: &str = "[redacted]";
/// Longest error text of a server that is shown, characters.
const SHOWN_CHARACTERS: usize = 300;

/// Pattern, and what replaces it.
const PATTERNS: &[(&str, &str)] = &[
    // Private keys, closed or cut off.
    (
        r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)",
        MARK,
    ),
    // JWTs, signed or not, encrypted too: they begin with `{"` in base64.
    (r"\bey[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_=.-]*", MARK),
    (
        r#"(?i)\b(authorization["']?\s*[=:]\s*["']?)(?:[a-z]+\s+)?[^\s"',;]+"#,
        "$1[redacted]",
    ),
    (
        r"(?i)\b(bearer|sharedaccesssignature)(\s+|%20)[^\s\x22',;]+",
        "$1$2[redacted]",
    ),
    // Connection strings, query strings, form bodies, JSON. A value in quotes may
    // hold anything; one without ends at a space or where the next one begins.
    (
        concat!(
            r#"(?i)\b((?:sig|[a-z0-9_-]*(?:account_?key|shared_?access_?key|"#,
            r#"shared_?access_?signature|access_?key|api[-_]?key|password|passwd|pwd|"#,
            r#"secret|access_?token|refresh_?token|id_?token|assertion))"#,
            r#"\\?["']?\s*[=:]\s*)"#,
            r#"(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\"[^"]*"|[^\s;&]+)"#,
        ),
        "$1[redacted]",
    ),
    // User and password in a URL.
    (
        r"(?i)\b([a-z][a-z0-9+.-]{1,20}://)[^\s/@]+@",
        "$1[redacted]@",
    ),
];

/// What may be a secret in base64, standard or for URLs, or in hexadecimal digits.
const ENCODED: &str = r"[A-Za-z0-9+/_-]{32,}={0,2}";

struct Compiled {
    patterns: Vec<(Regex, &'static str)>,
    encoded: Option<Regex>,
}

static COMPILED: LazyLock<Compiled> = LazyLock::new(|| Compiled {
    patterns: PATTERNS
        .iter()
        .filter_map(|(pattern, with)| Some((Regex::new(pattern).ok()?, *with)))
        .collect(),
    encoded: Regex::new(ENCODED).ok(),
});

/// `text` without its secrets.
pub(crate) fn redact(text: &str) -> String {
    let mut out = Cow::Borrowed(text);
    for (pattern, with) in &COMPILED.patterns {
        if let Cow::Owned(changed) = pattern.replace_all(&out, *with) {
            out = Cow::Owned(changed);
        }
    }
    if let Some(encoded) = &COMPILED.encoded {
        let replaced = encoded.replace_all(&out, |found: &Captures<'_>| {
            let run = &found[0];
            if looks_random(run) { MARK } else { run }.to_owned()
        });
        if let Cow::Owned(changed) = replaced {
            out = Cow::Owned(changed);
        }
    }
    out.into_owned()
}

/// An error text of a server as it is shown: without secrets and control
/// characters, and cut.
pub(crate) fn shown(text: &str) -> String {
    let spaced = text.replace(char::is_whitespace, " ");
    redact(&printable(&spaced))
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

/// Whether a long run of base64 characters is rather a key than a path, a name or
/// an identifier of Azure. A key may hold `/`, so the parts between are looked at.
fn looks_random(run: &str) -> bool {
    let mixed = |text: &str| {
        let has = |kind: fn(&u8) -> bool| text.as_bytes().iter().any(kind);
        has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)
    };
    let in_part = |part: &str| {
        (part.len() >= 20 && mixed(part)) || part.split(['-', '_']).any(|word| word.len() >= 32)
    };
    (run.contains(['+', '=']) && mixed(run)) || run.split('/').any(in_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(COMPILED.patterns.len(), PATTERNS.len());
        assert!(COMPILED.encoded.is_some());
    }

    #[test]
    fn secrets_go_and_the_rest_stays() {
        let jwt = format!("ey{0}.ey{0}.{0}", "Ab3_".repeat(8));
        let key = format!("{}xy==", "aB3/xY9+".repeat(10));
        for (text, expected) in [
            (format!("token {jwt} end"), "token [redacted] end"),
            (format!("{jwt}\n{jwt}"), "[redacted]\n[redacted]"),
            (
                "Authorization: Bearer a.b-c~d next".to_owned(),
                "Authorization: [redacted] next",
            ),
            (
                r#"{"authorization": "Basic YTpi", "n": 1}"#.to_owned(),
                r#"{"authorization": "[redacted]", "n": 1}"#,
            ),
            (
                "sent bearer abc.def, got 401".to_owned(),
                "sent bearer [redacted], got 401",
            ),
            (
                "https://st.blob.core.windows.net/c?sv=2024&sig=ab%2Bc%3D&se=1".to_owned(),
                "https://st.blob.core.windows.net/c?sv=2024&sig=[redacted]&se=1",
            ),
            (
                format!("AccountName=st;AccountKey={key};EndpointSuffix=x"),
                "AccountName=st;AccountKey=[redacted];EndpointSuffix=x",
            ),
            (
                "SharedAccessKeyName=n;SharedAccessKey=short=;EntityPath=q".to_owned(),
                "SharedAccessKeyName=n;SharedAccessKey=[redacted];EntityPath=q",
            ),
            (
                "Server=db;User=sa;Password=p4;x=1".to_owned(),
                "Server=db;User=sa;Password=[redacted];x=1",
            ),
            (
                r#"{"password": "p \" w", "n": 1}"#.to_owned(),
                r#"{"password": [redacted], "n": 1}"#,
            ),
            (
                r#"{\"password\":\"pw\",\"n\":1}"#.to_owned(),
                r#"{\"password\":[redacted],\"n\":1}"#,
            ),
            (
                "admin_password='a b' left".to_owned(),
                "admin_password=[redacted] left",
            ),
            (
                "grant_type=x&client_secret=s~1&y=2".to_owned(),
                "grant_type=x&client_secret=[redacted]&y=2",
            ),
            (
                "adminPassword=x1 sigma=2 design: 3".to_owned(),
                "adminPassword=[redacted] sigma=2 design: 3",
            ),
            (
                "AZURE_CLIENT_SECRET=s~1".to_owned(),
                "AZURE_CLIENT_SECRET=[redacted]",
            ),
            (
                "amqps://user:pw@host/q".to_owned(),
                "amqps://[redacted]@host/q",
            ),
            (format!("the key {key} is bad"), "the key [redacted] is bad"),
            (format!("hash {}", "0a".repeat(32)), "hash [redacted]"),
            (
                "-----BEGIN PRIVATE KEY-----\nMIIE\nab".to_owned(),
                "[redacted]",
            ),
        ] {
            assert_eq!(redact(&text), expected, "{text}");
        }
    }

    #[test]
    fn the_shortest_run_that_counts_as_a_key() {
        let run = |length: usize| "aB3".chars().cycle().take(length).collect::<String>();
        assert_eq!(redact(&run(31)), run(31));
        assert_eq!(redact(&run(32)), MARK);
        assert_eq!(redact(&run(33)), MARK);
        let words = |length: usize| format!("{}/{}", "resource-groups", run(length));
        assert_eq!(redact(&words(19)), words(19));
        assert_eq!(redact(&words(20)), MARK);
        assert_eq!(redact(&words(21)), MARK);
    }

    #[test]
    fn ordinary_words_are_left_alone() {
        for text in [
            "",
            "Unhandled exception. System.IO.FileNotFoundException: Could not load libssl.so.3",
            "   at Azure.Mcp.Core.Areas.Server.Commands.ServiceStartCommand.ExecuteAsync(ParseResult p)",
            "/subscriptions/3f1c5b8e-0000-4444-8888-0123456789ab/resourceGroups/rg-dev",
            "/usr/lib/dotnet/shared/framework/native/libcoreclr-release-symbols",
            "the password is wrong; the secret was not found; a bad signature",
            "correlation 3f1c5b8e-0000-4444-8888-0123456789ab",
            "비밀번호가 틀렸습니다",
        ] {
            assert_eq!(redact(text), text);
        }
    }

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

    #[test]
    fn a_long_hostile_text_takes_linear_time() {
        let started = std::time::Instant::now();
        for unit in [
            "password=\"",
            "ey",
            "-----BEGIN PRIVATE KEY-----",
            "a_",
            "\\\"'",
            "Ab3/",
        ] {
            let text = unit.repeat(8 * 1024 / unit.len());
            redact(&text);
        }
        assert!(started.elapsed().as_secs() < 10);
    }
}
