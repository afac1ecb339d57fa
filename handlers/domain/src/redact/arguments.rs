//! Arguments as the audit keeps them, for good and for readers who are not their
//! author. So what is in doubt goes: a lost word costs less than a kept key.
//!
//! Beside the patterns: a member whose name speaks of a secret loses all that is
//! below it, whatever its form; text that is itself JSON is taken apart; and a run of
//! characters that nobody would think up is taken for a key.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

use super::patterns::{DOUBTFUL, KNOWN};
use super::{MARK, found, merged, replaced};
use crate::secret::is_placeholder;

/// What the names of secrets end with, in lower case without `_`, `-` and `.`.
const SECRET_ENDINGS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "secrets",
    "secretvalue",
    "token",
    "tokens",
    "sas",
    "credential",
    "credentials",
    "authorization",
    "assertion",
    "apikey",
    "accountkey",
    "accesskey",
    "sharedkey",
    "sharedaccesskey",
    "primarykey",
    "secondarykey",
    "masterkey",
    "hostkey",
    "functionkey",
    "functionskey",
    "subscriptionkey",
    "encryptionkey",
    "signingkey",
    "privatekey",
    "storagekey",
    "connectionstring",
    "connectionstrings",
    "protectedsettings",
];

/// Deepest nesting of JSON inside of text that is taken apart.
const MAX_DEPTH: u32 = 8;

/// What may be a key: base64 in both alphabets, hexadecimal digits, and what client
/// secrets are made of.
const RUN: &str = r"[A-Za-z0-9+/_~.-]{32,}={0,2}";

/// What looks like one and is none.
const NO_SECRET: &str = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|sha256:[0-9a-f]{64}";

/// A word of this length is no word.
const LONGEST_WORD: usize = 32;

/// How often, of a hundred characters, random text changes between capitals, small
/// letters and digits at least. In names and paths it is ten times, in base64 sixty.
const RANDOM_CHANGES: usize = 30;

static RUNS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    // What is known comes first, so that it is passed over whole.
    Regex::new(&format!("(?P<known>{NO_SECRET})|{RUN}")).ok()
});
static NO_SECRETS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(NO_SECRET).ok());

/// `arguments` without their secrets.
pub fn redact_arguments(arguments: Value) -> Value {
    within(arguments, MAX_DEPTH)
}

fn within(value: Value, depth: u32) -> Value {
    match value {
        Value::String(text) => Value::String(text_without(&text, depth)),
        Value::Array(items) => items.into_iter().map(|item| within(item, depth)).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| {
                let value = if is_secret_name(&name) {
                    hidden(value)
                } else {
                    within(value, depth)
                };
                (without_keys(&name), value)
            })
            .collect(),
        other => other,
    }
}

/// The form of a secret value, without anything of it.
fn hidden(value: Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value,
        Value::Array(items) => items.into_iter().map(hidden).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (without_keys(&name), hidden(value)))
            .collect(),
        Value::String(text) if is_placeholder(&text) => Value::String(text),
        Value::Number(_) | Value::String(_) => Value::String(MARK.to_owned()),
    }
}

fn text_without(text: &str, depth: u32) -> String {
    let begins_json = text.trim_start().starts_with(['{', '[', '"']);
    if begins_json
        && depth > 0
        && let Ok(inner @ (Value::Object(_) | Value::Array(_) | Value::String(_))) =
            serde_json::from_str(text)
    {
        return within(inner, depth - 1).to_string();
    }
    without_keys(text)
}

/// `text` without its secrets and without what may be one: words that nobody needs and
/// that are kept for good.
pub fn redact_closely(text: &str) -> String {
    let spans = found(&KNOWN, text).chain(found(&DOUBTFUL, text));
    random_runs_gone(&replaced(text, &merged(text, spans)))
}

/// `text` without what the patterns know and without what looks random.
fn without_keys(text: &str) -> String {
    random_runs_gone(&replaced(text, &merged(text, found(&KNOWN, text))))
}

fn random_runs_gone(known: &str) -> String {
    let Some(runs) = RUNS.as_ref() else {
        return MARK.to_owned();
    };
    runs.replace_all(known, |found: &Captures<'_>| {
        if found.name("known").is_none() && looks_random(&found[0]) {
            MARK.to_owned()
        } else {
            found[0].to_owned()
        }
    })
    .into_owned()
}

fn is_secret_name(name: &str) -> bool {
    let folded: String = name
        .chars()
        .filter(|c| !matches!(c, '_' | '-' | '.' | ' '))
        .flat_map(char::to_lowercase)
        .collect();
    SECRET_ENDINGS.iter().any(|ending| folded.ends_with(ending))
}

/// Whether a long run is rather a key than a path, a name or an identifier.
fn looks_random(run: &str) -> bool {
    let Some(known) = NO_SECRETS.as_ref() else {
        return true;
    };
    known.split(run).any(|part| {
        let changes = changes(part);
        let is_padded = part.ends_with('=') && part.len() >= 40 && changes >= 20;
        let is_dense = part.len() >= LONGEST_WORD && changes >= RANDOM_CHANGES;
        let mut words = part.split(|c: char| !c.is_ascii_alphanumeric());
        is_padded || is_dense || words.any(is_no_word)
    })
}

fn is_no_word(word: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| word.as_bytes().iter().any(kind);
    let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    word.len() >= LONGEST_WORD && (is_mixed || changes(word) >= RANDOM_CHANGES)
}

/// Changes between the kinds of characters per hundred letters and digits.
fn changes(text: &str) -> usize {
    let kind = |byte: u8| match byte {
        b'A'..=b'Z' => 1,
        b'a'..=b'z' => 2,
        _ => 3,
    };
    let kinds: Vec<u8> = text
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(kind)
        .collect();
    let changes = kinds.windows(2).filter(|pair| pair[0] != pair[1]).count();
    changes * 100 / kinds.len().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_pattern_compiles() {
        assert!(RUNS.is_some() && NO_SECRETS.is_some());
    }

    #[test]
    fn members_that_speak_of_a_secret_lose_all_below() {
        let arguments = json!({
            "adminPassword": "x", "client-secret": "y", "x.functions-key": "z",
            "secretName": "db", "keyVault": "kv", "tokenCount": 5, "secret": null,
            "sshKeys": [{"name": "a"}], "pinPassword": 1234, "secret_enabled": true,
            "protectedSettings": {"storage": {"n": 1, "list": ["a", true]}},
        });
        let expected = json!({
            "adminPassword": MARK, "client-secret": MARK, "x.functions-key": MARK,
            "secretName": "db", "keyVault": "kv", "tokenCount": 5, "secret": null,
            "sshKeys": [{"name": "a"}], "pinPassword": MARK, "secret_enabled": true,
            "protectedSettings": {"storage": {"n": MARK, "list": [MARK, true]}},
        });
        assert_eq!(redact_arguments(arguments), expected);
    }

    #[test]
    fn what_stands_for_a_secret_says_so() {
        let arguments = json!({"password": "{secret:1}", "keys": {"apiKey": "{secret:2}"}});
        assert_eq!(redact_arguments(arguments.clone()), arguments);
    }

    #[test]
    fn words_that_are_kept_for_good_lose_what_may_be_a_secret_too() {
        for (text, kept) in [
            ("the reason is simple", "the reason is simple"),
            (
                "with authorization: hunter2 now",
                "with authorization: [redacted] now",
            ),
            ("bearer hunter2", "bearer [redacted]"),
        ] {
            assert_eq!(redact_closely(text), kept);
        }
        assert_eq!(without_keys("bearer hunter2"), "bearer hunter2");
    }

    #[test]
    fn json_in_text_is_taken_apart() {
        let inner = json!({"password": "a b\"c", "size": 3}).to_string();
        let twice = json!({"body": inner}).to_string();
        let quoted = json!(inner).to_string();
        let expected = json!({"password": MARK, "size": 3}).to_string();
        let arguments = json!({"parameters": inner, "request": twice, "quoted": quoted});
        let out = redact_arguments(arguments);
        assert_eq!(out["parameters"], expected);
        assert_eq!(out["request"], json!({"body": expected}).to_string());
        assert_eq!(out["quoted"], json!(expected).to_string());
        // Deeper than anybody means it, the words are looked at as words.
        let mut deep = inner;
        for _ in 0..=MAX_DEPTH {
            deep = json!([deep]).to_string();
        }
        assert!(redact_arguments(json!(deep)).is_string());
    }

    #[test]
    fn what_nobody_would_think_up_goes() {
        for key in [
            "0123456789abcdef0123456789abcdef",
            "3tr8Q2x~bTz.1Kd-mW9_pLs4vYc7NhR0aE",
            "k7vq3x5m2n4p6r7s3t5u7w2y4z6a3b5c7d2e4f6g3h5j7k2m4n6p",
            "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY/zA+cD3eF5g=",
        ] {
            for (text, expected) in [
                (key.to_owned(), MARK.to_owned()),
                (format!("use {key}, please"), format!("use {MARK}, please")),
                (format!("k={key}&n=1"), format!("k={MARK}&n=1")),
            ] {
                assert_eq!(without_keys(&text), expected, "{text}");
            }
            let members = json!({key: 1});
            assert_eq!(redact_arguments(members), json!({MARK: 1}));
        }
    }

    #[test]
    fn what_people_and_azure_call_things_stays() {
        for text in [
            "list my resource groups in Contoso-Prod",
            "비밀번호를 바꾸는 방법을 알려 주세요",
            "3f1c5b8e-0000-4444-8888-0123456789ab",
            "/subscriptions/3f1c5b8e-0000-4444-8888-0123456789ab/resourceGroups/rg-dev/providers/Microsoft.Compute/virtualMachines/vm-dev-01",
            "/subscriptions/3F1C5B8E-9A2D-4C44-8E88-0123456789AB/resourcegroups/MC_rg-dev_aks-dev_koreacentral/providers/Microsoft.Network/networkInterfaces/nic01",
            "Resources | where type =~ 'microsoft.compute/virtualmachines' | project name, properties.hardwareProfile.vmSize, properties.extended.instanceView.powerState.code",
            "Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2:latest",
            "Standard_D4s_v5",
            "stcontosoprod001",
            "2026-11-24T13:05:09.123Z",
            "https://portal.azure.com/#@contoso.onmicrosoft.com/resource/subscriptions",
            "aks-nodepool1-12345678-vmss000001-deployment-controller",
            "mcr.microsoft.com/dotnet/aspnet@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "ManagedIdentityCredentialAuthenticationFailedException",
            "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
            "alice@contoso.example",
        ] {
            let arguments = json!({"value": text, "list": [text]});
            assert_eq!(redact_arguments(arguments.clone()), arguments);
        }
    }
}
