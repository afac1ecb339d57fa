//! What a person has used on one day.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::canonical::sha256_hex;
use crate::ids::TurnId;
use crate::principal::UserKey;
use crate::time::{DAY_MS, Timestamp};
use crate::tool::EffectClass;
use crate::turn::{ToolCall, Turn, Usage};

/// Version of [`UsageDay`] that this build writes.
pub const USAGE_VERSION: u32 = 1;
/// Names of models, and of tools, that one day counts apart.
pub const MAX_NAMES: usize = 32;
/// What all further names are counted as.
pub const OTHER: &str = "other";
/// Turns that a day remembers to have counted: a write whose reply was lost is made
/// again, and counts once.
pub const REMEMBERED_TURNS: usize = 16;
/// So many days are kept, today among them.
pub const USAGE_KEPT_DAYS: i64 = 400;

/// A day in UTC, as days since the first of January 1970. `2026-11-24` in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Day(i64);

impl Day {
    /// The day of a moment.
    pub fn of(at: Timestamp) -> Self {
        Self(at.0.div_euclid(DAY_MS))
    }

    /// Its first moment.
    pub fn starts_at(self) -> Timestamp {
        Timestamp(self.0.saturating_mul(DAY_MS))
    }

    /// The day so many days later (before, when negative).
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Days from `earlier` to this one; negative when it is later.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads `2026-11-24`. `None` when it is no day.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 10 {
            return None;
        }
        Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")).map(Self::of)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.starts_at().day())
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl TryFrom<String> for Day {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("no day")
    }
}

/// Counters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Turns that ended.
    pub turns: u64,
    /// Tool calls that began.
    pub tool_calls: u64,
    /// Those of them that may destroy something.
    pub destructive_calls: u64,
    /// Tokens that models read.
    pub input_tokens: u64,
    /// Tokens that models wrote.
    pub output_tokens: u64,
}

impl Counts {
    /// Both kinds of tokens together.
    pub fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    /// The sum of two.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            turns: self.turns.saturating_add(other.turns),
            tool_calls: self.tool_calls.saturating_add(other.tool_calls),
            destructive_calls: self
                .destructive_calls
                .saturating_add(other.destructive_calls),
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
        }
    }

    /// What a turn has used so far.
    pub fn of_turn(turn: &Turn) -> Self {
        let begun = || begun(turn);
        Self {
            turns: 1,
            tool_calls: begun().count() as u64,
            destructive_calls: begun().filter(|call| is_destructive(call)).count() as u64,
            input_tokens: turn.usage.input_tokens,
            output_tokens: turn.usage.output_tokens,
        }
    }
}

/// The calls of a turn that began; our own reads about them are nobody's.
fn begun(turn: &Turn) -> impl Iterator<Item = &ToolCall> {
    let calls = turn.steps.iter().flat_map(|step| &step.calls);
    calls.filter(|call| call.attempt > 0)
}

fn is_destructive(call: &ToolCall) -> bool {
    call.effect == EffectClass::Destructive
}

/// What one model was used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelUse {
    /// Turns that it answered.
    pub turns: u64,
    /// Tokens that it read.
    pub input_tokens: u64,
    /// Tokens that it wrote.
    pub output_tokens: u64,
    /// What they cost, in millionths of the deployment's currency; `None` once a turn
    /// was counted whose price nobody knew.
    pub cost_micros: Option<u64>,
}

impl ModelUse {
    /// Nothing at all.
    pub const NONE: Self = Self {
        turns: 0,
        input_tokens: 0,
        output_tokens: 0,
        cost_micros: Some(0),
    };

    /// The sum of two.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            turns: self.turns.saturating_add(other.turns),
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            cost_micros: self
                .cost_micros
                .zip(other.cost_micros)
                .map(|(one, two)| one.saturating_add(two)),
        }
    }
}

/// What a million tokens of a model cost, in millionths of the deployment's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Of those that it reads.
    pub input_micros: u64,
    /// Of those that it writes.
    pub output_micros: u64,
}

impl Price {
    /// Reads `2.5/10`, a price for what is read and one for what is written, each with
    /// at most six decimals. `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (input, output) = text.split_once('/')?;
        Some(Self {
            input_micros: micros(input)?,
            output_micros: micros(output)?,
        })
    }

    /// What so many tokens cost, in millionths of the currency, rounded up.
    pub fn of(self, usage: Usage) -> u64 {
        let part = |tokens: u64, micros: u64| u128::from(tokens) * u128::from(micros);
        let whole = part(usage.input_tokens, self.input_micros)
            + part(usage.output_tokens, self.output_micros);
        u64::try_from(whole.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

/// Millionths of a decimal number.
fn micros(text: &str) -> Option<u64> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || part.len() > 6 {
        return None;
    }
    if !is_number(whole) || !is_number(part) {
        return None;
    }
    format!("{whole}{part:0<6}").parse().ok()
}

/// What one turn used that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnUse {
    /// What stands for the turn among those that were counted.
    mark: String,
    counts: Counts,
    model: Option<(String, ModelUse)>,
    tools: Vec<String>,
}

impl TurnUse {
    /// Of a turn whose model has this price.
    pub fn of(turn: &Turn, price: Option<Price>) -> Self {
        let counts = Counts::of_turn(turn);
        let asked = turn.usage.total() > 0;
        let model = ModelUse {
            turns: 1,
            input_tokens: counts.input_tokens,
            output_tokens: counts.output_tokens,
            cost_micros: price.map(|price| price.of(turn.usage)),
        };
        Self {
            mark: mark(&turn.id),
            counts,
            model: asked.then(|| (turn.model_name.clone(), model)),
            tools: begun(turn).map(|call| call.tool.to_string()).collect(),
        }
    }
}

fn mark(turn: &TurnId) -> String {
    let mut hash = sha256_hex(turn.as_str());
    hash.truncate(16);
    hash
}

/// The counters of one person and day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageDay {
    /// Version of this shape.
    pub v: u32,
    /// Whose.
    pub user: UserKey,
    /// When.
    pub day: Day,
    /// Everything together.
    pub total: Counts,
    /// By the names of models.
    pub models: BTreeMap<String, ModelUse>,
    /// Calls that began, by `server/tool`.
    pub tools: BTreeMap<String, u64>,
    /// The turns that were counted last.
    pub counted: Vec<String>,
}

impl UsageDay {
    /// Of somebody who has used nothing on that day.
    pub fn new(user: UserKey, day: Day) -> Self {
        Self {
            v: USAGE_VERSION,
            user,
            day,
            total: Counts::default(),
            models: BTreeMap::new(),
            tools: BTreeMap::new(),
            counted: Vec::new(),
        }
    }

    /// Counts a turn; false when it is among those that were counted last.
    pub fn count(&mut self, turn: &TurnUse) -> bool {
        if self.counted.contains(&turn.mark) {
            return false;
        }
        self.total = self.total.plus(turn.counts);
        if let Some((name, of_turn)) = &turn.model {
            let name = bounded(&self.models, name);
            let known = self.models.entry(name).or_insert(ModelUse::NONE);
            *known = known.plus(*of_turn);
        }
        for tool in &turn.tools {
            let name = bounded(&self.tools, tool);
            *self.tools.entry(name).or_default() += 1;
        }
        self.counted.push(turn.mark.clone());
        let old = self.counted.len().saturating_sub(REMEMBERED_TURNS);
        self.counted.drain(..old);
        true
    }
}

/// The name that `name` is counted under.
fn bounded<T>(known: &BTreeMap<String, T>, name: &str) -> String {
    if known.contains_key(name) || known.len() < MAX_NAMES {
        name.to_owned()
    } else {
        OTHER.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(mark: &str, tool: &str, cost_micros: Option<u64>) -> TurnUse {
        TurnUse {
            mark: mark.to_owned(),
            counts: Counts {
                turns: 1,
                tool_calls: 1,
                destructive_calls: 0,
                input_tokens: 10,
                output_tokens: 2,
            },
            model: Some((
                "m".to_owned(),
                ModelUse {
                    turns: 1,
                    input_tokens: 10,
                    output_tokens: 2,
                    cost_micros,
                },
            )),
            tools: vec![tool.to_owned()],
        }
    }

    fn nothing() -> UsageDay {
        UsageDay::new(UserKey::new("t", "o"), Day(20_000))
    }

    #[test]
    fn a_turn_counts_once_while_it_is_remembered() {
        let mut day = nothing();
        assert!(day.count(&used("a", "s/t", Some(3))));
        assert!(!day.count(&used("a", "s/t", Some(3))));
        for n in 1..REMEMBERED_TURNS {
            assert!(day.count(&used(&n.to_string(), "s/t", Some(3))));
        }
        assert!(!day.count(&used("a", "s/t", Some(3))), "one of the last 16");
        assert!(day.count(&used("one more", "s/t", Some(3))));
        assert!(day.count(&used("a", "s/t", Some(3))), "not one of the last");
        assert_eq!(day.counted.len(), REMEMBERED_TURNS);
        assert_eq!(day.total.turns, 18);
        assert_eq!(day.total.tokens(), 18 * 12);
        assert_eq!(day.models["m"].cost_micros, Some(54));
    }

    #[test]
    fn names_are_bounded_and_no_call_is_lost() {
        let mut day = nothing();
        for n in 0..MAX_NAMES + 2 {
            day.count(&used(&n.to_string(), &format!("s/{n}"), None));
        }
        assert_eq!(day.tools.len(), MAX_NAMES + 1);
        assert_eq!(day.tools[OTHER], 2);
        assert_eq!(day.tools.values().sum::<u64>(), day.total.tool_calls);
    }

    #[test]
    fn what_cost_nobody_knows_is_unknown_for_good() {
        let mut day = nothing();
        day.count(&used("1", "s/t", Some(3)));
        day.count(&used("2", "s/t", None));
        day.count(&used("3", "s/t", Some(3)));
        assert_eq!(day.models["m"].cost_micros, None);
    }

    #[test]
    fn prices_are_read_exactly() {
        let price = |text| Price::parse(text).map(|p| (p.input_micros, p.output_micros));
        assert_eq!(price("2.5/10"), Some((2_500_000, 10_000_000)));
        assert_eq!(price(" 0.000001 / 0 "), Some((1, 0)));
        for wrong in [
            "",
            "1",
            "/",
            "1/",
            "-1/2",
            "1/2/3",
            "1e3/2",
            "0.0000001/1",
            "1./x",
        ] {
            assert_eq!(price(wrong), None, "{wrong}");
        }
        let price = Price {
            input_micros: 2_500_000,
            output_micros: 10_000_000,
        };
        let of = |input_tokens, output_tokens| {
            price.of(Usage {
                input_tokens,
                output_tokens,
            })
        };
        assert_eq!((of(0, 0), of(1, 0), of(4, 1)), (0, 3, 20));
    }

    #[test]
    fn days_are_days() {
        let day = Day::of(Timestamp(1_795_525_509_123));
        assert_eq!(day.to_string(), "2026-11-24");
        assert_eq!(Day::parse("2026-11-24"), Some(day));
        assert_eq!(day.plus(7).to_string(), "2026-12-01");
        assert_eq!(day.plus(7).since(day), 7);
        assert_eq!(Day::of(Timestamp(-1)).to_string(), "1969-12-31");
        for wrong in [
            "",
            "2026-11-31",
            "2026-1-1",
            "20261124",
            "2026-11-24T",
            "내일",
        ] {
            assert_eq!(Day::parse(wrong), None, "{wrong}");
        }
    }
}
