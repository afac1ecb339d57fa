//! NCRONTAB expressions, in UTC (`WEBSITE_TIME_ZONE` is not emulated).

use time::{Duration, OffsetDateTime, Time};

/// When a timer fires: `{second} {minute} {hour} {day} {month} {weekday}`.
///
/// As in `NCrontab`, and unlike in cron, a time fits only if **both** the day of
/// the month and the day of the week fit (from the library's documentation, not
/// seen on a real host).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    seconds: Field,
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
}

/// The values that fit, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field(u64);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ScheduleProblem {
    #[error("is not six fields \"second minute hour day month weekday\"")]
    FieldCount,
    #[error("{0:?} is not a value, a list, a range or a step from {1} to {2}")]
    Field(String, u32, u32),
    #[error("no date fits")]
    Never,
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Four years and a day hold every combination of month, day and leap year.
const SEARCH_DAYS: u32 = 366 * 8;

impl Schedule {
    /// Five fields are taken without the seconds.
    pub fn parse(text: &str) -> Result<Self, ScheduleProblem> {
        let mut fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() == 5 {
            fields.insert(0, "0");
        }
        let [seconds, minutes, hours, days, months, weekdays] = fields[..] else {
            return Err(ScheduleProblem::FieldCount);
        };
        let schedule = Self {
            seconds: Field::parse(seconds, 0, 59, &[])?,
            minutes: Field::parse(minutes, 0, 59, &[])?,
            hours: Field::parse(hours, 0, 23, &[])?,
            days: Field::parse(days, 1, 31, &[])?,
            months: Field::parse(months, 1, 12, &MONTHS)?,
            weekdays: Field::parse(weekdays, 0, 6, &WEEKDAYS)?,
        };
        match schedule.next_after(OffsetDateTime::UNIX_EPOCH) {
            Some(_) => Ok(schedule),
            None => Err(ScheduleProblem::Never),
        }
    }

    /// The first fitting second after `instant`; `None` if the calendar ends first.
    pub fn next_after(&self, instant: OffsetDateTime) -> Option<OffsetDateTime> {
        let start = instant
            .to_offset(time::UtcOffset::UTC)
            .replace_nanosecond(0)
            .ok()?
            + Duration::SECOND;
        let mut date = start.date();
        let mut earliest = start.time();
        for _ in 0..SEARCH_DAYS {
            let fits = self.months.holds(u8::from(date.month()))
                && self.days.holds(date.day())
                && self
                    .weekdays
                    .holds(date.weekday().number_days_from_sunday());
            if fits && let Some(time) = self.first_time_from(earliest) {
                return Some(date.with_time(time).assume_utc());
            }
            date = date.next_day()?;
            earliest = Time::MIDNIGHT;
        }
        None
    }

    fn first_time_from(&self, earliest: Time) -> Option<Time> {
        for hour in (earliest.hour()..24).filter(|hour| self.hours.holds(*hour)) {
            let first_minute = if hour == earliest.hour() {
                earliest.minute()
            } else {
                0
            };
            for minute in (first_minute..60).filter(|minute| self.minutes.holds(*minute)) {
                let same = (hour, minute) == (earliest.hour(), earliest.minute());
                let first_second = if same { earliest.second() } else { 0 };
                if let Some(second) = (first_second..60).find(|second| self.seconds.holds(*second))
                {
                    return Time::from_hms(hour, minute, second).ok();
                }
            }
        }
        None
    }
}

impl Field {
    fn parse(text: &str, least: u32, most: u32, names: &[&str]) -> Result<Self, ScheduleProblem> {
        let problem = || ScheduleProblem::Field(text.to_owned(), least, most);
        let value = |text: &str| {
            let by_name = (least..)
                .zip(names)
                .find(|(_, name)| text.eq_ignore_ascii_case(name))
                .map(|(value, _)| value);
            by_name
                .or_else(|| text.parse().ok())
                .filter(|value| (least..=most).contains(value))
                .ok_or_else(problem)
        };
        let mut bits = 0;
        for item in text.split(',') {
            let (span, step) = match item.split_once('/') {
                Some((span, step)) => {
                    let step = step.parse::<u32>().ok().filter(|step| *step > 0);
                    (span, Some(step.ok_or_else(problem)?))
                }
                None => (item, None),
            };
            let (from, to) = if span == "*" {
                (least, most)
            } else if let Some((first, last)) = span.split_once('-') {
                (value(first)?, value(last)?)
            } else {
                let first = value(span)?;
                (first, if step.is_some() { most } else { first })
            };
            if from > to {
                return Err(problem());
            }
            for fitting in (from..=to).step_by(step.unwrap_or(1) as usize) {
                bits |= 1 << fitting;
            }
        }
        Ok(Self(bits))
    }

    fn holds(self, value: u8) -> bool {
        self.0 & (1 << value) != 0
    }
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test ends where its expectation does not hold"
)]
mod tests {
    use time::format_description::well_known::Rfc3339;

    use super::*;

    fn next(schedule: &str, after: &str) -> String {
        let after = OffsetDateTime::parse(after, &Rfc3339).unwrap();
        let next = Schedule::parse(schedule)
            .unwrap()
            .next_after(after)
            .unwrap();
        next.format(&Rfc3339).unwrap()
    }

    #[test]
    fn every_five_minutes() {
        assert_eq!(
            next("0 */5 * * * *", "2026-11-22T10:03:07Z"),
            "2026-11-22T10:05:00Z"
        );
        assert_eq!(
            next("0 */5 * * * *", "2026-11-22T10:05:00Z"),
            "2026-11-22T10:10:00Z"
        );
        assert_eq!(
            next("0 */5 * * * *", "2026-12-31T23:59:59.5Z"),
            "2027-01-01T00:00:00Z"
        );
    }

    #[test]
    fn lists_ranges_steps_and_names() {
        assert_eq!(
            next("15,45 0 8-10/2 * * *", "2026-11-22T08:00:15Z"),
            "2026-11-22T08:00:45Z"
        );
        assert_eq!(
            next("0 0 8-10/2 * * *", "2026-11-22T08:30:00Z"),
            "2026-11-22T10:00:00Z"
        );
        assert_eq!(
            next("0 30 9 * Jan Mon-Fri", "2026-11-22T08:30:00Z"),
            "2027-01-01T09:30:00Z"
        );
        assert_eq!(
            next("0 0 0 29 2 *", "2026-11-22T08:30:00Z"),
            "2028-02-29T00:00:00Z"
        );
        assert_eq!(
            next("*/10 * * * *", "2026-11-22T08:31:00Z"),
            "2026-11-22T08:40:00Z"
        );
    }

    #[test]
    fn both_day_fields_must_fit() {
        // 13 November 2026 is a Friday, the next Friday 13th is in August 2027.
        assert_eq!(
            next("0 0 0 13 * 5", "2026-11-13T00:00:00Z"),
            "2027-08-13T00:00:00Z"
        );
    }

    #[test]
    fn what_is_not_a_schedule() {
        for text in [
            "",
            "* * * *",
            "00:05:00",
            "60 * * * * *",
            "0 5-1 * * * *",
            "0 */0 * * * *",
            "0 0 0 31 2 *",
            "x * * * * *",
        ] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }
}
