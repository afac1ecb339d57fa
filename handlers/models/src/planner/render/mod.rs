//! Tool results as one sentence and a table.
//!
//! What a tool said is data: it is parsed, cut and escaped, and nothing in it is
//! ever read as a wish.

pub mod escape;
mod rows;
mod table;

pub use rows::{parse, rows_of};

use azimuth_domain::event::Outcome;
use azimuth_domain::tool::ToolRef;
use serde_json::Value;

use super::language::Language;
use super::situation::Done;
use super::subscriptions::Subscription;
use escape::{block, code, inline_up_to};
use rows::Shape;
use table::Row;

/// Text that is no JSON, as far as it is shown, characters.
const MAX_TEXT_CHARS: usize = 4_000;
/// Of an error message, characters.
const MAX_ERROR_CHARS: usize = 400;

/// What became of the calls of one tool, for the person.
pub fn results(
    tool: &ToolRef,
    done: &[&Done<'_>],
    subscriptions: &[Subscription],
    language: Language,
) -> String {
    let mut parts: Vec<String> = Vec::new();
    let (worked, failed): (Vec<&Done<'_>>, Vec<&Done<'_>>) =
        done.iter().copied().partition(|d| d.outcome == Outcome::Ok);
    if !worked.is_empty() {
        parts.push(found(tool, &worked, subscriptions, language));
    }
    for call in failed {
        parts.push(problem(tool, call, subscriptions, language));
    }
    parts.join("\n\n")
}

/// Rows of all calls together, each with its subscription when there are several.
fn found(
    tool: &ToolRef,
    done: &[&Done<'_>],
    subscriptions: &[Subscription],
    language: Language,
) -> String {
    let several = done.len() > 1;
    let name = code(&tool.name);
    let mut rows: Vec<Row> = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    let mut truncated = false;
    let mut single = None;
    for call in done {
        truncated |= call.truncated;
        match rows::shape(call.content) {
            Shape::Nothing => {}
            Shape::Text(text) => texts.push(text),
            Shape::One(row) => {
                single = Some(row.clone());
                rows.push(labelled(row, call, several, subscriptions));
            }
            Shape::Rows(found) => {
                rows.extend(
                    found
                        .into_iter()
                        .map(|row| labelled(row, call, several, subscriptions)),
                );
            }
        }
    }
    let mut out = String::new();
    let single = single.filter(|_| rows.len() == 1);
    if rows.is_empty() && texts.is_empty() {
        out.push_str(&nothing(&name, done, several, language));
    } else if let Some(row) = single {
        out.push_str(&language.pick(format!("{name} answered:"), format!("{name} 결과입니다.")));
        out.push_str("\n\n");
        out.push_str(&table::fields(&row, language));
    } else if !rows.is_empty() {
        out.push_str(&count(rows.len(), &name, done.len(), several, language));
        out.push_str("\n\n");
        out.push_str(&table::table(&rows, language));
    }
    for text in texts {
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        out.push_str(&language.pick(format!("{name} answered:"), format!("{name} 결과입니다.")));
        out.push_str("\n\n");
        let cut: String = text.chars().take(MAX_TEXT_CHARS).collect();
        truncated |= cut.len() < text.len();
        out.push_str(&block(&cut));
    }
    if truncated {
        out.push_str("\n\n");
        out.push_str(language.pick(
            "The result is longer than what is shown here; the whole of it is behind the tool call.",
            "결과가 길어 일부만 보입니다. 전체 결과는 도구 호출에서 볼 수 있습니다.",
        ));
    }
    out.trim_end().to_owned()
}

fn labelled(mut row: Row, call: &Done<'_>, several: bool, subscriptions: &[Subscription]) -> Row {
    if several && let Some(subscription) = call.subscription(subscriptions) {
        row.insert("subscription".to_owned(), Value::String(subscription));
    }
    row
}

fn nothing(name: &str, done: &[&Done<'_>], several: bool, language: Language) -> String {
    if several {
        let count = done.len();
        return language.pick(
            format!("{name} found nothing in {count} subscriptions."),
            format!("{name}: 구독 {count}개에서 아무것도 찾지 못했습니다."),
        );
    }
    language.pick(
        format!("{name} succeeded and returned nothing."),
        format!("{name} 실행에 성공했고 돌려준 내용은 없습니다."),
    )
}

fn count(rows: usize, name: &str, calls: usize, several: bool, language: Language) -> String {
    let where_en = if several {
        format!(" in {calls} subscriptions")
    } else {
        String::new()
    };
    let where_ko = if several {
        format!(" 구독 {calls}개에서")
    } else {
        String::new()
    };
    let s = if rows == 1 { "" } else { "s" };
    language.pick(
        format!("{name} found {rows} result{s}{where_en}:"),
        format!("{name}:{where_ko} {rows}개를 찾았습니다."),
    )
}

/// One sentence about a call that did not simply work.
fn problem(
    tool: &ToolRef,
    call: &Done<'_>,
    subscriptions: &[Subscription],
    language: Language,
) -> String {
    let mut name = code(&tool.name);
    if let Some(subscription) = call.subscription(subscriptions) {
        name = format!("{name} ({})", inline_up_to(&subscription, 80));
    }
    let why = inline_up_to(&rows::message(call.content), MAX_ERROR_CHARS);
    let because = if why.is_empty() {
        String::new()
    } else {
        format!(": {why}")
    };
    match call.outcome {
        Outcome::Ok | Outcome::Error => language.pick(
            format!("{name} reported an error{because}"),
            format!("{name} 실행 중 오류가 났습니다{because}"),
        ),
        Outcome::Unknown => language.pick(
            format!("It is unknown whether {name} took effect; it may still happen. Check before you try again{because}"),
            format!("{name} 실행 여부를 알 수 없습니다. 아직 실행될 수도 있으니 다시 시도하기 전에 확인하세요{because}"),
        ),
        Outcome::Denied => language.pick(
            format!("{name} was not allowed, so it did not run{because}"),
            format!("{name} 실행이 허용되지 않아 실행하지 않았습니다{because}"),
        ),
        Outcome::Cancelled => language.pick(
            format!("{name} was cancelled before it ran{because}"),
            format!("{name} 실행 전에 취소되었습니다{because}"),
        ),
        Outcome::NotRun => language.pick(
            format!("{name} did not run{because}"),
            format!("{name} 실행되지 않았습니다{because}"),
        ),
    }
}
