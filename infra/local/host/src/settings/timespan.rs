use std::time::Duration;

/// Parses a .NET time span, `[d.]hh:mm:ss[.fraction]`. `None` for anything else,
/// negative spans included.
pub fn parse(text: &str) -> Option<Duration> {
    let (whole, nanos) = match text.rsplit_once(':')?.1.split_once('.') {
        Some((_, fraction)) => (
            &text[..text.len() - fraction.len() - 1],
            parse_fraction(fraction)?,
        ),
        None => (text, 0),
    };
    let (days, clock) = match whole.split_once('.') {
        Some((days, clock)) => (parse_part(days, u64::MAX)?, clock),
        None => (0, whole),
    };
    let mut parts = clock.split(':');
    let hours = parse_part(parts.next()?, 23)?;
    let minutes = parse_part(parts.next()?, 59)?;
    let seconds = parse_part(parts.next()?, 59)?;
    if parts.next().is_some() {
        return None;
    }
    let total = days
        .checked_mul(86_400)?
        .checked_add(hours * 3600 + minutes * 60 + seconds)?;
    Some(Duration::new(total, nanos))
}

fn parse_part(text: &str, most: u64) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|part| *part <= most)
}

/// One to seven digits (100 ns is the unit of .NET), as nanoseconds.
fn parse_fraction(digits: &str) -> Option<u32> {
    if digits.is_empty() || digits.len() > 7 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{digits:0<9}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans_of_host_json() {
        assert_eq!(parse("00:10:00"), Some(Duration::from_mins(10)));
        assert_eq!(parse("00:00:00.200"), Some(Duration::from_millis(200)));
        assert_eq!(parse("1.00:00:01"), Some(Duration::from_secs(86_401)));
        assert_eq!(parse("00:00:00.0000001"), Some(Duration::from_nanos(100)));
    }

    #[test]
    fn what_is_not_a_time_span() {
        for text in [
            "",
            "10",
            "-1",
            "00:10",
            "-00:00:01",
            "00:61:00",
            "24:00:00",
            "00:00:1x",
            "00:00:01.",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
