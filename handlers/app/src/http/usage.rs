//! `GET /v1/usage`: what was used, by day, tool, model or person.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use azimuth_domain::principal::Role;
use azimuth_domain::usage::{Counts, Day, ModelUse, UsageDay};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::query::Query;
use super::states::LimitState;
use crate::problem::{Answer, Code, Problem};

/// Longest range, days.
const MAX_DAYS: i64 = 92;
/// Days that are told where no range is named.
const DEFAULT_DAYS: i64 = 30;
/// Counters of people that are read at once.
const PAGE: usize = 1_000;
/// Counters of people after which no further day is begun.
const MAX_COUNTERS: usize = 20_000;
/// Permission to read the tenant's; administrators may as well.
const PERMISSION: &str = "audit.read_tenant";

/// What rows are made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsageBy {
    /// Days in UTC.
    #[default]
    Day,
    /// Tools.
    Tool,
    /// Models.
    Model,
    /// People of the tenant.
    User,
}

/// Whose usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsageScope {
    /// The caller's.
    Own,
    /// That of everybody in the tenant.
    Tenant,
}

/// Which usage.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct UsageQuery {
    /// The first day in UTC, `2026-11-24`; 29 days before `to` by default.
    pub from: Option<String>,
    /// The last day, at most 92 days with the first; today by default.
    pub to: Option<String>,
    /// What rows are made of; days by default.
    #[param(value_type = Option<String>)]
    pub by: UsageBy,
    /// `own` or, for auditors and administrators, `tenant`; by people it is the tenant's
    /// by default, else the caller's own.
    #[param(value_type = Option<String>)]
    pub scope: Option<UsageScope>,
}

/// What was used.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageReport {
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// What the rows are made of.
    pub by: UsageBy,
    /// Whose it is.
    pub scope: UsageScope,
    /// The rows, by their keys.
    pub items: Vec<UsageRow>,
    /// Where to go on (as `from`) when there was too much for one answer: the rows are of
    /// the days before. Null when this is all.
    pub next_from: Option<String>,
}

/// What one day, tool, model or person stands for.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct UsageRow {
    /// The day, `server/tool`, the model's name, or the object id; `other` for names that
    /// are not counted apart.
    pub key: String,
    /// Turns that ended; null by tool.
    pub turns: Option<u64>,
    /// Tool calls that began; null by model.
    pub tool_calls: Option<u64>,
    /// Those of them that may destroy something; null by model and by tool.
    pub destructive_calls: Option<u64>,
    /// Tokens that models read; null by tool.
    pub input_tokens: Option<u64>,
    /// Tokens that models wrote; null by tool.
    pub output_tokens: Option<u64>,
    /// What the tokens cost, in millionths of the deployment's currency; null by tool, and
    /// where the price of a model was not known.
    pub cost_micros: Option<u64>,
}

/// What is known under one key.
#[derive(Debug, Clone, Copy)]
enum Sum {
    Calls(u64),
    Model(ModelUse),
    All(Counts, Option<u64>),
}

/// The caller's own usage, or the tenant's.
#[utoipa::path(
    get,
    path = "/v1/usage",
    operation_id = "get_usage",
    tag = "account",
    params(UsageQuery),
    responses((status = 200, body = UsageReport))
)]
pub async fn handle(
    State(state): State<LimitState>,
    caller: Caller,
    Query(query): Query<UsageQuery>,
) -> Answer<Json<UsageReport>> {
    let (from, to) = range(&query, Day::of(state.clock.now()))?;
    let scope = query.scope.unwrap_or(match query.by {
        UsageBy::User => UsageScope::Tenant,
        UsageBy::Day | UsageBy::Tool | UsageBy::Model => UsageScope::Own,
    });
    let user = &caller.principal.user;
    let mut sums = BTreeMap::new();
    let mut next_from = None;
    match scope {
        UsageScope::Own => {
            let days = state.quotas.usage().usage_between(user, from, to).await?;
            for day in &days {
                add(&mut sums, query.by, day);
            }
        }
        UsageScope::Tenant => {
            if !caller.principal.has(Role::Admin) {
                caller.require(Role::Auditor, PERMISSION)?;
            }
            let mut read = 0;
            let mut day = from;
            while day <= to && read < MAX_COUNTERS {
                let people = tenant_day(&state, &user.tid, day).await?;
                read += people.len();
                for one in &people {
                    add(&mut sums, query.by, one);
                }
                day = day.plus(1);
            }
            next_from = (day <= to).then(|| day.to_string());
        }
    }
    Ok(Json(UsageReport {
        from: from.to_string(),
        to: to.to_string(),
        by: query.by,
        scope,
        items: sums.into_iter().map(UsageRow::from).collect(),
        next_from,
    }))
}

/// What everybody used on a day.
async fn tenant_day(state: &LimitState, tenant: &str, day: Day) -> Answer<Vec<UsageDay>> {
    let usage = state.quotas.usage();
    let mut people: Vec<UsageDay> = Vec::new();
    loop {
        let after = people.last().map(|last| last.user.oid.as_str());
        let page = usage.tenant_usage(tenant, day, after, PAGE).await?;
        let is_last = page.len() < PAGE;
        people.extend(page);
        if is_last {
            return Ok(people);
        }
    }
}

fn range(query: &UsageQuery, today: Day) -> Answer<(Day, Day)> {
    let to = day("to", query.to.as_deref())?.unwrap_or(today);
    let from = day("from", query.from.as_deref())?.unwrap_or(to.plus(1 - DEFAULT_DAYS));
    if !(0..MAX_DAYS).contains(&to.since(from)) {
        return Err(Problem::new(Code::QueryInvalid)
            .parameter("from")
            .detail("The range ends on the day it begins or later, and has at most 92 days."));
    }
    Ok((from, to))
}

fn day(name: &'static str, text: Option<&str>) -> Answer<Option<Day>> {
    let Some(text) = text else {
        return Ok(None);
    };
    let day = Day::parse(text).ok_or_else(|| {
        Problem::new(Code::QueryInvalid)
            .parameter(name)
            .detail(format!("{name} is a day like 2026-11-24."))
    });
    day.map(Some)
}

fn add(sums: &mut BTreeMap<String, Sum>, by: UsageBy, used: &UsageDay) {
    let mut put = |key: String, sum: Sum| {
        sums.entry(key)
            .and_modify(|known| *known = known.plus(sum))
            .or_insert(sum);
    };
    match by {
        UsageBy::Tool => {
            for (tool, calls) in &used.tools {
                put(tool.clone(), Sum::Calls(*calls));
            }
        }
        UsageBy::Model => {
            for (model, of_model) in &used.models {
                put(model.clone(), Sum::Model(*of_model));
            }
        }
        UsageBy::Day | UsageBy::User => {
            let all = used.models.values().copied();
            let cost = all.fold(ModelUse::NONE, ModelUse::plus).cost_micros;
            let key = match by {
                UsageBy::User => used.user.oid.clone(),
                _ => used.day.to_string(),
            };
            put(key, Sum::All(used.total, cost));
        }
    }
}

impl Sum {
    /// The sum of two of one kind.
    fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Calls(one), Self::Calls(two)) => Self::Calls(one.saturating_add(two)),
            (Self::Model(one), Self::Model(two)) => Self::Model(one.plus(two)),
            (Self::All(one, cost), Self::All(two, other)) => {
                let cost = cost.zip(other);
                Self::All(
                    one.plus(two),
                    cost.map(|(one, two)| one.saturating_add(two)),
                )
            }
            (one, _) => one,
        }
    }
}

impl From<(String, Sum)> for UsageRow {
    fn from((key, sum): (String, Sum)) -> Self {
        match sum {
            Sum::Calls(calls) => Self {
                key,
                tool_calls: Some(calls),
                ..Self::default()
            },
            Sum::Model(of_model) => Self {
                key,
                turns: Some(of_model.turns),
                input_tokens: Some(of_model.input_tokens),
                output_tokens: Some(of_model.output_tokens),
                cost_micros: of_model.cost_micros,
                ..Self::default()
            },
            Sum::All(counts, cost_micros) => Self {
                key,
                turns: Some(counts.turns),
                tool_calls: Some(counts.tool_calls),
                destructive_calls: Some(counts.destructive_calls),
                input_tokens: Some(counts.input_tokens),
                output_tokens: Some(counts.output_tokens),
                cost_micros,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(from: &str, to: &str) -> Option<(String, String)> {
        let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let query = UsageQuery {
            from: named(from),
            to: named(to),
            ..UsageQuery::default()
        };
        let today = Day::parse("2026-11-24")?;
        let (from, to) = range(&query, today).ok()?;
        Some((from.to_string(), to.to_string()))
    }

    #[test]
    fn a_range_has_1_to_92_days() {
        let is = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
        assert_eq!(asked("", ""), is("2026-10-26", "2026-11-24"));
        assert_eq!(asked("", "2026-01-30"), is("2026-01-01", "2026-01-30"));
        for (from, fits) in [
            ("2026-11-25", false),
            ("2026-11-24", true),
            ("2026-11-23", true),
            ("2026-08-26", true),
            ("2026-08-25", true),
            ("2026-08-24", false),
            ("0000-01-01", false),
        ] {
            assert_eq!(asked(from, "2026-11-24").is_some(), fits, "{from}");
        }
        for wrong in ["24.11.2026", "2026-11-24T00:00:00Z", "today"] {
            assert_eq!(asked(wrong, ""), None);
            assert_eq!(asked("", wrong), None);
        }
    }
}
