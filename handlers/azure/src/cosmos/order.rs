//! Keys that sort as text, because a query orders by one property.

use azimuth_domain::time::Timestamp;

/// Sixteen hexadecimal digits; a moment before 1970 sorts as its beginning.
pub(super) fn moment(at: Timestamp) -> String {
    format!("{:016x}", at.0.max(0))
}

/// Sixteen hexadecimal digits.
pub(super) fn number(number: u64) -> String {
    format!("{number:016x}")
}

/// Sorts behind everything that [`moment`], an id or a name begins with.
pub(super) const LAST: &str = "~";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_sorts_as_the_numbers_do() {
        let moments = [-5, 0, 1, 9, 10, 15, 16, 1_795_521_600_000, i64::MAX];
        let texts = moments.map(|ms| moment(Timestamp(ms)));
        assert!(texts.is_sorted());
        assert!(texts.iter().all(|text| text.as_str() < LAST));
        assert!([0, 9, 10, 255, u64::MAX].map(number).is_sorted());
    }
}
