//! What secrets look like.
//!
//! Patterns follow Microsoft's published ones (`microsoft/security-utilities`,
//! MIT), and a test holds them against those. Where a pattern has a group `s`, that is
//! the secret; else all of it is. All of them run in linear time, as `regex` does by
//! design.

/// Secrets that are known by their form, or by what stands in front of them.
pub(super) const KNOWN: &[&str] = &[
    // PEM private keys, closed or cut off.
    r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)",
    // JWTs, signed or not, encrypted too: header and payload begin with `{"` or `{ `.
    r"\be[yw][A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_=-]*){0,3}",
    r"\be[A-Za-z0-9_=-]{23,}\.e[A-Za-z0-9_=-]{23,}\.[A-Za-z0-9_=-]{24,}",
    r"(?i)\b(?:bearer|sharedaccesssignature|basic)(?:\s+|%20)(?P<s>[A-Za-z0-9._~+/=%&-]{16,})",
    r#"(?i)\bauthorization\\?["']?(?:\s|%20)*[=:](?:\s|%20)*\\?["']?(?:bearer|basic)(?:\s|%20)+(?P<s>[^\s"',;\\]+)"#,
    // Connection strings, headers, form bodies, JSON in text.
    r#"(?i)\b[a-z0-9_-]*(?:account_?key|shared_?access_?key|shared_?access_?signature|client_?secret|api[-_]?key|x-functions-key|ocp-apim-subscription-key|access_?key|primary_?key|secondary_?key|refresh_?token|access_?token|id_?token|client_assertion|assertion)(?:\\?["']?\s*[=:]\s*\\?["']?)(?P<s>[^\s;&"'\\,<>]{4,})"#,
    r#"(?i)\b[a-z0-9_-]*(?:password|passwd|pwd)(?:\\?["']?\s*=\s*\\?["']?)(?P<s>[^\s;&"'\\,<>]{2,})"#,
    // In quotes a password may hold blanks.
    r#"(?i)\b[a-z0-9_-]*(?:password|passwd|pwd|client_?secret|api[-_]?key)\\?["']?\s*[=:]\s*"(?P<s>(?:[^"\\]|\\.)+)""#,
    r#"(?i)\b[a-z0-9_-]*(?:password|passwd|pwd|client_?secret|api[-_]?key)\\?["']?\s*[=:]\s*'(?P<s>[^']+)'"#,
    r#"(?i)\b[a-z0-9_-]*(?:password|passwd|pwd|client_?secret|api[-_]?key)\\["']\s*[=:]\s*\\"(?P<s>[^"\\]+)\\""#,
    // Shared access signatures in URLs.
    r"(?i)\b(?:sig|dsas_secret)=(?P<s>[A-Za-z0-9%/+_-]{16,}={0,2})",
    // User and password in a URL.
    r"(?i)\b[a-z][a-z0-9+.-]{1,20}://(?P<s>[^\s/:@]+:[^\s/@]+)@",
    // Keys that Azure marks: common annotated keys, 64- and 32-byte keys, client secrets.
    r"[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9][A-L][A-Za-z0-9]{16,28}(?:==)?",
    r"[A-Za-z0-9+/\\]{86}==",
    r"[A-Za-z0-9+/]{33}(?:AIoT|AzCa|AZEG|\+(?:ASb|AEh|ARm))[A-P][A-Za-z0-9+/]{5}=",
    r"[A-Za-z0-9+/]{42}(?:AzSe|\+ACR)[A-D][A-Za-z0-9+/]{5}",
    r"[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}",
    r"[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw]==",
    // A key of a message broker beside its address.
    r"(?i)\.servicebus\.windows.{1,200}?[^0-9a-z/+](?P<s>[0-9a-z/+]{43}=)",
    // Tokens of package registries and Databricks, bundles with a private key.
    r"\bnpm_[A-Za-z0-9]{36}",
    r"(?i)\boy2[a-z2-7]{43}",
    r"\bdapi[0-9a-f-]{32,34}",
    r"MI[I-L][0-9A-Za-z+/]{2}[AQgw]IBAzCC[0-9A-Za-z+/=\s]*",
];

/// What may be one: looked for where nobody needs the words and what is kept is kept
/// for good.
pub(super) const DOUBTFUL: &[&str] = &[
    r"\bey[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_=.-]*",
    r#"(?i)\bauthorization\\?["']?\s*[=:]\s*\\?["']?(?P<s>(?:[a-z]+\s+)?[^\s"',;\\]+)"#,
    r"(?i)\b(?:bearer|sharedaccesssignature)(?:\s+|%20)(?P<s>[^\s\x22',;]+)",
    r#"(?i)\b(?:sig|[a-z0-9_-]*(?:account_?key|shared_?access_?key|shared_?access_?signature|access_?key|api[-_]?key|password|passwd|pwd|secret|access_?token|refresh_?token|id_?token|assertion))\\?["']?\s*[=:]\s*(?:\\?["'])?(?P<s>[^\s;&"'\\]+)"#,
    r#"(?i)\b[a-z0-9_-]*secret\\?["']?\s*[=:]\s*"(?P<s>(?:[^"\\]|\\.)+)""#,
    r"(?i)\b[a-z][a-z0-9+.-]{1,20}://(?P<s>[^\s/@]+)@",
    // No word is so long; it may be a key that was cut off.
    r"[A-Za-z0-9]{128,}",
];
