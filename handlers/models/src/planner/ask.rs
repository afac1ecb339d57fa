//! Asking back for what is missing, and recognising that question afterwards:
//! the planner keeps nothing between requests, so its own words are its memory.

use azimuth_domain::tool::ToolSpec;
use azimuth_ports::model::ChatMessage;

use super::arguments::schema::Property;
use super::language::Language;
use super::render::escape::{code, inline};

const ENGLISH: (&str, &str) = ("To run `", "` I still need ");
const KOREAN: (&str, &str) = ("`", "` 도구를 실행하려면 다음 값이 더 필요합니다: ");

/// The question for `missing` parameters of a tool, with `choices` where they
/// are known.
pub fn ask(
    tool: &ToolSpec,
    missing: &[&Property<'_>],
    choices: &[String],
    language: Language,
) -> String {
    let names: Vec<String> = missing.iter().map(|p| code(p.name)).collect();
    let (before, after) = language.pick(ENGLISH, KOREAN);
    let mut out = format!("{before}{}{after}{}.", tool.tool.name, names.join(", "));
    if !choices.is_empty() {
        let list: Vec<String> = choices.iter().take(20).map(|c| inline(c)).collect();
        out.push_str(&language.pick(
            format!(" Choose one of: {}.", list.join(", ")),
            format!(" 다음 중에서 고르세요: {}.", list.join(", ")),
        ));
    }
    for property in missing {
        let hint = property.hint();
        if !hint.is_empty() {
            out.extend(["\n- ", &code(property.name), ": ", &inline(&hint)]);
        }
    }
    let example: Vec<String> = missing
        .iter()
        .map(|p| format!("{}={}", p.name, p.example()))
        .collect();
    out.push_str(&language.pick(
        format!("\n\nFor example: `{}`", example.join(" ")),
        format!("\n\n예: `{}`", example.join(" ")),
    ));
    out
}

/// What the assistant's last message asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked<'a> {
    /// Name of the tool.
    pub tool: &'a str,
    /// The parameters.
    pub missing: Vec<&'a str>,
}

/// What the planner asked for at the end of `messages`, if it did.
pub fn asked_by(messages: &[ChatMessage]) -> Option<Asked<'_>> {
    match messages.last()? {
        ChatMessage::Assistant { text, calls } if calls.is_empty() => asked_in(text),
        _ => None,
    }
}

fn asked_in(text: &str) -> Option<Asked<'_>> {
    // A sentence about a default may come first.
    let line = text
        .lines()
        .find(|line| line.contains(ENGLISH.1) || line.contains(KOREAN.1))?;
    let (before, after) = if line.contains(ENGLISH.1) {
        ENGLISH
    } else {
        KOREAN
    };
    let (head, tail) = line.split_once(after)?;
    let tool = head.rsplit_once(before).map(|(_, tool)| tool)?;
    let names = tail.split_once(". ").map_or(tail, |(names, _)| names);
    let missing = names.split('`').skip(1).step_by(2).collect();
    Some(Asked { tool, missing })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_question_is_recognised() {
        assert_eq!(
            asked_in("To run `compute_vm_delete` I still need `vm-name`, `resource-group`.\n- …"),
            Some(Asked {
                tool: "compute_vm_delete",
                missing: vec!["vm-name", "resource-group"]
            })
        );
        assert_eq!(
            asked_in("`a_b` 도구를 실행하려면 다음 값이 더 필요합니다: `location`. 다음 중에서"),
            Some(Asked {
                tool: "a_b",
                missing: vec!["location"]
            })
        );
        assert_eq!(asked_in("`group_list` found 3 results:"), None);
    }
}
