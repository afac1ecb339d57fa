//! The steps from a plan to its answer: which subscriptions, then the calls,
//! then what they brought. Everything is derived from the results in the
//! request, so that any process can go on.

use azimuth_domain::event::Outcome;
use azimuth_domain::limits::MAX_CALLS_PER_STEP;
use azimuth_domain::tool::{EffectClass, ToolSpec};
use azimuth_ports::model::OfferedTool;
use serde_json::{Map, Value, json};

use super::Reply;
use super::arguments::schema::{Property, properties};
use super::ask::ask;
use super::plan::Planned;
use super::render;
use super::situation::{Done, Situation};
use super::subscriptions::{
    LIST_GROUPS, LIST_SUBSCRIPTIONS, Subscription, has_group, subscriptions,
};
use super::wording;

/// Subscriptions that one question goes through.
pub const MAX_SUBSCRIPTIONS: usize = 32;

/// The next step of `plan`.
pub fn next(s: &Situation<'_>, plan: Planned<'_>) -> Reply {
    let spec = &plan.tool.spec;
    match (
        subscription_parameter(&plan),
        s.helper(LIST_SUBSCRIPTIONS, &spec.tool),
    ) {
        (Some(parameter), Some(lister)) => across(s, plan, &parameter, lister),
        (Some(parameter), None) => {
            let mut plan = plan;
            // Nobody can be asked, so the spelling decides: Azure's own names of
            // subscriptions begin with a capital, those of groups do not.
            if let Some(place) = plan.filled.place.take() {
                let group = spec.scope.resource_group.clone();
                let capital = place.starts_with(|c: char| c.is_uppercase());
                let name = group.filter(|_| !capital).unwrap_or(parameter);
                plan.filled
                    .arguments
                    .entry(name)
                    .or_insert(Value::from(place));
            }
            run(s, plan, &[])
        }
        (None, _) => run(s, plan, &[]),
    }
}

/// The parameter for the subscription when it has yet to be found out.
fn subscription_parameter(plan: &Planned<'_>) -> Option<String> {
    let spec = &plan.tool.spec;
    let parameter = spec.scope.subscription.as_deref()?;
    let known = properties(spec).iter().any(|p| p.name == parameter);
    let open = known && !plan.exact && !plan.filled.arguments.contains_key(parameter);
    open.then(|| parameter.to_owned())
}

/// One call, then its result.
fn run(s: &Situation<'_>, plan: Planned<'_>, known: &[Subscription]) -> Reply {
    let spec = &plan.tool.spec;
    let done = s.done_by(&spec.tool);
    if !done.is_empty() {
        return Reply::text(render::results(&spec.tool, &done, known, s.language));
    }
    if let Some(reply) = ask_for_missing(s, &plan, false) {
        return reply;
    }
    let text = wording::about_to(&plan, known, s.language);
    Reply::calls(s, text, vec![(plan.tool, plan.filled.arguments)])
}

fn ask_for_missing(s: &Situation<'_>, plan: &Planned<'_>, place_may_help: bool) -> Option<Reply> {
    let spec = &plan.tool.spec;
    let helped =
        |p: &Property<'_>| place_may_help && spec.scope.resource_group.as_deref() == Some(p.name);
    let missing: Vec<Property<'_>> = plan
        .filled
        .missing(spec)
        .into_iter()
        .filter(|p| !helped(p))
        .collect();
    (!missing.is_empty()).then(|| {
        let missing: Vec<&Property<'_>> = missing.iter().collect();
        Reply::text(ask(spec, &missing, &[], s.language))
    })
}

/// A call whose subscription has to be found among all.
fn across(
    s: &Situation<'_>,
    mut plan: Planned<'_>,
    parameter: &str,
    lister: &OfferedTool,
) -> Reply {
    let spec = &plan.tool.spec;
    if let Some(reply) = ask_for_missing(s, &plan, plan.filled.place.is_some()) {
        return reply;
    }
    let Some(listing) = s.done_by(&lister.spec.tool).pop() else {
        return Reply::calls(s, String::new(), vec![(lister, Map::new())]);
    };
    if listing.outcome != Outcome::Ok {
        return Reply::text(render::results(
            &lister.spec.tool,
            &[listing],
            &[],
            s.language,
        ));
    }
    let all = subscriptions(listing.content);
    if all.is_empty() {
        return Reply::text(wording::no_subscription(s.language));
    }
    let chosen = match choose(s, &mut plan, &all) {
        Ok(chosen) => chosen,
        Err(reply) => return reply,
    };
    if let Some(reply) = ask_for_missing(s, &plan, false) {
        return reply;
    }
    let reads = spec
        .classify(&Value::Object(plan.filled.arguments.clone()))
        .effect
        == EffectClass::ReadOnly;
    if reads {
        return everywhere(s, &plan, parameter, &chosen, &all);
    }
    if !s.done_by(&spec.tool).is_empty() {
        return run(s, plan, &all);
    }
    match the_one(s, &plan, &chosen) {
        Ok(subscription) => {
            plan.filled
                .arguments
                .insert(parameter.to_owned(), Value::from(subscription.id));
            run(s, plan, &all)
        }
        Err(reply) => reply,
    }
}

/// The subscriptions that are meant: the place, else the default, else all. A
/// place that is no subscription is a resource group.
fn choose(
    s: &Situation<'_>,
    plan: &mut Planned<'_>,
    all: &[Subscription],
) -> Result<Vec<Subscription>, Reply> {
    let spec = &plan.tool.spec;
    let default = || -> Vec<Subscription> {
        let named = s.default_subscription;
        match named {
            Some(name) => {
                let known = all.iter().find(|sub| sub.is(name)).cloned();
                vec![known.unwrap_or_else(|| Subscription {
                    id: name.to_owned(),
                    name: name.to_owned(),
                })]
            }
            None => all.to_vec(),
        }
    };
    let Some(place) = plan.filled.place.take() else {
        return Ok(default());
    };
    if let Some(subscription) = all.iter().find(|sub| sub.is(&place)) {
        return Ok(vec![subscription.clone()]);
    }
    let group = spec
        .scope
        .resource_group
        .clone()
        .filter(|g| !plan.filled.arguments.contains_key(g));
    match group {
        Some(group) => {
            plan.filled.arguments.insert(group, Value::from(place));
            Ok(default())
        }
        None => Err(Reply::text(wording::no_such_place(&place, all, s.language))),
    }
}

/// A read in every one of `chosen`, at most eight at a time.
fn everywhere(
    s: &Situation<'_>,
    plan: &Planned<'_>,
    parameter: &str,
    chosen: &[Subscription],
    all: &[Subscription],
) -> Reply {
    let spec = &plan.tool.spec;
    let done = s.done_by(&spec.tool);
    let wanted = &chosen[..chosen.len().min(MAX_SUBSCRIPTIONS)];
    let calls = batch(&done, wanted, plan.tool, parameter, &plan.filled.arguments);
    if !calls.is_empty() {
        return Reply::calls(s, String::new(), calls);
    }
    let mut text = render::results(&spec.tool, &done, all, s.language);
    if chosen.len() > wanted.len() {
        text.push_str("\n\n");
        text.push_str(&wording::only_the_first(
            wanted.len(),
            chosen.len(),
            s.language,
        ));
    }
    Reply::text(text)
}

/// Calls of `tool` for those of `wanted` that it was not called for yet.
fn batch<'a>(
    done: &[&Done<'_>],
    wanted: &[Subscription],
    tool: &'a OfferedTool,
    parameter: &str,
    arguments: &Map<String, Value>,
) -> Vec<(&'a OfferedTool, Map<String, Value>)> {
    let called = |sub: &Subscription| {
        done.iter().any(|d| {
            d.arguments
                .get(parameter)
                .and_then(Value::as_str)
                .is_some_and(|v| sub.is(v))
        })
    };
    wanted
        .iter()
        .filter(|sub| !called(sub))
        .take(MAX_CALLS_PER_STEP)
        .map(|sub| {
            let mut arguments = arguments.clone();
            arguments.insert(parameter.to_owned(), json!(sub.id));
            (tool, arguments)
        })
        .collect()
}

/// The one subscription for a change: the only one, or the only one that has
/// the resource group.
fn the_one(
    s: &Situation<'_>,
    plan: &Planned<'_>,
    chosen: &[Subscription],
) -> Result<Subscription, Reply> {
    if let [only] = chosen {
        return Ok(only.clone());
    }
    let spec = &plan.tool.spec;
    let group = spec
        .scope
        .resource_group
        .as_deref()
        .and_then(|name| plan.filled.arguments.get(name))
        .and_then(Value::as_str);
    let lister = s
        .helper(LIST_GROUPS, &spec.tool)
        .and_then(|tool| Some((tool, tool.spec.scope.subscription.as_deref()?)));
    let (Some(group), Some((lister, parameter))) = (group, lister) else {
        return Err(ask_subscription(s, spec, chosen, None));
    };
    let done = s.done_by(&lister.spec.tool);
    let wanted = &chosen[..chosen.len().min(MAX_SUBSCRIPTIONS)];
    let calls = batch(&done, wanted, lister, parameter, &Map::new());
    if !calls.is_empty() {
        return Err(Reply::calls(s, String::new(), calls));
    }
    let owners: Vec<Subscription> = chosen
        .iter()
        .filter(|sub| {
            done.iter().any(|d| {
                d.outcome == Outcome::Ok
                    && d.arguments
                        .get(parameter)
                        .and_then(Value::as_str)
                        .is_some_and(|v| sub.is(v))
                    && has_group(d.content, group)
            })
        })
        .cloned()
        .collect();
    match owners.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(ask_subscription(s, spec, chosen, Some(group))),
        several => Err(ask_subscription(s, spec, several, None)),
    }
}

fn ask_subscription(
    s: &Situation<'_>,
    spec: &ToolSpec,
    choices: &[Subscription],
    not_found: Option<&str>,
) -> Reply {
    let properties = properties(spec);
    let wanted: Vec<&Property<'_>> = properties
        .iter()
        .filter(|p| spec.scope.subscription.as_deref() == Some(p.name))
        .collect();
    let names: Vec<String> = choices.iter().map(|sub| sub.name.clone()).collect();
    let mut text = not_found
        .map(|group| format!("{}\n\n", wording::group_not_found(group, s.language)))
        .unwrap_or_default();
    text.push_str(&ask(spec, &wanted, &names, s.language));
    Reply::text(text)
}
