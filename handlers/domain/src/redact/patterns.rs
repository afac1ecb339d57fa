//! What secrets look like.
//!
//! Patterns follow Microsoft's published ones (`microsoft/security-utilities`,
//! MIT), and a test holds them against those. Where a pattern has a group `s`, that is
//! the secret; else all of it is. All of them run in linear time, as `regex` does by
//! design.

use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;

/// One form of secrets. It is compiled when a text may hold one: most texts hold none,
/// and compiling all of them is a quarter of the handler's start.
pub(super) struct Pattern {
    /// Lower-case words of which a secret of this form holds one at least; none where it
    /// may hold anything.
    words: &'static [&'static str],
    form: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    const fn new(words: &'static [&'static str], form: &'static str) -> Self {
        Self {
            words,
            form,
            compiled: OnceLock::new(),
        }
    }

    /// Where `text` holds secrets of this form. `folded` is the same text as [`folded`]
    /// gives it.
    pub(super) fn found<'t>(
        &'static self,
        text: &'t str,
        folded: &str,
    ) -> impl Iterator<Item = Range<usize>> + use<'t> {
        let may_be = self.words.is_empty() || self.words.iter().any(|word| folded.contains(word));
        let regex = may_be.then(|| self.regex()).flatten();
        regex.into_iter().flat_map(move |regex| {
            let has_group = regex.capture_names().any(|name| name == Some("s"));
            let groups = has_group.then(|| regex.captures_iter(text));
            let wholes = (!has_group).then(|| regex.find_iter(text));
            let inner = groups.into_iter().flatten();
            let inner = inner.filter_map(|found| found.name("s").map(|secret| secret.range()));
            inner.chain(wholes.into_iter().flatten().map(|found| found.range()))
        })
    }

    /// `None` where the form is none, which a test rules out.
    fn regex(&self) -> Option<&Regex> {
        let compiled = self
            .compiled
            .get_or_init(|| Regex::new(&bounded(self.form)).ok());
        compiled.as_ref()
    }
}

/// `form` with its word boundaries among ASCII alone: Korean is written without a
/// blank before what follows, and a secret has no letters but these.
fn bounded(form: &str) -> String {
    form.replace(r"\b", r"(?-u:\b)")
}

/// `text` in lower case, as the words of patterns are. The two letters outside of ASCII
/// that a pattern takes for one of it become that one; what else is not ASCII stays.
pub(super) fn folded(text: &str) -> String {
    let mut folded = text.to_ascii_lowercase();
    if !folded.is_ascii() {
        folded = folded.replace('\u{17f}', "s").replace('\u{212a}', "k");
    }
    folded
}

/// Names in front of what may be written in quotes.
const NAMED_SECRETS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "clientsecret",
    "client_secret",
    "apikey",
    "api-key",
    "api_key",
];

/// Secrets that are known by their form, or by what stands in front of them.
pub(super) static KNOWN: [Pattern; 23] = [
    // PEM private keys, closed or cut off.
    Pattern::new(
        &["-----begin "],
        r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)",
    ),
    // JWTs, signed or not, encrypted too: header and payload begin with `{"` or `{ `.
    Pattern::new(
        &["ey", "ew"],
        r"\be[yw][A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_=-]*){0,3}",
    ),
    Pattern::new(
        &[".e"],
        r"\be[A-Za-z0-9_=-]{23,}\.e[A-Za-z0-9_=-]{23,}\.[A-Za-z0-9_=-]{24,}",
    ),
    Pattern::new(
        &["bearer", "sharedaccesssignature", "basic"],
        r"(?i)\b(?:bearer|sharedaccesssignature|basic)(?:\s+|%20)(?P<s>[A-Za-z0-9._~+/=%&-]{16,})",
    ),
    Pattern::new(
        &["authorization"],
        r#"(?i)\bauthorization\\?["']?(?:\s|%20)*[=:](?:\s|%20)*\\?["']?(?:bearer|basic)(?:\s|%20)+(?P<s>[^\s"',;\\]+)"#,
    ),
    // Connection strings, headers, form bodies, JSON in text.
    Pattern::new(
        &[
            "accountkey",
            "account_key",
            "sharedaccesskey",
            "shared_access_key",
            "sharedaccess_key",
            "shared_accesskey",
            "sharedaccesssignature",
            "shared_access_signature",
            "sharedaccess_signature",
            "shared_accesssignature",
            "clientsecret",
            "client_secret",
            "apikey",
            "api-key",
            "api_key",
            "x-functions-key",
            "ocp-apim-subscription-key",
            "accesskey",
            "access_key",
            "primarykey",
            "primary_key",
            "secondarykey",
            "secondary_key",
            "refreshtoken",
            "refresh_token",
            "accesstoken",
            "access_token",
            "idtoken",
            "id_token",
            "assertion",
        ],
        r#"(?i)\b[a-z0-9_-]*(?:account_?key|shared_?access_?key|shared_?access_?signature|client_?secret|api[-_]?key|x-functions-key|ocp-apim-subscription-key|access_?key|primary_?key|secondary_?key|refresh_?token|access_?token|id_?token|client_assertion|assertion)(?:\\?["']?\s*[=:]\s*\\?["']?)(?P<s>[^\s;&"'\\,<>]{4,})"#,
    ),
    Pattern::new(
        &["password", "passwd", "pwd"],
        r#"(?i)\b[a-z0-9_-]*(?:password|passwd|pwd)(?:\\?["']?\s*=\s*\\?["']?)(?P<s>[^\s;&"'\\,<>]{2,})"#,
    ),
    // In quotes a password may hold blanks.
    Pattern::new(
        NAMED_SECRETS,
        r#"(?i)\b[a-z0-9_-]*(?:password|passwd|pwd|client_?secret|api[-_]?key)\\?["']?\s*[=:]\s*"(?P<s>(?:[^"\\]|\\.)+)""#,
    ),
    Pattern::new(
        NAMED_SECRETS,
        r#"(?i)\b[a-z0-9_-]*(?:password|passwd|pwd|client_?secret|api[-_]?key)\\?["']?\s*[=:]\s*'(?P<s>[^']+)'"#,
    ),
    Pattern::new(
        NAMED_SECRETS,
        r#"(?i)\b[a-z0-9_-]*(?:password|passwd|pwd|client_?secret|api[-_]?key)\\["']\s*[=:]\s*\\"(?P<s>[^"\\]+)\\""#,
    ),
    // Shared access signatures in URLs.
    Pattern::new(
        &["sig=", "dsas_secret="],
        r"(?i)\b(?:sig|dsas_secret)=(?P<s>[A-Za-z0-9%/+_-]{16,}={0,2})",
    ),
    // User and password in a URL.
    Pattern::new(
        &["://"],
        r"(?i)\b[a-z][a-z0-9+.-]{1,20}://(?P<s>[^\s/:@]+:[^\s/@]+)@",
    ),
    // Keys that Azure marks: common annotated keys, 64- and 32-byte keys, client secrets.
    Pattern::new(
        &["jqqj9"],
        r"[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9][A-L][A-Za-z0-9]{16,28}(?:==)?",
    ),
    Pattern::new(&["=="], r"[A-Za-z0-9+/\\]{86}=="),
    Pattern::new(
        &["aiot", "azca", "azeg", "+asb", "+aeh", "+arm"],
        r"[A-Za-z0-9+/]{33}(?:AIoT|AzCa|AZEG|\+(?:ASb|AEh|ARm))[A-P][A-Za-z0-9+/]{5}=",
    ),
    Pattern::new(
        &["azse", "+acr"],
        r"[A-Za-z0-9+/]{42}(?:AzSe|\+ACR)[A-D][A-Za-z0-9+/]{5}",
    ),
    Pattern::new(&["q~"], r"[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}"),
    Pattern::new(&["azfu"], r"[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw]=="),
    // A key of a message broker beside its address.
    Pattern::new(
        &[".servicebus.windows"],
        r"(?i)\.servicebus\.windows.{1,200}?[^0-9a-z/+](?P<s>[0-9a-z/+]{43}=)",
    ),
    // Tokens of package registries and Databricks, bundles with a private key.
    Pattern::new(&["npm_"], r"\bnpm_[A-Za-z0-9]{36}"),
    Pattern::new(&["oy2"], r"(?i)\boy2[a-z2-7]{43}"),
    Pattern::new(&["dapi"], r"\bdapi[0-9a-f-]{32,34}"),
    Pattern::new(
        &["ibazcc"],
        r"MI[I-L][0-9A-Za-z+/]{2}[AQgw]IBAzCC[0-9A-Za-z+/=\s]*",
    ),
];

/// What may be one: looked for where nobody needs the words and what is kept is kept
/// for good.
pub(super) static DOUBTFUL: [Pattern; 7] = [
    Pattern::new(&["ey"], r"\bey[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_=.-]*"),
    Pattern::new(
        &["authorization"],
        r#"(?i)\bauthorization\\?["']?\s*[=:]\s*\\?["']?(?P<s>(?:[a-z]+\s+)?[^\s"',;\\]+)"#,
    ),
    Pattern::new(
        &["bearer", "sharedaccesssignature"],
        r"(?i)\b(?:bearer|sharedaccesssignature)(?:\s+|%20)(?P<s>[^\s\x22',;]+)",
    ),
    Pattern::new(
        &[
            "sig",
            "key",
            "signature",
            "password",
            "passwd",
            "pwd",
            "secret",
            "token",
            "assertion",
        ],
        r#"(?i)\b(?:sig|[a-z0-9_-]*(?:account_?key|shared_?access_?key|shared_?access_?signature|access_?key|api[-_]?key|password|passwd|pwd|secret|access_?token|refresh_?token|id_?token|assertion))\\?["']?\s*[=:]\s*(?:\\?["'])?(?P<s>[^\s;&"'\\]+)"#,
    ),
    Pattern::new(
        &["secret"],
        r#"(?i)\b[a-z0-9_-]*secret\\?["']?\s*[=:]\s*"(?P<s>(?:[^"\\]|\\.)+)""#,
    ),
    Pattern::new(&["://"], r"(?i)\b[a-z][a-z0-9+.-]{1,20}://(?P<s>[^\s/@]+)@"),
    // No word is so long; it may be a key that was cut off.
    Pattern::new(&[], r"[A-Za-z0-9]{128,}"),
];

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::strategy::{Strategy, ValueTree};
    use proptest::string::string_regex;
    use proptest::test_runner::TestRunner;

    use super::*;

    /// Made-up secrets of each pattern.
    const SAMPLES: usize = 100;

    #[test]
    fn whatever_fits_a_form_holds_one_of_its_words() {
        let mut runner = TestRunner::deterministic();
        for pattern in KNOWN.iter().chain(&DOUBTFUL) {
            let regex = pattern.regex().unwrap();
            let plain = pattern.form.replace(r"\b", "").replace(r"|\z", "");
            let made_up = string_regex(&plain).unwrap();
            for _ in 0..SAMPLES {
                let sample = made_up.new_tree(&mut runner).unwrap().current();
                if regex.is_match(&sample) {
                    let found = pattern.found(&sample, &folded(&sample));
                    assert!(found.count() > 0, "{}: {sample}", pattern.form);
                }
            }
        }
    }

    #[test]
    fn letters_that_are_taken_for_others_are_folded() {
        assert_eq!(folded("PA\u{17f}SWORD 비밀"), "password 비밀");
        assert_eq!(folded("ACCOUNT_\u{212a}EY=Ä"), "account_key=Ä");
    }

    #[test]
    fn ordinary_lines_compile_next_to_nothing() {
        let line = r#"{"timestamp":"2026-11-24T13:05:09.123Z","level":"INFO","target":"azimuth","message":"listening on 127.0.0.1:7071"}"#;
        let folded = folded(line);
        let tried = KNOWN
            .iter()
            .filter(|pattern| pattern.words.iter().any(|word| folded.contains(word)));
        assert_eq!(tried.count(), 0);
    }
}
