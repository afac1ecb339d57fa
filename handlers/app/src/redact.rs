//! Takes secrets out of text: bearer tokens and JWTs, keys of connection strings,
//! signatures of shared access URLs, keys that Azure marks, private keys.
//!
//! Patterns follow Microsoft's published ones (`microsoft/security-utilities`,
//! MIT), and a test holds them against those. What they do not know, they leave; a
//! false alarm costs a word. Arguments in the audit are looked at more closely, see
//! `arguments.rs`.

mod arguments;
#[cfg(test)]
mod corpus;

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

pub(crate) use arguments::redact_arguments;

/// What stands where a secret stood.
pub(crate) const MARK: &str = "[redacted]";

/// Pattern, and what replaces it.
const PATTERNS: &[(&str, &str)] = &[
    // PEM private keys, closed or cut off.
    (
        r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)",
        MARK,
    ),
    // JWTs, signed or not, encrypted too: header and payload begin with `{"` or `{ `.
    (
        r"\be[yw][A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_=-]*){0,3}",
        MARK,
    ),
    (
        r"\be[A-Za-z0-9_=-]{23,}\.e[A-Za-z0-9_=-]{23,}\.[A-Za-z0-9_=-]{24,}",
        MARK,
    ),
    (
        r"(?i)\b(bearer|sharedaccesssignature|basic)(\s+|%20)[A-Za-z0-9._~+/=%&-]{16,}",
        "$1 [redacted]",
    ),
    (
        r#"(?i)\b(authorization(?:\s|%20)*:(?:\s|%20)*bearer(?:\s|%20)+)[^\s"',;]+"#,
        "$1[redacted]",
    ),
    // Connection strings, headers, form bodies, JSON in text.
    (
        r#"(?i)\b(account_?key|shared_?access_?key|shared_?access_?signature|client_?secret|api[-_]?key|x-functions-key|ocp-apim-subscription-key|access_?key|primary_?key|secondary_?key|refresh_token|access_token|id_token|client_assertion|assertion)(\\?["']?\s*[=:]\s*\\?["']?)[^\s;&"'\\,<>]{4,}"#,
        "$1$2[redacted]",
    ),
    (
        r#"(?i)\b(password|passwd|pwd)(\\?["']?\s*=\s*\\?["']?)[^\s;&"'\\,<>]{2,}"#,
        "$1$2[redacted]",
    ),
    (
        r#"(?i)(["'](?:password|passwd|pwd)["']\s*:\s*["'])[^"']{2,}"#,
        "$1[redacted]",
    ),
    // Shared access signatures in URLs.
    (
        r"(?i)\b(sig|dsas_secret)=[A-Za-z0-9%/+_-]{16,}={0,2}",
        "$1=[redacted]",
    ),
    // User and password in a URL.
    (
        r"(?i)\b([a-z][a-z0-9+.-]{1,20}://)[^\s/:@]+:[^\s/@]+@",
        "$1[redacted]@",
    ),
    // Keys that Azure marks: common annotated keys, 64- and 32-byte keys, client secrets.
    (
        r"[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9][A-L][A-Za-z0-9]{16,28}(?:==)?",
        MARK,
    ),
    (r"[A-Za-z0-9+/\\]{86}==", MARK),
    (
        r"[A-Za-z0-9+/]{33}(?:AIoT|AzCa|AZEG|\+(?:ASb|AEh|ARm))[A-P][A-Za-z0-9+/]{5}=",
        MARK,
    ),
    (
        r"[A-Za-z0-9+/]{42}(?:AzSe|\+ACR)[A-D][A-Za-z0-9+/]{5}",
        MARK,
    ),
    (r"[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}", MARK),
    (r"[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw]==", MARK),
    // A key of a message broker beside its address.
    (
        r"(?i)(\.servicebus\.windows.{1,200}?[^0-9a-z/+])[0-9a-z/+]{43}=",
        "$1[redacted]",
    ),
    // Tokens of package registries and Databricks, bundles with a private key.
    (r"\bnpm_[A-Za-z0-9]{36}", MARK),
    (r"(?i)\boy2[a-z2-7]{43}", MARK),
    (r"\bdapi[0-9a-f-]{32,34}", MARK),
    (
        r"MI[I-L][0-9A-Za-z+/]{2}[AQgw]IBAzCC[0-9A-Za-z+/=\s]*",
        MARK,
    ),
];

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

static COMPILED: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    PATTERNS
        .iter()
        .filter_map(|(pattern, with)| Some((Regex::new(&bounded(pattern)).ok()?, *with)))
        .collect()
});

/// `pattern` with its word boundaries among ASCII alone: Korean is written without a
/// blank before what follows, and a secret has no letters but these.
fn bounded(pattern: &str) -> String {
    pattern.replace(r"\b", r"(?-u:\b)")
}

/// `text` without its secrets.
pub(crate) fn redact(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    for (pattern, with) in COMPILED.iter() {
        if let Cow::Owned(changed) = pattern.replace_all(&out, *with) {
            out = Cow::Owned(changed);
        }
    }
    out
}

/// `value` without the secrets in its strings, and without the values of members
/// whose name says that they are one.
pub(crate) fn redact_json(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(redact(&text).into_owned()),
        Value::Array(items) => Value::Array(items.into_iter().map(redact_json).collect()),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| {
                    let value = if value.is_string() && is_secret_member(&name) {
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

fn is_secret_member(name: &str) -> bool {
    let folded: String = name
        .chars()
        .filter(|c| *c != '_' && *c != '-')
        .flat_map(char::to_lowercase)
        .collect();
    SECRET_MEMBERS.contains(&folded.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(COMPILED.len(), PATTERNS.len());
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
