//! From an MCP result to the bytes that are stored.

use azimuth_domain::tool::ToolRef;
use azimuth_ports::tools::{CallOutput, ToolError};
use rmcp::model::{CallToolResult, ContentBlock, ErrorCode, ErrorData, ResourceContents};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::catalogue::is_built_in;
use crate::shown::shown;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
/// Status of a refusal that comes without one.
const REFUSED: u16 = 400;

/// The output of a call: the text blocks, joined by a line break, with a
/// description in place of each block that is no text. Structured content counts
/// only where there is no text, since servers repeat it as text.
pub(crate) fn of_result(result: CallToolResult, tool: &ToolRef, max_bytes: usize) -> CallOutput {
    let blocks: Vec<String> = result.content.into_iter().map(text_of).collect();
    let text = match (blocks.is_empty(), result.structured_content) {
        (true, Some(structured)) => structured.to_string(),
        _ => blocks.join("\n"),
    };
    of_text(text, result.is_error.unwrap_or(false), tool, max_bytes)
}

/// What a JSON-RPC error in place of a result means: a method or parameters that
/// the server does not know are refused before anything runs; every other error
/// may come from the middle of the work.
pub(crate) fn of_error(error: &ErrorData, tool: &ToolRef) -> ToolError {
    let (code, message) = (error.code.0, shown(&error.message));
    if matches!(
        error.code,
        ErrorCode::METHOD_NOT_FOUND | ErrorCode::INVALID_PARAMS
    ) {
        ToolError::NotStarted(format!(
            "The server refused to run {tool}: {message} (code {code})."
        ))
    } else {
        ToolError::Unclear(format!(
            "{tool} failed inside its server and may have had an effect: {message} (code {code})."
        ))
    }
}

fn of_text(mut text: String, is_error: bool, tool: &ToolRef, max_bytes: usize) -> CallOutput {
    let truncated = text.len() > max_bytes;
    if truncated {
        text.truncate(text.floor_char_boundary(max_bytes));
    }
    let is_json = !truncated && serde_json::from_str::<IgnoredAny>(&text).is_ok();
    CallOutput {
        media_type: if is_json { JSON } else { TEXT }.to_owned(),
        status: if is_error {
            status_of(&text).or_else(|| is_refusal(&text, tool).then_some(REFUSED))
        } else {
            None
        },
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

/// Whether the Azure MCP Server says that it did not run the tool. These are its
/// own words (3.0.0) and whole, since an answer of Azure may quote any of them.
fn is_refusal(text: &str, tool: &ToolRef) -> bool {
    if !is_built_in(&tool.server) {
        return false;
    }
    let name = tool.name.as_str();
    text == format!("The tool {name} was not found")
        || text.starts_with("Request rejected due to unknown arguments: ")
        || text == "Operation cancelled by user."
        || text
            == format!("Elicitation failed for tool '{name}'. Operation not executed for security.")
        || (text.starts_with("This tool ")
            && text.ends_with(
                " requires user consent, but the client does not support elicitation. \
                 Operation rejected for security.",
            ))
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
        output_of("azure", result, max)
    }

    fn output_of(server: &str, result: Value, max: usize) -> CallOutput {
        let tool = ToolRef::new(server, "keyvault_secret_get");
        of_result(serde_json::from_value(result).unwrap(), &tool, max)
    }

    #[test]
    fn what_azures_server_refuses_by_itself_did_not_run() {
        let status = |server: &str, text: &str| {
            let result = json!({"content": [{"type": "text", "text": text}], "isError": true});
            output_of(server, result, 1000).status
        };
        for refusal in [
            "The tool keyvault_secret_get was not found",
            "Request rejected due to unknown arguments: bogus",
            "Operation cancelled by user.",
            "Elicitation failed for tool 'keyvault_secret_get'. Operation not executed for security.",
            "This tool handles sensitive data and requires user consent, but the client does not \
             support elicitation. Operation rejected for security.",
            "This tool may perform destructive operations and requires user consent, but the \
             client does not support elicitation. Operation rejected for security.",
        ] {
            assert_eq!(status("azure", refusal), Some(400), "{refusal}");
            assert_eq!(status("other", refusal), None, "{refusal}");
            assert_eq!(
                status("azure", &format!("Failed: {refusal}")),
                None,
                "{refusal}"
            );
            let success = json!({"content": [{"type": "text", "text": refusal}]});
            assert_eq!(output(success, 1000).status, None);
        }
        for open in [
            "The tool other was not found",
            "The resource rg-dev was not found",
            "The tool keyvault_secret_get was not found in the vault",
            "Operation cancelled by user. It had begun.",
            "",
        ] {
            assert_eq!(status("azure", open), None, "{open}");
        }
        assert_eq!(status("azure", r#"{"status":0,"message":"cut"}"#), Some(0));
        assert_eq!(status("azure", r#"{"status":70000}"#), None);
    }

    #[test]
    fn a_protocol_error_says_whether_the_tool_can_have_run() {
        let tool = ToolRef::new("azure", "group_list");
        for (code, may_have_run) in [
            (-32_603, true),
            (-32_602, false),
            (-32_601, false),
            (-32_600, true),
            (-32_700, true),
            (0, true),
        ] {
            let error = ErrorData::new(ErrorCode(code), "sig=abc", None);
            let error = of_error(&error, &tool);
            assert!(
                error
                    .to_string()
                    .contains(&format!("sig=[redacted] (code {code})"))
            );
            assert_eq!(
                matches!(error, ToolError::Unclear(_)),
                may_have_run,
                "{code}"
            );
        }
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
