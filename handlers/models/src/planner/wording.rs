//! What the planner says, in both languages.

use azimuth_domain::tool::{EffectClass, ToolSpec};
use azimuth_ports::model::OfferedTool;
use serde_json::Value;

use super::arguments::locations::DEFAULT_LOCATION;
use super::arguments::schema::Kind;
use super::language::Language;
use super::plan::Planned;
use super::render::escape::{code, inline};
use super::slash::Fault;
use super::subscriptions::Subscription;

/// Nothing fits and nothing was wanted.
pub fn small_talk(language: Language) -> String {
    language
        .pick(
            "I am the offline planner, not a language model: I find one tool of Azure that fits a \
             request and show what it answers. These work, for example:\n\n\
             - list my resource groups\n\
             - show storage accounts in Contoso-Dev\n\
             - list the secrets in vault kv-dev\n\
             - create storage account stdemo1 in rg-dev\n\
             - `/storage_account_get subscription=Contoso-Dev`\n\n\
             `/help` lists the tools that fit.",
            "저는 언어 모델이 아니라 오프라인 플래너입니다. 요청에 맞는 Azure 도구 하나를 찾아 결과를 보여 드립니다. \
             예를 들어 이렇게 물어보세요.\n\n\
             - 내 리소스 그룹 보여줘\n\
             - Contoso-Dev의 스토리지 계정 목록\n\
             - kv-dev 볼트의 비밀 이름 알려줘\n\
             - rg-dev에 스토리지 계정 stdemo1 만들어줘\n\
             - `/storage_account_get subscription=Contoso-Dev`\n\n\
             `/help`를 입력하면 쓸 수 있는 도구가 나옵니다.",
        )
        .to_owned()
}

/// A change was wanted that no tool makes.
pub fn cannot(tools: &[OfferedTool], language: Language) -> String {
    let mut out = language
        .pick(
            "I found no tool that you may use and that does this, so nothing was run. I am the \
             offline planner, not a language model; another wording may help.",
            "그 일을 하는, 사용할 수 있는 도구를 찾지 못해 아무것도 실행하지 않았습니다. 저는 언어 모델이 아니라 \
             오프라인 플래너이니 다르게 말씀해 보세요.",
        )
        .to_owned();
    out.push_str(&nearest(tools, language));
    out
}

/// The exact form names a tool that is not offered.
pub fn no_such_tool(name: &str, tools: &[OfferedTool], language: Language) -> String {
    let name = code(name);
    let mut out = language.pick(
        format!("There is no tool {name} that you may use."),
        format!("사용할 수 있는 도구 중에 {name}이(가) 없습니다."),
    );
    out.push_str(&nearest(tools, language));
    out
}

fn nearest(tools: &[OfferedTool], language: Language) -> String {
    let names: Vec<String> = tools
        .iter()
        .filter(|t| t.score > 0.1)
        .take(5)
        .map(|t| code(&t.spec.tool.name))
        .collect();
    if names.is_empty() {
        return String::new();
    }
    language.pick(
        format!(" Nearest: {}.", names.join(", ")),
        format!(" 비슷한 도구: {}.", names.join(", ")),
    )
}

/// `/help`.
pub fn help(tools: &[OfferedTool], language: Language) -> String {
    let mut out = language
        .pick(
            "I am the offline planner, not a language model. Ask in your own words, or spell a call \
             out: `/tool key=value key=\"two words\"`.",
            "저는 언어 모델이 아니라 오프라인 플래너입니다. 평소 말로 묻거나 `/도구 key=value key=\"두 단어\"` \
             형식으로 호출을 직접 적으세요.",
        )
        .to_owned();
    if tools.is_empty() {
        out.push_str("\n\n");
        out.push_str(&small_talk(language));
        return out;
    }
    out.push_str(language.pick("\n\nTools offered now:\n", "\n\n지금 쓸 수 있는 도구:\n"));
    for tool in tools {
        let text = tool
            .spec
            .description
            .split(['\n', '.'])
            .next()
            .unwrap_or("");
        out.extend(["\n- ", &code(&tool.spec.tool.name), ": ", &inline(text)]);
    }
    out
}

/// What is wrong with an exact call.
pub fn faults(tool: &ToolSpec, faults: &[Fault], language: Language) -> String {
    let mut out = language.pick(
        format!("{} was not called:", code(&tool.tool.name)),
        format!("{}을(를) 호출하지 않았습니다.", code(&tool.tool.name)),
    );
    for fault in faults {
        let text = match fault {
            Fault::Unknown(key) => language.pick(
                format!("it has no parameter {}", code(key)),
                format!("{} 매개 변수가 없습니다", code(key)),
            ),
            Fault::Value { key, kind } => {
                let (english, korean) = kind_name(*kind);
                language.pick(
                    format!("{} takes {english}", code(key)),
                    format!("{}에는 {korean} 값이 필요합니다", code(key)),
                )
            }
            Fault::Stray(word) => language.pick(
                format!(
                    "{} is neither a key nor a value; write `key=value`",
                    code(word)
                ),
                format!(
                    "{}을(를) 이해하지 못했습니다. `key=value` 형식으로 적으세요",
                    code(word)
                ),
            ),
        };
        out.extend(["\n- ", &text]);
    }
    let known: Vec<String> = super::arguments::schema::properties(tool)
        .iter()
        .map(|p| code(p.name))
        .collect();
    out.push_str(&language.pick(
        format!("\n\nIts parameters: {}", known.join(", ")),
        format!("\n\n매개 변수: {}", known.join(", ")),
    ));
    out
}

fn kind_name(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Text => ("text", "텍스트"),
        Kind::Whole => ("a whole number", "정수"),
        Kind::Number => ("a number", "숫자"),
        Kind::Flag => ("true or false", "true 또는 false"),
        Kind::List => ("a list", "목록"),
        Kind::Object => ("a JSON object", "JSON 객체"),
    }
}

/// Before a change: what will be asked for, so that the approval is no surprise.
/// Empty for a read that leaves nothing to say.
pub fn about_to(plan: &Planned<'_>, known: &[Subscription], language: Language) -> String {
    let mut parts = Vec::new();
    let spec = &plan.tool.spec;
    if spec.effect != EffectClass::ReadOnly && !plan.exact {
        let arguments: Vec<String> = plan
            .filled
            .arguments
            .iter()
            .map(|(key, value)| format!("{} {}", inline(key), shown(value, spec, key, known)))
            .collect();
        parts.push(language.pick(
            format!(
                "I am asking to run {} with {}.",
                code(&spec.tool.name),
                arguments.join(", ")
            ),
            format!(
                "{} 실행을 요청합니다: {}.",
                code(&spec.tool.name),
                arguments.join(", ")
            ),
        ));
    }
    if plan.default_location {
        parts.push(language.pick(
            format!("You named no location, so I chose `{DEFAULT_LOCATION}`; say another one to change it."),
            format!("위치를 말씀하지 않아 `{DEFAULT_LOCATION}`(한국 중부)로 정했습니다. 다른 위치를 원하면 말씀해 주세요."),
        ));
    }
    if !plan.filled.unknown_keys.is_empty() {
        let keys: Vec<String> = plan.filled.unknown_keys.iter().map(|k| code(k)).collect();
        parts.push(language.pick(
            format!(
                "I left out what the tool has no parameter for: {}.",
                keys.join(", ")
            ),
            format!("도구에 없는 값은 뺐습니다: {}.", keys.join(", ")),
        ));
    }
    parts.join(" ")
}

fn shown(value: &Value, spec: &ToolSpec, key: &str, known: &[Subscription]) -> String {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let subscription = spec.scope.subscription.as_deref() == Some(key);
    match known.iter().find(|sub| subscription && sub.is(&text)) {
        Some(sub) if sub.name != text => format!("{} ({})", code(&sub.name), code(&text)),
        _ => code(&text),
    }
}

pub fn taken_back(language: Language) -> String {
    language
        .pick(
            "Fine, nothing was run.",
            "알겠습니다. 아무것도 실행하지 않았습니다.",
        )
        .to_owned()
}

pub fn no_subscription(language: Language) -> String {
    language
        .pick(
            "Azure shows you no subscription, so there is nothing to look at.",
            "볼 수 있는 Azure 구독이 없어 조회할 것이 없습니다.",
        )
        .to_owned()
}

pub fn no_such_place(place: &str, all: &[Subscription], language: Language) -> String {
    let names: Vec<String> = all.iter().take(20).map(|sub| inline(&sub.name)).collect();
    language.pick(
        format!(
            "You see no subscription {}. You see: {}.",
            code(place),
            names.join(", ")
        ),
        format!(
            "{} 구독이 보이지 않습니다. 볼 수 있는 구독: {}.",
            code(place),
            names.join(", ")
        ),
    )
}

pub fn group_not_found(group: &str, language: Language) -> String {
    language.pick(
        format!(
            "I found no resource group {} in your subscriptions.",
            code(group)
        ),
        format!(
            "구독에서 리소스 그룹 {}을(를) 찾지 못했습니다.",
            code(group)
        ),
    )
}

pub fn only_the_first(shown: usize, all: usize, language: Language) -> String {
    language.pick(
        format!("These are the first {shown} of {all} subscriptions; name one to see the others."),
        format!(
            "구독 {all}개 중 처음 {shown}개만 조회했습니다. 나머지는 구독 이름을 말씀해 주세요."
        ),
    )
}

/// The product could not use the last answer.
pub fn repair(note: &str, language: Language) -> String {
    let note = inline(note);
    language.pick(
        format!("I could not make a call that the tool accepts: {note} Spell it out as `/tool key=value`."),
        format!("도구가 받아들이는 호출을 만들지 못했습니다: {note} `/도구 key=value` 형식으로 직접 적어 주세요."),
    )
}
