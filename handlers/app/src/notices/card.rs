//! The message itself, in the form that Teams takes: an adaptive card. All that
//! somebody else chose stands in text runs, which know no links and no markup.

use azimuth_domain::time::Timestamp;
use serde_json::{Value, json};

use azimuth_domain::redact::redact;

/// Longest value, characters.
const MAX_CHARS: usize = 200;

/// What is told about one approval.
pub(super) struct Notice<'a> {
    /// `ko` or `en`.
    pub(super) language: &'a str,
    /// Who asks.
    pub(super) asker: &'a str,
    /// `server/tool`.
    pub(super) tool: String,
    /// What it works on.
    pub(super) target: Option<&'a str>,
    /// Until when somebody may decide.
    pub(super) deadline: Timestamp,
    /// The portal, without a slash at its end.
    pub(super) portal_url: &'a str,
}

struct Words {
    title: &'static str,
    asker: &'static str,
    tool: &'static str,
    target: &'static str,
    deadline: &'static str,
    open: &'static str,
}

const ENGLISH: Words = Words {
    title: "An approval is awaited",
    asker: "Asked by",
    tool: "Tool",
    target: "Target",
    deadline: "Until",
    open: "Open approvals",
};

const KOREAN: Words = Words {
    title: "승인 대기 중인 작업이 있습니다",
    asker: "요청자",
    tool: "도구",
    target: "대상",
    deadline: "기한",
    open: "승인 열기",
};

impl Notice<'_> {
    pub(super) fn card(&self) -> Value {
        let words = if self.language == "ko" {
            &KOREAN
        } else {
            &ENGLISH
        };
        let mut body = vec![json!({
            "type": "TextBlock", "text": words.title, "weight": "Bolder", "wrap": true
        })];
        body.push(line(words.asker, self.asker));
        body.push(line(words.tool, &self.tool));
        if let Some(target) = self.target {
            body.push(line(words.target, target));
        }
        body.push(line(words.deadline, &self.deadline.to_rfc3339()));
        json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": body,
                    "actions": [{
                        "type": "Action.OpenUrl",
                        "title": words.open,
                        "url": format!("{}/approvals", self.portal_url)
                    }]
                }
            }]
        })
    }
}

fn line(name: &str, value: &str) -> Value {
    json!({
        "type": "RichTextBlock",
        "inlines": [
            {"type": "TextRun", "text": format!("{name}: "), "weight": "Bolder"},
            {"type": "TextRun", "text": shown(value)}
        ]
    })
}

/// One line without secrets, control characters and marks that turn text around.
fn shown(value: &str) -> String {
    let value = redact(value);
    let mut plain = value.chars().map(|c| match c {
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ' ',
        c if c.is_control() => ' ',
        c => c,
    });
    let head: String = plain.by_ref().take(MAX_CHARS).collect();
    if plain.next().is_some() {
        format!("{head}…")
    } else {
        head
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice<'a>(language: &'a str, target: Option<&'a str>) -> Value {
        Notice {
            language,
            asker: "Alice Kim",
            tool: "azure/storage_account_create".to_owned(),
            target,
            deadline: Timestamp(1_795_525_509_123),
            portal_url: "https://portal.example",
        }
        .card()
    }

    fn values(card: &Value) -> Vec<&str> {
        card["attachments"][0]["content"]["body"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|block| block["inlines"][1]["text"].as_str())
            .collect()
    }

    #[test]
    fn it_tells_who_what_until_when_and_where() {
        let card = notice("en", Some("stdata01"));
        assert_eq!(
            values(&card),
            [
                "Alice Kim",
                "azure/storage_account_create",
                "stdata01",
                "2026-11-24T13:05:09.123Z"
            ]
        );
        assert_eq!(card["type"], "message");
        let content = &card["attachments"][0]["content"];
        assert_eq!(content["type"], "AdaptiveCard");
        assert_eq!(
            content["actions"][0]["url"],
            "https://portal.example/approvals"
        );
        assert_eq!(values(&notice("ko", None)).len(), 3);
    }

    #[test]
    fn what_somebody_else_chose_is_one_plain_line() {
        let exact = "x".repeat(MAX_CHARS);
        for (value, expected) in [
            (
                "[click](https://evil.example)\n# now",
                "[click](https://evil.example) # now",
            ),
            ("a\u{202e}b", "a b"),
            (exact.as_str(), exact.as_str()),
        ] {
            assert_eq!(shown(value), expected);
        }
        assert_eq!(shown(&format!("{exact}y")), format!("{exact}…"));
    }
}
