//! From what was said to the one call that it wants.
//!
//! A read runs on a good guess. A change needs a verb of its own kind in the
//! message: "storage accounts" never creates one, and "delete" never falls back
//! on showing.

use azimuth_domain::search::{Intent, PieceKind, ToolIndex, main_intent, read, tool_intent};
use azimuth_domain::tool::{EffectClass, ToolSpec};
use azimuth_ports::model::{ChatMessage, OfferedTool};
use serde_json::Value;

use super::arguments::locations::DEFAULT_LOCATION;
use super::arguments::{Context, Filled, fill, schema};
use super::ask::{Asked, asked_by};
use super::situation::{Situation, user_texts};
use super::slash::{self, slash};
use super::wording;

/// What to do about the question.
#[derive(Debug)]
pub enum Plan<'a> {
    /// Nothing but say this.
    Say(String),
    /// Call a tool.
    Call(Planned<'a>),
}

/// A call as far as it is known.
#[derive(Debug)]
pub struct Planned<'a> {
    /// The tool.
    pub tool: &'a OfferedTool,
    /// Its arguments.
    pub filled: Filled,
    /// The person spelt the call out: nothing is looked up for it.
    pub exact: bool,
    /// The region was chosen by us.
    pub default_location: bool,
}

/// How many earlier messages a follow-up may lean on.
const MAX_FOLLOWED: usize = 4;
/// Words with which people take a request back.
const TAKEN_BACK: [&str; 8] = [
    "cancel",
    "never mind",
    "nevermind",
    "forget it",
    "취소",
    "취소해줘",
    "그만",
    "아니야",
];
/// Words that point at what was spoken of.
const POINTERS: [&str; 12] = [
    "it", "that", "this", "them", "those", "그거", "그것", "이거", "이것", "거기", "그", "이",
];

/// The plan for the open question, from it and what was said before it.
pub fn plan<'a>(s: &Situation<'a>) -> Plan<'a> {
    if let Some(form) = slash(s.question) {
        return exact(s, &form);
    }
    let asked = asked_by(s.earlier);
    if let Some(asked) = &asked {
        if TAKEN_BACK.contains(
            &s.question
                .trim()
                .trim_end_matches(['.', '!'])
                .to_lowercase()
                .as_str(),
        ) {
            return Plan::Say(wording::taken_back(s.language));
        }
        if !is_request(s, s.question)
            && let Some(plan) = completed(s, asked)
        {
            return plan;
        }
    }
    if let Some(tool) = choose(s, s.question) {
        return Plan::Call(planned(
            s,
            tool,
            fill(&tool.spec, s.question, Context::Alone),
        ));
    }
    follow_up(s).unwrap_or_else(|| Plan::Say(unfit(s)))
}

fn exact<'a>(s: &Situation<'a>, form: &slash::Slash<'_>) -> Plan<'a> {
    if form.name.eq_ignore_ascii_case("help") {
        return Plan::Say(wording::help(s.tools, s.language));
    }
    let Some(tool) = find(s.tools, form.name) else {
        return Plan::Say(wording::no_such_tool(form.name, s.tools, s.language));
    };
    match slash::arguments(&tool.spec, form.rest) {
        Ok(arguments) => {
            let mut filled = Filled {
                arguments,
                ..Filled::default()
            };
            use_default_subscription(s, &tool.spec, &mut filled);
            Plan::Call(Planned {
                tool,
                filled,
                exact: true,
                default_location: false,
            })
        }
        Err(faults) => Plan::Say(wording::faults(&tool.spec, &faults, s.language)),
    }
}

/// The offered tool of that name, `tool` or `server/tool`.
fn find<'a>(tools: &'a [OfferedTool], name: &str) -> Option<&'a OfferedTool> {
    tools
        .iter()
        .find(|t| t.spec.tool.name == name || t.name == name || t.spec.tool.to_string() == name)
}

/// The request that the planner asked back about, with the answer in it.
fn completed<'a>(s: &Situation<'a>, asked: &Asked<'_>) -> Option<Plan<'a>> {
    let tool = find(s.tools, asked.tool)?;
    let mut filled = Filled::default();
    let mut awaited: Vec<&str> = Vec::new();
    for (text, next) in request_and_answers(s.earlier, asked.tool) {
        let context = if awaited.is_empty() {
            Context::Alone
        } else {
            Context::Answer(&awaited)
        };
        filled = filled.then(read_into(&tool.spec, text, context), &tool.spec);
        awaited = next;
    }
    let answer = read_into(&tool.spec, s.question, Context::Answer(&asked.missing));
    Some(Plan::Call(planned(
        s,
        tool,
        filled.then(answer, &tool.spec),
    )))
}

fn read_into(tool: &ToolSpec, text: &str, context: Context<'_>) -> Filled {
    let Some(form) = slash(text) else {
        return fill(tool, text, context);
    };
    Filled {
        arguments: slash::arguments(tool, form.rest).unwrap_or_default(),
        ..Filled::default()
    }
}

/// The person's messages about one tool: the request, then the answers, each
/// with what was asked for after it.
fn request_and_answers<'m>(earlier: &'m [ChatMessage], tool: &str) -> Vec<(&'m str, Vec<&'m str>)> {
    let mut found = Vec::new();
    let mut end = earlier.len();
    while let Some(asked) = asked_by(&earlier[..end]).filter(|a| a.tool == tool) {
        let Some(at) = earlier[..end]
            .iter()
            .rposition(|m| matches!(m, ChatMessage::User(_)))
        else {
            break;
        };
        let ChatMessage::User(text) = &earlier[at] else {
            break;
        };
        found.push((text.as_str(), asked.missing));
        end = at;
        if found.len() > MAX_FOLLOWED {
            break;
        }
    }
    found.reverse();
    found
}

/// "and in Contoso-Prod?", "delete it", 그거 꺼줘: a request that leans on the
/// one before.
fn follow_up<'a>(s: &Situation<'a>) -> Option<Plan<'a>> {
    let before = *user_texts(s.earlier).last()?;
    if slash(before).is_some() {
        return None;
    }
    let pieces = read(s.question, &|_| false);
    let points = pieces
        .iter()
        .any(|p| POINTERS.contains(&p.text.to_lowercase().as_str()));
    let names = pieces.iter().any(|p| {
        matches!(
            p.kind,
            PieceKind::Name | PieceKind::Quoted | PieceKind::Pair
        ) || (p.kind == PieceKind::Unknown && p.text.starts_with(|c: char| c.is_ascii_uppercase()))
    }) || super::arguments::locations::location(s.question).is_some();
    let wants = main_intent(&pieces);
    let tool = match wants {
        Some(intent) if intent.changes() => {
            let dropped = azimuth_domain::search::is_hangul(s.question.chars().next()?);
            if !(points || names || dropped) {
                return None;
            }
            choose(s, &format!("{} {}", s.question, without_verbs(before)))?
        }
        Some(_) | None if points || names => choose(s, before)?,
        _ => return None,
    };
    let first = fill(&tool.spec, before, Context::Alone);
    let target = tool
        .spec
        .target_parameter
        .as_deref()
        .filter(|t| first.arguments.contains_key(*t));
    let context = match (wants, target.as_slice()) {
        (Some(intent), _) if intent.changes() => Context::Alone,
        (_, []) => Context::Elsewhere,
        (_, target) => Context::Answer(target),
    };
    let then = fill(&tool.spec, s.question, context);
    Some(Plan::Call(planned(s, tool, first.then(then, &tool.spec))))
}

fn without_verbs(text: &str) -> String {
    let pieces = read(text, &|_| false);
    pieces
        .iter()
        .filter(|p| p.intent.is_none())
        .map(|p| p.text)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether `text` is a request by itself, not an answer.
fn is_request(s: &Situation<'_>, text: &str) -> bool {
    main_intent(&read(text, &|_| false)).is_some() && choose(s, text).is_some()
}

/// The offered tool that fits `text` best and may be called for it.
fn choose<'a>(s: &Situation<'a>, text: &str) -> Option<&'a OfferedTool> {
    let specs: Vec<ToolSpec> = s.tools.iter().map(|t| t.spec.clone()).collect();
    let wants = main_intent(&read(text, &|_| false));
    let open = text == s.question;
    ToolIndex::new(&specs)
        .search(text, specs.len())
        .into_iter()
        // What the product found among all tools counts more than what fits
        // among the few; but only the few tell whether another text fits.
        .map(|hit| {
            let tool = &s.tools[hit.index];
            (
                tool,
                if open && hit.score > 0.1 {
                    tool.score.max(hit.score * 0.5)
                } else {
                    hit.score
                },
            )
        })
        .filter(|(tool, score)| *score >= ToolIndex::FITS && may_call(&tool.spec, wants, *score))
        .max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.name.cmp(&a.0.name)))
        .map(|(tool, _)| tool)
}

/// Whether what the verb wants and what the tool does go together.
fn may_call(tool: &ToolSpec, wants: Option<Intent>, score: f32) -> bool {
    if score >= 1.0 {
        return true;
    }
    let does = tool_intent(&tool.tool.name);
    if tool.effect == EffectClass::ReadOnly {
        return wants.is_none_or(|intent| !intent.changes()) || does == wants;
    }
    match (wants, does) {
        (Some(Intent::Create | Intent::Update), Some(Intent::Create | Intent::Update)) => true,
        (Some(wants), Some(does)) => wants == does,
        // A tool whose name has no verb: any wish that is no reading.
        (Some(wants), None) => wants != Intent::Read,
        (None, _) => false,
    }
}

fn planned<'a>(s: &Situation<'a>, tool: &'a OfferedTool, mut filled: Filled) -> Planned<'a> {
    let mut default_location = false;
    if tool.spec.effect != EffectClass::ReadOnly {
        let missing = filled.missing(&tool.spec);
        let creates = tool_intent(&tool.spec.tool.name) == Some(Intent::Create);
        if let Some(property) = missing.iter().find(|p| p.is_location()).filter(|_| creates) {
            filled
                .arguments
                .insert(property.name.to_owned(), Value::from(DEFAULT_LOCATION));
            default_location = true;
        }
    }
    if filled.place.is_none() {
        use_default_subscription(s, &tool.spec, &mut filled);
    }
    Planned {
        tool,
        filled,
        exact: false,
        default_location,
    }
}

fn use_default_subscription(s: &Situation<'_>, tool: &ToolSpec, filled: &mut Filled) {
    let Some(name) = tool.scope.subscription.as_deref() else {
        return;
    };
    let known = schema::properties(tool).iter().any(|p| p.name == name);
    if let Some(default) = s
        .default_subscription
        .filter(|_| known && !filled.arguments.contains_key(name))
    {
        filled
            .arguments
            .insert(name.to_owned(), Value::from(default));
    }
}

/// What to say when nothing fits.
fn unfit(s: &Situation<'_>) -> String {
    let wants = main_intent(&read(s.question, &|_| false));
    match wants {
        Some(intent) if intent.changes() => wording::cannot(s.tools, s.language),
        _ => wording::small_talk(s.language),
    }
}
