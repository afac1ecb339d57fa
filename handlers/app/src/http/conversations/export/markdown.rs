//! An exported conversation for people's eyes.

use std::collections::HashMap;
use std::fmt::Write as _;

use azimuth_domain::canonical::canonical_json;
use azimuth_domain::conversation::Message;
use azimuth_domain::ids::MessageId;
use azimuth_domain::turn::{ToolCall, Turn, TurnStatus};

use super::collect::Material;
use crate::http::moment::Moment;

/// How much of a result's beginning is shown, characters.
const MAX_PREVIEW_CHARS: usize = 1024;

/// Writing into a `String` never fails, so results of `writeln!` are dropped.
pub(super) fn render(material: &Material, exported_at: Moment) -> String {
    let mut out = String::new();
    let title = match material.conversation.title.as_str() {
        "" => "Conversation",
        title => title,
    };
    let _ = writeln!(out, "# {title}\n\nExported at {}.", exported_at.0);
    if material.truncated {
        out.push_str(
            "\nTruncated: the conversation is longer than an export; its oldest part is missing.\n",
        );
    }
    let messages: HashMap<&MessageId, &Message> =
        material.messages.iter().map(|m| (&m.id, m)).collect();
    for turn in &material.turns {
        render_turn(&mut out, turn, &messages);
    }
    out
}

fn render_turn(out: &mut String, turn: &Turn, messages: &HashMap<&MessageId, &Message>) {
    if let Some(question) = messages.get(&turn.message) {
        let who = turn.asker.name.as_deref().unwrap_or("User");
        let _ = writeln!(out, "\n## {who}, {}\n\n{}", question.at, question.text);
    }
    for step in &turn.steps {
        if let Some(said) = step.message.as_ref().and_then(|id| messages.get(id)) {
            let model = said.model.as_deref().unwrap_or("Assistant");
            let _ = writeln!(out, "\n### {model}, {}\n\n{}", said.at, said.text);
        }
        for call in &step.calls {
            render_call(out, call);
        }
    }
    match &turn.status {
        TurnStatus::Failed { code, message } => {
            let _ = writeln!(out, "\n> Ended without an answer ({code}): {message}");
        }
        TurnStatus::Cancelled => out.push_str("\n> Cancelled.\n"),
        _ => {}
    }
}

fn render_call(out: &mut String, call: &ToolCall) {
    let outcome = call
        .state
        .outcome()
        .map_or(call.state.name(), |o| o.as_str());
    let _ = writeln!(
        out,
        "\n- Tool `{}` ({}): **{outcome}**{}\n  - Arguments: `{}`",
        call.tool,
        call.effect.as_str(),
        call.duration_ms
            .map_or_else(String::new, |ms| format!(", {ms} ms")),
        canonical_json(&call.arguments).replace('`', "'"),
    );
    if let Some(decision) = call.approval.as_ref().and_then(|a| a.decided.as_ref()) {
        let verb = if decision.approved {
            "Approved"
        } else {
            "Refused"
        };
        let who = decision.by_name.as_deref().unwrap_or(&decision.by.oid);
        let _ = writeln!(out, "  - {verb} by {who} at {}", decision.at);
    }
    if let Some(note) = &call.note {
        let _ = writeln!(out, "  - {}", note.replace('\n', " "));
    }
    if let Some(preview) = &call.preview {
        let shown: String = preview.chars().take(MAX_PREVIEW_CHARS).collect();
        let indented = shown.replace("```", "'''").replace('\n', "\n    ");
        let _ = writeln!(out, "\n    ```\n    {indented}\n    ```");
    }
}
