//! A moment, as the store keeps it and as the API shows it.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;

/// A moment in Unix milliseconds, UTC. Stored as a number; shown as RFC 3339
/// with milliseconds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// Milliseconds of a day.
pub(crate) const DAY_MS: i64 = 86_400_000;

impl Timestamp {
    /// The moment `ms` milliseconds after this one (before, when negative).
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this moment; negative when it is later.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// `2026-11-24T13:05:09.123Z`. Years outside 0–9999 show as the epoch.
    pub fn to_rfc3339(self) -> String {
        self.calendar().map_or_else(
            || "1970-01-01T00:00:00.000Z".to_owned(),
            |t| {
                // A list of conversations shows hundreds: `format!` takes ten times
                // as long.
                let mut text = String::with_capacity(24);
                let parts = [
                    (t.year().unsigned_abs(), 4, '-'),
                    (u32::from(u8::from(t.month())), 2, '-'),
                    (u32::from(t.day()), 2, 'T'),
                    (u32::from(t.hour()), 2, ':'),
                    (u32::from(t.minute()), 2, ':'),
                    (u32::from(t.second()), 2, '.'),
                    (u32::from(t.millisecond()), 3, 'Z'),
                ];
                for (value, digits, behind) in parts {
                    push_digits(&mut text, value, digits);
                    text.push(behind);
                }
                text
            },
        )
    }

    /// The UTC day, `2026-11-24`.
    pub fn day(self) -> String {
        self.to_rfc3339()[..10].to_owned()
    }

    /// Reads RFC 3339 in any offset. `None` when it is not a moment.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let moment = time::OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(moment.unix_timestamp_nanos() / 1_000_000)
            .ok()
            .map(Self)
    }

    /// Minutes since midnight in UTC, 0–1439.
    pub fn minute_of_day(self) -> i64 {
        self.0.rem_euclid(DAY_MS) / 60_000
    }

    /// The day of the week in UTC, 0 for Monday to 6 for Sunday.
    pub fn weekday(self) -> usize {
        // The first of January 1970 was a Thursday.
        let days = self.0.div_euclid(DAY_MS).saturating_add(3);
        usize::try_from(days.rem_euclid(7)).unwrap_or_default()
    }

    fn calendar(self) -> Option<time::OffsetDateTime> {
        let moment =
            time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000).ok()?;
        (0..=9999).contains(&moment.year()).then_some(moment)
    }
}

/// `value` with leading zeros; what is longer than `digits` loses its front.
fn push_digits(text: &mut String, value: u32, digits: u32) {
    for place in (0..digits).rev() {
        let digit = value / 10_u32.pow(place) % 10;
        text.push(char::from_digit(digit, 10).unwrap_or('0'));
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_milliseconds_and_reads_them_back() {
        let moment = Timestamp(1_795_525_509_123);
        assert_eq!(moment.to_rfc3339(), "2026-11-24T13:05:09.123Z");
        assert_eq!(Timestamp::parse_rfc3339(&moment.to_rfc3339()), Some(moment));
        assert_eq!(
            Timestamp::parse_rfc3339("2026-11-24T22:05:09.123+09:00"),
            Some(moment)
        );
    }

    #[test]
    fn knows_the_time_of_day_and_the_day_of_the_week() {
        for (text, minute, weekday) in [
            ("1970-01-01T00:00:00Z", 0, 3),
            ("2026-11-26T17:08:59.999Z", 17 * 60 + 8, 3),
            ("2026-11-29T23:59:59.999Z", 1439, 6),
            ("2026-11-30T00:00:00Z", 0, 0),
            ("1969-12-31T23:59:00Z", 1439, 2),
        ] {
            let moment = Timestamp::parse_rfc3339(text);
            let found = moment.map(|m| (m.minute_of_day(), m.weekday()));
            assert_eq!(found, Some((minute, weekday)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_moment() {
        for text in ["", "yesterday", "2026-13-01T00:00:00Z", "2026-11-24"] {
            assert_eq!(Timestamp::parse_rfc3339(text), None, "{text}");
        }
        assert_eq!(Timestamp(i64::MAX).to_rfc3339(), "1970-01-01T00:00:00.000Z");
        let first = Timestamp(-62_167_219_200_000);
        assert_eq!(first.to_rfc3339(), "0000-01-01T00:00:00.000Z");
        assert_eq!(first.plus_ms(-1).to_rfc3339(), "1970-01-01T00:00:00.000Z");
        let last = Timestamp(253_402_300_799_999);
        assert_eq!(last.to_rfc3339(), "9999-12-31T23:59:59.999Z");
        assert_eq!(last.plus_ms(1).to_rfc3339(), "1970-01-01T00:00:00.000Z");
    }
}
