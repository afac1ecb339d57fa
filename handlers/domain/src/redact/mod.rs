//! The one redactor: takes secrets out of text and JSON before they reach anything that
//! keeps or shows them: logs, audit, events, models, problems, what a child process says.
//!
//! Two degrees. [`redact`] knows secrets by their form (`patterns.rs`); what it does not
//! know it leaves, and a false alarm costs a word. [`redact_closely`] and
//! [`redact_arguments`] take what is in doubt as well (`arguments.rs`), for the audit and
//! for words that nobody needs. [`secrets`] tells where they are, for whoever seals them
//! in the place of dropping them.

mod arguments;
#[cfg(test)]
mod corpus;
mod patterns;

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

use crate::secret::{is_placeholder, without_placeholders};

use patterns::{KNOWN, Pattern, folded};

pub use arguments::{redact_arguments, redact_closely};

/// What stands where a secret stood.
pub const MARK: &str = "[redacted]";

/// Members whose whole value is a secret, in lower case without `_` and `-`.
const SECRET_MEMBERS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "clientsecret",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "authorization",
    "apikey",
    "accountkey",
    "sharedaccesskey",
    "connectionstring",
    "primarykey",
    "secondarykey",
    "primaryconnectionstring",
    "secondaryconnectionstring",
    "sastoken",
    "privatekey",
    "adminpassword",
    "secretvalue",
];

/// Where `text` holds secrets: in order, apart from each other, in bytes. A mark or a
/// placeholder that stands where one stood is none.
pub fn secrets(text: &str) -> Vec<Range<usize>> {
    merged(text, found(&KNOWN, text))
}

fn found<'t>(
    patterns: &'static [Pattern],
    text: &'t str,
) -> impl Iterator<Item = Range<usize>> + use<'t> {
    let folded = folded(text);
    patterns
        .iter()
        .flat_map(move |pattern| pattern.found(text, &folded))
}

fn merged(text: &str, found: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let stands_for_one = |at: &Range<usize>| {
        let said = without_placeholders(&text[at.clone()]).replace(MARK, "");
        !said.contains(char::is_alphanumeric)
    };
    let mut all: Vec<Range<usize>> = found.filter(|at| !stands_for_one(at)).collect();
    all.sort_by_key(|at| (at.start, at.end));
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(all.len());
    for at in all {
        match apart.last_mut() {
            Some(last) if at.start <= last.end => last.end = last.end.max(at.end),
            _ => apart.push(at),
        }
    }
    apart
}

fn replaced<'t>(text: &'t str, spans: &[Range<usize>]) -> Cow<'t, str> {
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for span in spans {
        out.push_str(&text[end..span.start]);
        out.push_str(MARK);
        end = span.end;
    }
    out.push_str(&text[end..]);
    Cow::Owned(out)
}

/// `text` without its secrets.
pub fn redact(text: &str) -> Cow<'_, str> {
    replaced(text, &secrets(text))
}

/// The bytes of a document without its secrets: JSON member by member, anything else as
/// text. What holds none stays as it is, byte for byte.
pub fn redact_bytes(bytes: Vec<u8>) -> Vec<u8> {
    if let Ok(value) = serde_json::from_slice::<Value>(&bytes)
        && !value.is_string()
    {
        let clean = redact_json(value.clone());
        return if clean == value {
            bytes
        } else {
            clean.to_string().into_bytes()
        };
    }
    let text = String::from_utf8_lossy(&bytes);
    match redact(&text) {
        Cow::Borrowed(_) => bytes,
        Cow::Owned(clean) => clean.into_bytes(),
    }
}

/// `value` without the secrets in its strings, and without the values of members
/// whose name says that they are one.
pub fn redact_json(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(redact(&text).into_owned()),
        Value::Array(items) => Value::Array(items.into_iter().map(redact_json).collect()),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| {
                    let value = if is_secret_text(&value) && is_secret_member(&name) {
                        Value::String(MARK.to_owned())
                    } else {
                        redact_json(value)
                    };
                    (name, value)
                })
                .collect(),
        ),
        other => other,
    }
}

fn is_secret_text(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| !text.is_empty() && !is_placeholder(text))
}

/// Whether a member of this name holds nothing but a secret.
pub fn is_secret_member(name: &str) -> bool {
    let folded: String = name
        .chars()
        .filter(|c| *c != '_' && *c != '-')
        .flat_map(char::to_lowercase)
        .collect();
    folded.ends_with("password") || SECRET_MEMBERS.contains(&folded.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_without_secrets_keeps_every_byte() {
        let token = format!("dapi{}", "0a".repeat(16));
        let clean = |text: &str| {
            String::from_utf8(redact_bytes(text.as_bytes().to_vec())).unwrap_or_default()
        };
        for same in [
            r#"{ "b" : 1,  "a":[ ] }"#,
            "\"a text\"",
            "no JSON, 한글",
            "",
        ] {
            assert_eq!(clean(same), same);
        }
        assert_eq!(redact_bytes(vec![0xff, b'x']), [0xff, b'x']);
        assert_eq!(clean(&format!("is {token} it")), "is [redacted] it");
        assert_eq!(clean(&format!("\"{token}\"")), "\"[redacted]\"");
        let document = clean(&format!(r#"{{"a": "{token}", "password": "p", "n": 1}}"#));
        let kept: Value = serde_json::from_str(&document).unwrap_or_default();
        let expected = json!({"a": MARK, "password": MARK, "n": 1});
        assert_eq!(kept, expected);
    }

    #[test]
    fn a_member_that_holds_no_text_of_a_secret_stays() {
        for same in [
            json!({"password": ""}),
            json!({"password": "{secret:1}"}),
            json!({"password": 7}),
        ] {
            assert_eq!(redact_json(same.clone()), same);
        }
    }

    #[test]
    fn a_secret_ends_where_korean_begins() {
        let token = format!("dapi{}", "0a".repeat(16));
        assert_eq!(
            redact(&format!("토큰은{token}입니다")),
            "토큰은[redacted]입니다"
        );
    }

    #[test]
    fn secrets_go_and_the_rest_stays() {
        let key64 = format!("{}==", "aB3/".repeat(21) + "xy");
        let annotated = format!(
            "{}JQQJ99A{}",
            "a1".repeat(26),
            "CACAAAAAAAAAAAAAAAAA".to_owned() + "msql"
        );
        let jwt = format!("ey{0}.ey{0}.{0}", "Ab3_".repeat(8));
        for (text, secret) in [
            (format!("Authorization: Bearer {}", "abc.DEF-123_".repeat(3)), "abc.DEF"),
            (format!("token {jwt} end"), jwt.as_str()),
            (
                format!("DefaultEndpointsProtocol=https;AccountName=st;AccountKey={key64};EndpointSuffix=x"),
                key64.as_str(),
            ),
            ("Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=s3cr3tValue=".to_owned(), "s3cr3tValue"),
            ("Server=db;User=sa;Password=p4ss-w0rd;".to_owned(), "p4ss-w0rd"),
            (r#"{"password":"p4ss w0rd"}"#.to_owned(), "p4ss w0rd"),
            (
                "https://st.blob.core.windows.net/c?sv=2024&sp=r&sig=abcDEF123%2Bxyz0987654321%3D&se=1".to_owned(),
                "abcDEF123",
            ),
            ("https://user:hunter22@host/path".to_owned(), "hunter22"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----".to_owned(), "MIIE"),
            ("-----BEGIN PRIVATE KEY-----\nMIIE".to_owned(), "MIIE"),
            (format!("key: {annotated}."), annotated.as_str()),
            (format!("abc8Q~{}", "x".repeat(34)), "8Q~xxx"),
            (r#"{\"refresh_token\":\"0.AXabcdef\"}"#.to_owned(), "0.AXabcdef"),
        ] {
            let out = redact(&text);
            assert!(!out.contains(secret), "{text} -> {out}");
            assert!(out.contains(MARK), "{text} -> {out}");
        }
        let kept = redact("AccountName=st;AccountKey=aaaaaaaa;EndpointSuffix=core.windows.net");
        assert_eq!(
            kept,
            "AccountName=st;AccountKey=[redacted];EndpointSuffix=core.windows.net"
        );
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in [
            "list my resource groups in Contoso-Prod",
            "비밀번호를 바꾸는 방법을 알려 주세요",
            "the password: how do I rotate it?",
            "/subscriptions/3f1c5b8e-0000-4444-8888-0123456789ab/resourceGroups/rg-dev",
            "https://portal.azure.com/#home",
            "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn members_with_secret_names_lose_their_text() {
        let value = json!({"client_secret": "x", "adminPassword": "y", "secret": "db-name",
            "list": [{"note": "sig=aaaaaaaaaaaaaaaaaaaaaaaa"}], "accountKey": null, "n": 1});
        let expected = json!({"client_secret": MARK, "adminPassword": MARK, "secret": "db-name",
            "list": [{"note": "sig=[redacted]"}], "accountKey": null, "n": 1});
        assert_eq!(redact_json(value), expected);
    }
}
