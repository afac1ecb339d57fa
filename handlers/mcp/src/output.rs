//! From an MCP result to the bytes that are stored.

use azimuth_ports::tools::CallOutput;
use rmcp::model::{CallToolResult, ContentBlock, ErrorData, ResourceContents};
use serde::Deserialize;
use serde::de::IgnoredAny;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// The output of a call: the text blocks, joined by a line break, with a
/// description in place of each block that is no text. Structured content counts
/// only where there is no text, since servers repeat it as text.
pub(crate) fn of_result(result: CallToolResult, max_bytes: usize) -> CallOutput {
    let blocks: Vec<String> = result.content.into_iter().map(text_of).collect();
    let text = match (blocks.is_empty(), result.structured_content) {
        (true, Some(structured)) => structured.to_string(),
        _ => blocks.join("\n"),
    };
    of_text(text, result.is_error.unwrap_or(false), max_bytes)
}

/// The output of a call that the server answered with a JSON-RPC error.
pub(crate) fn of_error(error: &ErrorData, max_bytes: usize) -> CallOutput {
    of_text(
        format!("{} (code {})", error.message, error.code.0),
        true,
        max_bytes,
    )
}

fn of_text(mut text: String, is_error: bool, max_bytes: usize) -> CallOutput {
    let truncated = text.len() > max_bytes;
    if truncated {
        text.truncate(text.floor_char_boundary(max_bytes));
    }
    let is_json = !truncated && serde_json::from_str::<IgnoredAny>(&text).is_ok();
    CallOutput {
        media_type: if is_json { JSON } else { TEXT }.to_owned(),
        status: if is_error { status_of(&text) } else { None },
        bytes: text.into_bytes(),
        truncated,
        is_error,
    }
}

/// Azure tools answer `{"status":404,"message":…,"results":…}`.
fn status_of(text: &str) -> Option<u16> {
    #[derive(Deserialize)]
    struct Status {
        status: u16,
    }
    serde_json::from_str::<Status>(text)
        .ok()
        .map(|answer| answer.status)
}

fn text_of(block: ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => text.text,
        ContentBlock::Image(image) => binary("image", &image.mime_type, &image.data),
        ContentBlock::Audio(audio) => binary("audio", &audio.mime_type, &audio.data),
        ContentBlock::Resource(embedded) => match embedded.resource {
            ResourceContents::TextResourceContents { text, .. } => text,
            ResourceContents::BlobResourceContents {
                uri,
                mime_type,
                blob,
                ..
            } => {
                let kind = mime_type.unwrap_or_else(|| "unknown type".to_owned());
                format!("{} at {uri}", binary("resource", &kind, &blob))
            }
            _ => "[a resource of an unknown form]".to_owned(),
        },
        ContentBlock::ResourceLink(link) => format!("[link to {}: {}]", link.name, link.uri),
        _ => "[content of an unknown form]".to_owned(),
    }
}

fn binary(kind: &str, media_type: &str, base64: &str) -> String {
    let padding = base64
        .bytes()
        .rev()
        .take_while(|byte| *byte == b'=')
        .count();
    let bytes = (base64.len() / 4 * 3).saturating_sub(padding);
    format!("[{kind}, {media_type}, {bytes} bytes, not shown]")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use serde_json::{Value, json};

    fn output(result: Value, max: usize) -> CallOutput {
        of_result(serde_json::from_value(result).unwrap(), max)
    }

    fn text(output: &CallOutput) -> &str {
        std::str::from_utf8(&output.bytes).unwrap()
    }

    #[test]
    fn an_azure_answer_is_json_and_its_error_has_a_status() {
        let good = r#"{"status":200,"message":"Success","results":{}}"#;
        let answer = output(json!({"content": [{"type": "text", "text": good}]}), 1000);
        assert_eq!(
            answer,
            CallOutput {
                media_type: JSON.into(),
                bytes: good.into(),
                truncated: false,
                is_error: false,
                status: None,
            }
        );
        let bad = r#"{"status":401,"message":"no"}"#;
        let answer = output(
            json!({"content": [{"type": "text", "text": bad}], "isError": true}),
            99,
        );
        assert_eq!((answer.is_error, answer.status), (true, Some(401)));
        let plain = output(
            json!({"content": [{"type": "text", "text": "no"}], "isError": true}),
            99,
        );
        assert_eq!((plain.media_type.as_str(), plain.status), (TEXT, None));
    }

    #[test]
    fn what_is_above_the_limit_is_cut_between_characters_and_marked() {
        for (max, expected, truncated) in [(7, "한글x", false), (6, "한글", true), (5, "한", true)]
        {
            let answer = output(json!({"content": [{"type": "text", "text": "한글x"}]}), max);
            assert_eq!((text(&answer), answer.truncated), (expected, truncated));
        }
        let cut = output(json!({"content": [{"type": "text", "text": "[1,2]"}]}), 4);
        assert_eq!((cut.media_type.as_str(), cut.truncated), (TEXT, true));
    }

    #[test]
    fn several_blocks_are_joined_and_what_is_no_text_is_described() {
        let answer = output(
            json!({"content": [
                {"type": "text", "text": "one"},
                {"type": "image", "data": "QUJDRA==", "mimeType": "image/png"},
                {"type": "resource", "resource": {"uri": "x://1", "text": "two"}},
                {"type": "resource", "resource": {"uri": "x://2", "blob": "QUJD"}},
                {"type": "resource_link", "uri": "x://3", "name": "three"},
            ]}),
            1000,
        );
        assert_eq!(
            text(&answer),
            "one\n[image, image/png, 4 bytes, not shown]\ntwo\n\
             [resource, unknown type, 3 bytes, not shown] at x://2\n[link to three: x://3]"
        );
        let structured = output(json!({"content": [], "structuredContent": {"a": 1}}), 1000);
        assert_eq!(
            (text(&structured), structured.media_type.as_str()),
            (r#"{"a":1}"#, JSON)
        );
    }
}
